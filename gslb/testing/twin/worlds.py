"""Random plans and their edits. A world is made from a seed and changes with `edit()` as a service does: zones, health, geo data."""

from __future__ import annotations

from random import Random
from typing import Final

from gslb import model
from gslb.compiler.zones import compile_zone
from gslb.plan import NO_PARTITION, Partition, Pool, Snapshot, Zone
from gslb.testing import random_worlds
from gslb.testing.twin.rows import CNAME, Stock
from gslb.testing.twin.spaces import partition, regions_of
from gslb.testing.twin.zones import LABELS, Writer, bent

_COM: Final = b"\3com\0"
_ZONES: Final = (
    (b"\7example\3com\0",),
    (b"\7example\3com\0", b"\3sub\7example\3com\0"),
    (b"\7example\3com\0", b"\1a\1b\7example\3com\0", _COM),
    (b"\0", b"\7example\3com\0"),
    (b"\0",),
    (b"\7example\3com\0", b"\7outside\7example\0", b"\3org\0"),
    (bytes((63,)) + b"y" * 63 + bytes((63,)) + b"z" * 63 + bytes((50,)) + b"w" * 50 + _COM,),  # hardly room for more labels
)
COMPILED: Final = 7  # every so many worlds take their pools from the compiler: it makes what is likely, chance makes what is possible


class World:
    """One plan after another."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._seed = seed
        self._generation = 0
        self._partitions: dict[int, Partition] = {}
        self._pools: dict[int, Pool] = {}
        self._ids: dict[str, int] = {}
        if seed % COMPILED == 0:
            self._compile()
        self._cut()
        self._stock = Stock(self.chance, self._names_of_pools())
        self._fill()
        self._written: dict[bytes, model.Zone] = {}
        self._zones: dict[bytes, Zone] = {}
        for apex in self.chance.choice(_ZONES):
            self._write(apex)

    def plan(self) -> Snapshot:
        """Return the present plan, in a generation of its own."""
        self._generation += self.chance.choice((1, 1, 7))
        return Snapshot(self._generation, dict(self._zones), dict(self._pools), dict(self._partitions))

    def edit(self) -> None:
        """Change something."""
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            self.chance.choice(
                (
                    self._flip,
                    self._flip,
                    self._flip,
                    self._rewrite,
                    self._rewrite,
                    self._rewrite,
                    self._recut,
                    self._add,
                    self._drop,
                    self._sweep,
                    self._sweep,
                    self._none,
                )
            )()

    def _none(self) -> None:
        """Leave all as it is: an empty delta is one too."""

    def _flip(self) -> None:
        """Make another choice for some regions of a pool, as health does."""
        if not self._pools:
            return
        number = self.chance.choice(list(self._pools))
        pool = self._pools[number]
        kind = self.chance.choice(list(pool.rows))
        rows = list(pool.rows[kind])
        rows[self.chance.randrange(len(rows))] = None if self.chance.random() < 0.1 else self._stock.row(kind)
        default = {**pool.default, kind: self._stock.row(kind)} if self.chance.random() < 0.2 else pool.default
        self._pools[number] = pool._replace(rows={**pool.rows, kind: tuple(rows)}, default=default)

    def _rewrite(self) -> None:
        """Edit a zone, as a deploy does."""
        if not self._written:
            return
        apex = self.chance.choice(list(self._written))
        self._take(self._writer().edited(self._written[apex]))

    def _recut(self) -> None:
        """Replace a partition, as new geo data do; pools that lack rows for it get more."""
        if not self._partitions:
            return
        key = self.chance.choice(list(self._partitions))
        fresh = self._partitions[key] = partition(self.chance)
        need = regions_of(fresh)
        for number, pool in self._pools.items():
            if pool.partition == key:
                rows = {kind: (*listed, *(self._stock.row(kind) for _ in range(need - len(listed)))) for kind, listed in pool.rows.items()}
                self._pools[number] = pool._replace(rows=rows)

    def _add(self) -> None:
        self._pool(self.chance.getrandbits(self.chance.choice((4, 31))))
        free = [apex for zones in _ZONES for apex in zones if apex not in self._zones]
        if free and len(self._zones) < 4:
            self._write(self.chance.choice(free))

    def _drop(self) -> None:
        """Drop a zone."""
        if self._zones:
            apex = self.chance.choice(list(self._zones))
            del self._zones[apex], self._written[apex]
        self._sweep()

    def _sweep(self) -> None:
        """Drop the pools and partitions that nothing asks any more."""
        nodes = [node for zone in self._zones.values() for node in zone.nodes.values()]
        used = {node.dynamic.pool for node in nodes if node.dynamic} | {hinted.pool for node in nodes for hinted in node.hinted}
        for number in self._pools.keys() - used:
            del self._pools[number]
        self._ids = {name: number for name, number in self._ids.items() if number in self._pools}
        for key in self._partitions.keys() - {pool.partition for pool in self._pools.values()}:
            del self._partitions[key]

    def _compile(self) -> None:
        """Take pools and partitions from a random operator."""
        operated = random_worlds.World(self._seed)
        self._partitions.update(operated.plan.partitions)
        self._pools.update(operated.plan.pools)
        self._ids.update(operated.ids)

    def _cut(self) -> None:
        for _ in range(self.chance.choice((0, 1, 2))):
            self._partitions[self.chance.randrange(100, 2**31)] = partition(self.chance)

    def _fill(self) -> None:
        for _ in range(self.chance.choice((0, 3, 6, 12))):
            self._pool(self.chance.choice((self.chance.randrange(20), self.chance.getrandbits(31), 2**32 - 1)))

    def _pool(self, number: int) -> None:
        if number in self._pools:
            return
        name = f"pool-{number}"
        key = self.chance.choice((*self._partitions, NO_PARTITION))
        self._pools[number] = self._stock.flat(name) if key == NO_PARTITION else self._stock.pool(name, key, regions_of(self._partitions[key]))
        self._ids[name] = number

    def _names_of_pools(self) -> list[bytes]:
        chance = self.chance
        ends = (b"\7example\3com\0", b"\3CDN\7example\3net\0", _COM)
        return [bytes((len(label),)) + label + chance.choice(ends) for label in chance.sample(LABELS, 5)]

    def _writer(self) -> Writer:
        return Writer(self.chance, list(self._ids))

    def _write(self, apex: bytes) -> None:
        self._take(self._writer().zone(apex))

    def _take(self, written: model.Zone) -> None:
        """Compile a zone and serve it."""
        names = {name: self._tied(data) for name, data in written.names.items()}
        self._written[written.apex] = tied = model.Zone(written.apex, names)
        of_names = [name for name, number in self._ids.items() if CNAME in self._pools[number].rows]
        self._zones[tied.apex] = bent(compile_zone(tied, self._ids, of_names), self._seed)

    def _tied(self, data: model.NameData) -> model.NameData:
        """Leave out what points to pools that have been dropped."""
        if data.pool is None and not data.hinted:
            return data
        pool = data.pool if data.pool and data.pool.pool in self._ids else None
        return model.NameData(data.rrsets, pool, tuple(hinted for hinted in data.hinted if hinted.pool in self._ids))
