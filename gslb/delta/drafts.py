"""The three tables of a snapshot while they are being built: zones, pools, partitions.

Each starts as a copy of the live table, copies again what it changes, and judges its words as they come, so that little is left
to do at Commit. Called by the assembler only; raises PlanError (or what Python raises on malformed data) and
never touches what the live snapshot holds.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain
from operator import lt
from typing import Final, Self

from gslb.delta.words import (
    PartitionGone,
    PartitionRuns,
    PartitionStart,
    PoolGone,
    PoolMap,
    PoolRows,
    PoolStart,
    ZoneDrop,
    ZoneGlue,
    ZoneGone,
    ZoneNames,
    ZoneStart,
)
from gslb.errors import PlanError
from gslb.plan import MAX_TTL, NO_PARTITION, Node, Partition, Pick, Pool, Row, RRset, Zone

MAX_DEPTH: Final = 4  # rows inside rows (design 3.1)
WEIGHT_LIMIT: Final = 2**32  # plan.Row
SOA: Final = 6


class ZoneDraft:
    """Zones being built. `_uses`: for each zone, how many of its names point to each pool."""

    def __init__(self) -> None:
        """Start from no zone."""
        self._zones: dict[bytes, Zone] = {}
        self._uses: dict[bytes, Counter[int]] = {}
        self._open: set[bytes] = set()
        self._gone: set[bytes] = set()

    @classmethod
    def of(cls, zones: Mapping[bytes, Zone]) -> Self:
        """Start from a live table."""
        draft = cls()
        draft._zones.update(zones)
        for apex, zone in zones.items():
            draft._uses[apex] = Counter(node.dynamic.pool for node in zone.nodes.values() if node.dynamic)
        return draft

    def copy(self) -> ZoneDraft:
        """Start the next draft."""
        draft = ZoneDraft()
        draft._zones.update(self._zones)
        draft._uses.update(self._uses)
        return draft

    def start(self, word: ZoneStart) -> None:
        """Open a zone: empty, or a copy of the live one (1.5 ms per 100,000 names)."""
        apex = word.apex
        if apex in self._open or apex in self._gone:
            raise PlanError("a zone stands twice in one delta")
        if word.soa.type != SOA or not 0 <= word.negative_ttl <= MAX_TTL:
            raise PlanError("a zone without a sound SOA")
        nodes: dict[bytes, Node] = {} if word.fresh else dict(self._zones[apex].nodes)
        glue: dict[bytes, tuple[RRset, ...]] = {} if word.fresh else dict(self._zones[apex].glue)
        self._uses[apex] = Counter() if word.fresh else Counter(self._uses[apex])
        self._zones[apex] = Zone(apex, word.soa, word.negative_ttl, nodes, glue)
        self._open.add(apex)

    def names(self, word: ZoneNames) -> None:
        """Set names."""
        nodes = self._opened(word.apex).nodes
        uses = self._uses[word.apex]
        for name, node in word.nodes:
            if not name.endswith(word.apex):
                raise PlanError("a name outside its zone")
            old = nodes.get(name)
            if old is not None and old.dynamic is not None:
                uses[old.dynamic.pool] -= 1
            if node.dynamic is not None:
                uses[node.dynamic.pool] += 1
            nodes[name] = node

    def glue(self, word: ZoneGlue) -> None:
        """Set glue."""
        self._opened(word.apex).glue.update(word.glue)

    def drop(self, word: ZoneDrop) -> None:
        """Remove names and glue that must be there."""
        zone = self._opened(word.apex)
        for name in word.names:
            old = zone.nodes.pop(name)
            if old.dynamic is not None:
                self._uses[word.apex][old.dynamic.pool] -= 1
        for name in word.glue:
            del zone.glue[name]

    def gone(self, word: ZoneGone) -> None:
        """Remove a zone that must be there."""
        if word.apex in self._open:
            raise PlanError("a zone stands twice in one delta")
        del self._zones[word.apex], self._uses[word.apex]
        self._gone.add(word.apex)

    def judge(self, pools: Mapping[int, Pool], *, all_of_them: bool) -> None:
        """Refuse names that point to no pool; all zones are looked at only when a pool went."""
        for apex in self._zones if all_of_them else self._open:
            for pool, count in self._uses[apex].items():
                if count and pool not in pools:
                    raise PlanError(f"names point to pool {pool}, which is not there")
        for apex in self._open:
            if apex not in self._zones[apex].nodes:
                raise PlanError("a zone without its apex")

    def finish(self) -> dict[bytes, Zone]:
        """Return the table; later drafts copy it."""
        return self._zones

    def _opened(self, apex: bytes) -> Zone:
        if apex not in self._open:
            raise PlanError("names of a zone that was not started")
        return self._zones[apex]


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
        self.start = word
        self.numbered: list[Row | None] = [None]
        self.types: dict[int, list[Row | None]] = {}
        self.default: dict[int, Row] = {}

    def map(self, word: PoolMap) -> None:
        numbers = array("I")
        numbers.frombytes(word.rows)
        self.types.setdefault(word.type, []).extend(self.numbered[n] for n in numbers)
        default = self.numbered[word.default]
        if default is None:
            raise PlanError(f"pool {self.start.pool} without a default row")
        self.default[word.type] = default

    def close(self) -> Pool:
        rows = {kind: tuple(listed) for kind, listed in self.types.items()}
        return Pool(self.start.name, self.start.partition, rows, self.default)


class PartitionDraft:
    """Partitions being built. `highest`: the highest region of each; `touched`: those that changed."""

    def __init__(self) -> None:
        """Start from no partition."""
        self.highest: dict[int, int] = {}
        self.touched: set[int] = set()
        self._partitions: dict[int, Partition] = {}

    @classmethod
    def of(cls, partitions: Mapping[int, Partition]) -> Self:
        """Start from a live table."""
        draft = cls()
        draft._partitions.update(partitions)
        draft.highest.update({key: max(chain(p.v4_region, p.v6_region)) for key, p in partitions.items()})
        return draft

    def copy(self) -> PartitionDraft:
        """Start the next draft."""
        draft = PartitionDraft()
        draft.highest.update(self.highest)
        draft._partitions.update(self._partitions)
        return draft

    def start(self, word: PartitionStart) -> None:
        """Open a partition."""
        if not 0 <= word.cap4 <= 32 or not 0 <= word.cap6 <= 128:
            raise PlanError("a cap longer than an address")
        self._touch(word.partition)
        self._partitions[word.partition] = Partition(array("I"), array("H"), array("Q"), array("Q"), array("H"), word.cap4, word.cap6)
        self.highest[word.partition] = 0

    def runs(self, word: PartitionRuns) -> None:
        """Append runs, each beginning above the one before."""
        key = word.partition
        if key not in self.touched:
            raise PlanError("runs of a partition that was not started")
        part = self._partitions[key]
        regions = array("H")
        regions.frombytes(word.regions)
        if word.version == 4:
            _extend(part.v4_start, word.starts, part.v4_region, regions)
        elif word.version == 6:
            _extend_wide(part, word.starts, word.lows, regions)
        else:
            raise PlanError(f"IP version {word.version}")
        self.highest[key] = max(self.highest[key], max(regions, default=0))

    def gone(self, word: PartitionGone) -> None:
        """Remove a partition that must be there."""
        self._touch(word.partition)
        del self._partitions[word.partition], self.highest[word.partition]

    def finish(self) -> dict[int, Partition]:
        """Refuse partitions that do not cover everything; return the table."""
        for key in self.touched & self._partitions.keys():
            p = self._partitions[key]
            if not p.v4_start or p.v4_start[0] or not p.v6_high or p.v6_high[0] or p.v6_low[0]:
                raise PlanError(f"partition {key} does not begin at address 0")
        return self._partitions

    def _touch(self, key: int) -> None:
        if key in self.touched:
            raise PlanError(f"partition {key} stands twice in one delta")
        self.touched.add(key)


def _extend(starts: array[int], more: bytes, regions: array[int], more_regions: array[int]) -> None:
    new = array("I")
    new.frombytes(more)
    joint = starts[-1:] + new
    if len(new) != len(more_regions) or not all(map(lt, joint, joint[1:])):
        raise PlanError("runs that do not ascend")
    starts += new
    regions += more_regions


def _extend_wide(part: Partition, highs: bytes, lows: bytes, regions: array[int]) -> None:
    high, low = array("Q"), array("Q")
    high.frombytes(highs)
    low.frombytes(lows)
    joint = [*zip(part.v6_high[-1:] + high, part.v6_low[-1:] + low, strict=True)]
    if len(high) != len(regions) or not all(map(lt, joint, joint[1:])):
        raise PlanError("runs that do not ascend")
    part.v6_high.extend(high)
    part.v6_low.extend(low)
    part.v6_region.extend(regions)


def _judge_row(row: Row, depth: int) -> None:
    """Refuse rows that the answer path could not draw from."""
    if depth > MAX_DEPTH:
        raise PlanError(f"rows nested deeper than {MAX_DEPTH}")
    pick, answers, ttl, groups, _, rcode = row
    if pick not in Pick.__members__.values() or answers < 0 or not 0 <= ttl <= MAX_TTL or not 0 <= rcode <= 15:
        raise PlanError(f"row with pick {pick}, {answers} answers, TTL {ttl}, rcode {rcode}")
    if any(group.weight < 0 for group in groups):
        raise PlanError("a negative weight")
    if pick == Pick.WEIGHTED and groups and not 0 < sum(group.weight for group in groups) < WEIGHT_LIMIT:
        raise PlanError("weights that cannot be drawn from")
    for group in groups:
        if group.row is not None:
            _judge_row(group.row, depth + 1)
