"""A zone as rules look at it: which names exist, where it is cut, and what a question for a name would find.

Made once per zone and load; every rule reads it, none changes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from gslb import names
from gslb.lint.types import ADDRESSES, CNAME, DNAME, NS, PTR, TXT
from gslb.model import Model, NameData, RRset, Zone
from gslb.packed import PackedNames, empty_above, packed_names

_NO_DATA: Final = NameData()
_PLAIN: Final = frozenset([*ADDRESSES, PTR, TXT])  # types that no rule asks for: nearly all records of a large zone


class Found(Enum):
    """What a name in some zone turns out to be."""

    ELSEWHERE = "elsewhere"  # in none of our zones, or rewritten by a DNAME: nothing can be said
    DELEGATED = "delegated"  # at or below a cut
    NOTHING = "nothing"  # in one of our zones, and not there
    ALIAS = "alias"  # a CNAME
    THERE = "there"


class Look(NamedTuple):
    """The outcome of looking a name up; `data` is what stands there (below cuts: glue)."""

    found: Found
    data: NameData = _NO_DATA

    def types(self) -> frozenset[int]:
        """Types there is data for, those that come from a pool included."""
        pool = self.data.pool
        return frozenset(rrset.type for rrset in self.data.rrsets) | frozenset(pool.types if pool else ())


@dataclass(frozen=True, slots=True)
class View:
    """One zone with its index. `others`: all zones of the model by apex, this one too."""

    zone: Zone
    names: PackedNames  # of the zone; rules walk through those that can concern them, never through a million for nothing
    model: Model
    others: Mapping[bytes, View]
    by_type: Mapping[int, tuple[tuple[bytes, RRset], ...]]  # of types that some rule asks for by name
    cuts: frozenset[bytes]
    dnames: frozenset[bytes]
    empty: frozenset[bytes]  # empty non-terminals

    def of_type(self, number: int) -> tuple[tuple[bytes, RRset], ...]:
        """All RRsets of a type, with their owners; not of addresses, PTR and TXT."""
        return self.by_type.get(number, ())

    def cut_above(self, name: bytes) -> bytes | None:
        """Return the highest cut at or above a name of this zone."""
        return self._highest(name, self.cuts)

    def dname_above(self, name: bytes) -> bytes | None:
        """Return the highest DNAME strictly above a name of this zone."""
        return self._highest(names.parent(name), self.dnames) if name != self.zone.apex else None

    def look(self, name: bytes) -> Look:
        """Look a lower-case name up wherever it lies: in the deepest of our zones that holds it."""
        at = name
        while at not in self.others:
            if at == names.ROOT:
                return Look(Found.ELSEWHERE)
            at = names.parent(at)
        return self.others[at].look_here(name)

    def look_here(self, name: bytes) -> Look:
        """Look up a name that lies in this zone and in none deeper."""
        data = self.names.get(name)
        if self.cut_above(name) is not None:
            return Look(Found.DELEGATED, data or _NO_DATA)
        if self.dname_above(name) is not None:
            return Look(Found.ELSEWHERE)
        if data is None:
            data = _NO_DATA if name in self.empty else self._wildcard(name)
        if data is None:
            return Look(Found.NOTHING)
        return Look(Found.ALIAS if any(rrset.type == CNAME for rrset in data.rrsets) else Found.THERE, data)

    def _wildcard(self, name: bytes) -> NameData | None:
        """Return the data of the wildcard at the closest encloser, RFC 4592 section 3.3.1."""
        at = names.parent(name)
        while at not in self.names and at not in self.empty and at != self.zone.apex:
            at = names.parent(at)
        return self.names.get(b"\1*" + at)

    def _highest(self, name: bytes, marks: frozenset[bytes]) -> bytes | None:
        if not marks:
            return None
        highest = None
        while True:
            if name in marks:
                highest = name
            if name in (self.zone.apex, names.ROOT):
                return highest
            name = names.parent(name)


def views(model: Model) -> Iterator[View]:
    """Make the views of all zones, each seeing the others."""
    others: dict[bytes, View] = {}
    for zone in model.zones.values():
        others[zone.apex] = _view(zone, model, others)
    yield from others.values()


def _view(zone: Zone, model: Model, others: Mapping[bytes, View]) -> View:
    table = packed_names(zone.names)
    by_type: dict[int, list[tuple[bytes, RRset]]] = {}
    for owner, data in table.besides(_PLAIN):
        for rrset in data.rrsets:
            if rrset.type not in _PLAIN:
                by_type.setdefault(rrset.type, []).append((owner, rrset))
    cuts = frozenset(owner for owner, _ in by_type.get(NS, ()) if owner != zone.apex)
    dnames = frozenset(owner for owner, _ in by_type.get(DNAME, ()))
    indexed = {number: tuple(found) for number, found in by_type.items()}
    return View(zone, table, model, others, indexed, cuts, dnames, frozenset(empty_above(table, zone.apex)))
