"""Compiles one zone of the operator's files into the table the data plane searches.

Called by the compiler when a zone is loaded or edited. The zone has been judged before: this decides no semantics beyond those of
RFC 1034 (cuts and glue), 6672 (what a DNAME hides) and 8020 (empty non-terminals). Never reads health.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from gslb import model, names, plan

_A: Final = 1
_NS: Final = 2
_CNAME: Final = 5
_SOA: Final = 6
_MX: Final = 15
_AAAA: Final = 28
_SRV: Final = 33
_DNAME: Final = 39
_DS: Final = 43

_AT_CUT: Final = (_NS, _DS)  # all that is ours at a delegation; the rest is the child's (RFC 2181 section 6.1)
_GLUE: Final = (_A, _AAAA)
_HINTS: Final = (4, 6)  # SvcParamKeys ipv4hint and ipv6hint, RFC 9460 section 14.3.2
_TARGET_AT: Final = {_NS: 0, _CNAME: 0, _DNAME: 0, _MX: 2, _SRV: 6}  # where the target stands in the rdata
_EMPTY: Final = plan.Node()  # an empty non-terminal: it exists, so it is never NXDOMAIN (RFC 8020)


def compile_zone(zone: model.Zone, pool_ids: Mapping[str, int], of_names: Collection[str] = ()) -> plan.Zone:
    """Turn a judged zone into its plan. `pool_ids`: the number of each pool in the snapshot; `of_names`: the pools that answer with a CNAME."""
    build = _Build(zone, pool_ids, of_names)
    for name, data in zone.names.items():
        build.add(name, data)
    soa = next(rrset for rrset in build.nodes[zone.apex].rrsets if rrset.type == _SOA)
    minimum = int.from_bytes(soa.rdata[0][-4:])
    return plan.Zone(zone.apex, soa, min(soa.ttl, minimum), build.nodes, build.glue)


class _Build:
    """One zone being compiled. Equal nodes and RRsets become one object: large zones repeat themselves."""

    def __init__(self, zone: model.Zone, pool_ids: Mapping[str, int], of_names: Collection[str]) -> None:
        self._apex = zone.apex
        self._pool_ids = pool_ids
        self._of_names = of_names
        self._cuts = {name for name, data in zone.names.items() if name != zone.apex and _has(data, _NS)}
        self._dnames = {name for name, data in zone.names.items() if _has(data, _DNAME)}
        self._rrsets: dict[plan.RRset, plan.RRset] = {}
        self._nodes: dict[plan.Node, plan.Node] = {}
        self.nodes: dict[bytes, plan.Node] = {}
        self.glue: dict[bytes, tuple[plan.RRset, ...]] = {}

    def add(self, name: bytes, data: model.NameData) -> None:
        """Add one name, and the empty names between it and the apex."""
        hidden_by = self._hidden_by(name)
        cut = name in self._cuts
        if hidden_by in self._cuts or (cut and not hidden_by):
            glue = tuple(self._rrset(rrset) for rrset in data.rrsets if rrset.type in _GLUE)
            if glue:
                self.glue[name] = glue
        if hidden_by:
            return
        self.nodes[name] = self._node(data, cut=cut)
        while name != self._apex:
            name = names.parent(name)
            if name in self.nodes:
                break
            self.nodes[name] = _EMPTY

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
        node = plan.Node(tuple(map(self._rrset, rrsets)), dynamic, cut, hinted)
        return self._nodes.setdefault(node, node)

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

    def _rrset(self, rrset: model.RRset) -> plan.RRset:
        at = _TARGET_AT.get(rrset.type)
        targets = () if at is None else tuple(data[at:].lower() for data in rrset.rdata)
        made = plan.RRset(rrset.type, rrset.ttl, rrset.rdata, targets)
        return self._rrsets.setdefault(made, made)


def _has(data: model.NameData, rtype: int) -> bool:
    return any(rrset.type == rtype for rrset in data.rrsets)
