"""Rules from places to ordered sites: what `geo`, `networks` and `asn` have in common.

Read at load, asked for each kind of client; pure. A client's **ladder** is every rule that speaks of it, the most specific first, steps
that add no site left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, Final

from gslb.model import Location, Site
from gslb.option import Complaint
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.places import Level, NoSuchPlaceError, Place, fold, place

Rule = tuple[Place, tuple[str, ...]]
Ladder = tuple[tuple[str, ...], ...]
_parsed: Final = lru_cache(maxsize=65_536)(ip_network)  # operators name up to some ten thousand networks; each meets every rule


def read(options: Mapping[str, Any], settings: Collection[str], meaning: Callable[[str], Place] = place) -> tuple[Rule, ...]:
    """Return accepted options as rules in the order tried; `settings`: keys that are none."""
    rules = [(meaning(str(key)), tuple(value)) for key, value in options.items() if key not in settings]
    return tuple(sorted(rules, key=lambda rule: _order(rule[0])))


def complaints(
    options: Mapping[str, Any], settings: Collection[str], sites: Mapping[str, Site], meaning: Callable[[str], Place] = place
) -> Iterable[Complaint]:
    """Judge the places and the sites they name."""
    seen: dict[Place, str] = {}
    for key, listed in options.items():
        if key in settings:
            continue
        try:
            meant = meaning(str(key))
        except NoSuchPlaceError as error:
            yield Complaint("P002", (key,), str(error), error.hint)
        else:
            if meant in seen:
                yield Complaint("P005", (key,), f"{key} and {seen[meant]} are the same place", "keep one of them")
            seen[meant] = str(key)
        yield from _sites(str(key), listed, sites)


def steps(rules: Iterable[Rule], location: Location) -> list[tuple[str, ...]]:
    """Return the sites of each rule that speaks of a client there."""
    return [sites for rule, sites in rules if speaks(rule, location)]


def ladder(steps: Iterable[tuple[str, ...]]) -> Ladder:
    """Leave out steps that add no site."""
    found: list[tuple[str, ...]] = []
    known: set[str] = set()
    for sites in steps:
        if not known.issuperset(sites):
            found.append(sites)
            known.update(sites)
    return tuple(found)


def kept(ladder: Ladder, candidates: tuple[Candidate, ...], *, fence: bool) -> Outcome:
    """Keep the first step that has members; where none has, clients who are not listed pass, and listed ones too unless there is a fence."""
    found = first(ladder, candidates)
    if found or not ladder or not fence:
        return Outcome(found or candidates)
    return Outcome((), failed=True)


def first(steps: Ladder, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return the candidates of the first step that has any, its sites in the order written."""
    for sites in steps:
        kept = dict.fromkeys(c for site in sites for c in candidates if c.site == site or (c.sites and c.stands_at((site,))))
        if kept:
            return tuple(kept)
    return ()


def speaks(rule: Place, location: Location) -> bool:
    """Whether a rule is about clients there."""
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


def known(sites: Mapping[str, Site]) -> str:
    """Hint for a site that the pool does not have."""
    return f"it has members at {', '.join(sorted(sites)[:12])}" if sites else "give its members a site"


def _order(rule: Place) -> tuple[int, int]:
    """Most specific first; of networks the longest (equal ones stay as written)."""
    return (rule.level, -ip_network(rule.value).prefixlen if rule.level is Level.NETWORK else 0)


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
            yield Complaint("P003", (key, i), f"the pool has no member at site {site!r}", known(sites))
        elif site in listed[:i]:
            yield Complaint("P005", (key, i), f"site {site!r} stands twice in {key}", "remove one of them")
