"""How long this machine kept somebody waiting who could have run: by so much a measured time may exceed what was promised.

A promise in seconds ("changed answers within 1.35 s") holds on a machine that has a core to spare. Tests share theirs; so they measure
with a `Stopwatch`, which leaves out what the machine is to blame for. Where nobody waited for a core the promise is tested as it stands; where one
always does, a fifth of the time counts all the same.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import sleep  # by its own name: a test that puts another in its place does not mean us
from typing import Final

_PRESSURE: Final = Path("/proc/pressure/cpu")  # since Linux 4.20, where the kernel keeps it
_STAT: Final = Path("/proc/stat")
_NAP: Final = 0.01
_WAKING: Final = 0.001  # seconds that it takes to be woken where nobody is in the way
_COUNTS: Final = 0.2  # share of any time that counts, however busy the machine is: no limit is without an end


class Stopwatch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._stalled_before = so_far()
        self.began = time.monotonic()

    @property
    def stalled(self) -> float:
        """Seconds for which the machine kept somebody waiting since then."""
        return so_far() - self._stalled_before

    def seconds(self, until: float | None = None) -> float:
        """Return seconds from then to now, or to `until` (of the monotonic clock), without those that the machine is to blame for."""
        passed = (time.monotonic() if until is None else until) - self.began
        return max(passed - self.stalled, passed * _COUNTS)


@asynccontextmanager
async def timeout(seconds: float) -> AsyncIterator[None]:
    """Do as `asyncio.timeout` does, by a Stopwatch."""
    watch, loop = Stopwatch(), asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    async with asyncio.timeout(seconds) as limit:

        def look() -> None:
            left = seconds - watch.seconds()
            if left > 0:
                limit.reschedule(loop.time() + left + _NAP)
                timers[:] = [loop.call_later(left, look)]

        timers.append(loop.call_later(seconds - _NAP, look))
        try:
            yield
        finally:
            timers[0].cancel()


def so_far() -> float:
    """Return seconds since some moment in the past: of waiting for a core, here or of this machine as a whole for its host."""
    if not _sleepers:
        _sleepers.append(_Sleeper())
        _sleepers[0].start()
    return _sleepers[0].late + _waited() + _stolen()


class _Sleeper(threading.Thread):
    """Sleeps again and again, and adds up how late it is woken: what can be known without the kernel's help."""

    def __init__(self) -> None:
        super().__init__(name="stall", daemon=True)
        self.late = 0.0

    def run(self) -> None:
        while True:
            due = time.monotonic() + _NAP
            sleep(_NAP)
            self.late += max(0.0, time.monotonic() - due - _WAKING)


_sleepers: list[_Sleeper] = []


def _waited() -> float:
    """Of somebody, for a core."""
    try:
        some = _PRESSURE.read_text().split("\n", 1)[0]
    except OSError:  # a kernel that does not count it, or does not tell
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6


def _stolen() -> float:
    """Of a core of this machine, for one of its host."""
    cores = _STAT.read_text().split("\n", 1)[0].split()
    return int(cores[8]) / os.sysconf("SC_CLK_TCK") if len(cores) > 8 else 0.0
