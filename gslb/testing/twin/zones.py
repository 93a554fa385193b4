"""Random zones as an operator could write them: cuts and glue, wildcards, chains and loops, DNAMEs, empty non-terminals, mixed case, pools, hints.

They become plans by the compiler's own hand, and are then bent a little where the plan allows more than operators can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final
from zlib import crc32

from gslb import model, plan
from gslb.names import MAX_NAME
from gslb.testing.twin.rows import AAAA, CNAME, A

NS: Final = 2
SOA: Final = 6
PTR: Final = 12
MX: Final = 15
TXT: Final = 16
SRV: Final = 33
DNAME: Final = 39
DS: Final = 43
SVCB: Final = 64
HTTPS: Final = 65
CAA: Final = 257

LABELS: Final = (b"a", b"b", b"www", b"mail", b"ns1", b"ns2", b"x", b"deep", b"odd\0\xff", b"y" * 63, b"z" * 40, b"-_", b"7")
_TTLS: Final = (300, 300, 60, 0, 3600, plan.MAX_TTL)
_OUTSIDE: Final = b"\7outside\7example\0"


class Writer:
    """Writes zones of one world."""

    def __init__(self, chance: Random, pools: Sequence[str]) -> None:
        self._chance = chance
        self._pools = pools
        self._known: list[bytes] = []
        self._apex = b"\0"

    def zone(self, apex: bytes) -> model.Zone:
        """Write one zone."""
        chance = self._chance
        self._apex = apex
        self._known = [apex]
        for _ in range(chance.choice((1, 4, 10, 20, 30))):
            self._known.append(self._below(chance.choice(self._known[-6:] if chance.random() < 0.5 else self._known)))
        names = {apex: self._apex_data()}
        for name in dict.fromkeys(self._known[1:]):
            if name != apex:
                names[name] = self._data()
        if chance.random() < 0.15:
            names |= self._chain()
        if chance.random() < 0.3:
            names |= self._fleet()
        return model.Zone(apex, names)

    def edited(self, zone: model.Zone) -> model.Zone:
        """Write the zone again, a few of its names changed, new, or gone."""
        chance = self._chance
        self._apex = zone.apex
        self._known = list(zone.names)
        names = dict(zone.names)
        for _ in range(chance.choice((1, 1, 2, 5))):
            pooled = [name for name, data in names.items() if data.pool or data.hinted]
            name = chance.choice(pooled if pooled and chance.random() < 0.5 else self._known)
            match chance.randrange(4):
                case 0 if name != zone.apex:
                    names.pop(name, None)
                case 1:
                    name = self._below(name)
                    names[name] = self._data() if name != zone.apex else self._apex_data()
                case 2:
                    names[zone.apex] = self._apex_data()
                case _:
                    names[name] = self._data() if name != zone.apex else self._apex_data()
        return model.Zone(zone.apex, names)

    def _below(self, name: bytes) -> bytes:
        chance = self._chance
        label = b"*" if chance.random() < 0.12 else chance.choice(LABELS)
        made = bytes((len(label),)) + label + name
        return made if len(made) <= MAX_NAME else self._apex

    def _apex_data(self) -> model.NameData:
        chance = self._chance
        minimum = chance.choice((60, 0, 3600, plan.MAX_TTL)).to_bytes(4)
        soa = self._target() + self._target() + bytes(16) + minimum
        rrsets = {SOA: model.RRset(SOA, chance.choice(_TTLS), (soa,)), NS: self._rrset(NS)}
        for rtype in chance.sample((A, MX, TXT, DS, DNAME, CAA), chance.choice((0, 1, 3))):
            rrsets[rtype] = self._rrset(rtype)
        pool = self._reference() if chance.random() < 0.3 and not {A, AAAA} & rrsets.keys() else None
        hinted = tuple(self._hinted()) if chance.random() < 0.3 else ()
        return model.NameData(tuple(rrsets.values()), pool, hinted)

    def _data(self) -> model.NameData:
        """Write what stands at a name below the apex."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.14:
            return model.NameData((self._rrset(CNAME),))
        if kind < 0.20:
            return model.NameData((self._rrset(DNAME), *((self._rrset(TXT),) if chance.random() < 0.3 else ())))
        if kind < 0.28:
            return model.NameData((self._rrset(NS), *((self._rrset(DS),) if chance.random() < 0.5 else ())))
        if kind < 0.32:
            return model.NameData()
        types = chance.sample((PTR, MX, TXT, SRV, CAA, 99, 65400, HTTPS, A, AAAA), chance.choice((0, 1, 1, 2, 4)))
        rrsets = tuple(self._rrset(rtype) for rtype in types)
        pool = self._reference() if kind > 0.5 and not {A, AAAA} & set(types) else None
        hinted = tuple(self._hinted()) if chance.random() < 0.2 and HTTPS not in types else ()
        return model.NameData(rrsets, pool, hinted)

    def _chain(self) -> dict[bytes, model.NameData]:
        """Write aliases that follow each other, some chains longer than are followed, some without an end."""
        chance = self._chance
        size = chance.choice((3, 14, 15, 16, 17, 20))
        links = [bytes((2, 99, 97 + n)) + self._apex for n in range(size)]
        ends = [chance.choice((links[0], chance.choice(self._known), self._target()))]
        if len(links[0]) > MAX_NAME:
            return {}
        return {
            name: model.NameData((model.RRset(CNAME, 60, (self._cased(target),)),)) for name, target in zip(links, [*links[1:], *ends], strict=True)
        }

    def _fleet(self) -> dict[bytes, model.NameData]:
        """Write hosts of several addresses, and records that point to them: their addresses are additional data."""
        hosts = dict.fromkeys(self._below(self._apex) for _ in range(self._chance.choice((1, 3, 80))))
        hosts.pop(self._apex, None)
        self._known = [*hosts, *self._known]
        data = model.NameData(tuple(model.RRset(rtype, 60, tuple(dict.fromkeys(self._rdata(rtype) for _ in range(3)))) for rtype in (A, AAAA)))
        return {**dict.fromkeys(hosts, data), self._below(self._apex): model.NameData((self._crowd(),))}

    def _crowd(self) -> model.RRset:
        """Write an RRset of a few names, or so many that only TCP can carry it: on both sides of the last offset that a pointer reaches."""
        chance = self._chance
        tails = [self._target() for _ in range(chance.choice((1, 3, 20)))]
        most = chance.choice((0, 100, 1000, 20_000, 40_000, 60_000, 80_000))  # octets
        rtype = chance.choice((MX, NS, PTR, SRV, SRV))
        before = bytes(2) if rtype == MX else bytes(6) if rtype == SRV else b""
        kept = [before + self._cased(name) for name in self._known[: chance.choice((1, 20, 70))]]
        n = 0
        while most > 0:
            n += 1
            label = b"%x" % n + b"c" * chance.choice((1, 8, 30))
            made = bytes((len(label),)) + label + chance.choice(tails)
            if len(made) <= MAX_NAME:
                kept += (before + made, before + made.swapcase())  # the second one is a pointer, where one reaches
            most -= 2 * len(made) + 24 if rtype == SRV else 60
        return model.RRset(rtype, 60, tuple(dict.fromkeys(kept)))

    def _rrset(self, rtype: int) -> model.RRset:
        chance = self._chance
        size = 1 if rtype in (CNAME, DNAME, SOA) else chance.choice((1, 1, 2, 3, 3, 8)) if chance.random() < 0.97 else 70
        rdata = tuple(dict.fromkeys(self._rdata(rtype) for _ in range(size)))
        return model.RRset(rtype, chance.choice(_TTLS), rdata)

    def _rdata(self, rtype: int) -> bytes:
        chance = self._chance
        match rtype:
            case 1:
                return bytes((192, 0, 2, chance.randrange(200)))
            case 28:
                return b"\x20\x01\x0d\xb8" + bytes(11) + chance.randbytes(1)
            case 2 | 5 | 12 | 39:
                return self._target()
            case 15:
                return chance.randbytes(2) + self._target()
            case 33:
                return chance.randbytes(6) + self._target()
            case 16:
                text = b"t" * chance.choice((0, 3, 100, 255))
                return bytes((len(text),)) + text
            case 65:
                return b"\0\1\0"
            case _:
                return chance.randbytes(chance.choice((0, 1, 4, 36, 300)))

    def _target(self) -> bytes:
        """Write a name that records point to: here, below a name here, a parent, or outside."""
        chance = self._chance
        where = chance.random()
        name = chance.choice(self._known)
        if where < 0.15:
            name = self._below(name)
        elif where < 0.2:
            name = _OUTSIDE
        elif where < 0.25:
            name = name[1 + name[0] :] if len(name) > 1 else name
        return self._cased(name)

    def _cased(self, name: bytes) -> bytes:
        return name.upper() if self._chance.random() < 0.25 else name

    def _reference(self) -> model.PoolRef | None:
        if not self._pools:
            return None
        chance = self._chance
        types = chance.choice(((A, AAAA), (A, AAAA), (A, AAAA), (A,), (AAAA,)))
        return model.PoolRef(chance.choice(self._pools), types, chance.choice((None, None, 20, 0)))

    def _hinted(self) -> Iterator[model.Hinted]:
        chance = self._chance
        rtype = chance.choice((HTTPS, HTTPS, SVCB))
        for priority in range(1, chance.choice((2, 2, 3, 5)) if self._pools else 1):
            alpn = b"\0\1\0\3\2h2" if chance.random() < 0.5 else b""
            ech = b"\0\5\0\4abcd" if chance.random() < 0.5 else b""
            last = b"\xff\xfe\0\1x" if chance.random() < 0.5 else b""
            data = bytes((0, chance.choice((1, priority)))) + self._target() + alpn + ech + last
            yield model.Hinted(rtype, chance.choice(_TTLS), data, chance.choice(self._pools))


