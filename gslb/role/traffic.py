"""What was answered lately, second by second: queries, response codes, sites and pools; for `gslb top`, `/api/v1/traffic` and the dashboard.

Counted from what planes report, in a console from what nodes say of themselves. Bounded: KEPT samples, and of pools and sites the busiest in each.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from gslb.role.neighbours import FRESH, role
from gslb.store import NodeReport

STEP: Final = 1.0  # seconds between samples
KEPT: Final = 600  # samples: ten minutes
MOST: Final = 50  # sites and pools in a sample; a node's report has room for FEW
FEW: Final = 20
SMOOTH: Final = 5  # samples whose mean a node tells the others, who hear of it that often


class Traffic:
    """A ring of samples. `clock` is steady, `wall` is not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock, self._wall = clock, wall
        self._samples: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._rcodes: Counter[str] = Counter()
        self._sites: Counter[str] = Counter()
        self._pools: Counter[str] = Counter()
        self._since = clock()

    def count(self, rcode: str, pool: str | None, site: str, count: int) -> None:
        """Count answers of one kind."""
        self._rcodes[rcode] += count
        if pool is not None:
            self._pools[pool] += count
            if site:
                self._sites[site] += count

    async def run(self, nodes: Callable[[], tuple[Mapping[str, NodeReport], float]] | None = None) -> None:
        """Take a sample every STEP seconds, until cancelled; with `nodes` (reports, and the store's time) of what those say."""
        while True:
            await asyncio.sleep(STEP)
            if nodes:
                self.take(merged(*nodes()))
            else:
                self.sample()

    def sample(self) -> None:
        """Close the present sample, and begin another."""
        now = self._clock()
        passed, self._since = max(0.001, now - self._since), now
        rates = [_rates(counts, passed, MOST) for counts in (self._rcodes, self._sites, self._pools)]
        total = sum(self._rcodes.values())
        for counts in (self._rcodes, self._sites, self._pools):
            counts.clear()
        self.take(dict(zip(("qps", "rcodes", "sites", "pools"), (round(total / passed, 1), *rates), strict=True)))

    def take(self, sample: Mapping[str, Any]) -> None:
        """Keep a sample."""
        self._samples.append({"at": round(self._wall(), 3), **sample})

    def told(self) -> dict[str, Any]:
        """Return the last ten minutes as plain data."""
        return {"step": STEP, "samples": list(self._samples)}

    def brief(self) -> dict[str, Any]:
        """Return the mean of the last seconds: what a node tells others."""
        last = list(self._samples)[-SMOOTH:]
        if not last:
            return {"qps": 0.0, "rcodes": {}, "sites": {}, "pools": {}}
        means = {part: _rates(_sum(one[part] for one in last), len(last), FEW) for part in ("rcodes", "sites", "pools")}
        return {"qps": round(sum(one["qps"] for one in last) / len(last), 1), **means}


def merged(reports: Mapping[str, NodeReport], now: float) -> dict[str, Any]:
    """Add up what nodes say of themselves, those that still report."""
    told = [one.extra.get("traffic") for one in reports.values() if now - one.at <= FRESH and role(one) == "node"]
    sound = [one for one in told if isinstance(one, dict)]
    parts = {part: _rates(_sum(one.get(part) for one in sound), 1.0, MOST) for part in ("rcodes", "sites", "pools")}
    return {"qps": round(sum(one["qps"] for one in sound if isinstance(one.get("qps"), int | float)), 1), **parts}


def _sum(parts: Iterable[Any]) -> Counter[str]:
    """Add up counts by name; what is none is passed over, for it comes from other nodes."""
    total: Counter[str] = Counter()
    for part in parts:
        for name, count in part.items() if isinstance(part, dict) else ():
            if isinstance(count, int | float):
                total[name] += count  # type: ignore[assignment]  # rates are no whole numbers; a Counter adds them all the same
    return total


def _rates(counts: Counter[str], seconds: float, most: int) -> dict[str, float]:
    return {name: round(count / seconds, 1) for name, count in counts.most_common(most)}
