"""One look at one target, whatever its check type: the type's own look, cut off in time, then what every check has beyond it.

Called by the prober and by `gslb probe --once`. Never raises: a broken check type is the prober's own fault.

    definition          the observation becomes
    ------------------  -------------------------------------------------------------------------------
    degraded_above: t   slower than t: a lower grade, in proportion, 100 at t and 1 at the timeout
    invert: true        success is failure and failure is success; "cannot look" stays what it is
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from gslb.check import CHECKS, check_named
from gslb.check.board import Board
from gslb.check.exec import Exec
from gslb.check.grade import linear
from gslb.check.observation import Check as Checker
from gslb.check.observation import Observation, Result
from gslb.check.push import Push
from gslb.model import Address, Check

_GRACE: Final = 0.5  # seconds past its timeout after which a check that does not keep it is cut off
_PROMPT: Final = frozenset(CHECKS.values())  # their own tests hold them to their timeout: a second timer for each look would be dear
_REASON: Final = 160  # characters, as in `attempt`


async def look_as(check: Check, address: Address, *, programs: bool) -> Observation:
    """Build the check and look once. `programs`: whether checks of type exec may run here."""
    checker = build(check, programs=programs)
    return checker if isinstance(checker, Observation) else await look(checker, check, address)


def build(check: Check, *, programs: bool, board: Board | None = None) -> Checker | Observation:
    """Make the check, or say why this prober cannot look. `board`: where this prober hears what sites say."""
    if check.type == Exec.name and not programs:
        return own_fault("programs may not run here: probe: {exec: true}")
    try:
        kind = check_named(check.type)
        checker = kind.build(check) if kind else own_fault(f"no check type {check.type!r} here")
    except Exception as error:  # noqa: BLE001 - a broken plugin is our fault, not the target's
        return own_fault(f"{type(error).__name__}: {error}")
    if isinstance(checker, Push):
        checker.board = board
    return checker


async def look(checker: Checker, check: Check, address: Address) -> Observation:
    """Look once; an Observation comes back in time."""
    try:
        if type(checker) in _PROMPT:
            return weigh(check, await checker.observe(address))
        async with asyncio.timeout(check.timeout + _GRACE):
            seen = await checker.observe(address)
    except TimeoutError:
        seen = Observation(Result.FAIL, check.timeout, f"timeout: {check.timeout:g} s over")
    except Exception as error:  # noqa: BLE001 - a broken plugin is our fault, not the target's
        return own_fault(f"{type(error).__name__}: {error}")
    return weigh(check, seen)


def own_fault(text: str) -> Observation:
    """Say that this prober cannot look."""
    return Observation(Result.UNKNOWN, 0.0, f"own fault: {text}"[:_REASON])


def weigh(check: Check, seen: Observation) -> Observation:
    """Apply what all checks have; see the table above."""
    if seen.result is Result.UNKNOWN:
        return seen
    if check.invert:
        result = Result.FAIL if seen.result is Result.OK else Result.OK
        return replace(seen, result=result, grade=100, reason=f"inverted: {seen.reason}"[:_REASON])
    limit = check.degraded_above
    if seen.result is Result.OK and 0 < limit < seen.seconds:
        grade = min(seen.grade, max(1, linear(seen.seconds, limit, check.timeout)))
        return replace(seen, grade=grade, reason=f"{seen.reason}, slow: {seen.seconds * 1000:.0f} ms"[:_REASON])
    return seen
