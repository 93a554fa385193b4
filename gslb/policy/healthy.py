"""The filter `healthy`: keeps members in the best state there is. Stands in front of every chain unless `health: ignore`.

enough up                the ones that are up
enough up or unknown     those: absence of news is not bad news (design 7: "never down for want of news")
else                     failed: the pool's `when_all_down` decides

Enough is one member, unless `members_below` or `weight_below` (the pool's `fail_if`) ask for more.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown
from gslb.policy.grade import graded
from gslb.verdict import State


@dataclass(frozen=True, slots=True)
class Healthy:
    """Ranks up over unknown over down, keeps the best rank of which there is enough; fails where there is none."""

    members_below: int = 1
    weight_below: int = 0

    name: ClassVar = "healthy"
    doc: ClassVar = (
        "Keeps the members that are up; where too few are up, those whose state is unknown too (they are served: silence is not bad news). "
        "Where too few are left it fails, and the pool's `when_all_down` decides. Too few is none, unless the pool's `fail_if` says more. A member "
        "whose check gives it a grade below 100 counts with so much of its weight, in steps of ten. Stands in front of every chain unless the "
        "pool says `health: ignore`."
    )
    example: ClassVar = Example(
        "policy: [healthy, {limit: {members: 2}}]\npick: all\nfail_if: {members_below: 2}",
        (
            Shown("Germany", "", "fra iad"),
            Shown("Germany", "fra", "iad sjc"),
            Shown("Germany", "fra iad sjc sin", "fra iad sjc sin"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "members_below": Option(Kind.INTEGER, "Fail where fewer members than this are left.", default=1, minimum=1, maximum=1000),
        "weight_below": Option(
            Kind.INTEGER, "Fail where what is left has less than so many percent of the weight of all.", default=0, minimum=0, maximum=100
        ),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(options.get("members_below", 1), options.get("weight_below", 0))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Nothing beyond the schema can be wrong."""
        del options, sites
        return ()

    def client_key(self, location: Location) -> Hashable:
        """Return None: health is the same for every client."""
        del location
        return None

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the best rank; no candidates at all is a failure too."""
        del key
        for rank in (State.UP, State.UNKNOWN):
            kept = tuple(c for c in candidates if c.state >= rank)
            if kept and self._enough(kept, candidates):
                return Outcome(graded(kept))
        return Outcome(candidates, failed=True)

    def when_all_down(self) -> None:
        """Left out: nothing healthy is left to keep."""

    def _enough(self, kept: tuple[Candidate, ...], of: tuple[Candidate, ...]) -> bool:
        if len(kept) < self.members_below:
            return False
        total = sum(c.weight for c in of)
        mine, total = (sum(c.weight for c in kept), total) if total else (len(kept), len(of))
        return 100 * mine >= self.weight_below * total
