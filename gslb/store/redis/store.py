"""The shared store itself, as the protocol of stores has it: what is said goes over a link, what is known comes from a replica.

Whoever listens (`changes`) gets a replica that follows the store, and reads from it without waiting. Who does not (a prober, a command line) reads
over the link. What is written here is in the next `read` here. Nothing waits longer than the deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from gslb.bundle import Bundle, Head, Newest
from gslb.errors import StoreError
from gslb.event import Audit, Event
from gslb.lease import Lease
from gslb.override import Word
from gslb.store import node_record, push_record
from gslb.store.changes import EVERYTHING, Listeners
from gslb.store.envelope import Header, seal
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.redis import layout, snapshot
from gslb.store.redis.connection import DEADLINE, Command, Wire
from gslb.store.redis.diary import Diary
from gslb.store.redis.discovery import connect
from gslb.store.redis.layout import Layout
from gslb.store.redis.link import Link
from gslb.store.redis.probers import Probers
from gslb.store.redis.replica import Replica
from gslb.store.redis.url import Place
from gslb.store.redis.versions import Versions
from gslb.store.redis.words import Words
from gslb.store.redis.writer import Ticket, Writer, sealing, signer_of
from gslb.store.state import KEEP, Hint, NodeReport, Overrides, Pulse, Push, Pushed, State
from gslb.verdict import Target, Vote

_SEEN: Final = 1.0  # seconds that a write waits until it is seen here: it was done, whatever becomes of that


class RedisStore:
    """One store, one process. One event loop only. It connects on first use."""

    def __init__(self, place: Place, identity: Identity) -> None:
        self.shown = place.shown
        self.ledger = Ledger(identity)
        self._identity = identity
        self._keys = Layout(place.name)
        self._connect = lambda: connect(place, f"gslb-{_plain(identity.node)}")
        self._writer = Writer(Link(self._connect), self._seen)
        self._listeners = Listeners()
        self._words = Words(self._keys, identity, self.ledger)
        self._versions = Versions(self._keys, identity, self.ledger, self._writer)
        self._probers = Probers(self._keys, identity, self.ledger, self._writer, self._listeners.tell)
        self._diary = Diary(self._keys, self._writer, self.ledger.refuse)
        self._replica: Replica | None = None
        self._following: asyncio.Task[None] | None = None
        self._pushes = 0
        self._closed = False

    @property
    def signed(self) -> bool:
        """Whether anything unsigned is refused."""
        return self._identity.signed

    @property
    def refused(self) -> Mapping[str, int]:
        """How many records were not believed, by reason."""
        return self.ledger.refused

    # --- probers

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        self._own(prober, votes)
        if votes:
            await self._probers.say(prober, votes)
            await self._writer.seen()

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take the prober's votes on these targets away; unknown ones are no fault."""
        self._open()
        await self._probers.forget(prober, targets)
        await self._writer.seen()

    async def rewrite(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of everything the prober said before."""
        self._own(prober, votes)
        await self._probers.say_instead(prober, votes)
        await self._writer.seen()

    async def renew(self, lease: Lease) -> Pulse:
        """Keep a prober's votes fresh; how the store stands then."""
        self._open()
        pulse = await self._probers.renew(lease)
        await self._writer.seen()
        return pulse

    async def leave(self, prober: str) -> None:
        """Take a prober's lease and votes away: it stops in good order."""
        self._open()
        await self._probers.leave(prober)
        await self._writer.seen()

    # --- nodes, sites, operators

    async def report(self, node: NodeReport) -> None:
        """Let others know how a nameserver stands."""
        self._open()
        record = node_record.write(node)
        await self._writer.write([("SADD", self._keys.nodes, node.node), ("SET", self._keys.node(node.node), record, "PX", layout.REPORTED)])
        if self._replica:
            self._replica.take_node(node.node, record)

    async def push(self, word: Push) -> None:
        """Write what a site says of itself, or take it back."""
        self._open()
        signer = signer_of(self._identity, "site", word.registrant)
        self._pushes += 1
        header = Header("push", "", "", int(word.at * 1000), self._pushes)
        key = self._keys.push(word.registrant)
        with sealing():
            record = seal(header, push_record.content(word), signer)
        commands: list[Command] = [("SADD", self._keys.registrants, word.registrant), ("HSET", key, word.key, record), ("EXPIRE", key, layout.KEPT)]
        await self._writer.write(commands + self._keys.hint("push", word.registrant, record, word.key), hints=2)
        await self._writer.seen()

    async def say(self, words: Sequence[Word], version: int) -> Overrides:
        """Write words, all or none. Raises OvertakenError where the version is another by now."""
        self._open()
        return await self._wrote(lambda wire: self._words.say(wire, words, version))

    async def remind(self, words: Iterable[Word], sealed: bytes = b"") -> Overrides:
        """Bring back words from before: of two with the same key the one said later stands."""
        self._open()
        said = tuple(words)
        return await self._wrote(lambda wire: self._words.remind(wire, said, sealed))

    async def tell(self, events: Sequence[Event]) -> None:
        """Write what happened, for show."""
        self._open()
        if events:
            await self._diary.tell(events)

    async def publish_bundle(self, bundle: Bundle, after: int, keep: int = KEEP) -> Head:
        """Put a version into the store, where the newest is `after`. Raises OvertakenError where it is another by now."""
        self._open()
        head, hints = await self._versions.publish(bundle, after, keep)
        await self._noted(hints)
        return head

    async def remind_bundle(self, bundle: Bundle) -> bool:
        """Bring a sealed version back into a store that has lost it and every newer one."""
        self._open()
        before = self.ledger.bundles.record
        hints = await self._versions.remind(bundle)
        if hints or before != self.ledger.bundles.record:
            await self._noted(hints)
        return bool(hints)

    # --- readers

    async def newest(self) -> Newest:
        """Return the newest version that is believed."""
        self._open()
        if self._replica is None:
            return await self._versions.newest()
        await self._replica.reached(None, DEADLINE)
        self._replica.pulse()
        return self.ledger.bundles.newest

    async def bundles(self) -> Sequence[Head]:
        """Return all versions that are still there, newest first."""
        self._open()
        await self.newest()
        return await self._versions.heads()

    async def bundle(self, version: int) -> Bundle:
        """Return a version with its files, whole."""
        self._open()
        await self.newest()
        return await self._versions.fetch(version)

    async def told(self, after: str, limit: int) -> Sequence[Event]:
        """Return what was told after that id, oldest first; after "": the newest."""
        self._open()
        return await self._diary.told(after, limit)

    async def audited(self, before: str, limit: int) -> Sequence[Audit]:
        """Return who did what before that id, newest first; before "": the newest."""
        self._open()
        return await self._diary.audited(before, limit)

    async def pulse(self) -> Pulse:
        """Return what must be known every second."""
        self._open()
        if self._replica:
            await self._replica.reached(None, DEADLINE)
            return self._replica.pulse()
        moment, *_ = await self._writer.link.use(self._probers.look)
        return Pulse(moment.time, moment.run, self.ledger.leases)

    async def read(self) -> State:
        """Return everything."""
        self._open()
        if self._replica:
            await self._replica.reached(self._writer.ticket, DEADLINE)
            return self._replica.state()
        known = {*self._identity.keyring.names("prober"), *self.ledger.leases}
        whole = await self._writer.link.use(lambda wire: snapshot.read(wire, self._keys, known, self.ledger.refuse))
        self.ledger.take_all(whole.records)
        return self.ledger.state(whole.moment.time, whole.moment.run)

    async def pushed(self) -> Pushed:
        """Return what sites say of themselves; without a replica, from no more than their own keys."""
        self._open()
        if self._replica:
            state = await self.read()
            return Pushed(state.time, state.run, state.pushes)
        moment, records = await self._writer.link.use(lambda wire: snapshot.read_pushes(wire, self._keys, self.ledger.refuse))
        return Pushed(moment.time, moment.run, self.ledger.take_pushes(records, moment.time))

    async def now(self) -> float:
        """Return the store's time."""
        self._open()
        seconds, microseconds = await self._writer.link.use(lambda wire: wire.ask("TIME"))
        return int(seconds) + int(microseconds) / 1e6

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call."""
        self._open()
        if self._replica is None:
            self._replica = Replica(self._connect, self._keys, self._identity, self.ledger, self._listeners.tell)
            self._probers.alone = False
            self._following = asyncio.get_running_loop().create_task(self._replica.run(), name="store")
        return self._listeners.listen()

    async def close(self) -> None:
        """End all iterators and hang up; twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._listeners.end()
        if self._following:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            with contextlib.suppress(StoreError):
                await asyncio.to_thread(self.ledger.save)
        await self._writer.link.close()

    async def _wrote(self, work: Callable[[Wire], Awaitable[list[Any]]]) -> Overrides:
        """Write in the book of operators' words; what stands then. Who listens hears of what was learnt on the way, whether it was written or not."""
        before = self.ledger.overrides
        try:
            self._writer.note((await self._writer.link.use(work))[-2:])
        finally:
            if self.ledger.overrides is not before:
                self._listeners.tell(EVERYTHING)
        await self._writer.seen()
        return self.ledger.overrides

    async def _noted(self, hints: Sequence[Any]) -> None:
        """Tell whoever listens of a version that was written here, and wait until it is known."""
        self._writer.note(hints[-2:])
        self._listeners.tell(EVERYTHING)
        await self._writer.seen()

    async def _seen(self, ticket: Ticket) -> None:
        if self._replica and not self._replica.why:
            await self._replica.reached(ticket, _SEEN)

    def _own(self, prober: str, votes: Sequence[Vote]) -> None:
        self._open()
        for vote in votes:
            if vote.prober != prober:
                raise StoreError(f"prober {prober} cannot publish a vote of {vote.prober}")

    def _open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")


def _plain(name: str) -> str:
    """Return a name as a client's name may be: no blanks, nothing but ASCII."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name) or "cli"
