"""Why a filter left a member out, or gave it another weight, in a few words.

A filter that is not in the table (an installed package's) is explained by its name alone: what it did is told all the same. Each reason is read
off what the filter was given and what it left; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, cast

from gslb.explain.listener import Link
from gslb.model import Location, Site
from gslb.policy.candidate import Candidate
from gslb.policy.limit import Limit
from gslb.policy.nearest import metres
from gslb.policy.rules import Ladder
from gslb.verdict import State


class Scene(NamedTuple):
    """What reasons may speak of besides the link: the client's location, the sites, and why members stand as they do, by index."""

    location: Location
    sites: Mapping[str, Site]
    states: Mapping[int, str]


def dropped(link: Link, left_out: Candidate, scene: Scene) -> str:
    """Say why a member was left out."""
    tell = _DROPPED.get(link.chosen.name)
    return tell(link, left_out, scene) if tell else f"left out by {link.chosen.name}"


def reweighted(link: Link) -> dict[int, float]:
    """Return what part of its weight each member keeps beside the others, by index; empty where all weigh as before."""
    before = {c.index: c.weight for c in link.given}
    parts = {c.index: c.weight / before[c.index] for c in link.outcome.candidates if before[c.index]}
    most = max(parts.values(), default=0.0)
    if not most or all(part == most for part in parts.values()):
        return {}
    return {index: part / most for index, part in parts.items() if part != most}


def weight_reason(link: Link, changed: Candidate) -> str:
    """Say why a member has another weight."""
    if link.chosen.name == "ramp":
        return "came back a short while ago"
    return f"grade {changed.grade}" if link.chosen.name == "healthy" else link.chosen.name


def _healthy(link: Link, left_out: Candidate, scene: Scene) -> str:
    del link
    state = left_out.state.name.lower()
    why = scene.states.get(left_out.index, "")
    if left_out.state is State.UNKNOWN:
        return f"{state}, and others are up" + (f" ({why})" if why else "")
    return f"{state}: {why}" if why else state


def _geo(link: Link, left_out: Candidate, scene: Scene) -> str:
    ladder = cast("Ladder", link.key)
    if link.outcome.failed:
        return f"outside the fence: this client may have {_or(ladder)} only"
    step = next((sites for sites in ladder if any(c.stands_at(sites) for c in link.outcome.candidates)), ())
    if any(left_out.stands_at(sites) for sites in ladder):
        return f"in a wider rule; the first with members left lists {', '.join(step)}"
    return f"not listed for {_where(scene.location)}: {', '.join(step)}"


def _listed(link: Link, left_out: Candidate, scene: Scene) -> str:
    del left_out
    ladder = cast("Ladder", link.key)
    what = f"AS{scene.location.asn}" if link.chosen.name == "asn" else scene.location.network or "this network"
    return f"not listed for {what}: {_or(ladder)}"


def _geofence(link: Link, left_out: Candidate, scene: Scene) -> str:
    del link
    return f"{_site(left_out)} may not serve {_where(scene.location)}"


def _nearest(link: Link, left_out: Candidate, scene: Scene) -> str:
    if not link.key:
        return "later in the order for clients whose place is not known"
    here = scene.location.coordinates
    mine = _distance(here, left_out, scene)
    best = min((far for c in link.outcome.candidates if (far := _distance(here, c, scene)) is not None), default=None)
    if mine is None or best is None:
        return "farther"
    bias = "; bias counts too" if mine < best else ""
    return f"{mine:,} km away, the nearest is {best:,} km{bias}"


def _priority(link: Link, left_out: Candidate, scene: Scene) -> str:
    del scene
    best = link.outcome.candidates[0]
    if left_out.priority is None and best.priority is None:
        return f"later in the list than {best.id}"
    return f"priority {'none' if left_out.priority is None else left_out.priority}, {best.id} has {best.priority}"


def _limit(link: Link, left_out: Candidate, scene: Scene) -> str:
    del left_out, scene
    limit = cast("Limit", link.chosen)
    parts = ((limit.sites, "sites"), (limit.per_site, "of a site"), (limit.members, "members"))
    return "past the first " + ", ".join(f"{number} {what}" for number, what in parts if number)


def _schedule(link: Link, left_out: Candidate, scene: Scene) -> str:
    del link, scene
    return f"{_site(left_out)} is closed at this time"


_DROPPED: Final[dict[str, Callable[[Link, Candidate, Scene], str]]] = {
    "healthy": _healthy,
    "geo": _geo,
    "networks": _listed,
    "asn": _listed,
    "geofence": _geofence,
    "nearest": _nearest,
    "priority": _priority,
    "limit": _limit,
    "schedule": _schedule,
}


def _distance(here: tuple[float, float] | None, c: Candidate, scene: Scene) -> int | None:
    """Return whole kilometres to where a member stands; a pool inside stands at the nearest of its sites."""
    places = [scene.sites[site].location for site in ((c.site,) if c.site else c.sites) if site in scene.sites]
    if here is None:
        return None
    return min((round(metres(here, place) / 1000) for place in places if place is not None), default=None)


def _site(c: Candidate) -> str:
    return c.site or ", ".join(c.sites) or c.id


def _or(ladder: Ladder) -> str:
    return ", ".join(dict.fromkeys(site for step in ladder for site in step)) or "nobody"


def _where(location: Location) -> str:
    """Name a place in a word or two."""
    if location.country and location.subdivision:
        return f"{location.country}-{location.subdivision}"
    return location.country or location.continent or (f"AS{location.asn}" if location.asn else "") or location.network or "a client of unknown place"
