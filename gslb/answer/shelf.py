"""One pool's answers as seen from one owner: rows turned into octets once, then only picked from.

Called by `prepared`. A shelf is bound to a snapshot's rows and bound again when a snapshot takes over; what it has written for a row
stays valid as long as the row does, because rows are never edited.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final

from gslb.answer.pick import pick
from gslb.answer.render import rrs
from gslb.answer.reply import Meta
from gslb.answer.tally import Tallies, Tally
from gslb.plan import Group, Partition, Pick, Row, Snapshot

MAX_WANTED: Final = 4096  # rows asked for at once: more only delays the first of them
MAX_OUTCOMES: Final = 65536  # kept as octets over all shelves, about 30 MB; past it all are written anew as they are asked for
MAX_SHELVES: Final = 16384  # (zone, pool, type, TTL bound, owner) seen; past it the memo starts afresh

Key = tuple[bytes, int, int, int, bytes]  # zone, pool, type, bound of the TTL, owner as written

_NOTHING: Final = Row(Pick.ALL, 0, 0, ())


class Outcome:
    """Records written for one result of a pick. `count` 0: there are none, answer NODATA or `rcode`."""

    __slots__ = ("count", "octets", "rcode", "tally")

    def __init__(self, octets: bytes, count: int, rcode: int, tally: Tally) -> None:
        self.octets = octets
        self.count = count
        self.rcode = rcode
        self.tally = tally


class _Ready:
    """A row's outcomes by the number drawn below `total`; `bounds` turns a number into an index where weights differ. `total` 0: mixed."""

    __slots__ = ("bounds", "mixed", "outcomes", "row", "total")

    def __init__(self, row: Row) -> None:
        self.row = row  # held, so that its id stays its own
        self.bounds: list[int] | None = None
        self.mixed: dict[tuple[bytes, ...], Outcome] = {}
        self.total = 0
        groups = row.groups
        if any(group.row for group in groups):
            return
        if row.pick is Pick.WEIGHTED:
            if row.answers != 1 and len(groups) > 1:
                return
            self.bounds = list(accumulate(group.weight for group in groups))
            self.total = self.bounds[-1] if groups else 1
        else:
            self.total = len(groups) if row.pick is Pick.ROTATE and groups else 1
        self.outcomes: list[Outcome | None] = [None] * max(1, len(groups))


class Shelf:
    """Octets of a pool's rows for one zone, type, bound of the TTL, and owner (a pointer into the message)."""

    __slots__ = ("_default", "_owner", "_pool", "_ready", "_rows", "_shelves", "_ttl", "_type", "_zone", "partition")

    def __init__(self, key: Key, shelves: Shelves) -> None:
        self._zone, self._pool, self._type, self._ttl, self._owner = key
        self._shelves = shelves
        self._ready: dict[int, _Ready] = {}
        self._rows: tuple[Row | None, ...] = ()
        self._default = _NOTHING
        self.partition: Partition | None = None

    def bind(self, snapshot: Snapshot) -> None:
        """Take the rows of this snapshot from now on."""
        pool = snapshot.pools.get(self._pool)
        rows = pool.rows.get(self._type, ()) if pool else ()
        if rows is not self._rows:
            self._ready.clear()  # rows of yesterday must not pile up
        self._rows = rows
        self._default = pool.default.get(self._type, _NOTHING) if pool else _NOTHING
        self.partition = snapshot.partitions.get(pool.partition) if pool else None

    def take(self, region: int, draw: int) -> Outcome:
        """Pick for a client of the region."""
        rows = self._rows
        row = rows[region] if region < len(rows) else None
        if row is None:
            row = self._default
            self._shelves.missed += 1
            if len(self._shelves.wanted) < MAX_WANTED:
                self._shelves.wanted.add((self._pool, region, self._type))
        ready = self._ready.get(id(row))
        if ready is None:
            ready = self._ready[id(row)] = _Ready(row)
        total = ready.total
        if not total:
            return self._mixed(ready, draw)
        at = draw * total >> 64
        if ready.bounds is not None:
            at = bisect_right(ready.bounds, at)
        return ready.outcomes[at] or self._write(ready, at, draw)

    def forget(self) -> None:
        """Drop what was written; it is written again when asked for."""
        self._ready.clear()

    def _write(self, ready: _Ready, at: int, draw: int) -> Outcome:
        outcome = ready.outcomes[at] = self._outcome(ready.row, pick(ready.row, draw))
        return outcome

    def _mixed(self, ready: _Ready, draw: int) -> Outcome:
        groups = pick(ready.row, draw)
        key = tuple(data for group in groups for data in group.rdata)
        outcome = ready.mixed.get(key)
        if outcome is None:
            outcome = ready.mixed[key] = self._outcome(ready.row, groups)
        return outcome

    def _outcome(self, row: Row, groups: list[Group]) -> Outcome:
        rdata = list(dict.fromkeys(data for group in groups for data in group.rdata))  # RFC 2181 section 5: no record twice
        octets = rrs(self._owner, self._type, min(row.ttl, self._ttl), rdata)
        site = groups[0].site if groups else ""
        rcode = 0 if rdata else row.rcode
        self._shelves.written()
        return Outcome(octets, len(rdata), rcode, self._shelves.tallies.of(Meta(self._zone, rcode, self._pool, row.reason, self._type, site=site)))


class Shelves:
    """All shelves, bound to one snapshot at a time.

    `wanted` collects (pool, region, type) of rows that were not compiled, `missed` counts the answers that wanted them.
    """

    __slots__ = ("_outcomes", "_shelves", "_snapshot", "missed", "tallies", "wanted")

    def __init__(self, snapshot: Snapshot, tallies: Tallies) -> None:
        self._snapshot = snapshot
        self._shelves: dict[Key, Shelf] = {}
        self._outcomes = 0
        self.tallies = tallies
        self.wanted: set[tuple[int, int, int]] = set()
        self.missed = 0

    def of(self, key: Key) -> Shelf:
        """Return the shelf for a key."""
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf(key, self)
            shelf.bind(self._snapshot)
        return shelf

    def bind(self, snapshot: Snapshot) -> None:
        """Give every shelf the rows of a new snapshot; what was written stays where a pool's rows are the same."""
        self._snapshot = snapshot
        for shelf in self._shelves.values():
            shelf.bind(snapshot)

    def written(self) -> None:
        """Count an outcome; drop them all when there are too many."""
        self._outcomes += 1
        if self._outcomes > MAX_OUTCOMES:
            self._outcomes = 0
            for shelf in self._shelves.values():
                shelf.forget()

    @property
    def full(self) -> bool:
        """Whether it is time to start afresh."""
        return len(self._shelves) > MAX_SHELVES
