"""Mutated packets: no exception, no silence but to responses, whole replies within the limit, bounded work.

`GSLB_FUZZ_PACKETS=1000000 pytest tests/answer/test_fuzz.py -s` runs the large one.
"""

from __future__ import annotations

import os
import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType

import dns.message
import dns.name
import dnslib
import pytest

from gslb.answer import Drop, Env, Memo, NeedRow, Reply, answer
from gslb.answer.lookup import MAX_CHAIN, MAX_TARGETS
from gslb.plan import Node, Snapshot

PACKETS = int(os.environ.get("GSLB_FUZZ_PACKETS", "50000"))
DECODED = 20  # every so many replies are read by both decoders; all are checked for size, ID and flags

LABELS = [
    *(b"www", b"old", b"older", b"host", b"d", b"sub", b"wild", b"alias", b"ent", b"*", b"loop1", b"spin", b"long", b"round", b"big", b"pooled"),
    b"x" * 60,
    *(b"to", b"tos", b"stick", b"couple", b"deep", b"joint", b"svc", b"hints", b"gone"),
]
ZONE = b"\x07example\x03com\0"
TYPES = [1, 28, 64, 65, 1, 2, 5, 6, 15, 16, 28, 33, 39, 41, 43, 48, 128, 250, 251, 252, 253, 255, 257, 65400, 0]


