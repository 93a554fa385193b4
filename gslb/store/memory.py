"""The store inside one process: for `gslb run`, where prober and nameserver live together, and for tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gslb.bundle import VERSIONS, Bundle, Head, Newest
from gslb.errors import StoreError
from gslb.event import Audit, Event
from gslb.lease import Lease
from gslb.override import Word
from gslb.store import bundles, parcel
from gslb.store.changes import EVERYTHING, Listeners
from gslb.store.diary import Diary
from gslb.store.state import KEEP, Hint, NodeReport, Overrides, OvertakenError, Pulse, Push, Pushed, State
from gslb.verdict import Target, Vote

REPORTED: Final = 60.0  # seconds for which a node's report is shown
RUN: Final = "memory"  # it lives and dies with its process: never another one


class MemoryStore:
    """Votes and overrides in dicts, hints in one pending set per listener. One event loop only; `clock` is the store's time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._votes: dict[Target, MappingProxyType[str, Vote]] = {}  # inner mappings are replaced, never changed
        self._overrides = Overrides()
        self._leases: dict[str, Lease] = {}
        self._nodes: dict[str, NodeReport] = {}
        self._pushes: dict[tuple[str, str], Push] = {}
        self._listeners = Listeners()
        self._diary = Diary(clock)
        self._bundles: dict[int, tuple[Head, Bundle]] = {}
        self._closed = False

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        self._open()
        for vote in votes:
            if vote.prober != prober:
                raise StoreError(f"prober {prober} cannot publish a vote of {vote.prober}")
        for vote in votes:
            self._votes[vote.target] = MappingProxyType({**self._votes.get(vote.target, {}), prober: vote})
        if votes:
            self._tell(frozenset(vote.target for vote in votes))

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take the prober's votes on these targets away; unknown ones are no fault."""
        self._open()
        found = [target for target in targets if prober in self._votes.get(target, ())]
        for target in found:
            left = {name: vote for name, vote in self._votes[target].items() if name != prober}
            if left:
                self._votes[target] = MappingProxyType(left)
            else:
                del self._votes[target]
        if found:
            self._tell(frozenset(found))

    async def rewrite(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of everything the prober said before."""
        said = {vote.target for vote in votes}
        await self.publish(prober, votes)
        await self.forget(prober, [target for target, by in self._votes.items() if prober in by and target not in said])

    async def renew(self, lease: Lease) -> Pulse:
        """Keep a prober's votes fresh. Who listens hears of a lease that is new, or was lost, or says another thing."""
        self._open()
        before = self._leases.get(lease.prober)
        self._leases[lease.prober] = lease
        if before is None or (before.place, before.suspect) != (lease.place, lease.suspect) or lease.at > before.at + before.lasts:
            self._tell(EVERYTHING)
        return await self.pulse()

    async def leave(self, prober: str) -> None:
        """Take a prober's lease and votes away."""
        self._open()
        await self.forget(prober, [target for target, by in self._votes.items() if prober in by])
        if self._leases.pop(prober, None):
            self._tell(EVERYTHING)

    async def report(self, node: NodeReport) -> None:
        """Let others know how a nameserver stands."""
        self._open()
        self._nodes[node.node] = node

    async def push(self, word: Push) -> None:
        """Write what a site says of itself, or take it back."""
        self._open()
        who = word.registrant, word.key
        before = self._pushes.pop(who, None)
        if word.until > word.at:
            self._pushes[who] = word
        if before != word:
            self._tell(EVERYTHING)

    async def say(self, words: Sequence[Word], version: int) -> Overrides:
        """Write words, all or none. Raises OvertakenError where the version is another by now."""
        self._open()
        if version != self._overrides.version:
            raise OvertakenError("overrides were changed by somebody else meanwhile")
        self._diary.said(words, self._overrides.version + 1)
        return self._write(words)

    async def remind(self, words: Iterable[Word], sealed: bytes = b"") -> Overrides:  # noqa: ARG002  within one process nobody signs
        """Bring back words from before: of two with the same key the one said later stands."""
        self._open()
        known = self._overrides.words
        news = [word for word in words if word.key not in known or word.since > known[word.key].since]
        return self._write(news) if news else self._overrides

    async def tell(self, events: Sequence[Event]) -> None:
        """Keep what happened, for show."""
        self._open()
        self._diary.tell(events)

    async def told(self, after: str, limit: int) -> Sequence[Event]:
        """Return what was told after that id, oldest first; after "": the newest."""
        self._open()
        return self._diary.told(after, limit)

    async def audited(self, before: str, limit: int) -> Sequence[Audit]:
        """Return who did what before that id, newest first; before "": the newest."""
        self._open()
        return self._diary.audited(before, limit)

    async def publish_bundle(self, bundle: Bundle, after: int, keep: int = KEEP) -> Head:
        """Put a version into the store, where the newest is `after`."""
        self._open()
        if not after < bundle.version < VERSIONS:
            raise StoreError(f"version {bundle.version} cannot come after version {after}")
        try:
            packed = len(await asyncio.to_thread(parcel.pack, bundle.files))
        except ValueError as error:
            raise StoreError(f"this cannot be published: {error}") from error
        if after != max(self._bundles, default=0):
            raise OvertakenError("another version was published meanwhile")
        bundle = replace(bundle, at=self._clock())
        head = bundle.head(packed=packed)
        self._bundles[bundle.version] = head, bundle
        for version in sorted(self._bundles)[:-keep]:
            del self._bundles[version]
        self._diary.note(bundles.audit(head))
        self._tell(EVERYTHING)
        return head

    async def remind_bundle(self, bundle: Bundle) -> bool:
        """Bring a version back where it and every newer one is not known."""
        self._open()
        if bundle.version <= max(self._bundles, default=0):
            return False
        self._bundles[bundle.version] = bundle.head(), bundle
        self._tell(EVERYTHING)
        return True

    async def newest(self) -> Newest:
        """Return the newest version."""
        heads = await self.bundles()
        return Newest(heads[0], floor=heads[0].version) if heads else Newest()

    async def bundles(self) -> Sequence[Head]:
        """Return all versions that are still there, newest first."""
        self._open()
        return [self._bundles[version][0] for version in sorted(self._bundles, reverse=True)]

    async def bundle(self, version: int) -> Bundle:
        """Return a version with its files."""
        self._open()
        if version not in self._bundles:
            raise StoreError(f"there is no version {version} in the store")
        return self._bundles[version][1]

    async def pulse(self) -> Pulse:
        """Return what must be known every second."""
        self._open()
        return Pulse(self._clock(), RUN, MappingProxyType(dict(self._leases)))

    async def read(self) -> State:
        """Return everything."""
        self._open()
        now = self._clock()
        self._nodes = {name: node for name, node in self._nodes.items() if node.at > now - REPORTED}
        self._pushes = {who: word for who, word in self._pushes.items() if word.until > now}
        votes, leases, nodes, pushes = (MappingProxyType(dict(one)) for one in (self._votes, self._leases, self._nodes, self._pushes))
        return State(votes, now, self._overrides, leases, nodes, pushes, RUN, max(self._bundles, default=0))

    async def pushed(self) -> Pushed:
        """Return what sites say of themselves."""
        state = await self.read()
        return Pushed(state.time, state.run, state.pushes)

    async def now(self) -> float:
        """Return the store's time."""
        self._open()
        return self._clock()

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call."""
        self._open()
        return self._listeners.listen()

    async def close(self) -> None:
        """End all iterators; twice is fine."""
        self._closed = True
        self._listeners.end()

    def _open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _write(self, words: Sequence[Word]) -> Overrides:
        self._overrides = self._overrides.with_words(words, self._clock())
        self._tell(EVERYTHING)
        return self._overrides

    def _tell(self, hint: Hint) -> None:
        self._listeners.tell(hint)
