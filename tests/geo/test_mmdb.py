"""Files of every kind the format allows, against MaxMind's reader; broken and hostile ones end in GeoError, soon."""

from __future__ import annotations

import io
import random
import time
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import maxminddb
import pytest
from maxminddb.reader import Reader
from mmdb_writer import Encoder

from gslb.errors import GeoError
from gslb.geo import mmdb
from gslb.geo.atlas import build
from gslb.geo.countries import countries
from gslb.model import Location

from .conftest import Make

V4 = {
    "192.0.2.0/24": {"country_code": "DE"},
    "192.0.2.128/25": {"country_code": "FR"},
    "192.0.2.77/32": {"country_code": "US"},
    "198.51.100.0/24": {"country_code": "DE"},
    "0.0.0.0/8": {"country_code": "BR"},
    "255.255.255.255/32": {"country_code": "SG"},
}
V6 = {
    "2001:db8::/32": {"country_code": "JP"},
    "2001:db8:1::/48": {"country_code": "FR"},
    "2001:db8:1:2:3::/80": {"country_code": "DE"},
    "2001:db8::1/128": {"country_code": "US"},
    "ffff::/16": {"country_code": "SG"},
}


def opened(octets: bytes) -> tuple[mmdb.Database, Any]:
    database = mmdb.read(octets, "made.mmdb", countries())
    return database, Reader(io.BytesIO(octets), maxminddb.MODE_FD)


def edges(networks: Any, version: int) -> list[Any]:
    """First, last and neighbouring addresses of networks, and some at random."""
    kind, bits = (IPv4Address, 32) if version == 4 else (IPv6Address, 128)
    nets = [n for n in map(ip_network, networks) if n.version == version]
    numbers = {0, 2**bits - 1} | {int(n[i]) + d for n in nets for i, d in ((0, -1), (0, 0), (-1, 0), (-1, 1))}
    chance = random.Random(1)
    return [kind(n) for n in sorted(numbers) if 0 <= n < 2**bits] + [kind(chance.getrandbits(bits)) for _ in range(200)]


@pytest.mark.parametrize("record_size", [24, 28, 32])
@pytest.mark.parametrize("ip_version", [4, 6])
def test_every_address_has_its_record(record_size: int, ip_version: int, make: Make) -> None:
    networks = V4 if ip_version == 4 else V4 | V6
    database, reader = opened(make(networks, ip_version=ip_version, record_size=record_size))
    assert (database.metadata.record_size, database.metadata.ip_version) == (record_size, ip_version)
    atlas = build([database], (), {})
    for address in edges(networks, 4) + (edges(networks, 6) if ip_version == 6 else []):
        if address.version == 6 and int(address) < 2**32:
            continue  # there the other reader finds IPv4, which we keep apart
        record, length = reader.get_with_prefix_len(address)
        location, network = atlas.lookup(address)
        assert location.country == (record and record["country_code"]), address
        assert network.prefixlen <= length or address.version == 6
    assert database.records == len({record["country_code"] for record in networks.values()})


def test_a_large_data_section_needs_all_28_bits(make: Make) -> None:
    filler = {f"10.{i}.0.0/16": {"country_code": "DE", "filler": f"{i:03}" + "x" * 100_000} for i in range(200)}
    octets = make(filler | {"192.0.2.0/24": {"country_code": "SG"}}, record_size=28)
    assert len(octets) > 2**24
    database, _ = opened(octets)
    assert build([database], (), {}).lookup(IPv4Address("192.0.2.1"))[0].country == "SG"


def test_a_file_of_ipv4_says_nothing_of_ipv6(make: Make) -> None:
    database, _ = opened(make(V4, ip_version=4))
    assert database.networks6 == 0
    assert build([database], (), {}).lookup(IPv6Address("2001:db8::1"))[0] == Location()


def test_equal_facts_in_distinct_records_are_one_location(make: Make) -> None:
    octets = make({f"10.{i}.0.0/16": {"country_code": "DE", "city": f"city {i}"} for i in range(50)})
    database, _ = opened(octets)
    assert database.records == 50
    assert [location.country for location in database.locations] == [None, "DE"]
    assert database.v4.value.tolist() == [0, 1, 0]


def test_aliases_of_the_ipv4_tree_are_left_out(make: Make) -> None:
    octets = make(V4 | V6, aliases=("2002::/16", "::ffff:0:0/96", "2001::/32"))
    database, reader = opened(octets)
    assert reader.get("2002:c000:0200::1") == {"country_code": "DE"}  # the alias is really there
    plain, _ = opened(make(V4 | V6))
    assert database.networks6 == plain.networks6
    for family in ("v4", "v6"):
        for ours, theirs in zip(getattr(database, family), getattr(plain, family), strict=True):
            assert (ours == theirs).all()
    assert build([database], (), {}).lookup(IPv6Address("2002:c000:0200::1"))[0].country == "DE"  # folded, not aliased


def test_a_leaf_above_the_ipv4_tree_holds_for_ipv4_too(make: Make) -> None:
    database, reader = opened(make({"::/8": {"country_code": "DE"}}))
    assert reader.get("192.0.2.1") == {"country_code": "DE"}
    assert build([database], (), {}).lookup(IPv4Address("192.0.2.1"))[0].country == "DE"


def test_asn_file(make: Make) -> None:
    database, _ = opened(make({"192.0.2.0/24": {"autonomous_system_number": 64500}}))
    assert build([database], (), {}).lookup(IPv4Address("192.0.2.1"))[0] == Location(asn=64500)
    assert database.shapes == {"asn": 1}


