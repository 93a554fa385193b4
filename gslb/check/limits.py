"""Limits of a number in a JSON answer: where it fails the check, and where it begins to lower the grade.

Pure; used by `gslb.check.expectation`.

    {below: 100, degraded_above: 50}      grade 100 up to 50, falling in a straight line to 0 at 100, where the check fails
    {above: 10, degraded_below: 50}       the same from above: 100 from 50 on, 0 at 10
    {degraded_above: 50}                  grade 50 above 50; nothing fails
    {below: 100}                          fails at 100; no grade
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gslb.check.grade import FULL, linear
from gslb.option import Complaint

KEYS: Final = ("below", "above", "degraded_above", "degraded_below")
_HALF: Final = 50  # the grade where only one end of the line is known
_HINT: Final = "such as {below: 100, degraded_above: 50}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Each None where there is no such limit; see the table above."""

    below: float | None = None
    above: float | None = None
    degraded_above: float | None = None
    degraded_below: float | None = None

    def grade(self, value: float) -> int:
        """Return 0 where the value fails, its grade otherwise. What is no finite number fails."""
        if not math.isfinite(value):
            return 0
        if (self.below is not None and value >= self.below) or (self.above is not None and value <= self.above):
            return 0
        return min(self._high(value), self._low(value))

    def _high(self, value: float) -> int:
        if self.degraded_above is None or value <= self.degraded_above:
            return FULL
        return _HALF if self.below is None else linear(value, self.degraded_above, self.below)

    def _low(self, value: float) -> int:
        if self.degraded_below is None or value >= self.degraded_below:
            return FULL
        return _HALF if self.above is None else linear(value, self.degraded_below, self.above)

    def __str__(self) -> str:
        """As a reason shows them: "below 100"."""
        hard = [f"{word} {limit:g}" for word, limit in (("below", self.below), ("above", self.above)) if limit is not None]
        return " and ".join(hard) or "a number"


def problems(wanted: Mapping[Any, Any], path: tuple[str | int, ...]) -> Iterator[Complaint]:
    """Judge the operator's limits."""
    found = False
    for key, value in wanted.items():
        if key not in KEYS:
            yield Complaint("H011", (*path, key), f"unknown limit {key!r}", f"one of {', '.join(KEYS)}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Complaint("H011", (*path, key), f"{key} is a number", _HINT)
        else:
            continue
        found = True
    if not wanted:
        yield Complaint("H011", path, "no limit is given", _HINT)
    if found or not wanted:
        return
    limits = Limits(**wanted)
    for lower, higher in (("degraded_above", "below"), ("above", "degraded_below"), ("above", "below"), ("degraded_below", "degraded_above")):
        low, high = getattr(limits, lower), getattr(limits, higher)
        if low is not None and high is not None and (low > high or (low == high and lower != "degraded_below")):
            yield Complaint("H011", (*path, lower), f"{lower} {low:g} is not less than {higher} {high:g}", _HINT)
