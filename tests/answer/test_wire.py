"""Packets in, verdicts out: every malformed thing has one, and none is an exception."""

from __future__ import annotations

import struct
from collections.abc import Callable

import dns.message
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.answer import Drop, Env, Reply
from gslb.answer.wire import Query, parse
from gslb.plan import EMPTY, Snapshot

NAME = b"\x04mail\x07example\x03com\0"
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"


def packet(
    *, flags: int = 0, counts: tuple[int, int, int, int] = (1, 0, 0, 0), name: bytes = NAME, rtype: int = 1, qclass: int = 1, rest: bytes = b""
) -> bytes:
    return struct.pack("!6H", 0x1234, flags, *counts) + name + struct.pack("!HH", rtype, qclass) + rest


def opt(options: bytes = b"", *, payload: int = 1232, ttl: int = 0, length: int | None = None, owner: bytes = b"\0") -> bytes:
    return owner + struct.pack("!HHIH", 41, payload, ttl, len(options) if length is None else length) + options


def ecs(data: bytes) -> bytes:
    return struct.pack("!HH", 8, len(data)) + data


def with_opt(options: bytes = b"", **more: object) -> bytes:
    return packet(counts=(1, 0, 0, 1), rest=opt(options, **more))  # type: ignore[arg-type]  # options of opt


