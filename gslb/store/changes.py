"""Hints on their way to whoever listens to a store: merged while a listener is busy, never lost.

Used by every store. One event loop only.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gslb.store.state import Hint

EVERYTHING: Final[Hint] = frozenset()


class Merged:
    """Hints, merged into one."""

    def __init__(self) -> None:
        self.hint: Hint | None = None

    def add(self, hint: Hint | None) -> None:
        """Note a hint, or none; with "everything" all others are said."""
        if hint is not None:
            self.hint = hint if self.hint is None else (self.hint | hint if self.hint and hint else EVERYTHING)


class Listeners:
    """All who listen to one store."""

    def __init__(self) -> None:
        self._all: list[Changes] = []

    def __len__(self) -> int:
        return len(self._all)

    def listen(self) -> Changes:
        """Hear of everything told from now on."""
        listener = Changes(self._all)
        self._all.append(listener)
        return listener

    def tell(self, hint: Hint) -> None:
        """Let all of them hear."""
        for listener in self._all:
            listener.add(hint)

    def end(self) -> None:
        """Say no more to anybody."""
        for listener in list(self._all):
            listener.end()


class Changes:
    """One listener: what it has not heard yet, merged, so that a slow one costs no more than one set of targets."""

    def __init__(self, listeners: list[Changes]) -> None:
        self._listeners = listeners
        self._pending = Merged()
        self._ended = False
        self._stirred = asyncio.Event()

    def add(self, hint: Hint) -> None:
        """Note a change; with "everything" all others are said."""
        self._pending.add(hint)
        self._stirred.set()

    def end(self) -> None:
        """Say no more once what is pending has been heard."""
        self._ended = True
        self._stirred.set()
        if self in self._listeners:
            self._listeners.remove(self)

    def __aiter__(self) -> Changes:
        return self

    async def __anext__(self) -> Hint:
        await self._stirred.wait()
        hint, self._pending = self._pending.hint, Merged()
        if not self._ended:
            self._stirred.clear()
        if hint is None:
            raise StopAsyncIteration
        return hint

    async def aclose(self) -> None:
        """Listen no more."""
        self.end()
