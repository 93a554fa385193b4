"""HTTPS and SVCB records whose address hints follow pools (RFC 9460 section 7.3): the hints are what A and AAAA would get.

Called by `prepared` with the interface of a shelf. A family without an address for this client has no hint; the record itself always
exists. All pools and both families are picked from under one draw.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.client import Asker, Client, Reach
from gslb.answer.lookup import AAAA, A
from gslb.answer.outcome import Ledger, Outcome
from gslb.answer.pick import pick, reach
from gslb.answer.render import rrs
from gslb.answer.reply import Meta
from gslb.answer.rows import Rows
from gslb.plan import Group, Hinted, Partition, Row, Snapshot, Sticky

IPV4HINT: Final = 4  # SvcParamKeys, RFC 9460 section 14.3.2
IPV6HINT: Final = 6
MAX_RDATA: Final = 65535  # RFC 1035 section 3.2.1

HintsKey = tuple[bytes, bytes, tuple[Hinted, ...]]  # zone, owner as written, records


class _Choice(NamedTuple):
    """What one record became for a client."""

    rdata: bytes
    ttl: int
    scope: int
    reason: str
    site: str


class Hints:
    """The records of one type at one owner."""

    __slots__ = ("_hinted", "_ledger", "_owner", "_reaches", "_sources", "_written", "_zone")

    partition: Final[Partition | None] = None  # each record looks in its own pool's

    def __init__(self, key: HintsKey, ledger: Ledger) -> None:
        self._zone, self._owner, self._hinted = key
        self._ledger = ledger
        self._sources = [(Rows(one.pool, A, ledger.misses), Rows(one.pool, AAAA, ledger.misses)) for one in self._hinted]
        self._reaches: dict[tuple[int, Sticky | None], tuple[Row, Reach | None]] = {}  # two pools may have a row in common, and be coupled otherwise
        self._written: dict[tuple[_Choice, ...], Outcome] = {}

    def bind(self, snapshot: Snapshot) -> None:
        """Take the rows of this snapshot from now on."""
        others = [rows.bind(snapshot) for both in self._sources for rows in both]
        if any(others):
            self.forget()

    def take(self, region: int, draw: int) -> None:
        """Leave it to `choose`: a client has a region in each pool's partition."""

    def choose(self, asker: Asker, draw: int) -> tuple[Outcome, int]:
        """Pick for one client: the records and their scope, the longest of all."""
        choices = [self._chosen(hinted, rows, asker, draw) for hinted, rows in zip(self._hinted, self._sources, strict=True)]
        scope = max(choice.scope for choice in choices)
        known = tuple(choice._replace(scope=0) for choice in choices)
        outcome = self._written.get(known)
        if outcome is None:
            outcome = self._written[known] = self._write(known)
        return outcome, scope

    def forget(self) -> None:
        """Drop what was written; it is written again when asked for."""
        self._written.clear()
        self._reaches.clear()

    def _chosen(self, hinted: Hinted, sources: tuple[Rows, Rows], asker: Asker, draw: int) -> _Choice:
        partition, couple = sources[0].partition, sources[0].couple
        region, scope = asker.place(partition)
        ttl = hinted.ttl
        hints = []
        first: tuple[str, str] = ("", "")  # reason and site of the first family that has anything to say of them
        client: Client | None = None
        for rows, key in zip(sources, (IPV4HINT, IPV6HINT), strict=True):
            if not rows.all:  # the pool has no such type
                hints.append(b"")
                continue
            row, far = self._row(rows, region)
            if far is not None:
                scope = asker.scope(partition, scope, far)
                client = client or Client.of(asker, partition)
            if couple is not None and client is not None:
                draw = client.key(couple)
            groups = pick(row, draw) if client is None else pick(row, draw, client)
            ttl = min(ttl, row.ttl)
            hints.append(_hint(key, groups))
            first = (first[0] or row.reason, first[1] or (groups[0].site if groups else ""))
        return _Choice(hinted.head + hints[0] + hinted.middle + hints[1] + hinted.tail, ttl, scope, *first)

    def _row(self, rows: Rows, region: int) -> tuple[Row, Reach | None]:
        row = rows.all[region] if region < len(rows.all) else None
        if row is None:
            row = rows.miss(region)
        known = self._reaches.get((id(row), rows.couple))
        if known is None:
            known = self._reaches[id(row), rows.couple] = row, reach(row, rows.couple)  # the row is held, so that its id stays its own
        return known

    def _write(self, choices: tuple[_Choice, ...]) -> Outcome:
        rdata = list(dict.fromkeys(choice.rdata for choice in choices))
        ttl = min(choice.ttl for choice in choices)  # RFC 2181 section 5.2: one TTL for the RRset
        first, rtype = choices[0], self._hinted[0].type
        tally = self._ledger.written(Meta(self._zone, 0, self._hinted[0].pool, first.reason, rtype, site=first.site))
        fits = max(map(len, rdata)) <= MAX_RDATA
        octets = rrs(self._owner, rtype, ttl, rdata) if fits else b"".join(rdata)  # larger than any message: it will be cut off
        return Outcome(octets, len(rdata), 0, tally, ttl, varies=True)


def _hint(key: int, groups: list[Group]) -> bytes:
    """Write the SvcParam with these groups' addresses; nothing where there are none (RFC 9460 section 7.3: never empty)."""
    addresses = b"".join(dict.fromkeys(data for group in groups for data in group.rdata))
    return key.to_bytes(2) + (len(addresses) & 0xFFFF).to_bytes(2) + addresses if addresses else b""
