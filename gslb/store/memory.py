"""The store inside one process: for `gslb run`, where prober and nameserver live together, and for tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import MappingProxyType

from gslb.errors import StoreError
from gslb.store.state import Hint, State
from gslb.verdict import Target, Vote


class MemoryStore:
    """Votes in a dict, hints in one pending set per listener. One event loop only; `clock` is the store's time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._votes: dict[Target, MappingProxyType[str, Vote]] = {}  # inner mappings are replaced, never changed
        self._listeners: list[_Changes] = []
        self._closed = False

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        self._open()
        for vote in votes:
            if vote.prober != prober:
                raise StoreError(f"prober {prober} cannot publish a vote of {vote.prober}")
        for vote in votes:
            self._votes[vote.target] = MappingProxyType({**self._votes.get(vote.target, {}), prober: vote})
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
        self._tell(frozenset(found))

    async def read(self) -> State:
        """Return everything."""
        self._open()
        return State(MappingProxyType(dict(self._votes)), self._clock())

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call."""
        self._open()
        listener = _Changes(self._listeners)
        self._listeners.append(listener)
        return listener

    async def close(self) -> None:
        """End all iterators; twice is fine."""
        self._closed = True
        for listener in list(self._listeners):
            listener.end()

    def _open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _tell(self, hint: Hint) -> None:
        if hint:
            for listener in self._listeners:
                listener.add(hint)


class _Changes:
    """One listener: what it has not heard yet, merged, so that a slow one costs no more than one set of targets."""

    def __init__(self, listeners: list[_Changes]) -> None:
        self._listeners = listeners
        self._pending: Hint = frozenset()
        self._ended = False
        self._stirred = asyncio.Event()

    def add(self, hint: Hint) -> None:
        """Note a change."""
        self._pending |= hint
        self._stirred.set()

    def end(self) -> None:
        """Say no more once what is pending has been heard."""
        self._ended = True
        self._stirred.set()
        if self in self._listeners:
            self._listeners.remove(self)

    def __aiter__(self) -> _Changes:
        return self

    async def __anext__(self) -> Hint:
        await self._stirred.wait()
        hint, self._pending = self._pending, frozenset()
        if not self._ended:
            self._stirred.clear()
        if not hint:
            raise StopAsyncIteration
        return hint

    async def aclose(self) -> None:
        """Listen no more."""
        self.end()
