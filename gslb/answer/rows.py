"""One pool's rows of one type, bound to a snapshot at a time; where a row was not compiled, its stand-in, and a note that it is wanted.

Used by `shelf` and `hints`.
"""

from __future__ import annotations

from typing import Final

from gslb.plan import Partition, Pick, Row, Snapshot, Sticky

MAX_WANTED: Final = 4096  # rows asked for at once: more only delays the first of them

_NOTHING: Final = Row(Pick.ALL, 0, 0, ())


class Misses:
    """Rows that were asked for and not compiled. `wanted`: (pool, region, type) of each; `count`: how often any was missed."""

    __slots__ = ("count", "wanted")

    def __init__(self) -> None:
        self.wanted: set[tuple[int, int, int]] = set()
        self.count = 0


class Rows:
    """The rows of a pool and type. `all` is empty where the pool has none of the type; `partition`, `couple`: the pool's."""

    __slots__ = ("_default", "_misses", "_pool", "_type", "all", "couple", "partition")

    def __init__(self, pool: int, rtype: int, misses: Misses) -> None:
        self._pool = pool
        self._type = rtype
        self._misses = misses
        self._default = _NOTHING
        self.all: tuple[Row | None, ...] = ()
        self.couple: Sticky | None = None
        self.partition: Partition | None = None

    def bind(self, snapshot: Snapshot) -> bool:
        """Take the rows of this snapshot from now on; say whether they, or what they hang on, are others."""
        pool = snapshot.pools.get(self._pool)
        rows = pool.rows.get(self._type, ()) if pool else ()
        couple = pool.couple if pool else None
        others = rows is not self.all or couple != self.couple
        self.all = rows
        self.couple = couple
        self._default = pool.default.get(self._type, _NOTHING) if pool else _NOTHING
        self.partition = snapshot.partitions.get(pool.partition) if pool else None
        return others

    def of(self, region: int) -> Row:
        """Return the row of a region, or its stand-in."""
        return (self.all[region] if region < len(self.all) else None) or self._default

    def miss(self, region: int) -> Row:
        """Return the stand-in, and note that the row is wanted."""
        self._misses.count += 1
        if len(self._misses.wanted) < MAX_WANTED:
            self._misses.wanted.add((self._pool, region, self._type))
        return self._default
