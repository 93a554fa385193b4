"""One pool's answers as seen from one owner: rows turned into octets once, then only picked from.

Called by `prepared`. A shelf is bound to a snapshot's rows and bound again when a snapshot takes over; what it has written for a row
stays valid as long as the row does, because rows are never edited.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from gslb.answer.client import Asker, Client
from gslb.answer.lookup import CNAME
from gslb.answer.outcome import Ledger, Outcome
from gslb.answer.pick import pick, reach
from gslb.answer.render import rrs
from gslb.answer.reply import Meta
from gslb.answer.rows import Rows
from gslb.plan import MAX_TTL, Group, Pick, Row, Snapshot, Sticky


class Key(NamedTuple):
    """What a shelf is for. `type`: of the records; `asked`: of the question; `ttl`: the name's bound; `owner` as written."""

    zone: bytes
    pool: int
    type: int
    asked: int
    ttl: int
    owner: bytes


class _Ready:
    """A row's outcomes by the number drawn below `total`; `bounds` turns a number into an index where weights differ.

    `total` 0: known by their data alone, in `mixed`. `reach` None: the draw decides, whoever asks.
    """

    __slots__ = ("bounds", "mixed", "outcomes", "reach", "row", "total")

    def __init__(self, row: Row, couple: Sticky | None) -> None:
        self.row = row  # held, so that its id stays its own
        self.reach = reach(row, couple)
        self.bounds: list[int] | None = None
        self.mixed: dict[tuple[bytes, ...], Outcome] = {}
        self.total = 0
        groups = row.groups
        if self.reach is not None or any(group.row for group in groups):
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

    __slots__ = ("_for_some", "_key", "_ledger", "_ready", "_rows", "_source", "partition")

    def __init__(self, key: Key, ledger: Ledger) -> None:
        self._key = key
        self._ledger = ledger
        self._source = Rows(key.pool, key.type, ledger.misses)
        self._ready: dict[int, _Ready] = {}
        self._rows = self._source.all
        self._for_some: bool | None = None
        self.partition = self._source.partition

    def bind(self, snapshot: Snapshot) -> None:
        """Take the rows of this snapshot from now on."""
        if self._source.bind(snapshot):
            self._ready.clear()  # rows of yesterday must not pile up
        self._rows = self._source.all
        self._for_some = None
        self.partition = self._source.partition

    def take(self, region: int, draw: int) -> Outcome | None:
        """Pick for a client of the region; None where it matters which one: `choose` then."""
        rows = self._rows
        row = rows[region] if region < len(rows) else None
        if row is None:
            row = self._source.miss(region)
        ready = self._ready.get(id(row))
        if ready is None:
            ready = self._ready[id(row)] = _Ready(row, self._source.couple)
        total = ready.total
        if not total:
            return self._mixed(ready, pick(ready.row, draw)) if ready.reach is None else None
        at = draw * total >> 64
        if ready.bounds is not None:
            at = bisect_right(ready.bounds, at)
        return ready.outcomes[at] or self._write(ready, at, draw)

    def choose(self, asker: Asker, draw: int) -> tuple[Outcome, int]:
        """Pick for one client, after `take` could not: the outcome and its scope."""
        partition = self.partition
        region, scope = asker.place(partition)
        couple = self._source.couple
        ready = self._ready[id(self._source.of(region))]
        client = Client.of(asker, partition)
        if couple is not None:
            draw = client.key(couple)
        assert ready.reach is not None
        return self._mixed(ready, pick(ready.row, draw, client)), asker.scope(partition, scope, ready.reach)

    def forget(self) -> None:
        """Drop what was written; it is written again when asked for."""
        self._ready.clear()

    def _write(self, ready: _Ready, at: int, draw: int) -> Outcome:
        outcome = ready.outcomes[at] = self._outcome(ready.row, pick(ready.row, draw))
        return outcome

    def _mixed(self, ready: _Ready, groups: list[Group]) -> Outcome:
        key = tuple(data for group in groups for data in group.rdata)
        outcome = ready.mixed.get(key)
        if outcome is None:
            outcome = ready.mixed[key] = self._outcome(ready.row, groups)
        return outcome

    def _outcome(self, row: Row, groups: list[Group]) -> Outcome:
        zone, pool, rtype, asked, bound, owner = self._key
        rdata = list(dict.fromkeys(data for group in groups for data in group.rdata))  # RFC 2181 section 5: no record twice
        if rtype == CNAME:
            del rdata[1:]  # RFC 2181 section 10.1: a name has one canonical name
        ttl = min(row.ttl, bound)
        site = groups[0].site if groups else ""
        rcode = 0 if rdata else row.rcode
        tally = self._ledger.written(Meta(zone, rcode, pool, row.reason, asked, site=site))
        varies = not rdata and self._is_for_some()
        passes = varies or row.reason  # otherwise the pool has no such records at all, until its files change
        return Outcome(rrs(owner, rtype, ttl, rdata), len(rdata), rcode, tally, ttl if passes else MAX_TTL, varies=varies)

    def _is_for_some(self) -> bool:
        """Whether some client gets records of this type. A pool whose families are joint gives others none."""
        if self._for_some is None:
            self._for_some = any(row is None or row.groups for row in self._rows)
        return self._for_some
