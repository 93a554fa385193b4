"""What happened inside one look, step by step: for `gslb probe --once`, and for nothing else.

Checks tell their `Progress` what they do; where nobody records, that costs nothing. A trace holds what the check types say of
themselves: no secrets of the operator (headers, what is sent), and texts of the target cut short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Line:
    """A fact (`passed` is None), or an assertion and its verdict."""

    what: str
    text: str
    passed: bool | None = None


@dataclass(slots=True)
class Step:
    """One stage of a look; `began` and `seconds` count from the start of the look."""

    name: str
    began: float
    seconds: float = 0.0
    lines: list[Line] = field(default_factory=list)


class Trace:
    """The steps of one look, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._start = 0.0

    def begin(self, name: str) -> None:
        """End the present step and begin another."""
        now = asyncio.get_running_loop().time()
        if not self.steps:
            self._start = now
        self.end()
        self.steps.append(Step(name, now - self._start))

    def end(self) -> None:
        """Note how long the present step took."""
        if self.steps:
            self.steps[-1].seconds = asyncio.get_running_loop().time() - self._start - self.steps[-1].began

    def add(self, line: Line) -> None:
        """Put a line under the present step."""
        self.steps[-1].lines.append(line)


RECORDER: Final[ContextVar[Trace | None]] = ContextVar("recorder", default=None)


@contextmanager
def recording() -> Iterator[Trace]:
    """Record the looks made inside."""
    trace = Trace()
    token = RECORDER.set(trace)
    try:
        yield trace
    finally:
        RECORDER.reset(token)
