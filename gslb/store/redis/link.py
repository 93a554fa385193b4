"""A link to the store: the one connection over which a process writes, made anew when it was lost, later and later while that does not help.

Used by the store for all that is not following. Calls take their turns; each has a deadline, and while the next attempt is not due they fail at once:
nobody waits for a store that is away.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gslb import metrics
from gslb.errors import StoreError
from gslb.store.redis.connection import DEADLINE, OutOfReachError, Wire

BACKOFF: Final = (0.05, 2.0)  # seconds: first and longest pause between attempts, of which a random part is taken (full jitter)

T = TypeVar("T")
Connect = Callable[[], Awaitable[Wire]]


class Backoff:
    """When to try again."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._failures = 0

    def failed(self) -> float:
        """Return for how long to wait after another failure. The first is free: most connections that are lost were idle, and the server is there."""
        self._failures += 1
        first, longest = BACKOFF
        return self._jitter() * min(longest, first * 2 ** min(self._failures, 16)) if self._failures > 1 else 0.0

    def worked(self) -> None:
        """Begin anew."""
        self._failures = 0


class Link:
    """`connect` finds the server and connects to it."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._turn = asyncio.Lock()
        self._wire: Wire | None = None
        self._backoff = Backoff()
        self._not_before = 0.0
        self._why = ""
        self._before = False

    async def use(self, work: Callable[[Wire], Awaitable[T]]) -> T:
        """Do some work over the connection, all of it within the deadline. Raises OutOfReachError, and whatever the work raises."""
        try:
            async with asyncio.timeout(DEADLINE), self._turn:
                wire = await self._connected()
                try:
                    found = await work(wire)
                except BaseException as error:
                    if isinstance(error, OutOfReachError) or not isinstance(error, StoreError):
                        await self._drop(str(error))
                    raise
        except TimeoutError:
            raise OutOfReachError(f"the store does not answer within {DEADLINE:g} s") from None
        self._backoff.worked()
        return found

    async def close(self) -> None:
        """Hang up."""
        if self._wire:
            wire, self._wire = self._wire, None
            await wire.close()

    async def _connected(self) -> Wire:
        if self._wire:
            return self._wire
        if (left := self._not_before - time.monotonic()) > 0:
            raise OutOfReachError(f"the store is out of reach, next attempt in {left:.1f} s ({self._why})")
        try:
            self._wire = await self._connect()
        except BaseException as error:
            await self._drop(str(error))
            raise
        if self._before:
            metrics.store_reconnects.inc()
        self._before = True
        return self._wire

    async def _drop(self, why: str) -> None:
        self._why = why or "no answer"
        self._not_before = time.monotonic() + self._backoff.failed()
        await self.close()
