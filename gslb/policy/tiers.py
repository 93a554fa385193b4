"""Taking whole tiers, best first: what `priority` and `nearest` have in common.

A tier is a set of candidates that are equally good, so the pick shares the load among them. Pure; knows nothing of
what made the tiers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gslb.option import Kind, Option
from gslb.policy.candidate import Candidate

AT_LEAST: Final = Option(
    Kind.INTEGER,
    "Fill up from the next tiers, in order, where the best tier holds fewer members than this. A preset sets it to the pool's `answers`.",
    default=1,
    minimum=1,
    maximum=1000,
)


def best(tiers: Iterable[Sequence[Candidate]], at_least: int) -> tuple[Candidate, ...]:
    """Return the first tier that holds anything, whole, then so many of the next tiers that `at_least` are kept."""
    kept: list[Candidate] = []
    for tier in tiers:
        kept += tier[: at_least - len(kept)] if kept else tier
        if len(kept) >= at_least:
            break
    return tuple(kept)
