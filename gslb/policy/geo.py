"""The filter `geo`: the operator's own map from places to ordered sites.

A client's ladder is every rule that speaks of it, the most specific first:

    site pinned by an operator's network > network > tag > asn > subdivision > country > continent > default

The first step of the ladder with a member left is taken, its sites in the order written; unlisted sites are dropped. With
`fence: true` the ladder is its first step only: nobody is sent outside it, whatever happens there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, ClassVar, Final, Self, cast

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy import rules
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown

_SETTINGS: Final = frozenset({"fence"})


@dataclass(frozen=True, slots=True)
class Geo:
    """Keeps the sites that the most specific rule lists for the client. `rules`: in the order tried."""

    rules: tuple[rules.Rule, ...]
    fence: bool = False

    name: ClassVar = "geo"
    blind: ClassVar = True
    doc: ClassVar = (
        "Keeps the sites listed for the client's place, in the order written; unlisted sites are dropped. The most specific rule wins: network, tag, "
        "AS number, subdivision, country, continent, `default`. Where no listed site is left, the next wider rule is used, then `default`, unless "
        "`fence: true`. A client at a site that the operator's networks name gets that site first, if the rules list it."
    )
    example: ClassVar = Example(
        "policy: [{geo: {EU: [fra], NA: [iad, sjc], default: [iad, fra], fence: true}}]\nwhen_all_down: {backup: sorry}",
        (
            Shown("Germany", "", "fra"),
            Shown("California", "", "iad sjc"),
            Shown("Germany", "fra", "sorry"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "default": Option(Kind.SITES, "Sites for clients that no other rule speaks of. Must be there."),
        "fence": Option(Kind.BOOLEAN, "Never leave the most specific rule, even when nothing in it is up.", default=False),
        "*": Option(Kind.SITES, "A place and its sites in order: `EU`, `DE`, `US-CA`, `NA-US-CA`, `AS64500`, `203.0.113.0/24`, `tag:office`."),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(rules.read(options, _SETTINGS), bool(options.get("fence")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the places, the sites they name, and that `default` is there."""
        if not options.get("default"):
            yield Complaint("P001", (), "geo without `default`", "say where clients go that no rule speaks of: default: [SITE, …]")
        yield from rules.complaints(options, _SETTINGS, sites)

    def client_key(self, location: Location) -> Hashable:
        """Return the ladder: for each rule that speaks of the client its sites; steps that add no site are left out."""
        steps = rules.steps(self.rules, location)
        steps = steps[:1] if self.fence else steps
        if location.site is not None and any(location.site in sites for sites in (steps if self.fence else map(itemgetter(1), self.rules))):
            steps.insert(0, (location.site,))
        return rules.ladder(steps)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the first step of the ladder that has members; none left is a failure, and inside a fence leaves nothing."""
        kept = rules.first(cast("rules.Ladder", key), candidates)
        return Outcome(kept or (() if self.fence else candidates), failed=not kept)

    def when_all_down(self) -> Geo:
        """Stay as it is: the map holds, and a fence binds."""
        return self
