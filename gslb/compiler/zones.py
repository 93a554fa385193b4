"""Compiles one zone of the operator's files into the table the data plane searches.

Called by the compiler when a zone is loaded or edited. The zone has been judged before: this decides no semantics beyond those of
RFC 1034 (cuts and glue), 6672 (what a DNAME hides) and 8020 (empty non-terminals). Never reads health.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from gslb import model, names, plan
from gslb.compiler.nodes import Nodes, made
from gslb.packed import empty_above, packed_names

_A: Final = 1
_NS: Final = 2
_CNAME: Final = 5
_SOA: Final = 6
_AAAA: Final = 28
_DNAME: Final = 39
_DS: Final = 43

_AT_CUT: Final = (_NS, _DS)  # all that is ours at a delegation; the rest is the child's (RFC 2181 section 6.1)
_GLUE: Final = (_A, _AAAA)
_HINTS: Final = (4, 6)  # SvcParamKeys ipv4hint and ipv6hint, RFC 9460 section 14.3.2
_HIDES: Final = (_NS, _DNAME)
_EMPTY: Final = plan.Node()  # an empty non-terminal: it exists, so it is never NXDOMAIN (RFC 8020)


def compile_zone(zone: model.Zone, pool_ids: Mapping[str, int], of_names: Collection[str] = ()) -> plan.Zone:
    """Turn a judged zone into its plan. `pool_ids`: the number of each pool in the snapshot; `of_names`: the pools that answer with a CNAME."""
    build = _Build(zone, pool_ids, of_names)
    nodes = build.nodes()
    soa = next(rrset for rrset in nodes[zone.apex].rrsets if rrset.type == _SOA)
    minimum = int.from_bytes(soa.rdata[0][-4:])
    return plan.Zone(zone.apex, soa, min(soa.ttl, minimum), nodes, build.glue)


class _Build:
    """One zone being compiled. Static names stay packed; only what is more than that, or hidden, is looked at."""

    def __init__(self, zone: model.Zone, pool_ids: Mapping[str, int], of_names: Collection[str]) -> None:
        self._apex = zone.apex
        self._names = packed_names(zone.names)
        self._pool_ids = pool_ids
        self._of_names = of_names
        hiding = [(name, data) for name, data in self._names.of_types(_HIDES) if any(rrset.type in _HIDES for rrset in data.rrsets)]
        self._cuts = {name for name, data in hiding if name != zone.apex and _has(data, _NS)}
        self._dnames = {name for name, data in hiding if _has(data, _DNAME)}
        self._special: dict[bytes, plan.Node] = {}
        self._hidden: set[bytes] = set()
        self.glue: dict[bytes, tuple[plan.RRset, ...]] = {}

    def nodes(self) -> Nodes:
        """Table all names, and the empty ones between them and the apex."""
        whole = self._names.whole
        for name in self._names if self._cuts or self._dnames else whole:
            hidden_by = self._hidden_by(name)
            cut = name in self._cuts
            if not (hidden_by or cut or name in whole):
                continue
            data = self._names[name]
            if name not in whole:
                self._hidden.add(name)
            if hidden_by in self._cuts or (cut and not hidden_by):
                glue = tuple(_rrset(rrset) for rrset in data.rrsets if rrset.type in _GLUE)
                if glue:
                    self.glue[name] = glue
            if not hidden_by:
                self._special[name] = self._node(data, cut=cut)
        hidden = frozenset(self._hidden)
        empty = empty_above(Nodes(self._names, self._special, hidden), self._apex)
        return Nodes(self._names, {**self._special, **dict.fromkeys(empty, _EMPTY)}, hidden)

    def _hidden_by(self, name: bytes) -> bytes:
        """Return the topmost cut or DNAME above the name; empty where there is none."""
        topmost = b""
        if self._cuts or self._dnames:
            while name != self._apex:
                name = names.parent(name)
                if name in self._cuts or name in self._dnames:
                    topmost = name
        return topmost

    def _node(self, data: model.NameData, *, cut: bool) -> plan.Node:
        rrsets = sorted((rrset for rrset in data.rrsets if not cut or rrset.type in _AT_CUT), key=lambda rrset: rrset.type)
        dynamic = None
        if data.pool is not None and not cut:
            ttl = plan.MAX_TTL if data.pool.ttl is None else data.pool.ttl
            types = (_CNAME,) if data.pool.pool in self._of_names else data.pool.types
            dynamic = plan.Dynamic(self._pool_ids[data.pool.pool], types, ttl)
        hinted = () if cut else tuple(map(self._hinted, data.hinted))
        return plan.Node(tuple(map(_rrset, rrsets)), dynamic, cut, hinted)

    def _hinted(self, hinted: model.Hinted) -> plan.Hinted:
        """Cut the record where its address hints belong."""
        data = hinted.rdata
        at = 2  # behind the priority
        while data[at]:
            at += 1 + data[at]
        at += 1  # behind the target
        cuts = []
        for key in _HINTS:
            while at < len(data) and int.from_bytes(data[at : at + 2]) < key:
                at += 4 + int.from_bytes(data[at + 2 : at + 4])
            cuts.append(at)
        four, six = cuts
        return plan.Hinted(hinted.type, hinted.ttl, self._pool_ids[hinted.pool], data[:four], data[four:six], data[six:])


def _rrset(rrset: model.RRset) -> plan.RRset:
    return made(rrset.type, rrset.ttl, rrset.rdata)


def _has(data: model.NameData, rtype: int) -> bool:
    return any(rrset.type == rtype for rrset in data.rrsets)
