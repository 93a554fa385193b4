"""Record data: every type and form, messages for operators, and the fast readers held equal to dnspython."""

from __future__ import annotations

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.config import plain_rdata, rdata

ORIGIN = b"\x07example\x03com\x00"
ORIGIN_NAME = dns.name.from_wire(ORIGIN, 0)[0]


@pytest.mark.parametrize(
    ("kind", "text", "wire"),
    [
        ("A", "192.0.2.1", "c0000201"),
        ("a", "192.0.2.1", "c0000201"),
        ("TYPE1", "192.0.2.1", "c0000201"),
        ("A", r"\# 4 c0000201", "c0000201"),
        ("AAAA", "2001:db8::1", "20010db8000000000000000000000001"),
        ("AAAA", "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"),
        ("TXT", '"a" b', "01610162"),
        ("TXT", '""', "00"),
        ("TXT", '"ü"', "02c3bc"),
        ("TXT", r'"\"\\\065"', "03225c41"),
        ("TYPE65400", r"\# 3 abcdef", "abcdef"),
        ("TYPE65400", r"\# 0", ""),
        ("CAA", '0 issue "x"', "000569737375650178"[:4] + "6973737565" + "78"),
    ],
)
def test_wire_form(kind: str, text: str, wire: str) -> None:
    assert rdata.parse(kind, text, ORIGIN)[1].hex() == wire


@pytest.mark.parametrize(
    ("kind", "text", "target"),
    [
        ("NS", "ns1", b"\x03ns1" + ORIGIN),
        ("NS", "NS1.Example.ORG.", b"\x03NS1\x07Example\x03ORG\x00"),
        ("CNAME", "@", ORIGIN),
        ("DNAME", "x", b"\x01x" + ORIGIN),
        ("MX", "10 mail", b"\x04mail" + ORIGIN),
        ("MX", "0 .", b"\x00"),
        ("SRV", "1 2 3 sip", b"\x03sip" + ORIGIN),
        ("HTTPS", '1 svc alpn="h2,h3"', b"\x03svc" + ORIGIN),
        ("SVCB", "1 .", b"\x00"),
        ("CNAME", r"\# 3 016100", b"\x01a\x00"),
    ],
)
def test_targets(kind: str, text: str, target: bytes) -> None:
    assert rdata.parse(kind, text, ORIGIN)[2] == (target,)


@pytest.mark.parametrize(("kind", "text"), [("PTR", "host"), ("TXT", "x"), ("SOA", "a b 1 2 3 4 5"), ("NAPTR", '1 1 "" "" "" x')])
def test_types_without_targets(kind: str, text: str) -> None:
    assert rdata.parse(kind, text, ORIGIN)[2] == ()


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("A", "1.2.3", "'1.2.3' is not an IPv4 address"),
        ("A", "01.2.3.4", "not an IPv4 address"),
        ("A", "1.2.3.4 x", "x is too much"),
        ("A", "1.2.3.4\n5.6.7.8", "after the end of the line"),
        ("A", "", "something is missing"),
        ("A", r"\# 3 010203", "octets do not make such a record"),
        ("AAAA", "1.2.3.4", "not an IPv6 address"),
        ("MX", "mail", "a number is expected"),
        ("MX", "70000 mail", "70000"),
        ("NS", "a..b", "empty label"),
        ("NS", "a" * 64, "more than 63"),
        ("NS", ".".join(["a" * 60] * 5), "more than 255"),
        ("NS", r"\# 2 c000", "must not be compressed"),
        ("TXT", '"a', "a quote is not closed"),
        ("TXT", "a" * 256, "more than 255 octets"),
        ("DS", "1 8 2 zz", "hex digits"),
        ("DNSKEY", "257 2 13 AAAA", "protocol"),
        ("SVCB", "1 . key65535=a", "reserved"),
        ("URI", "1 1 http://x", "quotes"),
        ("HTTPS", "1 . hints=auto", "unknown key"),
        ("TYPE65400", "abc", r"\# length hex"),
        ("TYPE65400", r"\# 4 abcd", "stated length"),
        ("SPAM", "x", "unknown record type 'SPAM'"),
        ("TYPE65536", "x", "unknown record type"),
        ("", "x", "unknown record type"),
        ("ANY", r"\# 0", "not a type of data"),
        ("OPT", r"\# 0", "not a type of data"),
        ("TYPE130", r"\# 0", "not a type of data"),
        ("MD", r"\# 3 016100", "obsolete"),
        ("GSLB", "web", "names a pool"),
        ("NAPTR", '1 1 "?" "" "" .', "letters and digits"),
        ("NAPTR", '1 1 "U" "x" "!a!b!" x', "exclude each other"),
    ],
)
def test_messages(kind: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        rdata.parse(kind, text, ORIGIN)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "text"), [("A", "1" * 10_000), ("A", "192.0.2.1 " + "x" * 10_000), ("X" * 10_000, ""), ("NS", "é" * 10_000)])
def test_messages_are_short(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        rdata.parse(kind, text, ORIGIN)
    assert len(str(caught.value)) < 300


def test_every_form_that_is_shown_is_right() -> None:
    fill = {"HEX": "ab" * 32, "BASE64": "AAAA", "KEYTAG": "1", "ALGORITHM": "4", "DIGESTTYPE": "2", "FINGERPRINTTYPE": "2"}
    for kind, form in rdata.FORMS.items():
        text = " ".join(fill.get(word, word) for word in form.split(" "))
        assert rdata.parse(kind, text, ORIGIN)[0] == rdata.type_number(kind)


def test_evil_regexp_is_bounded() -> None:
    # Would take longer than the universe if a backslash could be read in two ways.
    with pytest.raises(ValueError, match="not of the form"):
        rdata.parse("NAPTR", '1 1 "U" "x" "!' + r"\\" * 60 + '" .', ORIGIN)


def test_type_texts() -> None:
    assert rdata.type_text(1) == "A"
    assert rdata.type_text(65400) == "TYPE65400"
    assert rdata.type_text(rdata.GSLB) == "GSLB"
    assert [rdata.type_number(text) for text in ("A", "aaaa", "TYPE65400", "type1", "gslb")] == [1, 28, 65400, 1, 65401]


# Texts near what the fast readers accept: each must give what dnspython gives, or leave it to dnspython.
_words = st.text(alphabet="ab0159.:@*_-/ \t\"\\'éİ²\x00\x1f;()", max_size=12)
_near = st.one_of(
    _words,
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){2,4}", fullmatch=True),
    st.from_regex(r"[0-9a-fA-F]{0,5}(:[0-9a-fA-F]{0,5}){1,8}", fullmatch=True),
    st.tuples(st.integers(0, 70_000), _words).map(lambda pair: f"{pair[0]} {pair[1]}"),
    st.tuples(st.integers(0, 70_000), st.integers(0, 70_000), st.integers(0, 70_000), _words).map(lambda parts: " ".join(map(str, parts))),
    st.text(alphabet='a"\\;é ', max_size=6).map(lambda text: f'"{text}"'),
    st.integers(250, 260).map(lambda size: '"' + "a" * size + '"'),
    st.lists(st.text(alphabet="ab-", min_size=55, max_size=64), max_size=5).map(".".join),
)


