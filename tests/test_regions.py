"""Regions: locations that the filters cannot tell apart are one, numbered alike on every node, at most 65,535."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import PlanError
from gslb.model import UNKNOWN_LOCATION, Location, Site
from gslb.policy import FILTERS
from gslb.regions import MAX_REGIONS, classify

COUNTRIES = ("DE", "FR", "US", None)
CONTINENTS = ("EU", "NA", None)


@dataclass(frozen=True)
class By:
    """A filter that looks at one fact of the client."""

    fact: str
    name: ClassVar = "by"
    doc: ClassVar = ""
    options: ClassVar[dict[str, Any]] = {}

    def client_key(self, location: Location) -> Hashable:
        return getattr(location, self.fact, None)


locations = st.lists(
    st.builds(Location, country=st.sampled_from(COUNTRIES), continent=st.sampled_from(CONTINENTS), asn=st.sampled_from((1, 2, None))), max_size=20
).map(lambda found: [UNKNOWN_LOCATION, *found])
filters: Any = st.lists(st.sampled_from([By("country"), By("continent"), By("asn"), By("nothing")]), max_size=3)


@given(chosen=filters, places=locations)
def test_one_region_for_each_key(chosen: list[Any], places: list[Location]) -> None:
    found = classify(chosen, places)
    keys = [tuple(one.client_key(place) for one in chosen) for place in places]
    assert len(found.of_location) == len(places)
    assert len(found.representative) == len(set(keys))
    for place, key, region in zip(places, keys, found.of_location, strict=True):
        assert tuple(one.client_key(found.representative[region]) for one in chosen) == key, place
    assert found.of_location[0] == 0
    assert found.representative[0] == UNKNOWN_LOCATION
    first_seen = list(dict.fromkeys(found.of_location))
    assert first_seen == sorted(first_seen)  # numbered as they come, so equally on every node


def test_filters_that_do_not_look_at_the_client_make_one_region() -> None:
    found = classify([By("nothing")], [UNKNOWN_LOCATION, Location("DE"), Location("US")])
    assert found == ([0, 0, 0], [UNKNOWN_LOCATION])
    assert classify([], [UNKNOWN_LOCATION, Location("DE")]).of_location == [0, 0]


def test_a_known_place_may_share_the_unknown_ones_region() -> None:
    geo = FILTERS["geo"].build({"DE": ["fra"], "default": ["iad"]}, {"fra": Site("fra"), "iad": Site("iad")})
    assert classify([geo], [UNKNOWN_LOCATION, Location("US"), Location("DE"), Location("FR")]).of_location == [0, 0, 1, 0]


def test_too_many_regions_are_refused_in_words() -> None:
    many = [UNKNOWN_LOCATION, *(Location(asn=number) for number in range(1, MAX_REGIONS))]
    assert len(classify([By("asn")], many).representative) == MAX_REGIONS
    with pytest.raises(PlanError, match="the filters by tell 65536 kinds of clients apart: at most 65535"):
        classify([By("asn")], [*many, Location(asn=MAX_REGIONS)])
