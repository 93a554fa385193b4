"""The filter `asn`: clients of the listed autonomous systems get the sites written for them; everybody else passes.

For sites that stand inside a provider's network, or peer with it. Like `networks`, it can stand in front of any other filter.
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
class Asn:
    """Keeps the sites listed for the client's AS number, where it is listed."""

    rules: tuple[rules.Rule, ...]
    fence: bool = False

    name: ClassVar = "asn"
    blind: ClassVar = True
    doc: ClassVar = (
        "Sends clients of the listed autonomous systems to the sites written for them, in the order written. All other clients, and those whose "
        "AS number is not known, pass unchanged. Where none of their sites is left, listed clients pass too, unless `fence: true`."
    )
    example: ClassVar = Example(
        "policy: [{asn: {AS64500: [sjc, iad]}}, nearest]",
        (
            Shown("AS64500", "", "iad"),
            Shown("Germany", "", "fra"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "fence": Option(Kind.BOOLEAN, "Never give listed clients anything else, even when nothing of theirs is up.", default=False),
        "*": Option(Kind.SITES, "An AS number and its sites in order: `AS64500`."),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(rules.read(options, _SETTINGS, _meaning), bool(options.get("fence")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the numbers, and that there is one."""
        if not set(options) - _SETTINGS:
            yield Complaint("P008", (), "asn without an AS number", "list at least one: AS64500: [SITE, …]")
        yield from rules.complaints(options, _SETTINGS, sites, _meaning)

    def client_key(self, location: Location) -> Hashable:
        """Return the sites of the client's AS; empty where it is not listed."""
        return rules.ladder(rules.steps(self.rules, location))

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the listed sites that have members; pass where there is none."""
        return rules.kept(cast("rules.Ladder", key), candidates, fence=self.fence)

    def when_all_down(self) -> Asn:
        """Stay as it is: a fence binds."""
        return self


def _meaning(key: str) -> Place:
    meant = place(f"AS{key}" if key.isdecimal() else key)
    if meant.level is not Level.ASN:
        raise NoSuchPlaceError(f"{key!r} is not an AS number", "like AS64500; countries belong into `geo`, networks into `networks`")
    return meant
