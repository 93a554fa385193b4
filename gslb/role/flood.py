"""A bound on what is said at once: of a storm of changes the first ones are said one by one, and of the rest how many there were.

Used by what says transitions, for log lines and events alike. Nothing that is left out here changes what is served.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

MOST: Final = 100  # of one kind in a window; nobody reads more, and the last 10,000 events of a fleet are to last for days
WINDOW: Final = 10.0  # seconds


class Flood:
    """Counts by kind. `rest(kind, counts)` is told at a window's end what was left out in it, by label."""

    def __init__(self, rest: Callable[[str, Counter[str]], None], *, most: int = MOST, window: float = WINDOW) -> None:
        self._rest, self._most, self._window = rest, most, window
        self._said: Counter[str] = Counter()
        self._left_out: dict[str, Counter[str]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def passes(self, kind: str, label: str = "") -> bool:
        """Whether one more of this kind may be said; what may not is counted under its label."""
        if self._timer is None:
            with suppress(RuntimeError):  # without a loop, as in a test of something else, there is no storm
                self._timer = asyncio.get_running_loop().call_later(self._window, self._end)
        if self._said[kind] < self._most:
            self._said[kind] += 1
            return True
        self._left_out.setdefault(kind, Counter())[label] += 1
        return self._timer is None

    def _end(self) -> None:
        self._timer = None
        left_out, self._left_out = self._left_out, {}
        self._said.clear()
        for kind, counts in left_out.items():
            self._rest(kind, counts)


def counted(counts: Counter[str]) -> str:
    """Say counts in a few words: `4,790 down, 10 up`."""
    return ", ".join(f"{count:,} {label}" for label, count in counts.most_common())
