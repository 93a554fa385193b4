"""How late checks start: the figure that says whether a prober keeps up with its targets."""

from __future__ import annotations

from collections import deque
from typing import Final

_KEPT: Final = 4096  # the latest starts; some seconds' worth for 2,000 targets, and 128 KiB


class Lateness:
    """Seconds between a check's due time and its start, of the latest checks."""

    def __init__(self) -> None:
        self.count = 0  # of all time
        self._latest: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """Note one start."""
        self.count += 1
        self._latest.append(seconds)

    def percentile(self, share: float) -> float:
        """Return the lateness that `share` (0 to 1) of the latest checks did not exceed; 0 before the first."""
        ordered = sorted(self._latest)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
