"""The filter `geo`: the operator's own map from places to ordered sites.

A client's ladder is every rule that speaks of it, the most specific first:

    site pinned by an operator's network > network > tag > asn > subdivision > country > continent > default

The first step of the ladder with a member left is taken, its sites in the order written; unlisted sites are dropped. With
`fence: true` the ladder is its first step only: nobody is sent outside it, whatever happens there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from operator import itemgetter
from typing import Any, ClassVar, Final, Self, cast

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.places import Level, NoSuchPlaceError, Place, fold, place

Ladder = tuple[tuple[str, ...], ...]
_SETTINGS: Final = frozenset({"fence"})
_parsed: Final = lru_cache(maxsize=65_536)(ip_network)  # operators name up to some ten thousand networks; each meets every rule


@dataclass(frozen=True, slots=True)
class Geo:
    """Keeps the sites that the most specific rule lists for the client. `rules`: in the order tried."""

    rules: tuple[tuple[Place, tuple[str, ...]], ...]
    fence: bool = False

    name: ClassVar = "geo"
    doc: ClassVar = (
        "Keeps the sites listed for the client's place, in the order written; unlisted sites are dropped. The most specific rule wins: network, tag, "
        "AS number, subdivision, country, continent, `default`. Where no listed site is left, the next wider rule is used, then `default`, unless "
        "`fence: true`. A client at a site that the operator's networks name gets that site first, if the rules list it."
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
        rules = [(place(key), tuple(value)) for key, value in options.items() if key not in _SETTINGS]
        return cls(tuple(sorted(rules, key=lambda rule: _order(rule[0]))), bool(options.get("fence")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the places, the sites they name, and that `default` is there."""
        if not options.get("default"):
            yield Complaint("P001", (), "geo without `default`", "say where clients go that no rule speaks of: default: [SITE, …]")
        seen: dict[Place, str] = {}
        for key, listed in options.items():
            if key in _SETTINGS:
                continue
            try:
                meant = place(str(key))
            except NoSuchPlaceError as error:
                yield Complaint("P002", (key,), str(error), error.hint)
            else:
                if meant in seen:
                    yield Complaint("P005", (key,), f"{key} and {seen[meant]} are the same place", "keep one of them")
                seen[meant] = str(key)
            yield from _sites(str(key), listed, sites)

    def client_key(self, location: Location) -> Hashable:
        """Return the ladder: for each rule that speaks of the client its sites; steps that add no site are left out."""
        steps = [sites for rule, sites in self.rules if _speaks(rule, location)]
        steps = steps[:1] if self.fence else steps
        if location.site is not None and any(location.site in sites for sites in (steps if self.fence else map(itemgetter(1), self.rules))):
            steps.insert(0, (location.site,))
        ladder: list[tuple[str, ...]] = []
        known: set[str] = set()
        for sites in steps:
            if not known.issuperset(sites):
                ladder.append(sites)
                known.update(sites)
        return tuple(ladder)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the first step of the ladder that has members; none left is a failure, and inside a fence leaves nothing."""
        for sites in cast("Ladder", key):
            kept = [c for site in sites for c in candidates if c.site == site]
            if kept:
                return Outcome(tuple(kept))
        return Outcome(() if self.fence else candidates, failed=True)

    def when_all_down(self) -> Geo:
        """Stay as it is: the map holds, and a fence binds."""
        return self


def _order(rule: Place) -> tuple[int, int]:
    """Most specific first; of networks the longest (equal ones stay as written)."""
    return (rule.level, -ip_network(rule.value).prefixlen if rule.level is Level.NETWORK else 0)


def _speaks(rule: Place, location: Location) -> bool:
    match rule.level:
        case Level.NETWORK:
            return location.network is not None and _inside(location.network, rule.value)
        case Level.TAG:
            return rule.value in location.tags
        case Level.ASN:
            return location.asn is not None and str(location.asn) == rule.value
        case Level.SUBDIVISION:
            return bool(location.country and location.subdivision) and fold(location.country or "", location.subdivision or "") == rule.value
        case Level.COUNTRY:
            return location.country == rule.value
        case Level.CONTINENT:
            return location.continent == rule.value
        case Level.DEFAULT:
            return True


def _inside(inner: str, outer: str) -> bool:
    a, b = _parsed(inner), _parsed(outer)
    return a.version == b.version and a.subnet_of(b)  # type: ignore[arg-type]  # equal versions, which the types cannot say


def _sites(key: str, listed: object, sites: Mapping[str, Site]) -> Iterable[Complaint]:
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list | tuple) or not listed:
        yield Complaint("P004", (key,), f"{key} lists no site", f"write {key}: [SITE, …], the best first")
        return
    for i, site in enumerate(listed):
        if site not in sites:
            known = f"it has members at {', '.join(sorted(sites)[:12])}" if sites else "give its members a site"
            yield Complaint("P003", (key, i), f"the pool has no member at site {site!r}", known)
        elif site in listed[:i]:
            yield Complaint("P005", (key, i), f"site {site!r} stands twice in {key}", "remove one of them")
