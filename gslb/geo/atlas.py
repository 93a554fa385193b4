"""The atlas: databases and operator networks laid over one another, one location for every address.

Made by `gslb.geo.load`, read by the control process: the compiler takes `locations`, classifies them, and `cut`s the address
space into a partition for the plan. Never changed; new files make a new atlas. The plane never sees it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gslb.answer.region import block
from gslb.answer.subnet import embedded, folded_gap
from gslb.geo import networks as operator
from gslb.geo.countries import countries
from gslb.geo.mmdb import Database, Metadata
from gslb.geo.runs import Runs, changes, constant, find, merged, overlay, start
from gslb.model import UNKNOWN_LOCATION, Address, Location, Network, NetworkFact, Site
from gslb.plan import Partition

STALE_AFTER: Final = 90 * 86400.0  # seconds; makers publish monthly: two editions missed is a habit, not a delay


@dataclass(frozen=True, slots=True)
class Edition:
    """Which database, and how old: for logs, metrics and the warning."""

    name: str
    metadata: Metadata


class Home(NamedTuple):
    """How many addresses a location has (of IPv6: networks of /64), and the first one of its largest stretch."""

    size: int
    first: int


class Atlas:
    """`locations[0]` is the unknown one; `editions`: the databases it was made of, which are kept for `rebuilt`."""

    def __init__(self, locations: list[Location], v4: Runs, v6: Runs, editions: tuple[Edition, ...] = (), databases: Sequence[Database] = ()) -> None:
        self.locations = locations
        self._databases = databases
        self.editions = editions
        self._v4 = v4
        self._v6 = v6

    def cut(self, region_of_location: Sequence[int]) -> Partition:
        """Make the partition in which every location's addresses belong to its region; runs of one region are joined."""
        if len(region_of_location) != len(self.locations):
            raise ValueError(f"{len(region_of_location)} regions for {len(self.locations)} locations")
        regions = np.array(region_of_location, np.uint16)
        v4, v4_region = _joined(self._v4, regions)
        v6, v6_region = _joined(self._v6, regions)
        return Partition(
            v4_start=array("I", (self._v4.high[v4] >> np.uint64(32)).astype(np.uint32).tobytes()),
            v4_region=array("H", v4_region.tobytes()),
            v6_high=array("Q", self._v6.high[v6].tobytes()),
            v6_low=array("Q", self._v6.low[v6].tobytes()),
            v6_region=array("H", v6_region.tobytes()),
        )

    def lookup(self, address: Address) -> tuple[Location, Network]:
        """Return an address's facts and the largest network around it in which every address has the same.

        IPv4 inside IPv6 (mapped, 6to4, Teredo, NAT64) counts as IPv4, as it does in answers.
        """
        number, bits = int(address), address.max_prefixlen
        if bits == 32:
            location, length = _found(self._v4, number, 32)
            return self.locations[location], IPv4Network((number, length), strict=False)
        inside = embedded(number)
        if inside is None:
            location, length = _found(self._v6, number, 128)
            length = max(length, block(number, *folded_gap(number), 128))
        else:
            location, length = _found(self._v4, inside[0], 32)
            length += inside[1]
        return self.locations[location], IPv6Network((number, length), strict=False)

    def homes(self, version: int = 4) -> dict[int, Home]:
        """Return where each location (by index) has its addresses of a family; those without any are left out."""
        runs = self.runs(version)
        starts = runs.high >> np.uint64(32) if version == 4 else runs.high  # IPv6 is counted in networks of /64: more is no place
        size = np.diff(starts, append=np.uint64(2**32 if version == 4 else 2**64 - 1))
        total = np.zeros(len(self.locations), np.uint64)
        np.add.at(total, runs.value, size)
        order = np.argsort(size, kind="stable")
        largest = np.zeros(len(self.locations), np.intp)
        largest[runs.value[order]] = order  # the last one written is the largest
        shift = 128 - (32 if version == 4 else 128)  # runs are left-aligned
        return {n: Home(int(total[n]), start(runs, int(largest[n])) >> shift) for n in np.flatnonzero(total).tolist()}

    def rebuilt(self, networks: Sequence[NetworkFact], sites: Mapping[str, Site]) -> Atlas:
        """Return the atlas of the same databases under other networks."""
        return build(self._databases, networks, sites)

    def runs(self, version: int) -> Runs:
        """Return a family's runs; their values are places in `locations`."""
        return self._v4 if version == 4 else self._v6

    def oldest_build(self) -> int | None:
        """Return the Unix time at which the oldest database was built; None without databases or when none says."""
        return min((edition.metadata.build_epoch for edition in self.editions if edition.metadata.build_epoch), default=None)

    def stale(self, now: float) -> tuple[str, ...]:
        """Say which databases are older than 90 days, one line each, for the warning."""
        return tuple(
            f"{edition.name}: geo data is {(now - edition.metadata.build_epoch) / 86400:.0f} days old; addresses move: bring a newer one"
            for edition in self.editions
            if edition.metadata.build_epoch and now - edition.metadata.build_epoch > STALE_AFTER
        )


