"""Waiting for what happens in another process: asked again and again, never longer than a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

LIMIT: Final = 60.0  # seconds; an election takes five, or twenty on a busy machine
_PAUSE: Final = 0.01

T = TypeVar("T")


def until(true: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Ask until the answer is true; return it. An OSError is a no. Raises TimeoutError, which says what was waited for. Blocking."""
    end = time.monotonic() + limit
    last: object = None
    while time.monotonic() < end:
        try:
            if found := true():
                return found
            last = found
        except OSError as error:
            last = error
        time.sleep(_PAUSE)
    raise TimeoutError(f"{what}: not within {limit:.0f} s ({last!r})")
