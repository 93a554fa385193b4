"""Regions: locations that a set of client-dependent filters cannot tell apart are one region.

Called by the compiler, once per distinct set of filters. Pure and deterministic: regions are numbered in the order of their first location,
so that region 0 holds the unknown one and two nodes with equal inputs number alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

from gslb.errors import PlanError
from gslb.model import Location
from gslb.policy.candidate import Keyed

MAX_REGIONS: Final = 65_535  # a partition keeps regions in 16 bits


class Regions(NamedTuple):
    """`of_location`: each location's region. `representative`: one location of each region, good for all of it."""

    of_location: list[int]
    representative: list[Location]


def classify(filters: Sequence[Keyed], locations: Sequence[Location]) -> Regions:
    """Group locations by what the filters need of them. Raises PlanError past 65,535 regions."""
    number: dict[tuple[Hashable, ...], int] = {}
    of_location: list[int] = []
    representative: list[Location] = []
    for location in locations:
        key = tuple(chosen.client_key(location) for chosen in filters)
        region = number.setdefault(key, len(number))
        if region == len(representative):
            representative.append(location)
        of_location.append(region)
    if len(number) > MAX_REGIONS:
        names = ", ".join(getattr(chosen, "name", type(chosen).__name__.lower()) for chosen in filters)
        raise PlanError(f"the filters {names} tell {len(number)} kinds of clients apart: at most {MAX_REGIONS} can be served by one pool")
    return Regions(of_location, representative)
