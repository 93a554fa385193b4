"""What a loop could not do, said in the log: the same fault once in a while, however often it happens.

The exception handler of control's and the planes' loops. A fault in a callback must not stop a process, and a fault that comes with every
packet or connection (no descriptor left) must not fill a disk.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any, Final

from gslb import log

PAUSE: Final = 10.0  # seconds between two lines about the same fault
KINDS: Final = 100  # different faults that are remembered; then all are forgotten, and each may be said again


class Excuses:
    """Callable as asyncio wants it; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str, str], float] = {}
        self._unsaid: dict[tuple[str, str, str], int] = {}

    def __call__(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log a fault, or count it where it has just been logged."""
        error = context.get("exception")
        where = place(error) if isinstance(error, BaseException) else ""
        kind = (str(context.get("message")), type(error).__name__, where)
        now = self._clock()
        if now - self._said.get(kind, -PAUSE) < PAUSE:
            self._unsaid[kind] = self._unsaid.get(kind, 0) + 1
            return
        if len(self._said) >= KINDS:
            self._said.clear()
            self._unsaid.clear()
        self._said[kind] = now
        again = {"times_since_the_last_line": unsaid} if (unsaid := self._unsaid.pop(kind, 0)) else {}
        log.error("unexpected", message=kind[0], error=repr(error), where=where, **again)


def place(error: BaseException) -> str:
    """Say where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