@given(st.sampled_from(sorted(plain_rdata._READERS)), _near)
def test_fast_readers_equal_dnspython(number: int, text: str) -> None:
    fast = plain_rdata.read(number, text, ORIGIN)
    if fast is not None:
        slow = dns.rdata.from_text("IN", dns.rdatatype.RdataType.make(number), text, ORIGIN_NAME, relativize=False)
        assert fast == (slow.to_wire(), rdata.targets(number, slow.to_wire()))


def test_fast_readers_are_used() -> None:
    for number, text in ((1, "192.0.2.1"), (28, "2001:db8::1"), (2, "ns1"), (5, "a.b."), (15, "10 mail"), (16, '"x y"'), (33, "1 2 3 x"), (12, "@")):
        assert plain_rdata.read(number, text, ORIGIN) is not None


_KINDS = [
    "A",
    "AAAA",
    "NS",
    "MX",
    "TXT",
    "SRV",
    "CAA",
    "DS",
    "LOC",
    "NAPTR",
    "HTTPS",
    "URI",
    "TLSA",
    "SOA",
    "APL",
    "HIP",
    "WKS",
    "CERT",
    "TYPE9",
    "NSEC",
]


@given(st.one_of(st.sampled_from(_KINDS), st.text(max_size=8)), st.one_of(st.text(max_size=60), _near, st.text(alphabet='\\#0a1" ()', max_size=30)))
def test_hostile_text_never_raises_anything_else(kind: str, text: str) -> None:
    try:
        number, wire, targets = rdata.parse(kind, text, ORIGIN)
    except ValueError:
        return
    assert 0 < number < 65536
    assert len(wire) <= 65_535
    assert all(target in wire for target in targets)


@given(st.sampled_from([kind for kind in dns.rdatatype.RdataType if not dns.rdatatype.is_metatype(kind)]), st.binary(max_size=80))
def test_what_dnspython_writes_is_read_back(kind: dns.rdatatype.RdataType, wire: bytes) -> None:
    try:
        known = dns.rdata.from_wire("IN", kind, wire, 0, len(wire))
        text = known.to_text()
        again = dns.rdata.from_text("IN", kind, text, dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError):
        return  # not such a record, or dnspython cannot read its own text
    try:
        got = rdata.parse(dns.rdatatype.to_text(kind), text, b"\0")[1]
    except ValueError:
        assert kind in (0, 3, 4, 25, 35, 48, 64, 65, 256), text  # where we are stricter (rdata._beyond_dnspython)
    else:
        assert got == again.to_wire()
