"""What moves between two states of things: the same population asks both, and every cell's answers are compared.

Called by `simulate` and `difference`. Work is done per pool × region: cells that neither partition tells apart are added up first, and names only
multiply what their pool does. Pure.

    moved      the part of clients whose answers lead elsewhere: half the sum of what sites gain and lose, cell by cell, so that nothing cancels
    changed    the part of clients whose answers differ at all, TTLs aside
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gslb.explain.population import Population, Progress
from gslb.explain.traffic import Shares, Traffic
from gslb.plan import Pick, Row

STATIC: Final = "(static records)"  # where a name leads while no pool stands behind it
PACE: Final = 50  # pools from one sign of progress to the next

_STATIC: Final[Shares] = {STATIC: 1.0}


class Pair(NamedTuple):
    """A pool before and after; None where names lead to no pool."""

    old: str | None
    new: str | None


@dataclass(slots=True)
class Part:
    """Shares before and after, of some pair of pools or of some country. `names`: how many count in it; `weight`: whose part of the population."""

    now: dict[str, float] = field(default_factory=dict)
    then: dict[str, float] = field(default_factory=dict)
    moved: float = 0.0
    changed: float = 0.0
    ttl: float = 0.0  # the part of clients whose answers differ by their TTL
    names: float = 0.0
    weight: float = 1.0
    rules: dict[str, float] = field(default_factory=dict)  # rule after (`all-down`, …) → the part of clients it answers

    def add(self, other: Part, weight: float) -> None:
        """Add another's, as much as it weighs."""
        for mine, others in ((self.now, other.now), (self.then, other.then), (self.rules, other.rules)):
            for key, share in others.items():
                mine[key] = mine.get(key, 0.0) + weight * share
        self.moved += weight * other.moved
        self.changed += weight * other.changed
        self.ttl += weight * other.ttl


@dataclass(slots=True)
class Shift:
    """All of it: `whole` over all names, `pools` by pair, `countries` by code."""

    whole: Part
    pools: dict[Pair, Part]
    countries: dict[str, Part]


def compare(  # noqa: PLR0917  two sides, who asks what, how long it takes
    old: Traffic, new: Traffic, pairs: Mapping[Pair, float], population: Population, kind: int, progress: Progress | None = None
) -> Shift:
    """Compare what names' pools answer. `pairs`: how many names each pair of pools counts for; `kind`: the type asked for."""
    comparison = _Comparison(old, new, population, kind)
    total = sum(pairs.values())
    parts: dict[Pair, Part] = {}
    grounds: dict[tuple[int, int], list[Part]] = {}
    for done, (pair, names) in enumerate(pairs.items()):
        if progress is not None and not done % PACE:
            progress("comparing pools", done, len(pairs))
        divided = comparison.divided(pair)
        groups = comparison.groups(divided)
        cells = comparison.cells(pair, groups)
        part = parts[pair] = Part(names=names)
        sums = grounds.setdefault(divided, [Part() for _ in groups])
        for group, cell, added in zip(groups.values(), cells, sums, strict=True):
            part.add(cell, sum(group.values()))
            added.add(cell, names / total)
    whole, countries = Part(names=total), {country: Part(weight=weight, names=total) for country, weight in population.countries.items()}
    for divided, sums in grounds.items():
        for group, added in zip(comparison.groups(divided).values(), sums, strict=True):
            for country, weight in group.items():
                countries[country].add(added, weight / countries[country].weight)
            whole.add(added, sum(group.values()))
    return Shift(whole, parts, countries)


class _Comparison:
    """Two sides and a population; remembers what is the same for many pools."""

    def __init__(self, old: Traffic, new: Traffic, population: Population, kind: int) -> None:
        self._old = old
        self._new = new
        self._population = population
        self._kind = kind
        self._groups: dict[tuple[int, int], dict[tuple[int, int], dict[str, float]]] = {}
        self._cells: dict[tuple[int, int], Part] = {}
        self._material: dict[int, object] = {}
        self._kept: list[Row | None] = []  # rows whose ids are keys

    def divided(self, pair: Pair) -> tuple[int, int]:
        """Return by which partitions a pair's clients are told apart."""
        return (self._old.partition(pair.old) if pair.old else -1, self._new.partition(pair.new) if pair.new else -1)

    def groups(self, divided: tuple[int, int]) -> dict[tuple[int, int], dict[str, float]]:
        """Return which pairs of regions there are, and how much of each country is in them."""
        found = self._groups.get(divided)
        if found is None:
            found = self._groups[divided] = {}
            here, there = self._old.regions(divided[0]), self._new.regions(divided[1])
            for cell, regions in zip(self._population.cells, zip(here, there, strict=True), strict=True):
                group = found.setdefault(regions, {})
                group[cell.country] = group.get(cell.country, 0.0) + cell.weight
        return found

    def cells(self, pair: Pair, groups: Mapping[tuple[int, int], object]) -> list[Part]:
        """Return what each group of clients is answered, before and after."""
        old = self._old.kind(pair.old, self._kind) if pair.old else 0
        new = self._new.kind(pair.new, self._kind) if pair.new else 0
        return [
            self._cell(
                self._old.row(pair.old, old, here) if pair.old else None,
                self._new.row(pair.new, new, there) if pair.new else None,
            )
            for here, there in groups
        ]

    def _cell(self, old: Row | None, new: Row | None) -> Part:
        key = (id(old), id(new))
        found = self._cells.get(key)
        if found is None:
            now = self._old.shares(old) if old else _STATIC
            then = self._new.shares(new) if new else _STATIC
            moved = 0.0 if now is then else sum(abs(now.get(site, 0.0) - then.get(site, 0.0)) for site in now.keys() | then.keys()) / 2
            changed = old is not new and self._what(old) != self._what(new)
            ttl = old is not None and new is not None and old.ttl != new.ttl
            rule = new.reason.partition(" ")[0] if new else ""
            found = Part(dict(now), dict(then), moved, float(changed), float(ttl), rules={rule: 1.0} if rule else {})
            self._cells[key] = found
            self._kept += (old, new)
        return found

    def _what(self, row: Row | None) -> object:
        """Return what of a row is answered, TTL and reason aside."""
        if row is None:
            return None
        found = self._material.get(id(row))
        if found is None:
            groups = row.groups[: row.answers or None] if row.pick is Pick.FIRST else row.groups
            one = row.pick in (Pick.ROTATE, Pick.ALL, Pick.FIRST)  # weights do not count
            drawn = tuple((0 if one else group.weight, group.rdata, self._what(group.row), group.site) for group in groups)
            alone = len(drawn) == 1 and len(row.groups) == 1  # nothing to pick from: every pick is the same
            found = self._material[id(row)] = (alone or (row.pick, row.answers, row.sticky), row.rcode, (drawn[0][1:],) if alone else drawn)
        return found
