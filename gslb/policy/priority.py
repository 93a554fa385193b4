"""The filter `priority`: the best tier of the operator's own order.

Members with equal `priority` are one tier, the lowest number first. A member without one is a tier of its own, after
those that have one, in list order: so a plain list is a failover list.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, ClassVar, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Option
from gslb.policy.candidate import FAIL_OPEN, Candidate, Outcome
from gslb.policy.example import Example, Shown
from gslb.policy.tiers import AT_LEAST, best


@dataclass(frozen=True, slots=True)
class Priority:
    """Keeps the tier with the lowest number; without numbers, the first member of the list."""

    at_least: int = 1

    name: ClassVar = "priority"
    blind: ClassVar = True
    doc: ClassVar = (
        "Keeps the members with the lowest `priority` number; equal numbers are one group. Members without a number come after those "
        "that have one, each for itself, in list order. After `healthy` this is failover: the next group is used when the ones before it are gone."
    )
    example: ClassVar = Example(
        "policy: [{priority: {at_least: 2}}]\npick: all",
        (
            Shown("Germany", "", "fra iad"),
            Shown("Germany", "fra", "iad sjc"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {"at_least": AT_LEAST}

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(options.get("at_least", 1))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Nothing beyond the schema can be wrong."""
        del options, sites
        return ()

    def client_key(self, location: Location) -> Hashable:
        """Return None: the order is the same for every client."""
        del location
        return None

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the best tier, filled up to `at_least`."""
        del key
        ordered = sorted(candidates, key=_rank)
        return Outcome(best((list(tier) for _, tier in groupby(ordered, key=_rank)), self.at_least))

    def when_all_down(self) -> Priority:
        """Keep the order, and enough members for an answer that fails open."""
        return replace(self, at_least=max(self.at_least, FAIL_OPEN))


def _rank(candidate: Candidate) -> tuple[int, int]:
    return (1, candidate.index) if candidate.priority is None else (0, candidate.priority)
