"""How endpoints are observed: timing and counters that can work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb.errors import Problem, Severity
from gslb.model import Check, Model

MAX_BLINDNESS: Final = 600  # seconds a dead site may go on being answered before we ask whether that is meant

LEAST_FAST: Final = 0.1  # seconds, as of an interval


def problems(model: Model) -> Iterator[Problem]:
    """Judge every check."""
    for check in model.checks.values():
        yield from _timing(check)
        yield from _counters(check)
        if check.degraded_above >= check.timeout > 0:
            said = f"check {check.id}: nothing takes longer than degraded_above {check.degraded_above:g}s, as the timeout is {check.timeout:g}s"
            yield Problem("L015", said, check.where, "make it shorter than the timeout, or leave it out", Severity.WARNING)
        if check.fast_interval and not LEAST_FAST <= check.fast_interval < check.interval:
            said = f"check {check.id}: fast_interval {check.fast_interval:g}s is not between {LEAST_FAST:g}s and the interval {check.interval:g}s"
            yield Problem("L016", said, check.where, "such as a fifth of the interval; or leave it out", Severity.WARNING)


def _timing(check: Check) -> Iterator[Problem]:
    if check.interval <= 0 or check.timeout <= 0:
        yield Problem("L011", f"check {check.id}: interval and timeout must be above zero", check.where, "such as interval: 5s, timeout: 2s")
    elif check.timeout >= check.interval:
        # A run that lasts as long as the interval would still be under way when the next one begins.
        said = f"check {check.id}: timeout {check.timeout:g}s is not below interval {check.interval:g}s"
        yield Problem("L010", said, check.where, "shorten the timeout, or lengthen the interval")
    elif check.interval * check.down > MAX_BLINDNESS:
        said = f"check {check.id}: a dead target is noticed only after {check.down} × {check.interval:g}s = {check.interval * check.down:g}s"
        yield Problem("L012", said, check.where, "shorten the interval, or lower `down`", Severity.WARNING)


def _counters(check: Check) -> Iterator[Problem]:
    for name, value in (("down", check.down), ("ok", check.ok), ("up", check.up)):
        if value < 1:
            yield Problem("L013", f"check {check.id}: `{name}` is {value}", check.where, "count at least 1")
    if check.down == check.up == 1:
        said = f"check {check.id}: one result takes its targets down and one brings them back, so answers flap with every lost packet"
        yield Problem("L014", said, check.where, "ask for at least two: down: 3, up: 5 are the defaults", Severity.WARNING)
