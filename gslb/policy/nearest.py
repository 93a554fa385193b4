"""The filter `nearest`: the sites closest to the client on the globe.

Distances are great circles between the client's location and the coordinates the operator gave the sites, never those of
addresses (anycast and cloud addresses are mislocated). Sites within 5 % of the nearest are one tier, since location data is
no better than that and the load is shared. Three tiers are kept per location, then the listed order: so the number of
regions stays small (50 sites: 267 regions; with the full order 1,209) and the client subnet scopes stay short.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import asin, cos, dist, radians, sin
from typing import Any, ClassVar, Final, Self, cast

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy.candidate import FAIL_OPEN, Candidate, Outcome
from gslb.policy.example import Example, Shown
from gslb.policy.rules import known
from gslb.policy.tiers import AT_LEAST, best

EARTH_RADIUS: Final = 6_371_009  # metres, the mean radius; the flattening changes no choice that location data could support
TIER_PERCENT: Final = 105  # geodns's rule; larger tiers send clients farther, smaller ones flip on errors of the location data
TIERS: Final = 3  # see above; with two, the loss of two sites at once would already fall back to the listed order
Tiers = tuple[tuple[str, ...], ...]


Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Nearest:
    """Keeps the nearest tier with members left. `places`: each site, where it stands on the unit sphere, and by what its distance is stretched."""

    places: tuple[tuple[str, Vector, float], ...]
    default: tuple[str, ...] = ()
    at_least: int = 1

    name: ClassVar = "nearest"
    blind: ClassVar = True
    doc: ClassVar = (
        "Keeps the members at the sites nearest to the client (great circle, the operator's coordinates). Sites within 5 % of the nearest count as "
        "one tier. Three tiers per location, then the listed order. A client at a site that the operator's networks name gets that site first. "
        "Clients whose location is not known get the listed order, or `default`. A pool inside the pool is as near as "
        "the nearest of what it would answer."
    )
    example: ClassVar = Example(
        "policy: [{nearest: {bias: {sin: 20, iad: -10}, default: [fra, iad]}}]\npick: weighted",
        (
            Shown("California", "", "sjc"),
            Shown("Singapore", "", "sin"),
            Shown("anywhere unknown", "", "fra"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "bias": Option(
            Kind.MAPPING,
            "Site → -99..99: a positive bias draws more clients to the site (distance × (1 - bias/100)), "
            "a negative one fewer (distance / (1 + bias/100)). Change it in small steps.",
        ),
        "default": Option(Kind.SITES, "Sites in order, for clients whose location is not known; the others follow in list order."),
        "at_least": AT_LEAST,
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options. Sites without coordinates have no distance; for one site alone no client is told apart."""
        bias = options.get("bias") or {}
        located = [site for site in sorted(sites.values(), key=lambda site: site.id) if site.location is not None and len(sites) > 1]
        places = tuple((site.id, _vector(site.location or (0, 0)), _stretch(bias.get(site.id, 0))) for site in located)
        return cls(places, tuple(options.get("default") or ()), options.get("at_least", 1))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the biases and the sites they name."""
        bias = options.get("bias")
        if isinstance(bias, Mapping):
            for site, percent in bias.items():
                if site not in sites:
                    yield Complaint("P003", ("bias", site), f"the pool has no member at site {site!r}", known(sites))
                if isinstance(percent, bool) or not isinstance(percent, int) or not -99 <= percent <= 99:
                    yield Complaint("P006", ("bias", site), f"bias of {percent!r}", "a whole number from -99 to 99")
        default = options.get("default")
        if isinstance(default, list | tuple):
            for i, site in enumerate(default):
                if site not in sites:
                    yield Complaint("P003", ("default", i), f"the pool has no member at site {site!r}", known(sites))

    def client_key(self, location: Location) -> Hashable:
        """Return the tiers of sites, nearest first; none when the location is not known."""
        pinned = [place for place in self.places if place[0] == location.site]
        if location.coordinates is not None:
            here = _vector(location.coordinates)
        elif pinned:
            here = pinned[0][1]
        else:
            return ()
        far = sorted((_metres(here, there) * stretch, site) for site, there, stretch in self.places if site != location.site)
        return tuple((place[0],) for place in pinned) + _tiers(far)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep the nearest tier that has members, filled up to `at_least`."""
        return Outcome(best(self._ranked(candidates, cast("Tiers", key)), self.at_least))

    def when_all_down(self) -> Nearest:
        """Keep the order, and enough members for an answer that fails open."""
        return replace(self, at_least=max(self.at_least, FAIL_OPEN))

    def _ranked(self, candidates: tuple[Candidate, ...], tiers: Tiers) -> Iterable[list[Candidate]]:
        left = candidates
        for tier in tiers:
            yield [c for c in left if c.stands_at(tier)]
            left = tuple(c for c in left if not c.stands_at(tier))
        order = {site: i for i, site in enumerate(self.default)}
        rest = sorted(left, key=lambda c: min((order.get(site, len(order)) for site in (c.sites or (c.site or "",))), default=0))
        sites: dict[tuple[str | None, str], list[Candidate]] = {}
        for c in rest:
            sites.setdefault((c.site, "" if c.site else c.id), []).append(c)
        yield from sites.values()


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two places given in degrees."""
    return _metres(_vector(a), _vector(b))


def _metres(a: Vector, b: Vector) -> float:
    """Haversine formula: half the chord is the sine of half the angle. Exact for near points; 0.1 m off for antipodes."""
    return 2 * EARTH_RADIUS * asin(min(1.0, dist(a, b) / 2))


def _vector(place: tuple[float, float]) -> Vector:
    latitude, longitude = map(radians, place)
    return (cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude))


def _stretch(bias: int) -> float:
    """Route 53's formula, as a factor of the distance."""
    return 1 - bias / 100 if bias >= 0 else 1 / (1 + bias / 100)


def _tiers(far: list[tuple[float, str]]) -> Tiers:
    """Cut a list sorted by distance into the first three tiers; each counts from its own nearest site.

    In whole metres, so that nodes whose libm differs in the last bit agree.
    """
    tiers: list[list[str]] = []
    reach = -1
    for distance, site in far:
        if round(distance) * 100 <= reach:
            tiers[-1].append(site)
        elif len(tiers) == TIERS:
            break
        else:
            tiers.append([site])
            reach = round(distance) * TIER_PERCENT
    return tuple(tuple(sorted(tier)) for tier in tiers)
