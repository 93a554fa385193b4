"""What one look saw, as text and as JSON: for `gslb probe --once`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gslb.check.observation import Observation
from gslb.check.trace import Trace
from gslb.model import Address, Check

_WORDS = {None: "", True: "ok", False: "FAIL"}


def text(check: Check, address: Address, seen: Observation, trace: Trace) -> str:
    """Write steps with their beginnings and lengths, under each what was seen and judged, and the result last."""
    return "\n".join(_lines(check, address, seen, trace))


def _lines(check: Check, address: Address, seen: Observation, trace: Trace) -> Iterator[str]:
    yield f"check {check.id} ({check.type}) at {address}, timeout {check.timeout:g} s"
    for step in trace.steps:
        yield f"{_ms(step.began):>12}  {step.name}: {_ms(step.seconds)}"
        for line in step.lines:
            yield f"{_WORDS[line.passed]:>12}    {line.what}: {line.text}"
    grade = f", grade {seen.grade}" if seen.grade < 100 else ""
    yield f"{seen.result} in {_ms(seen.seconds)}{grade}: {seen.reason}"


def as_json(check: Check, address: Address, seen: Observation, trace: Trace) -> dict[str, Any]:
    """Return the same as data; times in seconds."""
    return {
        "check": check.id,
        "type": check.type,
        "address": str(address),
        "result": str(seen.result),
        "grade": seen.grade,
        "seconds": round(seen.seconds, 6),
        "reason": seen.reason,
        "steps": [
            {
                "step": step.name,
                "began": round(step.began, 6),
                "seconds": round(step.seconds, 6),
                "seen": [{"what": line.what, "text": line.text} for line in step.lines if line.passed is None],
                "judged": [{"what": line.what, "text": line.text, "passed": line.passed} for line in step.lines if line.passed is not None],
            }
            for step in trace.steps
        ],
    }


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
