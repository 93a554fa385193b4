"""The filter `networks`: clients in the operator's own networks get the sites written for them; everybody else passes.

The networks and tags are those that networks.yaml names. Unlike `geo` it needs no `default`, so it can stand in front of any other
filter: for clients on a campus, of a partner, behind a VPN.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy import rules
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown
from gslb.policy.places import Level, NoSuchPlaceError, Place, place

_SETTINGS: Final = frozenset({"fence"})


@dataclass(frozen=True, slots=True)
class Networks:
    """Keeps the sites listed for the client's network, where it is listed. `rules`: in the order tried."""

    rules: tuple[rules.Rule, ...]
    fence: bool = False

    name: ClassVar = "networks"
    blind: ClassVar = True
    doc: ClassVar = (
        "Sends clients in the listed networks, or with the listed tags (both from networks.yaml), to the sites written for them, in the order "
        "written; the longest network wins. All other clients pass unchanged. Where none of their sites is left, listed clients pass too, unless "
        "`fence: true`."
    )
    example: ClassVar = Example(
        "policy: [{networks: {203.0.113.0/24: [fra], 'tag:office': [iad, fra]}}, nearest]",
        (
            Shown("203.0.113.9", "", "fra"),
            Shown("California", "", "sjc"),
            Shown("203.0.113.9", "fra", "iad"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "fence": Option(Kind.BOOLEAN, "Never give listed clients anything else, even when nothing of theirs is up.", default=False),
        "*": Option(Kind.SITES, "A network or tag and its sites in order: `203.0.113.0/24`, `2001:db8::/32`, `tag:office`."),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(rules.read(options, _SETTINGS, _meaning), bool(options.get("fence")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the networks, and that there is one."""
        if not set(options) - _SETTINGS:
            yield Complaint("P008", (), "networks without a network", "list at least one: 203.0.113.0/24: [SITE, …]")
        yield from rules.complaints(options, _SETTINGS, sites, _meaning)

    def client_key(self, location: Location) -> Hashable:
        """Return the ladder; empty for clients that are not listed."""
        steps = rules.steps(self.rules, location)
        return rules.ladder(steps[:1] if self.fence else steps)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the first step of the ladder that has members; pass where there is none."""
        return rules.kept(cast("rules.Ladder", key), candidates, fence=self.fence)

    def when_all_down(self) -> Networks:
        """Stay as it is: a fence binds."""
        return self


def _meaning(key: str) -> Place:
    meant = place(key)
    if meant.level not in (Level.NETWORK, Level.TAG):
        raise NoSuchPlaceError(f"{key!r} is neither a network nor a tag", "like 203.0.113.0/24 or tag:office; countries belong into `geo`")
    return meant
