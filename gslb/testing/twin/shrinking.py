"""Makes a plan of which something is wrong smaller, as long as it stays wrong: zones, names, records, groups, runs, one after the other."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import TypeVar

from gslb.errors import PlanError
from gslb.plan import Group, Node, Partition, Pool, Row, Snapshot, Zone

T = TypeVar("T")


def smaller(snapshot: Snapshot, wrong: Callable[[Snapshot], bool]) -> Snapshot:
    """Return a plan from which nothing that is tried can be left out."""
    again = True
    while again:
        again = False
        for less in _less(snapshot):
            if _is_wrong(less, wrong):
                snapshot, again = less, True
                break
    return snapshot


def _is_wrong(snapshot: Snapshot, wrong: Callable[[Snapshot], bool]) -> bool:
    try:
        return wrong(snapshot)
    except (PlanError, LookupError):  # what was left out was needed
        return False


def _less(snapshot: Snapshot) -> Iterator[Snapshot]:
    for apex in snapshot.zones:
        yield snapshot._replace(zones={key: zone for key, zone in snapshot.zones.items() if key != apex})
    for number in snapshot.pools:
        yield snapshot._replace(pools={key: pool for key, pool in snapshot.pools.items() if key != number})
    for key in snapshot.partitions:
        yield snapshot._replace(partitions={other: partition for other, partition in snapshot.partitions.items() if other != key})
    for apex, zone in snapshot.zones.items():
        yield from (snapshot._replace(zones={**snapshot.zones, apex: less}) for less in _less_zone(zone))
    for number, pool in snapshot.pools.items():
        yield from (snapshot._replace(pools={**snapshot.pools, number: less}) for less in _less_pool(pool))
    for key, partition in snapshot.partitions.items():
        yield from (snapshot._replace(partitions={**snapshot.partitions, key: less}) for less in _less_partition(partition))


def _less_zone(zone: Zone) -> Iterator[Zone]:
    names = [name for name in zone.nodes if name != zone.apex]
    for some in _halves(names):
        yield zone._replace(nodes={name: node for name, node in zone.nodes.items() if name not in some})
    for glue in zone.glue:
        yield zone._replace(glue={name: rrsets for name, rrsets in zone.glue.items() if name != glue})
    for name, node in zone.nodes.items():
        yield from (zone._replace(nodes={**zone.nodes, name: less}) for less in _less_node(node))


def _less_node(node: Node) -> Iterator[Node]:
    for at in range(len(node.rrsets)):
        yield node._replace(rrsets=node.rrsets[:at] + node.rrsets[at + 1 :])
    for at in range(len(node.hinted)):
        yield node._replace(hinted=node.hinted[:at] + node.hinted[at + 1 :])
    if node.dynamic is not None:
        yield node._replace(dynamic=None)


def _less_pool(pool: Pool) -> Iterator[Pool]:
    if pool.couple is not None:
        yield pool._replace(couple=None)
    for kind, rows in pool.rows.items():
        for at, row in enumerate(rows):
            if row is not None:
                yield from (pool._replace(rows={**pool.rows, kind: (*rows[:at], less, *rows[at + 1 :])}) for less in _less_row(row))
        yield from (pool._replace(default={**pool.default, kind: less}) for less in _less_row(pool.default[kind]))


def _less_row(row: Row) -> Iterator[Row]:
    for at, group in enumerate(row.groups):
        rest = row.groups[:at], row.groups[at + 1 :]
        yield row._replace(groups=(*rest[0], *rest[1]))
        yield from (row._replace(groups=(*rest[0], less, *rest[1])) for less in _less_group(group))


def _less_group(group: Group) -> Iterator[Group]:
    if group.row is not None:
        yield group._replace(row=None)
        yield from (group._replace(row=less) for less in _less_row(group.row))
    for at in range(len(group.rdata)):
        yield group._replace(rdata=group.rdata[:at] + group.rdata[at + 1 :])


def _less_partition(p: Partition) -> Iterator[Partition]:
    for some in _halves(list(range(1, len(p.v4_start)))):
        kept = [n for n in range(len(p.v4_start)) if n not in some]
        yield p._replace(v4_start=array("I", [p.v4_start[n] for n in kept]), v4_region=array("H", [p.v4_region[n] for n in kept]))
    for some in _halves(list(range(1, len(p.v6_high)))):
        kept = [n for n in range(len(p.v6_high)) if n not in some]
        highs, lows = array("Q", [p.v6_high[n] for n in kept]), array("Q", [p.v6_low[n] for n in kept])
        yield p._replace(v6_high=highs, v6_low=lows, v6_region=array("H", [p.v6_region[n] for n in kept]))


def _halves(items: list[T]) -> Iterator[set[T]]:
    """Yield parts to leave out, the large ones first."""
    size = len(items)
    while size:
        yield from (set(items[at : at + size]) for at in range(0, len(items), size))
        size //= 2
