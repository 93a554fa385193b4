"""The prober's clocks: two readings and a sleep, so that tests can put a false one in its place, and one that is set by the store.

Votes and leases are dated in the store's time. `StoreClock` learns it from renewals: no prober's own wall clock is ever compared with another's.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

JUMP: Final = 1.0  # seconds; a clock that is wrong by more is set at once, for whoever dates votes by it would be believed about the wrong moment
SLEW: Final = 0.1  # of the time that passes: a lesser error is made up for without the clock ever running backwards


class Clock(Protocol):
    """`wall` is the store's time and goes into votes; `steady` never jumps and times the checks. Both in seconds."""

    def wall(self) -> float:
        """Return seconds since the epoch."""
        ...

    def steady(self) -> float:
        """Return seconds since some moment, never set back."""
        ...

    async def sleep_until(self, steady: float) -> None:
        """Return at that reading of `steady`, at once when it is past."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def steady(self) -> float:
        """Return seconds since some moment, never set back."""
        return time.monotonic()

    async def sleep_until(self, steady: float) -> None:
        """Return at that reading of `steady`, at once when it is past."""
        await asyncio.sleep(steady - time.monotonic())


class StoreClock:
    """A clock whose `wall` follows the store's; its own wall clock until the store was heard for the first time."""

    def __init__(self, own: Clock | None = None) -> None:
        self._own: Clock = own or SystemClock()
        self._since = self._own.steady()
        self._ahead = self._wanted = self._own.wall() - self._since  # of `steady`: as it was at `_since`, and where it slews to
        self._learnt = False

    def wall(self) -> float:
        """Return the store's time, as far as it is known."""
        now = self._own.steady()
        return now + self._ahead_at(now)

    def steady(self) -> float:
        """Return seconds since some moment, never set back."""
        return self._own.steady()

    async def sleep_until(self, steady: float) -> None:
        """Return at that reading of `steady`, at once when it is past."""
        await self._own.sleep_until(steady)

    def learn(self, store_time: float, sent: float, got: float) -> float:
        """Take in what the store's clock showed at some moment between two readings of `steady`; returns by how far `wall` jumped, mostly 0.

        Where within the two it was nobody knows: an error that small is none, so a slow way to the store teaches nothing wrong.
        """
        now = self._own.steady()
        ahead = store_time - (sent + got) / 2
        error = ahead - self._ahead_at(now)
        first, self._learnt = not self._learnt, True
        if first or abs(error) > max(JUMP, (got - sent) / 2):
            self._since, self._ahead, self._wanted = now, ahead, ahead
            return error
        if abs(error) > (got - sent) / 2:
            self._since, self._ahead, self._wanted = now, self._ahead_at(now), ahead
        return 0.0

    def _ahead_at(self, now: float) -> float:
        may = SLEW * (now - self._since)
        return self._ahead + max(-may, min(may, self._wanted - self._ahead))
