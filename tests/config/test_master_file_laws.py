"""Properties of reading master files: what is written is read back, and no text raises or takes long."""

from __future__ import annotations

import time

import dns.name
import dns.rdata
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import model, names
from gslb.config import master_file
from gslb.config.master_file import line
from gslb.errors import Problems

APEX = names.from_text("example.com.")
SOA = "@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 300\n"

_labels = st.lists(st.binary(min_size=1, max_size=8), max_size=3)
_names = _labels.map(lambda labels: names.join(labels, APEX))
_strings = st.lists(st.binary(max_size=20), min_size=1, max_size=3).map(lambda parts: b"".join(bytes([len(part)]) + part for part in parts))
_data = st.one_of(
    st.tuples(st.just(1), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(28), st.binary(min_size=16, max_size=16)),
    st.tuples(st.just(16), _strings),
    st.tuples(st.just(12), _names),
    st.tuples(st.just(15), st.tuples(st.binary(min_size=2, max_size=2), _names).map(b"".join)),
    st.tuples(st.just(33), st.tuples(st.binary(min_size=6, max_size=6), _names).map(b"".join)),
    st.tuples(st.just(65400), st.binary(max_size=20)),
    st.tuples(st.just(257), st.tuples(st.binary(min_size=1, max_size=1), st.just(b"\x05issue"), st.binary(max_size=20)).map(b"".join)),
)


@given(st.lists(st.tuples(_names, st.integers(0, 2**31 - 1), _data), max_size=8), st.booleans())
def test_what_is_written_is_read_back(records: list[tuple[bytes, int, tuple[int, bytes]]], relative: bool) -> None:
    """Records in dnspython's words, names absolute or relative, come back with the same octets."""
    origin = dns.name.from_wire(APEX, 0)[0]
    lines = [SOA]
    for owner, ttl, (kind, wire) in records:
        data = dns.rdata.from_wire("IN", kind, wire, 0, len(wire), origin if relative else None)
        name = dns.name.from_wire(owner, 0)[0]
        written = name.relativize(origin) if relative else name
        lines.append(f"{written.to_text()} {ttl} IN TYPE{kind} {data.to_text(origin=None, relativize=relative)}\n")
    problems = Problems()
    zone = master_file.read("example.com.zone", "".join(lines), problems, default_origin=APEX, include=None)
    assert not problems.fatal
    assert zone is not None
    for owner, _, (kind, wire) in records:
        rrset = next(one for one in zone.names[owner.lower()].rrsets if one.type == kind)
        same = [one.lower() for one in rrset.rdata] if kind in (12, 15, 33) else rrset.rdata
        assert (wire.lower() if kind in (12, 15, 33) else wire) in same
        assert rrset.ttl == min(ttl for other, ttl, (also, _) in records if other.lower() == owner.lower() and also == kind)


_words = st.sampled_from(
    [
        *("@", "www", "*", "IN", "CH", "300", "1h", "A", "AAAA", "TXT", "NS", "CNAME", "SOA", "GSLB", "DYNA", "TYPE65401", "192.0.2.1", "web"),
        *('"', "(", ")", ";", "\\", "\\#", "4", "1-3", "h$", "${0,3,x}", "..", "é", "\x00", "\u2028"),
        *("$TTL", "$ORIGIN", "$INCLUDE", "$GENERATE", '"a b"', "\n", "\n", "\n ", "\t"),
    ]
)
_hostile = st.one_of(st.lists(_words, max_size=60).map(" ".join), st.lists(_words, max_size=60).map("".join), st.text(max_size=200))


@settings(max_examples=300)
@given(_hostile, st.booleans())
def test_hostile_text_gives_problems_with_places(text: str, headed: bool) -> None:
    problems = Problems()
    whole = SOA + text if headed else text
    zone = master_file.read("example.com.zone", whole, problems, default_origin=APEX, include=lambda _: text)
    assert zone is None or isinstance(zone, model.Zone)
    physical = whole.split("\n")
    for one in problems.found:
        assert one.message
        assert 1 <= one.where.line <= len(physical)
        assert one.where.column >= 1


@given(st.text(alphabet='ab1.$@\\"();# \t\r;é\x00', max_size=40))
def test_fast_and_careful_cutting_agree(raw: str) -> None:
    """A line that the fast patterns take is cut into the same words at the same places as by the careful one."""

    def cut(text: str) -> list[tuple[list[str], list[tuple[int, int]], bool]]:
        return [(one.words, [one.place(at) for at in range(len(one.words))], one.indented) for one in line.lines(text, lambda *_: None)]

    fast = cut(raw)
    plain, simple = line._PLAIN, line._SIMPLE
    try:
        line._PLAIN = line._SIMPLE = lambda _: None
        assert cut(raw) == fast
    finally:
        line._PLAIN, line._SIMPLE = plain, simple


def test_long_lines_take_linear_time() -> None:
    """Texts on which a careless pattern would run for ever."""
    many = 100_000
    evil = [
        *("a" * many, '"' + "a" * many, '"' * (many + 1), "\\" * (many + 1), "(" * many, ")" * many, "a " * many, ";" * many, "é" * 5_000 + " A 1"),
        *(
            "www " + "1h" * many + "x A 1",
            "www A " + "1." * many,
            'www NAPTR 1 1 U x "!' + "\\\\" * many,
            "www TXT " + '"" ' * many,
            "www NSEC . " + "A " * many,
        ),
        *("$GENERATE 1-2 " + "${" * many + " A 1", "$GENERATE 1-2 a A " + "${0," * many, "$ORIGIN " + "a." * many, "$INCLUDE " + "../" * many),
    ]
    for text in evil:
        began = time.process_time()
        master_file.read("example.com.zone", SOA + text + "\n", Problems(), default_origin=APEX, include=None)
        assert time.process_time() - began < 5, text[:20]
