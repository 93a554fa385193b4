"""The RFC 8906 / ednscomp set, octet for octet: what a compliant server sends back to each of its queries."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from gslb.answer import Env, Reply
from gslb.plan import Snapshot

ZONE = b"\x07example\x03com\0"
QR, AA, TC, RD, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0020, 0x0010
COOKIE = b"\0\x0a\0\x08\1\2\3\4\5\6\7\x08"
NSID = b"\0\3\0\0"
EXPIRE = b"\0\x09\0\0"
SUBNET = b"\0\x08\0\4\0\1\0\0"
OTHER = b"\0\x64\0\0"
SOA, DNSKEY = 6, 48

OPT_BACK = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"  # version 0, no flags, no options
OPT_DO = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"
OPT_BADVERS = b"\0\0\x29\x04\xd0\1\0\0\0\0\0"
OPT_BADVERS_DO = b"\0\0\x29\x04\xd0\1\0\x80\0\0\0"
OPT_SUBNET = b"\0\0\x29\x04\xd0\0\0\0\0\0\x08" + SUBNET


def query(flags: int = 0, rtype: int = SOA, opt: bytes = b"") -> bytes:
    return struct.pack("!6H", 0xBEEF, flags, 1, 0, 0, bool(opt)) + ZONE + struct.pack("!HH", rtype, 1) + opt


def edns(version: int = 0, flags: int = 0, options: bytes = b"", payload: int = 1232) -> bytes:
    return b"\0" + struct.pack("!HHBBHH", 41, payload, 0, version, flags, len(options)) + options


@pytest.fixture
def soa(snapshot: Snapshot) -> Callable[..., bytes]:
    """The SOA as it must come: names compressed, TTL 3600."""
    rdata = b"\x03ns1\xc0\x0c\x04host\xc0\x0c" + struct.pack("!5I", 1, 3600, 600, 86400, 60)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, 3600, len(rdata)) + rdata

    def expected(opt: bytes = b"", flags: int = QR | AA, rtype: int = SOA) -> bytes:
        negative = b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, 60, len(rdata)) + rdata
        found = rtype == SOA
        head = struct.pack("!6H", 0xBEEF, flags, 1, int(found), int(not found), bool(opt))
        return head + ZONE + struct.pack("!HH", rtype, 1) + (record if found else negative) + opt

    return expected


@pytest.fixture
def ask(answer: Callable) -> Callable[..., bytes]:
    def one(snapshot: Snapshot, packet: bytes, *, udp: bool = True) -> bytes:
        got = answer(snapshot, packet, b"\x7f\0\0\1", Env(0, udp=udp))
        assert isinstance(got, Reply)
        return got.wire

    return one


def bare(flags: int) -> bytes:
    """A header alone."""
    return struct.pack("!6H", 0xBEEF, flags, 0, 0, 0, 0)


def badvers(opt: bytes) -> bytes:
    return struct.pack("!6H", 0xBEEF, QR, 1, 0, 0, 1) + ZONE + b"\0\6\0\1" + opt


NOERROR_SOA = {
    # name: query, expected OPT, expected flags
    "dns": (query(), b"", QR | AA),
    "aa": (query(AA), b"", QR | AA),
    "ad": (query(AD), b"", QR | AA),
    "cd": (query(CD), b"", QR | AA),
    "rd": (query(RD), b"", QR | AA | RD),
    "ra": (query(0x0080), b"", QR | AA),
    "tc": (query(TC), b"", QR | AA),
    "zflag": (query(0x0040), b"", QR | AA),
    "edns": (query(0, SOA, edns()), OPT_BACK, QR | AA),
    "ednsopt": (query(0, SOA, edns(options=OTHER)), OPT_BACK, QR | AA),
    "do": (query(0, SOA, edns(flags=0x8000)), OPT_DO, QR | AA),
    "docd": (query(CD, SOA, edns(flags=0x8000)), OPT_DO, QR | AA),
    "ednsflags": (query(0, SOA, edns(flags=0x0080)), OPT_BACK, QR | AA),
    "optlist": (query(0, SOA, edns(options=NSID + SUBNET + EXPIRE + COOKIE)), OPT_SUBNET, QR | AA),
    "ednsnsid": (query(0, SOA, edns(options=NSID)), OPT_BACK, QR | AA),
    "ednscookie": (query(0, SOA, edns(options=COOKIE)), OPT_BACK, QR | AA),
    "ednsexpire": (query(0, SOA, edns(options=EXPIRE)), OPT_BACK, QR | AA),
    "ednssubnet": (query(0, SOA, edns(options=SUBNET)), OPT_SUBNET, QR | AA),
    "bind11": (query(0, SOA, edns(flags=0x8000, options=COOKIE, payload=4096)), OPT_DO, QR | AA),
    "dig11": (query(RD | AD, SOA, edns(options=COOKIE, payload=4096)), OPT_BACK, QR | AA | RD),
}


@pytest.mark.parametrize("name", NOERROR_SOA)
def test_noerror_and_the_soa(snapshot: Snapshot, soa: Callable[..., bytes], name: str, ask: Callable) -> None:
    packet, opt, flags = NOERROR_SOA[name]
    assert ask(snapshot, packet) == soa(opt, flags)


@pytest.mark.parametrize(
    ("options", "flags", "expected"),
    [
        pytest.param(b"", 0, OPT_BADVERS, id="edns1"),
        pytest.param(OTHER, 0, OPT_BADVERS, id="edns1opt"),
        pytest.param(b"", 0x8000, OPT_BADVERS_DO, id="edns1do"),
        pytest.param(b"", 0x0080, OPT_BADVERS, id="edns1flags"),
        pytest.param(NSID, 0, OPT_BADVERS, id="edns1nsid"),
        pytest.param(COOKIE, 0, OPT_BADVERS, id="edns1cookie"),
        pytest.param(EXPIRE, 0, OPT_BADVERS, id="edns1expire"),
        pytest.param(SUBNET, 0, OPT_BADVERS, id="edns1subnet"),
    ],
)
def test_badvers_and_nothing_else(snapshot: Snapshot, options: bytes, flags: int, expected: bytes, ask: Callable) -> None:
    assert ask(snapshot, query(0, SOA, edns(1, flags, options))) == badvers(expected)


def test_opcode(snapshot: Snapshot, ask: Callable) -> None:
    assert ask(snapshot, bare(15 << 11)) == bare(QR | 15 << 11 | 4)


def test_opcodeflg(snapshot: Snapshot, ask: Callable) -> None:
    assert ask(snapshot, bare(0x7FF0)) == bare(QR | 15 << 11 | RD | 4)


def test_type666(snapshot: Snapshot, soa: Callable[..., bytes], ask: Callable) -> None:
    assert ask(snapshot, query(rtype=666)) == soa(rtype=666)


def test_tcp(snapshot: Snapshot, soa: Callable[..., bytes], ask: Callable) -> None:
    assert ask(snapshot, query(), udp=False) == soa()


def test_edns_at_512(snapshot: Snapshot, soa: Callable[..., bytes], ask: Callable) -> None:
    assert ask(snapshot, query(0, DNSKEY, edns(flags=0x8000, payload=512))) == soa(OPT_DO, rtype=DNSKEY)


def test_ednstcp(snapshot: Snapshot, soa: Callable[..., bytes], ask: Callable) -> None:
    assert ask(snapshot, query(0, DNSKEY, edns(flags=0x8000, payload=512)), udp=False) == soa(OPT_DO, rtype=DNSKEY)


def test_dnswkk(snapshot: Snapshot, ask: Callable) -> None:
    algorithm = b"\x0bhmac-sha256\0"
    fixed = b"\0\0\x65\0\0\0\1\x2c"  # time signed and fudge
    rdata = algorithm + fixed + b"\0\x20" + b"m" * 32 + b"\xbe\xef\0\0\0\0"
    tsig = b"\0" + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata
    back = algorithm + fixed + b"\0\0" + b"\xbe\xef\0\x11\0\0"
    expected = struct.pack("!6H", 0xBEEF, QR | 9, 1, 0, 0, 1) + ZONE + b"\0\6\0\1" + b"\0" + struct.pack("!HHIH", 250, 255, 0, len(back)) + back
    packet = struct.pack("!6H", 0xBEEF, 0, 1, 0, 0, 1) + ZONE + b"\0\6\0\1" + tsig
    assert ask(snapshot, packet) == expected


TYPES = [
    *(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37),
    *(38, 39, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 55, 56, 57, 58, 59, 60, 61, 62, 99, 100, 104, 108, 109, 256, 257, 259, 1000, 32769),
]


@pytest.mark.parametrize("rtype", TYPES)
def test_types(snapshot: Snapshot, soa: Callable[..., bytes], rtype: int, ask: Callable) -> None:
    wire = ask(snapshot, query(rtype=rtype))
    held = {2, 6, 15, 43}  # types at the apex
    assert wire[:4] == b"\xbe\xef\x84\0"
    assert (wire == soa(rtype=rtype)) is (rtype not in held - {6})
