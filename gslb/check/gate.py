"""Lets checks start, but no more of them than this process can attend to.

Kept by `gslb.check.prober`. Without it a thousand new TLS targets would all shake hands at once, all take longer than their timeout, and
all begin again: nothing would ever be seen.
"""

from __future__ import annotations

import asyncio
import resource
from collections import deque
from typing import Final

from gslb.check.heartbeat import Heartbeat

_FEW: Final = 32  # checks in flight that may start even when behind: at 1.5 ms of CPU each they are attended to within a beat
_PAUSE: Final = 0.005  # seconds from one further start to the next when behind; less where the targets need more: twice their rate
_GLANCE: Final = 0.05  # seconds after which who waits looks whether the loop has caught up
_INFLIGHT: Final = (64, 4096)  # checks in flight: at least, at most; in between, half of the descriptors allowed


class Gate:
    """An async context manager around one check. At most `limit` are inside; while the loop is behind, they enter at a steady rate.

    The rate counts time, not turns of the loop: on a machine busy with other work turns are long, and one start per turn would be too few.
    """

    def __init__(self, heartbeat: Heartbeat, limit: int | None = None) -> None:
        self.inside = 0
        self._heartbeat = heartbeat
        self._free = limit or allowed()
        self._row: deque[asyncio.Future[None]] = deque()  # who waits for a slot; asyncio's semaphore would look at all of them each time one enters
        self._pause = _PAUSE
        self._next = 0.0  # when the next one may enter while behind

    def expect(self, rate: float) -> None:
        """Know how many checks a second there are: slower than that, every check would be late for ever."""
        self._pause = min(_PAUSE, 1 / (2 * rate)) if rate else _PAUSE

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
        else:
            await self._slot()
        try:
            if self._held:
                await self._wait()
        except BaseException:
            self._pass_on()
            raise
        self.inside += 1

    async def _slot(self) -> None:
        """Wait for a slot; it is handed over by `_pass_on`."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._row.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give a slot to whoever has waited longest."""
        while self._row:
            next_ = self._row.popleft()
            if not next_.done():
                next_.set_result(None)
                return
        self._free += 1

    @property
    def _held(self) -> bool:
        return self.inside >= _FEW and self._heartbeat.behind

    async def _wait(self) -> None:
        """Take a place in the row; leave it when the time has come, or nobody needs to wait any more."""
        loop = asyncio.get_running_loop()
        mine = self._next = max(self._next, loop.time()) + self._pause
        while self._held and (left := mine - loop.time()) > 0:  # noqa: ASYNC110 - a time is waited for
            await asyncio.sleep(min(left, _GLANCE))
        if not self._held:
            self._next = min(self._next, loop.time())

    async def __aexit__(self, *_: object) -> None:
        self.inside -= 1
        self._pass_on()


def allowed() -> int:
    """How many checks may be in flight: half the file descriptors, so that the other half is left for the rest of the process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    low, high = _INFLIGHT
    return high if soft == resource.RLIM_INFINITY else max(low, min(high, soft // 2))