def test_an_empty_file_is_a_file(make: Make) -> None:
    octets = make({"192.0.2.0/24": {}})
    with pytest.raises(GeoError, match="none of its 1 records"):
        mmdb.read(octets, "x", countries())
    bare = crafted(b"\0\0\1\0\0\1", 1, ip_version=4)
    assert mmdb.read(bare, "x", countries()).records == 0


def test_metadata(make: Make) -> None:
    before = int(time.time())
    database, _ = opened(make(V4, database_type="Test-City"))
    assert database.metadata.database_type == "Test-City"
    assert database.metadata.description == "test of Test-City"
    assert before <= database.metadata.build_epoch <= time.time()
    assert database.name == "made.mmdb"


# Broken and hostile files


def crafted(tree: bytes, node_count: Any, *, data: bytes = b"\xe0", **changes: Any) -> bytes:
    """Put a file together by hand."""
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1,
        "database_type": "x",
        "description": {"en": "x"},
        "ip_version": 6,
        "languages": ["en"],
        "node_count": node_count,
        "record_size": 24,
    } | changes
    kept = {key: value for key, value in metadata.items() if value is not None}
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + Encoder(cache=False).encode(kept)


def nodes(*pairs: tuple[int, int]) -> bytes:
    return b"".join(left.to_bytes(3) + right.to_bytes(3) for left, right in pairs)


BROKEN = [
    (b"", "not an MMDB file"),
    (b"GEOIP" * 1000, "not an MMDB file"),
    (b"\xab\xcd\xefMaxMind.com", "broken record"),
    (b"\xab\xcd\xefMaxMind.com\x44text", "not a map"),
    (crafted(nodes((1, 1)), 1, binary_format_major_version=3), "format version 3"),
    (crafted(nodes((1, 1)), 1, record_size=23), "record size 23"),
    (crafted(nodes((1, 1)), 1, record_size=[24]), "record size"),
    (crafted(nodes((1, 1)), 1, record_size=24.0), "record size"),
    (crafted(nodes((1, 1)), 1, record_size=None), "record size 0"),
    (crafted(nodes((1, 1)), 1, ip_version=5), "IP version 5"),
    (crafted(nodes((1, 1)), 0), "no node count"),
    (crafted(nodes((1, 1)), None), "no node count"),
    (crafted(nodes((1, 1)), 2**32 - 1), "does not fit"),
    (crafted(nodes((0, 0)), 1), "shares nodes|deeper"),
    (crafted(nodes((1, 0)), 1), "deeper than 128"),
    (crafted(nodes((5, 5)), 1), "points outside"),  # into the separator
    (crafted(nodes((18, 18)), 1), "points outside"),  # behind the data
    (crafted(nodes((17, 17)), 1, data=b"\x5f"), "ends inside"),
    (crafted(nodes(*((i + 1, i + 1) for i in range(127)), (145, 145)), 128), "shares nodes"),  # 2**128 leaves in 800 octets
    (crafted(nodes(*((i + 1, 40) for i in range(40))), 40, ip_version=4), "deeper than 32"),
]


@pytest.mark.parametrize(("octets", "why"), BROKEN)
def test_broken_files_are_refused_with_the_name_and_the_reason(octets: bytes, why: str) -> None:
    with pytest.raises(GeoError, match=rf"^x\.mmdb: .*({why})"):
        mmdb.read(octets, "x.mmdb", countries())


def test_a_tree_of_the_wrong_byte_order_is_refused(make: Make) -> None:
    octets = make(V4 | V6, record_size=32)
    database, _ = opened(octets)
    size = database.metadata.node_count * 8
    swapped = b"".join(octets[i : i + 4][::-1] for i in range(0, size, 4))
    with pytest.raises(GeoError):
        mmdb.read(swapped + octets[size:], "x", countries())


def read_or_refuse(octets: bytes) -> bool:
    """Whether a file could be read; anything but GeoError, or a long time, is a fault."""
    begun = time.process_time()
    readable = False
    with suppress(GeoError):
        database = mmdb.read(octets, "x", countries())
        atlas = build([database], (), {})
        atlas.cut(range(len(atlas.locations)))
        for address in (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1")):
            atlas.lookup(address)
        readable = True
    assert time.process_time() - begun < 5
    return readable


@pytest.mark.parametrize("record_size", [24, 28, 32])
def test_truncated_files(record_size: int, make: Make) -> None:
    octets = make(V4 | V6, record_size=record_size)
    assert read_or_refuse(octets)
    read = [read_or_refuse(octets[:length]) for length in range(0, len(octets) - 1, 7)]
    assert not any(read)  # what tells how to read it stands at the very end


def test_flipped_octets(make: Make) -> None:
    original = make(V4 | V6)
    chance = random.Random(7)
    outcomes = set()
    for _ in range(2500):
        octets = bytearray(original)
        for _ in range(chance.choice((1, 1, 2, 8))):
            # The tree is most of the file; half of the faults go to records and metadata.
            at = chance.randrange(len(octets)) if chance.random() < 0.5 else chance.randrange(len(octets) - 400, len(octets))
            octets[at] = chance.choice((0, 0xFF, octets[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
        outcomes.add(read_or_refuse(bytes(octets)))
    assert outcomes == {True, False}


def test_the_shipped_file_with_faults_in_it(unpacked: Any) -> None:
    original = unpacked.read_bytes()
    chance = random.Random(8)
    for _ in range(4):
        octets = bytearray(original)
        for _ in range(50):
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        read_or_refuse(bytes(octets))
    assert not read_or_refuse(original[: len(original) // 2])
