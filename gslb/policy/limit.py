"""The filter `limit`: the first few sites, or the first few members, of what the filters before it left, in their order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown


@dataclass(frozen=True, slots=True)
class Limit:
    """Keeps the first `sites` sites, of each the first `per_site` members, and the first `members` members of that; 0 = no limit."""

    sites: int = 0
    members: int = 0
    per_site: int = 0

    name: ClassVar = "limit"
    blind: ClassVar = True
    doc: ClassVar = (
        "Keeps the first so many sites, or members, in the order the filters before it left. A site fails as a whole: `per_site: 1` with "
        "`members: 2` makes sure that two answers do not fail together. A member without a site, and a pool inside the pool, counts as a site of its "
        "own. Left out when all members are down."
    )
    example: ClassVar = Example(
        "policy: [{geo: {AS: [sin, fra], default: [iad, fra]}}, {limit: {sites: 2, per_site: 1}}]\npick: rotate",
        (
            Shown("Singapore", "", "sin fra"),
            Shown("Singapore", "fra", "sin"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "sites": Option(Kind.INTEGER, "Keep the members of the first so many sites.", minimum=1, maximum=1000),
        "members": Option(Kind.INTEGER, "Keep the first so many members.", minimum=1, maximum=1000),
        "per_site": Option(Kind.INTEGER, "Keep the first so many members of each site.", minimum=1, maximum=1000),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(options.get("sites") or 0, options.get("members") or 0, options.get("per_site") or 0)

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Refuse a limit that limits nothing."""
        del sites
        if all(options.get(key) is None for key in cls.options):
            yield Complaint("P007", (), "limit without a number", "write {limit: {sites: 1}} or {limit: {members: 2}}")

    def client_key(self, location: Location) -> Hashable:
        """Return None: the limit is the same for every client."""
        del location
        return None

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the first of them."""
        del key
        kept = candidates
        if self.sites:
            first = list(dict.fromkeys(_site(c) for c in kept))[: self.sites]
            kept = tuple(c for c in kept if _site(c) in first)
        if self.per_site:
            kept = self._spread(kept)
        if self.members:
            kept = kept[: self.members]
        return Outcome(kept)

    def when_all_down(self) -> None:
        """Left out: more addresses, more chances that one of them works."""

    def _spread(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        taken: dict[tuple[str, str], int] = {}
        kept = []
        for c in candidates:
            taken[_site(c)] = taken.get(_site(c), 0) + 1
            if taken[_site(c)] <= self.per_site:
                kept.append(c)
        return tuple(kept)


def _site(candidate: Candidate) -> tuple[str, str]:
    return ("site", candidate.site) if candidate.site is not None else ("member", candidate.id)
