"""What follows a store: reads everything once, then every hint as it comes, a pulse each second, and everything again when something may be missing.

A task of the store, started by whoever listens first. One connection for all of it, so that what is read is in order; it writes nothing but the
node's challenge. While it is in touch, the store's `read` and `pulse` cost no I/O.

Everything is read again: at every connect; when `n` says that hints were lost, or the stream that there are fewer than we have seen; when another run
begins; when the stream cannot be read; and every half minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gslb import log, metrics
from gslb.errors import StoreError
from gslb.store.changes import EVERYTHING
from gslb.store.envelope import RefusedError
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.reader import Place
from gslb.store.redis import layout, snapshot
from gslb.store.redis.challenges import Challenges
from gslb.store.redis.connection import DeniedError, Wire
from gslb.store.redis.hints import Hints, Wanted, in_slices
from gslb.store.redis.layout import Layout
from gslb.store.redis.link import Backoff
from gslb.store.redis.writer import Ticket
from gslb.store.state import Hint, Pulse, State

PULSE: Final = 1.0  # seconds: how long a lost hint may go unnoticed
WHOLE: Final = 30.0  # seconds between full reads although nothing seems to be missing
OUT_OF_TOUCH: Final = 2.5  # seconds without an answer after which nothing is said of the store any more: two pulses lost
_NODES: Final = 5  # pulses between reads of nodes' reports; they are for people
_READ: Final = 256  # hints at once


class Replica:
    """`tell`: whom hints go to."""

    def __init__(
        self, connect: Callable[[], Awaitable[Wire]], keys: Layout, identity: Identity, ledger: Ledger, tell: Callable[[Hint], None]
    ) -> None:
        self._connect, self._keys, self._identity, self._ledger = connect, keys, identity, ledger
        self._hints = Hints(keys, ledger, tell)
        self._challenges = Challenges(keys, identity.node or f"reader-{id(self):x}", ledger)
        self._moment: snapshot.Moment | None = None
        self._touched = -1e9  # when the store last answered (steady)
        self._learnt = 0.0  # when its clock was read
        self._begun = -1e9  # when the last full read began
        self._cursor = b"0-0"
        self._count: int | None = None  # hints seen, as `n` counts them
        self._reflected = (0, 0)  # the last hint before the leases were read
        self._awaited: tuple[bytes, int] | None = None  # the last hint of the last pulse, and the count that it must have
        self._probers: Sequence[str] = ()
        self._missed: frozenset[str] = frozenset()
        self._nodes: dict[str, bytes] = {}
        self._beats = 0
        self._saved = self._marked()  # what operators said and published, as far as its mark is on the disk
        self._wanted = ""  # why everything must be read again
        self._told = ""  # the run of which listeners know
        self._why = ""  # the last failure, "" once it worked
        self._progress = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        backoff = Backoff()
        first = True
        while True:
            try:
                wire = await self._connect()
                try:
                    if not first:
                        metrics.store_reconnects.inc()
                    first = False
                    await self._follow(wire, backoff)
                finally:
                    await wire.close()
            except StoreError as error:
                self._lost(str(error))
            except Exception as error:  # noqa: BLE001  a defect of ours must not end the following for good
                log.error("following the store failed", error=repr(error))
                self._lost(repr(error))
            await asyncio.sleep(backoff.failed())

    # --- for the store

    @property
    def why(self) -> str:
        """Why the store is out of reach; "" while it is not."""
        if self._moment and time.monotonic() - self._touched < OUT_OF_TOUCH:
            return ""
        return self._why or "the store has not answered yet"

    async def reached(self, ticket: Ticket | None, limit: float) -> None:
        """Wait until it is in touch and has seen a write, no longer than the limit, nor while the store is known to be away."""
        if ticket and ticket.number is None:
            self._wanted = self._wanted or "asked"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not self._has(ticket) and not self._why:
                    await self._progress.wait()

    def pulse(self) -> Pulse:
        """Return the store's clock, run and leases as of now. Raises StoreError when out of touch."""
        now, moment = self._present()
        return Pulse(now, moment.run, self._ledger.leases)

    def state(self) -> State:
        """Return all that is believed. Raises StoreError when out of touch."""
        now, moment = self._present()
        return self._ledger.state(now, moment.run)

    def take_node(self, node: str, record: bytes) -> None:
        """See a report that was just written here."""
        self._nodes = {**self._nodes, node: record}
        self._ledger.take_nodes(self._nodes)

    # --- following

    async def _follow(self, wire: Wire, backoff: Backoff) -> None:
        await self._read_all(wire, "connect")
        backoff.worked()
        due = time.monotonic() + PULSE
        while True:
            await self._next(wire, due - time.monotonic())
            if time.monotonic() >= due:
                due = time.monotonic() + PULSE
                await self._pulse(wire)
            elif self._wanted == "stream":
                await asyncio.sleep(due - time.monotonic())
            if time.monotonic() > self._begun + WHOLE:
                self._wanted = self._wanted or "period"
            if self._wanted:
                await self._read_all(wire, self._wanted)

    async def _next(self, wire: Wire, wait: float) -> None:
        """Take the hints that come within so many seconds."""
        block = max(1, int(wait * 1000))
        try:
            found = await wire.ask("XREAD", "COUNT", _READ, "BLOCK", block, "STREAMS", self._keys.hints, self._cursor, limit=block / 1000 + 2.0)
        except DeniedError as error:
            self._ledger.refuse(RefusedError("format", str(error)), Place("hints", ""))
            self._wanted = "stream"
            return
        self._answered()
        for number, _ in found[0][1] if found else ():
            self._cursor = number
            self._count = None if self._count is None else self._count + 1
            if self._awaited and number == self._awaited[0] and self._count != self._awaited[1]:
                self._wanted = "gap"
        if found:
            entries = [(words, _order(number) <= self._reflected) for number, words in found[0][1]]
            await self._hints.take(wire, entries, self._now())
        self._progressed()

    async def _pulse(self, wire: Wire) -> None:
        """Look at the clock, the run, the leases, and whether anything was missed."""
        keys, names = self._keys, self._probers
        commands = [*snapshot.moment_commands(keys), snapshot.members(keys.probers), *(snapshot.string(keys.lease(name)) for name in names)]
        answers = await wire.transaction(commands) or []
        moment = snapshot.moment(answers)
        new = self._moment is None or moment.run != self._moment.run
        self._answered(moment)
        self._reflected = _order(moment.last)
        if new:
            await self._read_all(wire, "run")
            return
        if moment.last == self._cursor and None not in (moment.hints, self._count) and moment.hints != self._count:
            self._wanted = "gap"
        elif _order(moment.last) < _order(self._cursor):
            self._wanted = "rolled back"
        self._awaited = (moment.last, moment.hints) if moment.hints is not None else None
        leases = dict(zip(names, map(snapshot.octets, answers[snapshot.MOMENT + 1 :]), strict=True))
        hint, missing = self._ledger.take_leases(leases, moment.time)
        self._hints.tell(hint)
        self._probers = snapshot.merged(answers[snapshot.MOMENT], self._names())
        late, self._missed = missing & self._missed | (set(self._probers) - set(names)), missing
        await self._hints.fetch(wire, Wanted(set(late), set(late)), moment.time)
        await self._now_and_then(wire, moment)

    async def _now_and_then(self, wire: Wire, moment: snapshot.Moment) -> None:
        self._beats += 1
        if self._beats % _NODES == 0:
            await self._read_nodes(wire)
        if self._identity.signed and self._challenges.due:
            await self._challenges.pose(wire)
            await self._challenges.forget(wire, moment.time)
            await self._save()
        elif self._saved != self._marked():
            await self._save()

    async def _save(self) -> None:
        """Put marks on the disk: every minute, and after a word of an operator, which must not be unsaid by an older one."""
        self._saved = self._marked()
        try:
            await asyncio.to_thread(self._ledger.save)
        except StoreError as error:
            metrics.state_writes_failed.inc()
            log.warning("marks are not saved", reason=str(error))

    async def _read_all(self, wire: Wire, reason: str) -> None:
        """Read everything, and go on from its last hint."""
        begun, before = time.monotonic(), self._told
        if self._identity.signed and reason in {"connect", "run"}:
            await self._challenges.pose(wire)
        whole = await snapshot.read(wire, self._keys, self._names(), self._ledger.refuse)
        self._touched = time.monotonic()  # to believe all of it may take longer than to read it
        hint = await in_slices(self._ledger.steps(whole.records))
        self._cursor, self._count, self._awaited = whole.moment.last, whole.moment.hints, None
        self._probers, self._nodes, self._missed = whole.names.probers, dict(whole.records.nodes), frozenset()
        self._answered(whole.moment)
        self._begun, self._wanted, self._told = begun, "", whole.moment.run
        self._hints.tell(EVERYTHING if before not in {"", self._told} else hint)
        metrics.store_snapshots.labels(reason).inc()
        metrics.store_snapshot_seconds.observe(time.monotonic() - begun)
        self._progressed()

    async def _read_nodes(self, wire: Wire) -> None:
        """Read nodes' reports, and take names away whose report has run out."""
        names = layout.names(await wire.ask(*snapshot.members(self._keys.nodes)))
        records = await wire.ask_each([snapshot.string(self._keys.node(name)) for name in names])
        self._nodes = {name: record for name, record in zip(names, map(snapshot.octets, records), strict=True) if record}
        self._ledger.take_nodes(self._nodes)
        if gone := [name for name, record in zip(names, records, strict=True) if record == b""]:
            await wire.ask_each([("SREM", self._keys.nodes, *gone)])

    # --- how it stands

    def _marked(self) -> tuple[int, int]:
        return self._ledger.overrides.version, self._ledger.bundles.newest.version

    def _names(self) -> set[str]:
        """Return the probers that are asked after whatever the set of names says: a set that is lost or spoilt silences nobody."""
        return {*self._identity.keyring.names("prober"), *self._ledger.leases}

    def _has(self, ticket: Ticket | None) -> bool:
        if ticket is None:
            return self._moment is not None
        return self._begun > ticket.at or (ticket.number is not None and self._count is not None and self._count >= ticket.number)

    def _present(self) -> tuple[float, snapshot.Moment]:
        if self.why or self._moment is None:
            raise StoreError(f"the store is out of reach: {self.why}")
        return self._now(), self._moment

    def _now(self) -> float:
        """Return the store's time: as it said last, and what has passed since."""
        return self._moment.time + time.monotonic() - self._learnt if self._moment else 0.0

    def _answered(self, moment: snapshot.Moment | None = None) -> None:
        self._touched = time.monotonic()
        if moment:
            self._moment, self._learnt = moment, self._touched
        if self._why:
            log.info("the store is back", after=self._why)
        self._why = ""
        metrics.store_up.set(1)

    def _lost(self, why: str) -> None:
        if not self._why:
            log.warning("the store is out of reach", reason=why)
        self._why = why
        metrics.store_up.set(0)
        self._progressed()

    def _progressed(self) -> None:
        """Let those who wait look again."""
        waiting, self._progress = self._progress, asyncio.Event()
        waiting.set()


def _order(number: bytes) -> tuple[int, int]:
    first, _, second = number.partition(b"-")
    return int(first), int(second or 0)
