"""Operator networks: what the operator says of clients, laid over what databases say.

Called by `atlas`. The longest matching network wins, fact by fact: a network's facts are laid over those of the next wider one, down to the database.

    the network names          what becomes of the client's facts
    country                    all of the place is replaced: continent and centroid by the country table, the rest unknown unless named
    continent, no country      all of the place is replaced: a continent and no more
    subdivision                replaced; coordinates too, where a database knows a place in that subdivision
    location                   the coordinates are replaced
    site                       the clients stand at that site: its coordinates, unless `location` says otherwise
    asn, tags                  the number is replaced; tags add up
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gslb.geo.countries import Countries
from gslb.geo.runs import Runs, from_pairs
from gslb.model import Location, Network, NetworkFact, Site

Chain = tuple[NetworkFact, ...]  # networks that hold an address, widest first


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What is needed to complete an operator's facts. `states`: (country, subdivision) → coordinates some database gives."""

    countries: Countries
    sites: Mapping[str, Site]
    states: Mapping[tuple[str, str], tuple[float, float]]


def runs(networks: Sequence[NetworkFact], version: int) -> tuple[Runs, list[Chain]]:
    """Cut one family's address space at the networks' edges; a value is an index into the chains, 0 = no network."""
    chains: list[Chain] = [()]
    pairs: list[tuple[int, int]] = [(0, 0)]
    open_: list[tuple[int, int]] = [(1 << 128, 0)]  # (end, chain) of the networks that hold the present place

    def mark(start: int, chain: int) -> None:
        if pairs[-1][0] == start:
            pairs.pop()
        pairs.append((start, chain))

    def close(until: int) -> None:
        while open_[-1][0] <= until:
            end, _ = open_.pop()
            mark(end, open_[-1][1])

    for fact in sorted((n for n in networks if n.network.version == version), key=lambda n: (n.network.network_address, n.network.prefixlen)):
        start, end = _edges(fact.network)
        close(start)
        chains.append((*chains[open_[-1][1]], fact))
        open_.append((end, len(chains) - 1))
        mark(start, len(chains) - 1)
    close((1 << 128) - 1)
    return from_pairs(pairs), chains


def _edges(network: Network) -> tuple[int, int]:
    """Return the first address and the one behind the last, left-aligned."""
    shift = 128 - network.max_prefixlen
    first = int(network.network_address) << shift
    return first, first + (1 << (128 - network.prefixlen))


def applied(chain: Chain, below: Location, gazetteer: Gazetteer) -> Location:
    """Lay the facts of nested networks over a location."""
    for fact in chain:
        below = _applied(fact, below, gazetteer)
    return below


def _applied(fact: NetworkFact, below: Location, gazetteer: Gazetteer) -> Location:
    place = below
    if fact.country is not None:
        known = gazetteer.countries.of.get(fact.country)
        place = Location(known.code, known.continent, coordinates=known.location) if known else Location(fact.country)
    elif fact.continent is not None:
        place = Location()
    if fact.continent is not None:
        place = replace(place, continent=fact.continent)
    if fact.subdivision is not None:
        code = gazetteer.countries.subdivision_code(place.country, fact.subdivision)
        known_place = gazetteer.states.get((place.country or "", code))
        place = replace(place, subdivision=code, coordinates=known_place or place.coordinates)
    if fact.site is not None:
        site = gazetteer.sites.get(fact.site)  # an unknown site is a problem of the configuration, told there
        place = replace(place, site=fact.site, coordinates=(site and site.location) or place.coordinates)
    if fact.location is not None:
        place = replace(place, coordinates=fact.location)
    return replace(
        place,
        asn=below.asn if fact.asn is None else fact.asn,
        tags=below.tags | fact.tags,
        network=str(fact.network),
    )
