"""Random queries about one snapshot: names that are there, nearly there and not there, in any case; EDNS in every shape; and broken packets.

What is asked follows from the seed and the snapshot alone.
"""

from __future__ import annotations

from operator import itemgetter
from random import Random
from struct import Struct
from typing import Final, NamedTuple

from gslb.answer import Env
from gslb.names import MAX_NAME
from gslb.plan import Snapshot
from gslb.testing.twin.spaces import addresses4, addresses6
from gslb.testing.twin.zones import LABELS

_HEAD: Final = Struct("!6H")
_OPT: Final = Struct("!BHHIH")
_SUBNET: Final = Struct("!HHHBB")
_TYPES: Final = (1, 1, 1, 1, 28, 28, 65, 64, 5, 6, 2, 15, 16, 33, 12, 39, 43, 43, 255, 255, 99, 257, 65400)
_RARE: Final = (0, 13, 41, 128, 249, 250, 251, 252, 253, 254, 258, 65535)  # most are no data
_FLAGS: Final = (0x0100, 0x0100, 0, 0x0110, 0x0120, 0x05FF & ~0x7800, 0x2800, 0x7900)
_PAYLOADS: Final = (1232, 1232, 512, 0, 600, 4096, 65535)
_MAX_UDP: Final = (1232, 1232, 1232, 1232, 512, 4096, 65535)
_DRAWS: Final = (0, 1, 2**63, 2**64 - 1)
_OPTIONS: Final = (3, 10, 10, 12, 11, 65001, 8, 0x0108)
_SOURCES4: Final = (24, 24, 24, 24, 32, 20, 16, 8, 0, 1, 25, 31)
_SOURCES6: Final = (56, 56, 56, 48, 64, 128, 32, 0, 1, 57, 96, 127)
_ODD: Final = (0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF)
_CLIENTS: Final = 40


class Asked(NamedTuple):
    """One case: a packet, who sent it, and what is true of it besides."""

    query: bytes
    client: bytes
    env: Env