def seed_packet(rng: random.Random) -> bytes:
    """A query that is right, or nearly."""
    labels = [rng.choice(LABELS) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 5]))]
    name = b"".join(bytes([len(label)]) + label for label in labels) + (ZONE if rng.random() < 0.95 else b"\0")
    options = b""
    if rng.random() < 0.5:
        source = rng.choice([0, 8, 20, 24, 32])
        octets = rng.randbytes((source + 7) // 8)[: source // 8] + (b"\xa0" if source % 8 else b"")
        options += struct.pack("!HHHBB", 8, 4 + len(octets), 1, source, 0) + octets
    if rng.random() < 0.3:
        options += struct.pack("!HH", rng.choice([3, 10, 12, 65001, 8 if rng.random() < 0.1 else 4]), 8) + rng.randbytes(8)
    additional = b""
    count = 0
    if rng.random() < 0.6:
        additional += (
            b"\0"
            + struct.pack("!HHIH", 41, rng.choice([0, 512, 1232, 65535]), rng.choice([0, 0, 0, 0x8000, 0x8000, 0x10000]), len(options))
            + options
        )
        count += 1
    if rng.random() < 0.05:
        rdata = b"\x0bhmac-sha256\0" + bytes(8) + b"\0\x04mac!" + bytes(6)
        additional += b"\x01k\0" + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata
        count += 1
    head = struct.pack("!6H", rng.getrandbits(16), rng.choice([0, 0x100, 0x10]), 1, 0, 0, count)
    return head + name + struct.pack("!HH", rng.choice(TYPES), rng.choice([1, 1, 1, 1, 1, 1, 1, 1, 3, 255])) + additional


def mutate(rng: random.Random, packet: bytes, other: bytes) -> bytes:
    """Break it in up to three ways."""
    wire = bytearray(packet)
    for _ in range(rng.choice([0, 0, 0, 1, 1, 1, 2, 3])):
        at = rng.randrange(len(wire)) if wire else 0
        match rng.randrange(9):
            case 0 | 1:
                if wire:
                    wire[at] ^= 1 << rng.randrange(8)
            case 2 | 3:
                if wire:
                    wire[at] = rng.choice([0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF, rng.getrandbits(8)])
            case 4:
                del wire[at:]
            case 5:
                del wire[at : at + rng.randrange(1, 8)]
            case 6:
                wire[at:at] = rng.randbytes(rng.randrange(1, 8))
            case 7:
                wire[at:at] = wire[at : at + rng.randrange(1, 40)]
            case _:
                wire[at:] = other[at:]
    return bytes(wire)


def test_mutated_packets(snapshot: Snapshot, answer: Callable) -> None:
    rng = random.Random(int(os.environ.get("GSLB_FUZZ_SEED", "1")))
    memo = Memo(snapshot, 500)
    seeds = [seed_packet(rng) for _ in range(2000)]
    kinds: Counter[str] = Counter()
    slowest = spent = 0.0
    for n in range(PACKETS):
        packet = mutate(rng, rng.choice(seeds), rng.choice(seeds))
        client = rng.choice([b"\x7f\0\0\1", b"\x14\0\0\1", bytes(10) + b"\xff\xff\x14\0\0\1"])
        draw = rng.getrandbits(64)
        udp = n % 4 > 0
        begin = time.process_time()
        got = answer(snapshot, packet, client, Env(draw, udp=udp))
        took = time.process_time() - begin
        spent += took
        slowest = max(slowest, took)
        if isinstance(got, Drop):
            kinds[got.reason] += 1
            assert len(packet) < 12 or packet[2] & 0x80
            assert memo.reply(packet, client, draw) is None
            continue
        reply = got.reply if isinstance(got, NeedRow) else got
        kinds[f"rcode {reply.meta.rcode}"] += 1
        wire = reply.wire
        assert wire[:2] == packet[:2]
        assert wire[2] & 0x80
        assert not (wire[2] ^ packet[2]) & 0x79  # opcode and RD
        assert not wire[3] & 0xF0  # RA, Z, AD, CD
        assert len(wire) <= (1232 if udp else 65535)
        if udp:
            assert memo.reply(packet, client, draw) == wire
        if n % DECODED == 0:
            dns.message.from_wire(wire, keyring=False)
            if max(packet[12:267], default=0) < 0x80:  # dnslib reads no labels beyond ASCII
                dnslib.DNSRecord.parse(wire)
    print(f"{PACKETS} packets: {spent / PACKETS * 1e6:.1f} us each, slowest {slowest * 1e3:.2f} ms, {dict(kinds)}")
    assert len(kinds) >= 9
    assert slowest < 1.0  # the work itself is bounded below; this is for what nobody thought of


class Counted(dict[bytes, Node]):
    """Counts what is looked up in it."""

    looked = 0

    def get(self, key: bytes, default: object = None) -> object:  # type: ignore[override]  # dict's overloads
        Counted.looked += 1
        return super().get(key, default)


@pytest.fixture
def counted(snapshot: Snapshot) -> Snapshot:
    zones = {apex: zone._replace(nodes=Counted(zone.nodes)) for apex, zone in snapshot.zones.items()}
    return snapshot._replace(zones=Counted(zones))  # type: ignore[arg-type]  # it counts zones too


def many_labels(rng: random.Random, tail: bytes) -> bytes:
    return b"\x01a" * rng.randrange(100, (254 - len(tail)) // 2 + 1) + tail


HARD = {
    "many labels": lambda rng: many_labels(rng, ZONE),
    "many labels below a wildcard alias": lambda rng: many_labels(rng, b"\x04spin" + ZONE),
    "many labels below a DNAME that names itself": lambda rng: many_labels(rng, b"\x05round" + ZONE),
    "many labels below a cut": lambda rng: many_labels(rng, b"\x03sub" + ZONE),
    "many labels outside": lambda rng: many_labels(rng, b"\0"),
    "a loop": lambda _: b"\x05loop1" + ZONE,
}


@pytest.mark.parametrize("kind", HARD)
def test_work_is_bounded(counted: Snapshot, kind: str) -> None:
    rng = random.Random(4)
    for _ in range(20):
        packet = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + HARD[kind](rng) + b"\0\1\0\1"
        Counted.looked = 0
        calls = 0

        def count(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        got = answer(counted, packet, b"\x7f\0\0\1", Env(0))
        sys.setprofile(None)
        assert isinstance(got, Reply)
        assert got.meta.rcode in (0, 3, 5, 6)
        assert Counted.looked <= 128 + MAX_CHAIN * 128 + MAX_TARGETS
        assert calls < 3000


@pytest.mark.parametrize(
    "filling",
    [b"\x01a", b"\0", b"\xc0\x0c", b"\xff", b"\0\0\x29\0\0\0\0\0\0\0\0", b"\0\x08\0\0", b"\0\0\1\0\1\0\0\0\0\0\0"],
    ids=["labels", "nulls", "pointers", "ones", "OPT", "options", "records"],
)
def test_a_full_datagram_costs_little(snapshot: Snapshot, filling: bytes) -> None:
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> object:
        nonlocal steps
        steps += event == "line"
        return count

    for head in (b"", ZONE + b"\0\1\0\1", ZONE + b"\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\xff\x00"):
        packet = struct.pack("!6H", 1, 0, 1, 0, 0, 0xFFFF) + head + filling * 40000
        steps = 0
        before = sys.gettrace()
        sys.settrace(count)
        try:
            got = answer(snapshot, packet[:65535], b"\x7f\0\0\1", Env(0))
        finally:
            sys.settrace(before)
        assert isinstance(got, Reply)
        assert got.meta.rcode == 1
        assert steps < 200_000  # options are the longest list a packet can hold: 16,383 of them
