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
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Final, NamedTuple

from gslb import log, metrics
from gslb.errors import StoreError
from gslb.store.changes import EVERYTHING
from gslb.store.envelope import RefusedError
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger, MissingError
from gslb.store.reader import Place
from gslb.store.redis import layout, snapshot
from gslb.store.redis.connection import Command, DeniedError, Wire
from gslb.store.redis.layout import Layout
from gslb.store.redis.link import Backoff
from gslb.store.state import Hint, Pulse, State

PULSE: Final = 1.0  # seconds: how long a lost hint may go unnoticed
WHOLE: Final = 30.0  # seconds between full reads although nothing seems to be missing
TURN: Final = 60.0  # seconds a challenge stands
OUT_OF_TOUCH: Final = 2.5  # seconds without an answer after which nothing is said of the store any more: two pulses lost
_NODES: Final = 5  # pulses between reads of nodes' reports; they are for people
_READ: Final = 256  # hints at once
_SLICE: Final = 0.005  # seconds of reading records before others have a turn
_FORGOTTEN: Final = 3600.0  # seconds after which a challenge of a node that is gone is taken away


class Ticket(NamedTuple):
    """A write: its hint's number, None where it has none, and when it was done (steady)."""

    number: int | None
    at: float


class Replica:
    """`tell`: whom hints go to."""

    def __init__(
        self, connect: Callable[[], Awaitable[Wire]], keys: Layout, identity: Identity, ledger: Ledger, tell: Callable[[Hint], None]
    ) -> None:
        self._connect, self._keys, self._identity, self._ledger, self._tell = connect, keys, identity, ledger, tell
        self._node = identity.node or f"reader-{id(self):x}"
        self._moment: snapshot.Moment | None = None
        self._touched = -1e9  # when the store last answered (steady)
        self._learnt = 0.0  # when its clock was read
        self._begun = -1e9  # when the last full read began
        self._cursor = b"0-0"
        self._count: int | None = None  # hints seen, as `n` counts them
        self._awaited: tuple[bytes, int] | None = None  # the last hint of the last pulse, and the count that it must have
        self._probers: Sequence[str] = ()
        self._missed: frozenset[str] = frozenset()
        self._nodes: dict[str, bytes] = {}
        self._beats = 0
        self._turned = -1e9
        self._wanted = ""  # why everything must be read again
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
        if found:
            await self._take(wire, found[0][1])
        self._progressed()

    async def _take(self, wire: Wire, entries: Sequence[Any]) -> None:
        """Take hints in order; then fetch what they did not carry."""
        fetch: dict[str, set[str]] = {"votes": set(), "lease": set(), "push": set(), "book": set()}
        for number, words in entries:
            self._cursor = number
            self._count = None if self._count is None else self._count + 1
            if self._awaited and number == self._awaited[0] and self._count != self._awaited[1]:
                self._wanted = "gap"
            said = snapshot.fields(words)
            kind, writer, record = _text(said.get("k")), _text(said.get("w")), said.get("r", b"")
            if record and kind != "votes":
                self._tell_of(self._take_record(kind, writer, _text(said.get("f")), record))
            elif record:
                try:
                    self._tell_of(self._ledger.take_change(writer, record))
                except MissingError:
                    fetch["votes"].add(writer)
            elif kind in fetch and 0 < len(writer) <= layout.NAME:
                fetch[kind].add(writer)
        if any(fetch.values()):
            await self._fetch(wire, fetch)

    def _take_record(self, kind: str, writer: str, field: str, record: bytes) -> Hint | None:
        match kind:
            case "lease":
                return self._ledger.take_leases({writer: record}, self._now())[0]
            case "book":
                return EVERYTHING if self._ledger.take_book(record) else None
            case "push":
                return EVERYTHING if self._ledger.take_push(writer, field, record) else None
            case _:
                return None  # of a later version

    async def _fetch(self, wire: Wire, wanted: dict[str, set[str]]) -> None:
        """Read what stands behind hints that carry no record."""
        keys = self._keys
        hashes = {keys.votes(name): ("votes", name, layout.CHANGES + layout.PARTS) for name in sorted(wanted["votes"])[: layout.NAMES]}
        hashes |= {keys.push(name): ("push", name, layout.PUSHES) for name in sorted(wanted["push"])[: layout.NAMES]}
        for key, fields in (await snapshot.hashes(wire, hashes, self._ledger.refuse)).items() if hashes else ():
            kind, name, _ = hashes[key]
            if kind == "votes":
                self._tell_of(await _in_slices(self._ledger.vote_steps(name, fields)))
            elif [field for field, record in fields.items() if self._ledger.take_push(name, field, record)]:
                self._tell_of(EVERYTHING)
        names = sorted(wanted["lease"])[: layout.NAMES]
        strings: list[Command] = [snapshot.string(keys.book), *(snapshot.string(keys.lease(name)) for name in names)]
        if names or wanted["book"]:
            book, *leases = await wire.ask_each(strings)
            if self._ledger.take_book(snapshot.octets(book)):
                self._tell_of(EVERYTHING)
            self._tell_of(self._ledger.take_leases(dict(zip(names, map(snapshot.octets, leases), strict=True)), self._now())[0])

    async def _pulse(self, wire: Wire) -> None:
        """Look at the clock, the run, the leases, and whether anything was missed."""
        keys, names = self._keys, self._probers
        commands = [*snapshot.moment_commands(keys), snapshot.members(keys.probers), *(snapshot.string(keys.lease(name)) for name in names)]
        answers = await wire.transaction(commands) or []
        moment = snapshot.moment(answers)
        new = self._moment is None or moment.run != self._moment.run
        self._answered(moment)
        if new:
            await self._begin_run(wire, moment)
            return
        if moment.last == self._cursor and None not in (moment.hints, self._count) and moment.hints != self._count:
            self._wanted = "gap"
        elif _order(moment.last) < _order(self._cursor):
            self._wanted = "rolled back"
        self._awaited = (moment.last, moment.hints) if moment.hints is not None else None
        leases = dict(zip(names, map(snapshot.octets, answers[snapshot.MOMENT + 1 :]), strict=True))
        hint, missing = self._ledger.take_leases(leases, moment.time)
        self._tell_of(hint)
        self._probers = snapshot.merged(answers[snapshot.MOMENT], self._names())
        late, self._missed = missing & self._missed | (set(self._probers) - set(names)), missing
        if late:
            await self._fetch(wire, {"votes": set(late), "lease": set(late), "push": set(), "book": set()})
        await self._now_and_then(wire, moment)

    async def _now_and_then(self, wire: Wire, moment: snapshot.Moment) -> None:
        self._beats += 1
        if self._beats % _NODES == 0:
            await self._read_nodes(wire)
        if self._identity.signed and time.monotonic() > self._turned + TURN:
            await self._challenge(wire, moment)
            await self._forget_challenges(wire, moment)
            try:
                await asyncio.to_thread(self._ledger.save)
            except StoreError as error:
                metrics.state_writes_failed.inc()
                log.warning("marks are not saved", reason=str(error))

    async def _begin_run(self, wire: Wire, moment: snapshot.Moment) -> None:
        """Another store, or the same one wiped: everything is read again, and whoever judges is told, whatever it holds."""
        if self._identity.signed:
            await self._challenge(wire, moment)
        await self._read_all(wire, "run")
        self._tell(EVERYTHING)

    async def _read_all(self, wire: Wire, reason: str) -> None:
        """Read everything, and go on from its last hint."""
        begun = time.monotonic()
        if self._identity.signed and not self._ledger.challenge:
            self._ledger.turn()
        before = self._moment
        whole = await snapshot.read(wire, self._keys, self._names(), self._ledger.refuse)
        self._touched = time.monotonic()  # to believe all of it may take longer than to read it
        hint = await _in_slices(self._ledger.steps(whole.records))
        self._cursor, self._count, self._awaited = whole.moment.last, whole.moment.hints, None
        self._probers, self._nodes, self._missed = whole.names.probers, dict(whole.records.nodes), frozenset()
        self._answered(whole.moment)
        if self._identity.signed and (reason == "connect" or self._turned < 0):
            await self._challenge(wire, whole.moment, turn=before is not None)
        self._begun, self._wanted = begun, ""
        self._tell_of(EVERYTHING if before and before.run != whole.moment.run else hint)
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

    async def _challenge(self, wire: Wire, moment: snapshot.Moment, *, turn: bool = True) -> None:
        """Pose a challenge, so that whoever plays back old records is found out."""
        challenge = self._ledger.turn() if turn else self._ledger.challenge
        self._turned = time.monotonic()
        answers = await wire.ask_each([("HSET", self._keys.nonces, self._node, f"{moment.time:.0f}:{challenge}")])
        if isinstance(answers[0], Exception):
            log.warning("this node's challenge cannot be written: it believes no prober", reason=str(answers[0]))

    async def _forget_challenges(self, wire: Wire, moment: snapshot.Moment) -> None:
        """Take away the challenges of nodes that are gone: probers answer every one that they find."""
        found = await wire.ask_each([("HRANDFIELD", self._keys.nonces, layout.NONCES, "WITHVALUES")])
        old = (
            [name for name, value in zip(found[0][::2], found[0][1::2], strict=True) if _posed(value) < moment.time - _FORGOTTEN]
            if isinstance(found[0], list)
            else []
        )
        if old:
            await wire.ask_each([("HDEL", self._keys.nonces, *old)])

    # --- how it stands

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

    def _tell_of(self, hint: Hint | None) -> None:
        if hint is not None:
            self._tell(hint)


async def _in_slices(steps: Generator[None, None, Hint | None]) -> Hint | None:
    """Let the ledger read, a slice at a time: others go on meanwhile."""
    end = time.monotonic() + _SLICE
    while True:
        try:
            next(steps)
        except StopIteration as over:
            return over.value  # type: ignore[no-any-return]  # a generator's value is not typed here
        if time.monotonic() > end:
            await asyncio.sleep(0)
            end = time.monotonic() + _SLICE


def _text(octets: bytes | None) -> str:
    return (octets or b"").decode(errors="replace")


def _order(number: bytes) -> tuple[int, int]:
    first, _, second = number.partition(b"-")
    return int(first), int(second or 0)


def _posed(value: bytes) -> float:
    """When a challenge was posed, in the store's time; long ago where it does not say."""
    head = value.partition(b":")[0]
    return float(head) if head.isdigit() and len(head) < 16 else 0.0
