"""What a grade does to a weight: a member that is up but not well gets fewer clients.

    grade     91–100   81–90   71–80   …   11–20   0–10
    weight     100 %    90 %    80 %   …    20 %   10 %

In steps of ten, so that a load that wavers by a few percent moves no answer; never below a tenth, since what is up must not starve (a
check that wants it out says down). Called by the filter `healthy`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gslb.policy.candidate import Candidate

STEPS: Final = 10


def tenths(grade: int) -> int:
    """Return how many tenths of its weight a member of this grade keeps."""
    return min(STEPS, max(1, -(-grade // STEPS)))


def graded(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Weigh candidates by grade; unchanged where all are well, else every weight is counted in tenths."""
    if all(c.grade > 100 - STEPS for c in candidates):
        return candidates
    return tuple(replace(c, weight=c.weight * tenths(c.grade)) for c in candidates)
