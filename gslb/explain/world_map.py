"""The world by country: which site serves each now, with what share, and why. What a map shows. Plain data.

Called by control for the API and the dashboard, which ask for the same generation again and again: whoever calls keeps what it got.
"""

from __future__ import annotations

from typing import Any, Final

from gslb.answer.lookup import A
from gslb.config.rdata import type_text
from gslb.errors import GeoError, UsageError
from gslb.explain import simulation
from gslb.explain.explanation import time_text
from gslb.explain.listener import Heard, Listener
from gslb.explain.population import Population, built_in, names
from gslb.explain.shift import Pair, Part, compare
from gslb.explain.story import Teller, percent
from gslb.explain.subject import Subject
from gslb.explain.summary import because
from gslb.explain.traffic import Traffic
from gslb.geo.countries import countries
from gslb.model import Address
from gslb.names import to_text


def world(subject: Subject, name: str = "", population: Population | None = None) -> dict[str, Any]:
    """Tell of all countries who serves them. `name`: as clients ask it; without it, the pool that most names lead to. Raises UsageError."""
    leading = simulation.leading(subject.model)
    if not leading:
        raise UsageError("no name leads to a pool: nobody is served by place")
    by_name = sorted(leading.items(), key=lambda one: (one[0].startswith(b"\1*"), one), reverse=True)  # a wildcard only where there is no plain name
    first = {pool: to_text(owner) for owner, pool in by_name}
    counted = simulation.chosen(subject, subject, simulation.Asked((name,))) if name else simulation.everything(subject.model, subject.model)
    pool = next(iter(counted)).new
    assert pool is not None  # both sides are the same
    population = population or built_in(subject)
    traffic = Traffic(subject, population)
    kind = traffic.kind(pool, A)
    shift = compare(traffic, traffic, {Pair(pool, pool): 1}, population, kind)
    told = _Told(subject, traffic, pool, kind)
    found = {code: told.country(place, shift.countries[code]) for code, place in _largest(population).items()}
    called = _called()
    return {
        "name": name or first[pool],
        "pool": pool,
        "type": type_text(kind),
        "generation": subject.snapshot.generation if subject.served else None,
        "time": time_text(subject.moment.now),
        "population": simulation.described(population),
        "countries": {
            code: {"name": called.get(code, ("", None))[0], "location": called.get(code, ("", None))[1], **found.get(code, _NOBODY)}
            for code in sorted(found.keys() | called.keys())
        },
        "sites": [
            {"site": one["site"], "name": one["name"], "location": one["location"], "capacity": one["capacity"], "share": one["now"]}
            for one in simulation.sites(shift.whole, (subject.model,), None)
        ],
        "choices": [{"pool": one, "name": first[one]} for one in subject.model.pools if one in first],
    }


_NOBODY: Final[dict[str, Any]] = {"site": None, "shares": {}, "why": "no address is known to be there", "members": [], "weight": 0.0}


class _Told:
    """Tells why: hears the compiler once for each region, and tells it for each country's own place."""

    def __init__(self, subject: Subject, traffic: Traffic, pool: str, kind: int) -> None:
        self._subject = subject
        self._pool = subject.compiler.pool_ids[pool]
        self._kind = kind
        self._regions = traffic.regions(traffic.partition(pool))
        self._cells = traffic.cells
        self._heard: dict[int, Heard] = {}

    def country(self, place: int, part: Part) -> dict[str, Any]:
        """Tell of a country whose largest cell stands at this place."""
        heard = self._hear(self._regions[place])
        why, members = self._why(heard, self._cells[place].address)
        shares = {site: simulation.percent(share) for site, share in sorted(part.now.items(), key=lambda one: (-one[1], one[0])) if share}
        return {"site": next(iter(shares), None), "shares": shares, "why": why, "members": members, "weight": simulation.percent(part.weight)}

    def _hear(self, region: int) -> Heard:
        found = self._heard.get(region)
        if found is None:
            listener = Listener()
            self._subject.compiler.explained(self._pool, region, self._kind, self._subject.moment, listener)
            assert listener.root is not None
            found = self._heard[region] = listener.root
        return found

    def _why(self, heard: Heard, address: Address) -> tuple[str, list[dict[str, Any]]]:
        subject = self._subject
        teller = Teller(subject.model, subject.moment, subject.atlas.lookup(address)[0])
        members = [{"member": one.member, "site": one.site or None, "share": percent(one.share)} for one in teller.leaves(heard) if one.share]
        return because({"decision": teller.pool(heard)}), members


def _largest(population: Population) -> dict[str, int]:
    """Return where each country's largest cell stands."""
    found: dict[str, int] = {}
    for place, cell in enumerate(population.cells):
        if cell.country not in found or cell.weight > population.cells[found[cell.country]].weight:
            found[cell.country] = place
    return found


def _called() -> dict[str, tuple[str, tuple[float, float] | None]]:
    """Return every country's name and place, by code."""
    try:
        return {code: (one.name, one.location) for code, one in countries().of.items()}
    except GeoError:  # an installation without the table
        return dict.fromkeys(names(), ("", None))
