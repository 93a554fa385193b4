"""Notices when this process itself was held up: stopped, starved of CPU, or blocked by its own work.

Kept by `gslb.check.prober`: a check that timed out while the prober was not running says nothing of the target.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

PERIOD: Final = 0.05  # seconds between beats: 20 wake-ups a second cost nothing, and the shortest useful timeout is some 0.2 s
_STALL: Final = 0.05  # seconds of delay that count as a stall; less is ordinary scheduling
_KEPT: Final = 256  # stalls remembered; far more than fit into one timeout


class Heartbeat:
    """Beats while started; `stalled` says how long the event loop stood still."""

    def __init__(self) -> None:
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_KEPT)  # when it ended, how long it was
        self._due = 0.0
        self._late = 0.0  # the last beat, in seconds
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to beat on the running loop."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + PERIOD
        self._timer = loop.call_at(self._due, self._beat, loop)

    def stop(self) -> None:
        """Beat no more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    @property
    def behind(self) -> bool:
        """Whether the loop is behind its timers right now, or was at the last beat."""
        return self._timer is not None and max(self._late, asyncio.get_running_loop().time() - self._due) > _STALL

    def stalled(self, seconds: float) -> float:
        """Return for how much of the last `seconds` the loop stood still."""
        if self._timer is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        overdue = now - self._due  # the beat itself may still be waiting for its turn
        return sum(long for end, long in self._stalls if end > now - seconds) + (overdue if overdue > _STALL else 0.0)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._late = now - self._due
        if self._late > _STALL:
            self._stalls.append((now, self._late))
        self._due = now + PERIOD
        self._timer = loop.call_at(self._due, self._beat, loop)
