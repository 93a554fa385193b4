"""A clock for the prober that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Final

_SETTLE: Final = 5  # turns of the loop in which nobody wakes or sleeps: then all have done what they could
_LIMIT: Final = 100_000  # turns; more is a task that never sleeps


class FalseClock:
    """Keeps the Clock protocol of `gslb.check.clock`. Only for tasks that wait on nothing but this clock and each other."""

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self._start = wall
        self._now = 0.0
        self._moves = 0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def wall(self) -> float:
        """Return seconds since the epoch, as far as the test is concerned."""
        return self._start + self._now

    def steady(self) -> float:
        """Return seconds since the clock was made."""
        return self._now

    async def sleep_until(self, steady: float) -> None:
        """Return once `advance` has come that far."""
        self._moves += 1
        if steady > self._now:
            woken = asyncio.Event()
            heapq.heappush(self._sleepers, (steady, next(self._count), woken))
            await woken.wait()
        self._moves += 1

    async def settle(self) -> None:
        """Let every task run until all of them sleep."""
        quiet = 0
        for _ in range(_LIMIT):
            before = self._moves
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._moves == before else 0
            if quiet == _SETTLE:
                return
        raise AssertionError("tasks never come to rest")

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own moment, in order."""
        end = self._now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, woken = heapq.heappop(self._sleepers)
            woken.set()
            await self.settle()
        self._now = end
