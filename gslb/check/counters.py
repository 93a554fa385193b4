"""The three-counter machine that turns single results into a state, exactly as gdnsd has it (its `mon.c`).

Pure; stepped by `gslb.check.opinion`. It never sees time: the caller multiplies by the interval.

    state  result   what happens
    -----  -------  ---------------------------------------------------------------------------------
    none   ok       UP at once, counters 0 (the first result counts)
    none   failure  DOWN at once, counters 0
    UP     ok       no failures noted: nothing. Else successes + 1; at `ok` both counters go to 0
    UP     failure  successes = 0, failures + 1; at `down` the state is DOWN and both counters 0
    DOWN   ok       successes + 1; at `up` the state is UP and both counters 0
    DOWN   failure  successes = 0

So failures add up until `ok` successes in a row clear them: what fails every third time goes down too.
"""

from __future__ import annotations

from typing import NamedTuple

from gslb.verdict import State


class Thresholds(NamedTuple):
    """The operator's `down`, `ok` and `up`; each at least 1."""

    down: int
    ok: int
    up: int


class Counters(NamedTuple):
    """Where the machine stands. `state` is UP or DOWN; a target without a result has no Counters at all."""

    state: State
    failures: int = 0
    successes: int = 0


def step(now: Counters | None, passed: bool, limits: Thresholds) -> Counters:  # noqa: FBT001 - a result is a truth value
    """Take one result in; see the table above."""
    if now is None:
        return Counters(State.UP if passed else State.DOWN)
    if now.state is State.DOWN:
        if not passed:
            return Counters(State.DOWN)
        return Counters(State.UP) if now.successes + 1 >= limits.up else Counters(State.DOWN, 0, now.successes + 1)
    if not passed:
        return Counters(State.DOWN) if now.failures + 1 >= limits.down else Counters(State.UP, now.failures + 1)
    if now.failures == 0 or now.successes + 1 >= limits.ok:
        return Counters(State.UP)
    return Counters(State.UP, now.failures, now.successes + 1)


def checks_to_change(now: Counters, limits: Thresholds) -> int:
    """Count the results, all to the contrary, after which the state changes."""
    return limits.up - now.successes if now.state is State.DOWN else limits.down - now.failures


def at_rest(now: Counters) -> bool:
    """Whether nothing points to a change: UP without failures, DOWN without successes."""
    return now.failures == 0 and now.successes == 0


def seconds_to_change(now: Counters, limits: Thresholds, interval: float) -> float | None:
    """Return the least time in which the state could change, None at rest (what a calculated TTL is made of)."""
    return None if at_rest(now) else interval * checks_to_change(now, limits)
