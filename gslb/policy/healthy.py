"""The filter `healthy`: keeps members in the best state there is. Stands in front of every chain unless `health: ignore`.

any up          the ones that are up
none up         the unknown ones: absence of news is not bad news (design 7: "never down for want of news")
all down        failed: the pool's `when_all_down` decides
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Option
from gslb.policy.candidate import Candidate, Outcome
from gslb.verdict import State


@dataclass(frozen=True, slots=True)
class Healthy:
    """Ranks up over unknown over down, keeps the best rank present; fails when all are down."""

    name: ClassVar = "healthy"
    doc: ClassVar = (
        "Keeps the members that are up; where none is up, those whose state is unknown (they are served: silence is not bad news). "
        "Where all are down it fails, and the pool's `when_all_down` decides. Stands in front of every chain unless the pool says `health: ignore`."
    )
    options: ClassVar[Mapping[str, Option]] = {}

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter; it has no options."""
        del options, sites
        return cls()

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Nothing can be wrong."""
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
            if kept:
                return Outcome(kept)
        return Outcome(candidates, failed=True)

    def when_all_down(self) -> None:
        """Left out: nothing healthy is left to keep."""
