"""What an engine has counted and control has not heard yet.

Each engine has one. Kinds of answers, silences and rows that are not compiled are told as increments, once; what finds no listener, because
control is dead or the pipe is full, is told later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

ROWS: Final = 300  # kinds of answers in one report: some 30 KB
WANTED: Final = 1000  # rows asked for in one report

Wanted = tuple[int, int, int]  # pool, region, type


class Kind(NamedTuple):
    """One kind of answer, by words that stay true when a plan is swapped; `zone` in hexadecimal, "" = none."""

    protocol: str
    zone: str
    rcode: int
    pool: str | None
    reason: str
    type: int
    truncated: bool
    site: str


class Untold:
    """Increments since the last report that was heard."""

    def __init__(self) -> None:
        self.answers: Counter[Kind] = Counter()
        self.dropped: Counter[str] = Counter()
        self.wanted: set[Wanted] = set()

    def tell(self, report: Callable[[dict[str, Any]], bool], generation: int) -> None:
        """Report all; `generation` is the one that wanted rows are numbered by."""
        while self.answers:
            rows = [(kind, self.answers[kind]) for kind in list(self.answers)[:ROWS]]
            if not report({"answers": [[*kind, count] for kind, count in rows]}):
                break
            for kind, _count in rows:
                del self.answers[kind]
        if self.dropped and report({"dropped": dict(self.dropped)}):
            self.dropped.clear()
        if self.wanted and report({"wanted": sorted(self.wanted)[:WANTED], "generation": generation}):
            self.wanted.clear()  # what is still wanted will be asked for again
