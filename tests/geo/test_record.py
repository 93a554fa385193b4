"""The decoder of records: what mmdb_writer writes, MaxMind's decoder reads alike; hostile sections end in GeoError, soon."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maxminddb.decoder import Decoder as Theirs
from mmdb_writer import Encoder, MmdbF32, MmdbI32, MmdbU16, MmdbU32, MmdbU64, MmdbU128

from gslb.errors import GeoError
from gslb.geo.record import Decoder

numbers = st.one_of(
    st.integers(0, 2**16 - 1).map(MmdbU16),
    st.integers(0, 2**32 - 1).map(MmdbU32),
    st.integers(0, 2**64 - 1).map(MmdbU64),
    st.integers(0, 2**128 - 1).map(MmdbU128),
    st.integers(-(2**31), 2**31 - 1).map(MmdbI32),
    st.floats(width=32, allow_nan=False).map(MmdbF32),
)
scalars = numbers | st.booleans() | st.text(max_size=400) | st.floats(allow_nan=False) | st.binary(max_size=40)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=30), inner, max_size=5), max_leaves=30)


@given(value=values, pointers=st.booleans())
def test_reads_what_another_library_writes_as_a_third_one_does(value: Any, pointers: bool) -> None:
    encoder = Encoder(cache=pointers)
    if pointers:
        offset = encoder.encode(value, return_offset=True)
        section = b"".join(encoder.data_list)
    else:
        offset, section = 0, encoder.encode(value)
    assert Decoder(section).decode(offset) == Theirs(section).decode(offset)[0]


@pytest.mark.parametrize("size", [28, 29, 284, 285, 65820, 65821, 70000])
def test_sizes_at_their_edges(size: int) -> None:
    assert Decoder(Encoder(cache=False).encode("x" * size)).decode(0) == "x" * size


@pytest.mark.parametrize("target", [0, 2047, 2048, 526335, 526336, 600000])
def test_pointers_of_all_sizes(target: int) -> None:
    word = b"\x42hi"
    pointer = Encoder()._encode_pointer(target)
    section = word.rjust(target + 3, b"\0") + b"\x01\x04" + pointer  # an array of one pointer
    assert Decoder(section).decode(target + 3) == ["hi"]
    four = b"\x38" + struct.pack(">I", target)  # the widest form may hold any target
    assert Decoder(word.rjust(target + 3, b"\0") + b"\x01\x04" + four).decode(target + 3) == ["hi"]


def test_shared_values_are_decoded_once() -> None:
    section = b"\xe0" + b"\x02\x04" + b"\x20\x00" * 2  # {} and [→0, →0]
    one, two = Decoder(section).decode(1)
    assert one is two


@pytest.mark.parametrize(
    ("section", "why"),
    [
        (b"", "broken"),
        (b"\x45abc", "ends inside"),
        (b"\x20\x00", "pointer to a pointer"),
        (b"\x01\x04\x20\x00", "back to itself"),
        (b"\xe1\x41a\x20\x00", "back to itself"),
        (b"\x01\x04" * 200 + b"\x40", "too deep"),
        (b"\x1f\x04\xff\xff\xff", "broken"),  # an array of 16 million elements, none there
        (b"\xff\xff\xff\xff", "broken"),  # a map of as many
        (b"\x00\xff", "unknown type"),
        (b"\x00\x05", "unknown type"),  # 12: the data cache container, never in files
        (b"\xe1\xe0\xe0", "broken"),  # a map as key
        (b"\x42\xff\xff", "broken"),  # not UTF-8
        (b"\x67" + bytes(7), "broken"),  # a double of seven octets
        (b"\x05\x01" + bytes(5), "broken"),  # an int32 of five
        (b"\xdd\x00" + bytes(29), "more than 128 bits"),
        (b"\x20", "ends inside"),
        (b"\x27\xff", "broken"),  # a pointer behind the end
        (b"\x5f\xff", "ends inside"),
    ],
)
def test_hostile_sections_are_refused(section: bytes, why: str) -> None:
    with pytest.raises(GeoError, match=why):
        Decoder(section).decode(0)


def test_fan_out_costs_no_more_than_it_takes_to_write() -> None:
    # Each array holds the one before eight times: 8**14 values if each were decoded.
    section, last = b"\x41x", 0
    for _ in range(14):
        pointer = Encoder()._encode_pointer(last)
        last = len(section)
        section += b"\x08\x04" + pointer * 8
    assert len(Decoder(section).decode(last)) == 8


def test_overlapping_records_are_refused() -> None:
    # Every third octet begins another value that reaches to the end: quadratic work for who decodes them all.
    size = 60_000
    section = b"".join(b"\x9e" + struct.pack(">H", size - 3 * i - 3 - 285) for i in range((size - 300) // 3)).ljust(size, b"a")
    decoder = Decoder(section)
    for offset in (0, 3):
        decoder.decode(offset)
    with pytest.raises(GeoError, match="overlap"):
        decoder.decode(6)


@given(section=st.binary(max_size=300), offset=st.integers(0, 320))
def test_rubbish_raises_geo_error_or_nothing(section: bytes, offset: int) -> None:
    with suppress(GeoError):
        Decoder(section).decode(offset)
