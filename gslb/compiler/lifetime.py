"""How long an answer may live: the pool's TTL, shortened while something is about to change (design 5, "calculated TTL").

counters at rest              the maximum
a member is on the way        the seconds in which it could change its state, if that would change the answer
the clock is about to change  the maximum, halved until it ends before that moment; each halving is a moment of its own at which rows are made anew

Never below the minimum, never above the maximum. Whole seconds; pure.
"""

from __future__ import annotations

from typing import NamedTuple


class Lifetime(NamedTuple):
    """A pool's bounds in seconds."""

    high: int
    low: int

    def within(self, seconds: float | None) -> int:
        """Return the TTL where something could change in so many seconds; None = nothing could."""
        return self.high if seconds is None else max(self.low, min(self.high, int(seconds)))

    def before(self, left: float | None) -> int:
        """Return the TTL where the clock changes the answer in so many seconds; None = never. Good until `lowered`."""
        if left is None:
            return self.high
        ttl = self.high
        while ttl >= left and ttl > self.low:
            ttl = max(self.low, ttl // 2)
        return ttl

    def lowered(self, edge: float, now: float) -> float:
        """Return when rows must be made anew for a change at `edge`: when the TTL of now would live past it, or at the edge itself."""
        ttl = self.before(edge - now)
        return edge - ttl if ttl > self.low and edge - ttl > now else edge
