"""Who of a population is sent where: for each pool, each cell's row as the compiler makes it, and what part of its clients each site gets.

The unit of work is pool × region, never name: ten thousand names at one pool are one pool that counts ten thousand times. Pure; rows and regions
come from the compiler and `gslb.answer`, nothing is decided here.

A share is what clients do with answers: of an answer with several members each is taken as often as the others, so that shares add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gslb.explain.population import Population
from gslb.explain.shares import shares
from gslb.explain.subject import Subject
from gslb.plan import NO_PARTITION, Pool, Row

NO_SITE: Final = "(no site)"  # members that stand at no site
NO_ANSWER: Final = "(no answer)"  # neither address nor name: NODATA or SERVFAIL

Shares = Mapping[str, float]  # site → part, adding up to 1


class Traffic:
    """One subject's answers to a population. Asks for rows, which are compiled where the plan has none.

    `side`: which of the subjects that the population was made for this one is, or is like.
    """

    def __init__(self, subject: Subject, population: Population, side: int = 0) -> None:
        self._subject = subject
        self._side = side
        self.cells = population.cells
        self._numbers = subject.compiler.pool_ids
        self._regions: dict[int, tuple[int, ...]] = {NO_PARTITION: (0,) * len(population.cells)}
        self._shares: dict[int, Shares] = {}
        self._kept: list[Row] = []  # rows whose ids are keys of `_shares`
        self._interned: dict[tuple[tuple[str, float], ...], Shares] = {}
        self._rows: dict[tuple[str, int], list[Row | None]] = {}

    def partition(self, pool: str) -> int:
        """Return the number of a pool's partition: pools of one partition see the same regions."""
        return self._pool(pool).partition

    def regions(self, partition: int) -> tuple[int, ...]:
        """Return each cell's region."""
        found = self._regions.get(partition)
        if found is None:
            of_location = self._subject.compiler.regions(partition)
            found = self._regions[partition] = tuple([of_location[cell.locations[self._side]] for cell in self.cells])
        return found

    def kind(self, pool: str, wanted: int) -> int:
        """Return the type that a pool is asked for: the one wanted, or the only one it has members for."""
        rows = self._pool(pool).rows
        if wanted in rows and (len(rows) == 1 or self._gives(pool, wanted)):
            return wanted
        return next((kind for kind in rows if self._gives(pool, kind)), next(iter(rows)))

    def row(self, pool: str, kind: int, region: int) -> Row:
        """Return what is served there."""
        rows = self._rows.get((pool, kind))
        if rows is None:
            rows = self._rows[pool, kind] = list(self._pool(pool).rows[kind])
        row = rows[region]
        if row is None:  # a region that nobody has asked from yet, past the budget of eager rows
            wanted = [one for one in set(self.regions(self.partition(pool))) if rows[one] is None]
            made = self._subject.compiler.rows(self._numbers[pool], wanted, kind, self._subject.moment)
            for one, new in zip(wanted, made, strict=True):
                rows[one] = new
            row = rows[region]
            assert row is not None
        return row

    def shares(self, row: Row) -> Shares:
        """Return what part of the clients each site gets; equal ones are one object."""
        found = self._shares.get(id(row))
        if found is None:
            told: dict[str, float] = {}
            _add(told, row, 1.0, "")
            key = tuple(sorted(told.items()))
            found = self._shares[id(row)] = self._interned.setdefault(key, dict(key))
            self._kept.append(row)
        return found

    def _pool(self, name: str) -> Pool:
        return self._subject.snapshot.pools[self._numbers[name]]

    def _gives(self, pool: str, kind: int) -> bool:
        """Whether a pool has anything of a type to give, in whatever state."""
        return bool(self._pool(pool).default[kind].groups) or any(row.groups for row in self._pool(pool).rows[kind] if row)


def _add(told: dict[str, float], row: Row, part: float, site: str) -> None:
    """Share a part out among a row's groups, those of rows inside included. A site of a member that is a pool does not overrule its members'."""
    found: Sequence[float] = shares(row)
    taken = sum(found)
    if not taken:
        told[NO_ANSWER] = told.get(NO_ANSWER, 0.0) + part
        return
    for group, share in zip(row.groups, found, strict=True):
        if not share:
            continue
        if group.row is not None:
            _add(told, group.row, part * share / taken, group.site or site)
        elif group.rdata:
            where = group.site or site or NO_SITE
            told[where] = told.get(where, 0.0) + part * share / taken
        else:
            told[NO_ANSWER] = told.get(NO_ANSWER, 0.0) + part * share / taken
