"""The prober's clock: two readings and a sleep, so that tests can put a false one in its place."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


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
