"""The difference of two snapshots, as the words of the pipe.

Control calls it after every compile and hands the slices to the planes. Objects that are the same are the same: the compiler
keeps what did not change, so most of the work is comparing identities; what is merely equal (a reload) is found
equal and not sent either.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Final, TypeVar

from gslb.compiler.nodes import difference
from gslb.delta import (
    Begin,
    Commit,
    PartitionGone,
    PartitionRuns,
    PartitionStart,
    PoolGone,
    PoolMap,
    PoolRows,
    PoolStart,
    Slice,
    Word,
    ZoneDrop,
    ZoneGlue,
    ZoneGone,
    ZoneNames,
    ZoneStart,
)
from gslb.plan import EMPTY, Node, Partition, Pool, Row, RRset, Snapshot, Zone

SLICE_BYTES: Final = 48_000  # estimated; about 64 KB encoded. A plane takes some 0.3 ms for one: a pause that no client notices
SLICE_NAMES: Final = 500
SLICE_RUNS: Final = 3_000  # 18 octets each; checked in under a millisecond
SLICE_REGIONS: Final = 12_000  # 4 octets each
OVERHEAD: Final = 24  # octets of frames and numbers around each tuple; errs on the large side

K = TypeVar("K")
T = TypeVar("T")


def diff(old: Snapshot, new: Snapshot) -> Iterator[Slice]:
    """Yield what turns `old` into `new`; from `plan.EMPTY` the whole plan. `new` must not be edited meanwhile (nobody does)."""
    numbers = count()
    yield Slice(next(numbers), Begin(old.generation, new.generation))
    for word in _tables(old, new):
        yield Slice(next(numbers), word)
    yield Slice(next(numbers), Commit(new.generation))


def whole(new: Snapshot) -> Iterator[Slice]:
    """Yield the whole plan, for a plane that starts or has refused a delta."""
    return diff(EMPTY, new)


def _tables(old: Snapshot, new: Snapshot) -> Iterator[Word]:
    for key, partition in _changed(old.partitions, new.partitions):
        yield from _partition(key, partition)
    for number, pool in _changed(old.pools, new.pools):
        yield from _pool(number, pool)
    for apex, zone in _changed(old.zones, new.zones):
        yield from _zone(old.zones.get(apex), zone)
    for apex in old.zones.keys() - new.zones.keys():
        yield ZoneGone(apex)
    for number in old.pools.keys() - new.pools.keys():
        yield PoolGone(number)
    for key in old.partitions.keys() - new.partitions.keys():
        yield PartitionGone(key)


def _changed(old: Mapping[K, T], new: Mapping[K, T]) -> Iterator[tuple[K, T]]:
    """Yield what is new or different; identity first, since equality of a large zone takes milliseconds."""
    for key, value in new.items():
        before = old.get(key)
        if before is not value and before != value:
            yield key, value


def _partition(key: int, p: Partition) -> Iterator[Word]:
    yield PartitionStart(key, p.cap4, p.cap6)
    for at in range(0, len(p.v4_start), SLICE_RUNS):
        cut = slice(at, at + SLICE_RUNS)
        yield PartitionRuns(key, 4, p.v4_start[cut].tobytes(), b"", p.v4_region[cut].tobytes())
    for at in range(0, len(p.v6_high), SLICE_RUNS):
        cut = slice(at, at + SLICE_RUNS)
        yield PartitionRuns(key, 6, p.v6_high[cut].tobytes(), p.v6_low[cut].tobytes(), p.v6_region[cut].tobytes())


def _pool(number: int, pool: Pool) -> Iterator[Word]:
    """Send each distinct row once: hundreds of regions share a few."""
    yield PoolStart(number, pool.name, pool.partition, pool.couple)
    places: dict[int, int] = {}
    distinct: list[Row] = []
    for row in (row for kind, rows in pool.rows.items() for row in (pool.default[kind], *rows)):
        if row is not None and id(row) not in places:
            distinct.append(row)
            places[id(row)] = len(distinct)
    for batch in _batches(distinct, row_bytes):
        yield PoolRows(number, batch)
    for kind, rows in pool.rows.items():
        numbers = array("I", [0 if row is None else places[id(row)] for row in rows])
        for at in range(0, len(numbers), SLICE_REGIONS):
            yield PoolMap(number, kind, places[id(pool.default[kind])], numbers[at : at + SLICE_REGIONS].tobytes())


def _zone(old: Zone | None, new: Zone) -> Iterator[Word]:
    """Send the names that changed, or all of them where most did."""
    changed, gone = ((), ()) if old is None else difference(old.nodes, new.nodes)
    fresh = old is None or 2 * len(changed) > len(new.nodes)
    yield ZoneStart(new.apex, new.soa, new.negative_ttl, fresh)
    if old is None or fresh:
        yield from _names(new, new.nodes.items(), new.glue.items())
        return
    yield from _names(new, ((name, new.nodes[name]) for name in changed), _changed(old.glue, new.glue))
    gone_glue = [name for name in old.glue if name not in new.glue]
    for batch in _batches(gone, len):
        yield ZoneDrop(new.apex, batch, ())
    for batch in _batches(gone_glue, len):
        yield ZoneDrop(new.apex, (), batch)


def _names(zone: Zone, nodes: Iterable[tuple[bytes, Node]], glue: Iterable[tuple[bytes, tuple[RRset, ...]]]) -> Iterator[Word]:
    for batch in _batches(nodes, lambda item: len(item[0]) + _rrsets_bytes(item[1].rrsets)):
        yield ZoneNames(zone.apex, batch)
    for glued in _batches(glue, lambda item: len(item[0]) + _rrsets_bytes(item[1])):
        yield ZoneGlue(zone.apex, glued)


def _batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[tuple[T, ...]]:
    """Cut into batches of bounded number and estimated size; an item that is larger alone makes a batch alone."""
    batch: list[T] = []
    weight = 0
    for item in items:
        more = OVERHEAD + size(item)
        if batch and (weight + more > SLICE_BYTES or len(batch) == SLICE_NAMES):
            yield tuple(batch)
            batch, weight = [], 0
        batch.append(item)
        weight += more
    if batch:
        yield tuple(batch)


def _rrsets_bytes(rrsets: tuple[RRset, ...]) -> int:
    if len(rrsets) == len(rrsets[0].rdata) == 1 if rrsets else False:  # nearly always
        return OVERHEAD + 4 + len(rrsets[0].rdata[0]) + sum(map(len, rrsets[0].targets))
    return sum(OVERHEAD + sum(map(len, rrset.rdata)) + 4 * len(rrset.rdata) + sum(map(len, rrset.targets)) for rrset in rrsets)


def row_bytes(row: Row) -> int:
    """Estimate what a row takes on the pipe."""
    return OVERHEAD + sum(OVERHEAD + sum(map(len, g.rdata)) + 4 * len(g.rdata) + (row_bytes(g.row) if g.row else 0) for g in row.groups)
