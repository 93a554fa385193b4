"""Lets checks start, but no more of them than this process can attend to.

Kept by `gslb.check.prober`. Without it a thousand new TLS targets would all shake hands at once, all take longer than their timeout, and
all begin again: nothing would ever be seen. Who waits costs nothing: one timer lets them in, in order, however many they are.
"""

from __future__ import annotations

import asyncio
import resource
from collections import deque
from typing import Final

from gslb.check.heartbeat import Heartbeat

_FEW: Final = 32  # checks in flight that may start even when behind: at 1.5 ms of CPU each they are attended to within a beat
_PAUSE: Final = 0.005  # seconds from one further start to the next when behind; less where the targets need more: twice their rate
_GLANCE: Final = 0.05  # seconds after which it is looked whether the loop has caught up
_INFLIGHT: Final = (64, 4096)  # checks in flight: at least, at most; in between, half of the descriptors allowed


class Gate:
    """An async context manager around one check. At most `limit` are inside; while the loop is behind, they enter at a steady rate.

    The rate counts time, not turns of the loop: on a machine busy with other work turns are long, and one start per turn would be too few.
    """

    def __init__(self, heartbeat: Heartbeat, limit: int | None = None) -> None:
        self.inside = 0
        self._heartbeat = heartbeat
        self._limit = limit or allowed()
        self._row: deque[asyncio.Future[None]] = deque()  # who waits, longest first
        self._pause = _PAUSE
        self._next = 0.0  # when the next one may enter while behind
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, rate: float) -> None:
        """Know how many checks a second there are: slower than that, every check would be late for ever."""
        self._pause = min(_PAUSE, 1 / (2 * rate)) if rate else _PAUSE

    async def __aenter__(self) -> None:
        if self._row or self.inside >= self._limit or self._held:
            await self._wait()  # whoever let us in has counted us
        else:
            self.inside += 1

    async def __aexit__(self, *_: object) -> None:
        self.inside -= 1
        if self._row:
            self._let_in()

    @property
    def _held(self) -> bool:
        return self.inside >= _FEW and self._heartbeat.behind

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._row:
            self._next = max(self._next, loop.time()) + self._pause
        mine: asyncio.Future[None] = loop.create_future()
        self._row.append(mine)
        self._wake_later(loop)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # let in, and gone before it could go
                await self.__aexit__()
            raise

    def _let_in(self) -> None:
        """Let those in whose time has come."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._row and self.inside < self._limit:
            if self._row[0].done():  # gave up
                self._row.popleft()
                continue
            if self._held:
                if self._next > now:
                    break
                self._next += self._pause
            else:
                self._next = max(self._next, now)
            self.inside += 1
            self._row.popleft().set_result(None)
        self._wake_later(loop)

    def _wake_later(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again when the next one may enter, and now and then whether the loop has caught up. Where all places are taken, who leaves looks."""
        if self._timer is None and self._row and self.inside < self._limit:
            self._timer = loop.call_at(min(max(self._next, loop.time()), loop.time() + _GLANCE), self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._let_in()


def allowed() -> int:
    """How many checks may be in flight: half the file descriptors, so that the other half is left for the rest of the process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    low, high = _INFLIGHT
    return high if soft == resource.RLIM_INFINITY else max(low, min(high, soft // 2))
