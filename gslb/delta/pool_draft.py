"""The table of pools while it is being built.

Starts as a copy of the live table, copies again what it changes, and judges words as they come, so that little is left
to do at Commit. Called by the assembler only; raises PlanError (or what Python raises on malformed data) and never touches
what the live snapshot holds.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final, Self

from gslb.delta.node_judge import U16, U32
from gslb.delta.words import PoolGone, PoolMap, PoolRows, PoolStart
from gslb.errors import PlanError
from gslb.plan import MAX_TTL, NO_PARTITION, Pick, Pool, Row, Sticky

MAX_DEPTH: Final = 4  # rows inside rows (design 3.1)
WEIGHT_LIMIT: Final = 2**32  # plan.Row


class PoolDraft:
    """Pools being built. `lost`: whether any went."""

    def __init__(self) -> None:
        """Start from no pool."""
        self.lost = False
        self._pools: dict[int, Pool] = {}
        self._open: dict[int, _OpenPool] = {}

    @classmethod
    def of(cls, pools: Mapping[int, Pool]) -> Self:
        """Start from a live table."""
        draft = cls()
        draft._pools.update(pools)
        return draft

    def copy(self) -> PoolDraft:
        """Start the next draft."""
        return PoolDraft.of(self._pools)

    def start(self, word: PoolStart) -> None:
        """Open a pool."""
        if word.pool in self._open:
            raise PlanError(f"pool {word.pool} stands twice in one delta")
        if not 0 <= word.pool < U32 or not word.name:
            raise PlanError(f"a pool with number {word.pool}, named {word.name!r}")
        self._open[word.pool] = _OpenPool(word)

    def rows(self, word: PoolRows) -> None:
        """Take the next distinct rows, numbered on."""
        for row in word.rows:
            _judge_row(row, 1)
        self._open[word.pool].numbered += word.rows

    def map(self, word: PoolMap) -> None:
        """Set the next regions of one type."""
        self._open[word.pool].map(word)

    def gone(self, word: PoolGone) -> None:
        """Remove a pool that must be there."""
        if word.pool in self._open:
            raise PlanError(f"pool {word.pool} stands twice in one delta")
        del self._pools[word.pool]
        self.lost = True

    def finish(self) -> dict[int, Pool]:
        """Close the open pools and return the table."""
        for key, draft in self._open.items():
            self._pools[key] = draft.close()
        return self._pools

    def judge(self, highest: Mapping[int, int], touched: Iterable[int]) -> None:
        """Refuse pools whose partition is not there or has regions for which there is no row."""
        changed = set(touched)
        for key, pool in self._pools.items():
            if key not in self._open and pool.partition not in changed:
                continue
            if pool.partition != NO_PARTITION and pool.partition not in highest:
                raise PlanError(f"pool {key} uses partition {pool.partition}, which is not there")
            need = 1 + (0 if pool.partition == NO_PARTITION else highest[pool.partition])
            if any(len(rows) < need for rows in pool.rows.values()):
                raise PlanError(f"pool {key} lacks rows for some of its {need} regions")


class _OpenPool:
    """One pool being built."""

    def __init__(self, word: PoolStart) -> None:
        if word.couple is not None:
            _judge_sticky(word.couple)
        self.start = word
        self.numbered: list[Row | None] = [None]
        self.types: dict[int, list[Row | None]] = {}
        self.default: dict[int, Row] = {}

    def map(self, word: PoolMap) -> None:
        numbers = array("I")
        numbers.frombytes(word.rows)
        self.types.setdefault(word.type, []).extend(self.numbered[n] for n in numbers)
        if not 0 <= word.type < U16:
            raise PlanError(f"rows of type {word.type}")
        default = self.numbered[word.default]
        if default is None or word.default < 0:
            raise PlanError(f"pool {self.start.pool} without a default row")
        self.default[word.type] = default

    def close(self) -> Pool:
        rows = {kind: tuple(listed) for kind, listed in self.types.items()}
        return Pool(self.start.name, self.start.partition, rows, self.default, self.start.couple)


def _judge_row(row: Row, depth: int) -> None:
    """Refuse rows that the answer path could not draw from."""
    if depth > MAX_DEPTH:
        raise PlanError(f"rows nested deeper than {MAX_DEPTH}")
    pick, answers, ttl, groups, _, rcode, sticky = row
    if pick not in Pick.__members__.values() or not 0 <= answers < U32 or not 0 <= ttl <= MAX_TTL or not 0 <= rcode <= 15:
        raise PlanError(f"row with pick {pick}, {answers} answers, TTL {ttl}, rcode {rcode}")
    if not all(0 <= group.weight < 2**64 for group in groups):
        raise PlanError("a weight that is negative, or does not fit 64 bits")
    if pick in (Pick.WEIGHTED, Pick.STICKY) and groups and not 0 < sum(group.weight for group in groups) < WEIGHT_LIMIT:
        raise PlanError("weights that cannot be drawn from")
    if (pick == Pick.STICKY) is not (sticky is not None):
        raise PlanError("a sticky row without what it sticks to, or the other way round")
    if sticky is not None:
        _judge_sticky(sticky)
    for group in groups:
        if not 0 <= group.key < 2**64:
            raise PlanError(f"a group with key {group.key}")
        if any(len(data) >= U16 for data in group.rdata):
            raise PlanError("rdata larger than any message")
        if group.row is not None:
            _judge_row(group.row, depth + 1)


def _judge_sticky(sticky: Sticky) -> None:
    """Refuse keys that no address has so many bits for."""
    if not (0 <= sticky.seed < 2**64 and 0 <= sticky.bits4 <= 32 and 0 <= sticky.bits6 <= 128):
        raise PlanError(f"sticky with seed {sticky.seed}, {sticky.bits4}/{sticky.bits6} bits")
