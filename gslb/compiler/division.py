"""How clients are divided for pools with the same client-dependent filters: the compiler's side of a partition.

One division serves every pool whose chain, and the chains of its backups and of the pools inside it, tell the same clients apart: one look-up finds
the region for all of them. A chain that tells no two locations apart is undivided: no partition, region 0, scope 0.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from gslb.compiler.chain import Chain, Keys
from gslb.compiler.numbers import numbered
from gslb.model import Location
from gslb.plan import NO_PARTITION, Partition
from gslb.policy.candidate import Keyed
from gslb.regions import Regions, classify

Cut = Callable[[Sequence[int]], Partition]


class Classes(NamedTuple):
    """The different keys of a chain over a division, and for every region the place of its keys among them."""

    keys: list[Keys]
    of_region: list[int]


class Division:
    """The regions of some filters. `number`: the partition's, or NO_PARTITION."""

    def __init__(self, regions: Regions, number: int = NO_PARTITION) -> None:
        """Start without a number where there is one region only."""
        self.regions = regions
        self.number = number
        self._keys: dict[Chain, list[Keys]] = {}
        self._classes: dict[Chain, Classes] = {}

    def __len__(self) -> int:
        """Return how many regions there are."""
        return len(self.regions.representative)

    def keys(self, chain: Chain) -> list[Keys]:
        """Return a chain's keys for every region; worked out once."""
        found = self._keys.get(chain)
        if found is None:
            found = self._keys[chain] = [chain.keys(location) for location in self.regions.representative]
        return found

    def classes(self, chain: Chain) -> Classes:
        """Return which regions a chain tells apart; worked out once."""
        found = self._classes.get(chain)
        if found is None:
            places: dict[Keys, int] = {}
            of_region = [places.setdefault(keys, len(places)) for keys in self.keys(chain)]
            found = self._classes[chain] = Classes(list(places), of_region)
        return found

    def key(self, chosen: Keyed, region: int) -> Hashable:
        """Return what one filter needs of the clients of a region."""
        return chosen.client_key(self.regions.representative[region])


class Divisions:
    """All divisions of a model, shared where filters are equal."""

    def __init__(self, locations: Sequence[Location], cut: Cut) -> None:
        """Keep what partitions are made from."""
        self._locations = locations
        self._cut = cut
        self._of_filters: dict[tuple[Keyed, ...], Division] = {}
        self._of_regions: dict[bytes, Division] = {}
        self._looks: dict[Keyed, bool] = {}
        self._partitions: dict[int, Partition] | None = None

    def of(self, used: Iterable[Keyed]) -> Division:
        """Return the division for the filters of a pool and of the pools that its rows may be made from."""
        filters = dict.fromkeys(chosen for chosen in used if self.looks_at_client(chosen))
        key = tuple(sorted(filters, key=repr))  # so that a pool and its backup's pool share, whichever comes first
        found = self._of_filters.get(key)
        if found is None:
            regions = classify(key, self._locations)
            classes = array("H", regions.of_location).tobytes()
            found = self._of_filters[key] = self._of_regions.setdefault(classes, Division(regions))
        return found

    def looks_at_client(self, chosen: Keyed) -> bool:
        """Whether a filter tells any client from others; worked out once for each."""
        found = self._looks.get(chosen)
        if found is None:
            found = self._looks[chosen] = any(chosen.client_key(location) is not None for location in self._locations)
        return found

    def number(self) -> None:
        """Give numbers to the divisions that need a partition, once all of them are known."""
        divided = {classes: division for classes, division in self._of_regions.items() if len(division) > 1}
        for division, number in zip(divided.values(), numbered(list(divided)), strict=True):
            division.number = number

    def regions(self, number: int) -> list[int]:
        """Return each location's region in the division of a number. Raises KeyError."""
        found = {division.number: division.regions.of_location for division in self._of_regions.values()}
        return found[number]

    def partitions(self) -> dict[int, Partition]:
        """Return the partitions, cut once (some 0.1 s each on the shipped database)."""
        if self._partitions is None:
            divided = [d for d in self._of_regions.values() if d.number != NO_PARTITION]
            self._partitions = {d.number: self._cut(d.regions.of_location) for d in divided}
        return self._partitions