def _found(runs: Runs, address: int, bits: int) -> tuple[int, int]:
    """Return the value at an address, and the length of the largest aligned block of it there."""
    shift = 128 - bits  # runs are left-aligned
    index = find(runs, address << shift)
    return int(runs.value[index]), block(address, start(runs, index) >> shift, start(runs, index + 1) >> shift, bits)


def _joined(runs: Runs, regions: NDArray[np.uint16]) -> tuple[NDArray[np.intp], NDArray[np.uint16]]:
    """Return which runs begin a stretch of another region, and those regions."""
    region = regions[runs.value]
    keep = changes(region)
    return keep, region[keep]


def build(databases: Sequence[Database], networks: Sequence[NetworkFact], sites: Mapping[str, Site]) -> Atlas:
    """Lay databases over one another (the first that knows a fact wins), then the operator's networks over all of them."""
    locations: dict[Location, int] = {UNKNOWN_LOCATION: 0}
    v4 = v6 = constant(0)
    if databases:  # the usual case is one, which needs no laying over
        locations = {location: index for index, location in enumerate(databases[0].locations)}
        v4, v6 = databases[0].v4, databases[0].v6
    for database in databases[1:]:
        v4 = _completed(v4, database.v4, database.locations, locations)
        v6 = _completed(v6, database.v6, database.locations, locations)
    gazetteer = operator.Gazetteer(countries(), sites, _states(locations))
    v4 = _overruled(v4, networks, 4, gazetteer, locations)
    v6 = _overruled(v6, networks, 6, gazetteer, locations)
    return Atlas(list(locations), v4, v6, tuple(Edition(database.name, database.metadata) for database in databases), tuple(databases))


def _completed(first: Runs, second: Runs, named: Sequence[Location], locations: dict[Location, int]) -> Runs:
    """Fill what `first` does not know from `second`, whose values index `named`."""
    known = list(locations)
    runs, other = overlay(first, second)
    return _interned(runs, other, lambda a, b: _filled(known[a], named[b]), locations)


def _filled(first: Location, second: Location) -> Location:
    """Complete a location: its place as a whole from whoever knows the country (else anything of it), the AS number apart."""
    knows_more = (second.country and not first.country) or not (first.country or first.continent or first.coordinates)
    return replace(second if knows_more else first, asn=second.asn if first.asn is None else first.asn)


def _overruled(runs: Runs, networks: Sequence[NetworkFact], version: int, gazetteer: operator.Gazetteer, locations: dict[Location, int]) -> Runs:
    """Lay operator networks over the runs of one family."""
    edges, chains = operator.runs(networks, version)
    if len(chains) == 1:
        return runs
    known = list(locations)
    cut, chain = overlay(runs, edges)
    return _interned(cut, chain, lambda a, b: operator.applied(chains[b], known[a], gazetteer), locations)


def _interned(runs: Runs, other: NDArray[np.uint32], combine: Callable[[int, int], Location], locations: dict[Location, int]) -> Runs:
    """Put one location in place of each distinct pair of values, and join equal neighbours."""
    pairs = runs.value.astype(np.uint64) << np.uint64(32) | other
    distinct, index = np.unique(pairs, return_inverse=True)
    value = np.array(
        [locations.setdefault(combine(pair >> 32, pair & 0xFFFFFFFF), len(locations)) for pair in distinct.tolist()],
        np.uint32,
    )
    return merged(Runs(runs.high, runs.low, value[index]))


def _states(locations: Iterable[Location]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return where databases put each subdivision; the first place they name."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for location in locations:
        if location.country and location.subdivision and location.coordinates:
            found.setdefault((location.country, location.subdivision), location.coordinates)
    return found
