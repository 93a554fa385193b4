"""Lets checks start, but no more of them than this process can attend to.

Kept by `gslb.check.prober`. Without it a thousand new TLS targets would all shake hands at once, all take longer than their timeout, and
all begin again: nothing would ever be seen.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Final

from gslb.check.heartbeat import Heartbeat

_FEW: Final = 32  # checks in flight that may start even when behind: at 1.5 ms of CPU each they are attended to within a beat
_PAUSE: Final = 0.005  # seconds before each further start when behind: 200 a second at most, so that targets that hang still delay nobody for long
_INFLIGHT: Final = (64, 4096)  # checks in flight: at least, at most; in between, half of the descriptors allowed


class Gate:
    """An async context manager around one check. At most `limit` are inside; while the loop is behind, they enter slowly."""

    def __init__(self, heartbeat: Heartbeat, limit: int | None = None) -> None:
        self.inside = 0
        self._heartbeat = heartbeat
        self._slots = asyncio.Semaphore(limit or allowed())
        self._door = asyncio.Lock()  # one enters at a time, the others queue

    async def __aenter__(self) -> None:
        await self._slots.acquire()
        try:
            async with self._door:
                if self.inside >= _FEW and self._heartbeat.behind:
                    await asyncio.sleep(_PAUSE)
        except BaseException:
            self._slots.release()
            raise
        self.inside += 1

    async def __aexit__(self, *_: object) -> None:
        self.inside -= 1
        self._slots.release()


def allowed() -> int:
    """How many checks may be in flight: half the file descriptors, so that the other half is left for the rest of the process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    low, high = _INFLIGHT
    return high if soft == resource.RLIM_INFINITY else max(low, min(high, soft // 2))