FAULTS = {
    # rcode, packet, whether the question comes back
    "no question": (1, packet(counts=(0, 0, 0, 0)), False),  # RFC 9619
    "two questions": (1, packet(counts=(2, 0, 0, 0), rest=NAME + b"\0\1\0\1"), False),
    "65535 questions": (1, packet(counts=(65535, 0, 0, 0)), False),
    "header alone": (1, packet()[:12], False),
    "name cut off": (1, packet()[:20], False),
    "type cut off": (1, packet()[:-3], False),
    "class cut off": (1, packet()[:-1], False),
    "a label of 64": (1, packet(name=b"\x40" + b"a" * 64 + b"\0"), False),
    "a pointer": (1, packet(name=b"\x01a\xc0\x0c"), False),
    "a pointer to itself": (1, packet(name=b"\xc0\x0c"), False),
    "an extended label": (1, packet(name=b"\x41\x01a\0"), False),
    "a name of 256": (1, packet(name=(b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0"), False),
    "endless labels": (1, packet(name=b"\x01a" * 3000), False),
    "an answer record": (1, packet(counts=(1, 1, 0, 0), rest=RECORD), True),
    "an authority record": (1, packet(counts=(1, 0, 1, 0), rest=RECORD), True),
    "another additional record": (1, packet(counts=(1, 0, 0, 1), rest=b"\0" + RECORD[2:]), True),
    "additional count without a record": (1, packet(counts=(1, 0, 0, 1)), True),
    "additional count too high": (1, packet(counts=(1, 0, 0, 2), rest=opt()), True),
    "trailing octets": (1, packet(rest=b"x"), True),
    "octets behind OPT": (1, with_opt() + b"\0", True),
    "two OPT": (1, packet(counts=(1, 0, 0, 2), rest=opt() + opt()), True),
    "OPT not at the root": (1, with_opt(owner=b"\x01a\0"), True),
    "OPT with a pointer for owner": (1, with_opt(owner=b"\xc0\x0c"), True),
    "OPT longer than the packet": (1, with_opt(length=1), True),
    "OPT header cut off": (1, with_opt()[:-3], True),
    "option longer than OPT": (1, with_opt(b"\0\1\0\5abcd"), True),
    "option header cut off": (1, with_opt(b"\0\1\0"), True),
    "EDNS version 1": (16, with_opt(ttl=0x10000), True),
    "EDNS version 255 with rubbish options": (16, with_opt(b"\0\1\0\5", ttl=0xFF0000), True),
    "NOTIFY": (4, packet(flags=4 << 11, rtype=6), False),
    "UPDATE": (4, packet(flags=5 << 11, rtype=6), False),
    "opcode 15": (4, packet(flags=15 << 11), False),
    "IQUERY": (4, packet(flags=1 << 11, counts=(0, 1, 0, 0)), False),
    "class CH": (5, packet(qclass=3), True),
    "class NONE": (5, packet(qclass=254), True),
    "class 0": (5, packet(qclass=0), True),
    "AXFR": (5, packet(rtype=252), True),
    "IXFR": (5, packet(rtype=251), True),
    "IXFR as sent": (5, packet(rtype=251, counts=(1, 0, 1, 0), rest=RECORD), True),
    "MAILB": (4, packet(rtype=253), True),
    "MAILA": (4, packet(rtype=254), True),
    "type OPT": (1, packet(rtype=41), True),
    "type TSIG": (1, packet(rtype=250), True),
    "type TKEY": (1, packet(rtype=249), True),
    "type NXNAME": (1, packet(rtype=128), True),
    # RFC 7871 section 6, each in its own words
    "ECS: empty": (1, with_opt(ecs(b"")), True),
    "ECS: three octets": (1, with_opt(ecs(b"\0\1\0")), True),
    "ECS: family 0": (1, with_opt(ecs(b"\0\0\0\0")), True),
    "ECS: family 3": (1, with_opt(ecs(b"\0\3\0\0")), True),
    "ECS: family 257": (1, with_opt(ecs(b"\1\1\0\0")), True),
    "ECS: 33 bits of IPv4": (1, with_opt(ecs(b"\0\1\x21\0\1\2\3\4\0")), True),
    "ECS: 129 bits of IPv6": (1, with_opt(ecs(b"\0\2\x81\0" + b"\1" * 17)), True),
    "ECS: too few octets": (1, with_opt(ecs(b"\0\1\x18\0\1\2")), True),
    "ECS: too many octets": (1, with_opt(ecs(b"\0\1\x18\0\1\2\3\0")), True),
    "ECS: octets with source 0": (1, with_opt(ecs(b"\0\1\0\0\0")), True),
    "ECS: bits beyond the source": (1, with_opt(ecs(b"\0\1\x17\0\1\2\3")), True),
    "ECS: a scope in a query": (1, with_opt(ecs(b"\0\1\x18\x18\1\2\3")), True),
    "ECS: twice": (1, with_opt(ecs(b"\0\1\0\0") + ecs(b"\0\1\0\0")), True),
}


@pytest.mark.parametrize("what", FAULTS)
def test_faults(snapshot: Snapshot, what: str, answer: Callable) -> None:
    rcode, query, echoed = FAULTS[what]
    got = answer(snapshot, query, b"\x7f\0\0\1", Env(0))
    assert isinstance(got, Reply)
    assert got.meta.rcode == rcode
    assert got.meta.reason
    flags, questions, answers, authority, additional = struct.unpack("!5H", got.wire[2:12])
    assert got.wire[:2] == query[:2]
    assert flags == 0x8000 | struct.unpack("!H", query[2:4])[0] & 0x7900 | rcode & 15
    assert (questions, answers, authority) == (int(echoed), 0, 0)
    assert got.wire[12 : 12 + echoed * (len(NAME) + 4)] == (query[12 : 12 + len(NAME) + 4] if echoed else b"")
    if additional:
        assert got.wire[-11:-6] == b"\0\0\x29\x04\xd0"
        assert got.wire[-6] == rcode >> 4
    message = dns.message.from_wire(got.wire)
    assert message.rcode() == rcode
    assert not message.options


SILENT = {
    "nothing": b"",
    "eleven octets": packet()[:11],
    "a response": packet(flags=0x8000),
    "a response with an unknown opcode": packet(flags=0xF800),
    "a response that is rubbish": packet(flags=0x8000, counts=(9, 9, 9, 9)),
}


@pytest.mark.parametrize("what", SILENT)
def test_silence(snapshot: Snapshot, what: str, answer: Callable) -> None:
    assert answer(snapshot, SILENT[what], b"\x7f\0\0\1", Env(0)) in (Drop("short"), Drop("response"))


@pytest.mark.parametrize(
    ("query", "type_", "edns"),
    [
        (packet(), 1, None),
        (packet(flags=0x07B0), 1, None),  # every flag a query has no business with: AA, TC, RD, RA, Z, AD, CD
        (packet(rtype=0), 0, None),
        (packet(rtype=65535, qclass=255), 65535, None),
        (with_opt(), 1, (1232, False, None, 0)),
        (with_opt(payload=0, ttl=0x8000), 1, (0, True, None, 0)),
        (with_opt(ttl=0x7FFF), 1, (1232, False, None, 0)),  # unknown flags
        (with_opt(ttl=0xFF000000), 1, (1232, False, None, 0)),  # an extended rcode in a query means nothing
        (with_opt(b"\0\x64\0\0" + b"\0\x0a\0\x08" + b"c" * 8), 1, (1232, False, None, 0)),
        (with_opt(ecs(b"\0\1\x18\0\1\2\3")), 1, (1232, False, (32, 24, b"\1\2\3"), 3)),
        (with_opt(ecs(b"\0\1\x14\0\1\2\x30")), 1, (1232, False, (32, 20, b"\1\2\x30"), 3)),
        (with_opt(ecs(b"\0\2\x38\0" + b"\x20" * 7)), 1, (1232, False, (128, 56, b"\x20" * 7), 7)),
        (with_opt(ecs(b"\0\1\0\0")), 1, (1232, False, (32, 0, b""), 0)),
        (with_opt(ecs(b"\0\1\x18\0\1\2\3") + b"\0\x64\0\0"), 1, (1232, False, (32, 24, b"\1\2\3"), 0)),
    ],
)
def test_good_queries(query: bytes, type_: int, edns: tuple | None) -> None:
    got = parse(query)
    assert isinstance(got, Query)
    assert (got.rcode, got.type, got.name, got.labels) == (0, type_, NAME, (0, 5, 13))
    assert got.edns == edns


def test_ecs_switched_off_is_an_unknown_option() -> None:
    for data in (b"\0\1\x18\0\1\2\3", b"rubbish"):
        got = parse(with_opt(ecs(data)), ecs=False)
        assert isinstance(got, Query)
        assert (got.rcode, got.edns) == (0, (1232, False, None, 0))


def test_names_at_their_limits() -> None:
    longest = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0"
    assert len(longest) == 255
    for name in (longest, b"\x01a" * 127 + b"\0", b"\0", b"\x03a.b\0", b"\x02\0\0\0"):
        got = parse(packet(name=name))
        assert isinstance(got, Query)
        assert (got.rcode, got.name, got.question[:-4]) == (0, name, name)


@pytest.fixture
def signed() -> bytes:
    message = dns.message.make_query("mail.example.com", "A", use_edns=0)
    message.use_tsig(dns.tsigkeyring.from_text({"key.example.": "c2VjcmV0c2VjcmV0"}), "key.example.", algorithm=dns.tsig.HMAC_SHA256)
    return message.to_wire()


def test_a_signed_query_is_refused_with_badkey(snapshot: Snapshot, signed: bytes, answer: Callable) -> None:
    got = answer(snapshot, signed, b"\x7f\0\0\1", Env(0))
    assert isinstance(got, Reply)
    assert got.meta.rcode == dns.rcode.NOTAUTH  # RFC 8945 section 5.2.1
    message = dns.message.from_wire(got.wire, keyring=False)
    assert message.edns == 0
    tsig = message.tsig[0]
    assert (str(message.tsig.name), tsig.error, tsig.mac, tsig.original_id) == ("key.example.", 17, b"", struct.unpack("!H", signed[:2])[0])


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_broken_signature_is_formerr_or_notauth(snapshot: Snapshot, signed: bytes, cut: int, answer: Callable) -> None:
    got = answer(snapshot, signed[:-cut], b"\x7f\0\0\1", Env(0))
    assert isinstance(got, Reply)
    assert got.meta.rcode == 1


def test_a_signature_must_be_last(snapshot: Snapshot, signed: bytes, answer: Callable) -> None:
    opt_at = signed.index(b"\0\0\x29")
    swapped = signed[:opt_at] + signed[opt_at + 11 :] + signed[opt_at : opt_at + 11]
    got = answer(snapshot, swapped, b"\x7f\0\0\1", Env(0))
    assert isinstance(got, Reply)
    assert got.meta.rcode == 1


@settings(deadline=None)
@given(octets=st.binary(max_size=80))
def test_any_octets(octets: bytes, answer: Callable) -> None:
    for query in (octets, packet()[:12] + octets, packet(counts=(1, 0, 0, 1), rest=octets), with_opt(octets)):
        got = answer(EMPTY, query, b"\x7f\0\0\1", Env(0))
        if isinstance(got, Reply):
            dns.message.from_wire(got.wire, keyring=False)
        else:
            assert isinstance(got, Drop)