def bent(zone: plan.Zone, seed: int) -> plan.Zone:
    """Bend a compiled zone where the plan allows more than operators can say; a name's bend hangs on the seed and its name alone."""
    chance = Random(seed)
    if chance.random() < 0.3:
        return zone  # as the compiler packs it
    if chance.random() < 0.3:
        zone = zone._replace(negative_ttl=chance.choice((0, 1, plan.MAX_TTL)))
    nodes = {name: _bent(node, Random(seed ^ crc32(name))) for name, node in zone.nodes.items()}
    return zone._replace(nodes=nodes)


def _bent(node: plan.Node, chance: Random) -> plan.Node:
    match chance.randrange(30):
        case 0 if node.dynamic is not None and node.dynamic.types != (CNAME,):
            types = chance.choice(((A, AAAA, TXT), (AAAA, A), (CNAME, A), (), (65400,), (A,)))  # types that the pool may not have
            return node._replace(dynamic=node.dynamic._replace(types=types))
        case 1:
            return node._replace(rrsets=node.rrsets[::-1])
        case 2 if not node.cut:  # addresses beside the pool
            more = plan.RRset(AAAA, 60, (bytes(16),))
            return node if any(one.type == AAAA for one in node.rrsets) else node._replace(rrsets=(*node.rrsets, more))
        case 3 if node.cut:
            return node._replace(rrsets=tuple(one for one in node.rrsets if one.type != NS))
        case 4 if len(node.hinted) > 1:  # two types at one name
            return node._replace(hinted=(node.hinted[0]._replace(type=SVCB), *node.hinted[1:]))
        case 5 if node.rrsets:
            one = node.rrsets[-1]
            return node if one.type in (SOA, CNAME, DNAME) else node._replace(rrsets=(*node.rrsets[:-1], one._replace(rdata=one.rdata[:1])))
    return node