class Packets:
    """Asks about a snapshot."""

    def __init__(self, seed: int, snapshot: Snapshot) -> None:
        self._chance = chance = Random(seed)
        self._names = _names(snapshot) or [(b"\0", (6,))]
        parts = [*snapshot.partitions.values()]
        self._four = addresses4(parts, chance)
        self._six = addresses6(parts, self._four, chance)
        four = [address.to_bytes(4) for address in chance.sample(self._four, min(_CLIENTS, len(self._four)))]
        six = [address.to_bytes(16) for address in chance.sample(self._six, min(_CLIENTS, len(self._six)))]
        self._clients = [*four, *six]
        self._last = b"\0" * 12

    def one(self) -> Asked:
        """Make one query."""
        chance = self._chance
        query = self._query()
        if chance.random() < 0.1:
            query, self._last = _broken(chance, query, self._last), query
        most = chance.choice(_MAX_UDP) if chance.random() < 0.9 else chance.randrange(512, 65536)
        draw = chance.getrandbits(64) if chance.random() < 0.9 else chance.choice(_DRAWS)
        return Asked(query, chance.choice(self._clients), Env(draw, chance.random() < 0.75, most, chance.random() < 0.9))

    def _query(self) -> bytes:
        chance = self._chance
        flags = 0 if chance.random() < 0.8 else chance.choice(_FLAGS)
        qclass = 1 if chance.random() < 0.95 else chance.choice((255, 255, 3, 0, 254))
        name, types = chance.choice(self._names)
        kind = chance.random()
        qtype = chance.choice(types) if kind < 0.65 else chance.choice(_TYPES) if kind < 0.97 else chance.choice(_RARE)
        question = self._name(name) + qtype.to_bytes(2) + qclass.to_bytes(2)
        more, count = (b"", 0) if chance.random() < 0.3 else self._additional()
        return _HEAD.pack(chance.getrandbits(16), flags, 1, 0, 0, count) + question + more

    def _name(self, name: bytes) -> bytes:
        chance = self._chance
        if name[:2] == b"\1*" and chance.random() < 0.8:
            name = b"\3any" + name[2:]
        kind = chance.random()
        if kind < 0.22:
            for _ in range(chance.choice((1, 1, 1, 2, 4, 60, 126))):
                label = chance.choice(LABELS) if kind < 0.15 else b"q"
                if len(label) + 1 + len(name) > MAX_NAME:
                    break
                name = bytes((len(label),)) + label + name
        elif kind < 0.28 and len(name) > 1:
            name = name[1 + name[0] :]
        elif kind < 0.30:
            name = b"\4none\4such\0"
        case = chance.random()
        if case < 0.1:
            return name.upper()
        if case < 0.2:
            odd = chance.randrange(2, 4)
            return b"".join(name[n : n + 1].upper() if n % odd else name[n : n + 1] for n in range(len(name)))
        return name

    def _additional(self) -> tuple[bytes, int]:
        chance = self._chance
        options = b""
        kind = chance.random()
        if kind < 0.6:
            options += self._subnet()
        if kind > 0.5:
            options += b"".join(self._option() for _ in range(chance.choice((0, 1, 1, 2, 6))))
            if kind > 0.9:
                options += self._subnet()  # a second one, or one behind other options
        ttl = chance.choice((0, 0, 0, 0x8000, 0x8000, 0x7FFF)) if chance.random() < 0.95 else chance.choice((0x10000, 0x01008000, 0xFF000000))
        opt = _OPT.pack(0, 41, chance.choice(_PAYLOADS), ttl, len(options)) + options
        rare = chance.random()
        if rare < 0.02:
            return opt + self._tsig(), 2
        if rare < 0.04:
            return self._tsig(), 1
        if rare < 0.05:
            return self._tsig() + opt, 2
        if rare < 0.06:
            return opt + opt, 2
        if rare < 0.07:
            return opt + chance.randbytes(chance.randrange(1, 20)), 1
        if rare < 0.08:
            return b"\1a\0" + opt[1:], 1
        return opt, 1

    def _subnet(self) -> bytes:
        """Write a client subnet, most of them well."""
        chance = self._chance
        if chance.random() < 0.6:
            family, bits, source, address = 1, 32, chance.choice(_SOURCES4), chance.choice(self._four)
        else:
            family, bits, source, address = 2, 128, chance.choice(_SOURCES6), chance.choice(self._six)
        if chance.random() < 0.1:
            source = chance.randrange(bits + 1)
        octets = (address >> bits - source << bits - source).to_bytes(bits >> 3)[: source + 7 >> 3]
        scope = 0
        if chance.random() < 0.04:
            match chance.randrange(6):
                case 0:
                    source = chance.randrange(256)
                case 1:
                    octets += b"\0"
                case 2:
                    octets = octets[:-1]
                case 3:
                    scope = chance.randrange(1, 256)
                case 4:
                    family = chance.choice((0, 3, 0x101, 0xFFFF))
                case _:
                    octets = octets[:-1] + b"\xff"
        return _SUBNET.pack(8, 4 + len(octets), family, source, scope) + octets

    def _option(self) -> bytes:
        chance = self._chance
        data = chance.randbytes(chance.choice((0, 4, 8, 8, 16, 32, 200)))
        size = len(data) if chance.random() < 0.98 else chance.randrange(65536)
        return chance.choice(_OPTIONS).to_bytes(2) + size.to_bytes(2) + data

    def _tsig(self) -> bytes:
        chance = self._chance
        mac = chance.randbytes(chance.choice((0, 16, 32)))
        other = chance.randbytes(chance.choice((0, 0, 6)))
        owner = chance.choice((b"\1k\0", b"\3Key\7example\0", b"\0", bytes((63,)) + b"k" * 63 + b"\0"))
        rdata = (
            chance.choice((b"\x0bhmac-sha256\0", b"\0", bytes((63,)) + b"a" * 63 + b"\0"))
            + chance.randbytes(8)
            + len(mac).to_bytes(2)
            + mac
            + chance.randbytes(4)
            + len(other).to_bytes(2)
            + other
        )
        rclass, ttl = (255, 0) if chance.random() < 0.9 else (chance.choice((1, 255)), chance.choice((0, 1)))
        return owner + (250).to_bytes(2) + rclass.to_bytes(2) + ttl.to_bytes(4) + len(rdata).to_bytes(2) + rdata


def _names(snapshot: Snapshot) -> list[tuple[bytes, tuple[int, ...]]]:
    """Names that matter, with the types to ask them for: those that are there (oftener those with pools), have glue, or are pointed to."""
    found: list[tuple[bytes, tuple[int, ...]]] = []
    for zone in snapshot.zones.values():
        found += ((name, _TYPES) for name in sorted(zone.glue))
        for name, node in sorted(zone.nodes.items(), key=itemgetter(0)):  # whatever order a table has
            types = [rrset.type for rrset in node.rrsets] + [hinted.type for hinted in node.hinted] + [*(node.dynamic.types if node.dynamic else ())]
            found += [(name, tuple(types) or _TYPES)] * (5 if node.dynamic or node.hinted or any(len(one.rdata) > 99 for one in node.rrsets) else 1)
            found += ((target, _TYPES) for rrset in node.rrsets for target in rrset.targets[:2])
    return found


def _broken(chance: Random, packet: bytes, other: bytes) -> bytes:
    """Break a packet in up to three ways."""
    wire = bytearray(packet)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(wire)) if wire else 0
        match chance.randrange(9):
            case 0 | 1 if wire:
                wire[at] ^= 1 << chance.randrange(8)
            case 2 | 3 if wire:
                wire[at] = chance.choice(_ODD)
            case 4:
                del wire[at:]
            case 5:
                del wire[at : at + chance.randrange(1, 8)]
            case 6:
                wire[at:at] = chance.randbytes(chance.randrange(1, 8))
            case 7:
                wire[at:at] = wire[at : at + chance.randrange(1, 40)]
            case _:
                wire[at:] = other[at:]
    return bytes(wire)
