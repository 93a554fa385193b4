"""Counts what a prober sees, for `/metrics`.

Told of every observation, some thousand times a second: labels are looked up once for each check and result.
"""

from __future__ import annotations

from functools import cache

from gslb import metrics
from gslb.check.observation import Observation
from gslb.verdict import Target, Vote


class Tally:
    """Counts under one prober's name."""

    def __init__(self, prober: str) -> None:
        self._results = cache(lambda check, result: metrics.probe_results.labels(prober, check, result))
        self._seconds = cache(lambda check: metrics.probe_seconds.labels(prober, check))

    def heard(self, target: Target, seen: Observation, _before: Vote | None) -> None:
        """Count one look."""
        self._results(target.check, seen.result.value).inc()
        self._seconds(target.check).observe(seen.seconds)
