"""Properties of reading master files: what is written is read back, and no text raises or takes long."""

from __future__ import annotations

import re
import time

import dns.name
import dns.rdata
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import model, names
from gslb.config import master_file
from gslb.config.master_file import generate, line
from gslb.config.master_file.complaints import Complaints
from gslb.config.master_file.plain_record import PlainRecords
from gslb.config.master_file.record import RecordReader
from gslb.config.master_file.records import Records
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
        return [
            (one.words, [one.place(at) for at in range(len(one.words))], one.indented) for one in line.lines(text, lambda *_: None, lambda *_: False)
        ]

    fast = cut(raw)
    plain, simple = line._PLAIN, line._SIMPLE
    try:
        line._PLAIN = line._SIMPLE = lambda _: None
        assert cut(raw) == fast
    finally:
        line._PLAIN, line._SIMPLE = plain, simple


_owners = st.sampled_from(
    [
        *(
            "www",
            "WWW",
            "a.b",
            "b",
            "*",
            "*.a",
            "x_y",
            "@",
            "",
            " ",
            "  ",
            "\t",
            "1",
            "300",
            "IN",
            "example.com.",
            "www.example.com.",
            "www.example.net.",
        ),
        *("a..b", ".a", "a.", ".", "..", "x" * 63, "x" * 64, ".".join(["x" * 60] * 5), "\\097", '"q"', "$x", "é", "A"),
    ]
)
_heads = st.sampled_from(
    ["", "", "300 ", "60\t", "300 IN ", "IN ", "IN 300 ", "in ", "CH ", "1h ", "2147483648 ", "9999999999 ", "007 ", "IN IN ", "60 60 "]
)
_kinds = st.sampled_from(
    [
        *(
            "A 192.0.2.1",
            "A 192.0.2.2",
            "A\t192.0.2.3",
            "a 192.0.2.1",
            "A 192.0.2.256",
            "A 192.0.2",
            "A 1.2.3.04",
            "A 192.0.2.1 x",
            "A",
            "A \\# 4 01020304",
        ),
        *(
            "AAAA 2001:db8::1",
            "AAAA ::1.2.3.4",
            "AAAA fe80::g",
            "CNAME www",
            "CNAME WWW.example.com.",
            "CNAME a b",
            "CNAME @",
            "CNAME .",
            "CNAME x..y",
        ),
        *(
            "MX 10 mail",
            "MX 10  Mail",
            "MX 65536 mail",
            "MX mail",
            "NS ns1",
            "NS NS1",
            "PTR host",
            "PTR HOST",
            "SRV 1 2 3 www",
            "SRV 1 2 3",
            "DNAME www",
        ),
        *(
            'TXT "a b"',
            'TXT "a\tb"',
            "TXT a",
            'TXT "a" "b"',
            'TXT "\\097"',
            'TXT "',
            'TXT ""',
            f'TXT "{"x" * 256}"',
            "CAA 0 issue x",
            "SOA",
            "GSLB web",
        ),
    ]
)
_tails = st.sampled_from(["", "", "", " ", "\r", "; why", " ; why (", "\t;", " (", " )", "x", "\n)"])
_records = st.tuples(_owners, st.sampled_from([" ", " ", "\t", "   ", "\r"]), _heads, _kinds, _tails).map("".join)
_between = st.sampled_from(
    ["$TTL 60", "$TTL x", "$ORIGIN a", "$ORIGIN example.com.", "$ORIGIN example.net.", "", "; why", "$INCLUDE f", "$GENERATE 1-2 g$ A 192.0.2.$"]
)


@settings(max_examples=500)
@given(st.lists(st.one_of(_records, _records, _records, _between), max_size=12), st.sampled_from(["", SOA, "$TTL 300\n" + SOA]))
def test_plain_and_careful_reading_agree(written: list[str], head: str) -> None:
    """The quick way through plain lines gives the same names, the same places and the same complaints as the careful one."""
    text = head + "\n".join(written)

    def read() -> tuple[object, ...]:
        problems = Problems()
        zone = master_file.read("example.com.zone", text, problems, default_origin=APEX, include=lambda _: "inc 60 A 192.0.2.9\n A 192.0.2.8")
        return problems.found, zone and (zone.where, {owner: repr(data) for owner, data in zone.names.items()})

    quick = read()
    take = PlainRecords.take
    try:
        PlainRecords.take = lambda *_: False  # type: ignore[method-assign]  # as if no line were plain
        assert read() == quick
    finally:
        PlainRecords.take = take  # type: ignore[method-assign]


def test_plain_reading_takes_plain_lines() -> None:
    """So that the law above compares two ways of reading."""
    reader = RecordReader(records := Records(APEX, Complaints(Problems())), Complaints(Problems()))
    reader.origin, reader.default_ttl = APEX, 300
    plain = PlainRecords(reader, records)
    taken = [
        "www A 192.0.2.1",
        "www 60 IN AAAA ::1 ; why",
        " MX 10 mail",
        'x.y.example.com.\tTXT "a b"\r',
        "*.a CNAME @",
        "_s SRV 1 2 3 www",
        "p PTR h",
    ]
    assert all(plain.take(1, one) for one in taken)
    assert not any(plain.take(1, one) for one in ["@ A 192.0.2.1", "", "; why", "$TTL 60", "www a 192.0.2.1", "www A 192.0.2.1 ("])


_pieces = st.sampled_from(["$GENERATE", "$generate ", "\n", "\n", " ", "\t", "1-2 ", "3-9/2", " 1-4 ", "a", "\r", "$", "\ufeff"])


@given(st.lists(_pieces, max_size=12).map("".join))
def test_rounds_are_counted_at_the_starts_of_lines(text: str) -> None:
    plainly = re.compile(r"^\$GENERATE[ \t]+(\d+)-(\d+)(?:/(\d+))?(?=[ \t])", re.ASCII | re.IGNORECASE | re.MULTILINE)
    rounds = [len(range(int(one[1]), int(one[2]) + 1, int(one[3] or 1))) for one in plainly.finditer(text)]
    assert generate.total(text) == sum(rounds)


def test_long_lines_take_linear_time() -> None:
    """Texts on which a careless pattern would run for ever."""
    many = 100_000
    evil = [
        *("a" * many, '"' + "a" * many, '"' * (many + 1), "\\" * (many + 1), "(" * many, ")" * many, "a " * many, ";" * many, "é" * 5_000 + " A 1"),
        *(
            "www " + "1h" * many + "x A 1",
            "www A " + "1." * many,
            *(
                "www TXT " + "a" * many + "é",
                "www TXT a" + " " * many + "é",
                "www TXT " + "a " * many + "é",
                "a" + "\t" * many + "é",
                "1 " * many + "A 1",
            ),
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
