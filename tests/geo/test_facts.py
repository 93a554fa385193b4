"""The adapter: records of every shape in the wild become the same facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo.countries import CONTINENTS, countries
from gslb.geo.facts import location, shape
from gslb.model import Location

DE = countries().of["DE"].location
US = countries().of["US"].location
BERLIN = (52.52, 13.4)

GEOIP2_CITY = {
    "city": {"geoname_id": 2950159, "names": {"en": "Berlin", "de": "Berlin"}},
    "continent": {"code": "EU", "names": {"en": "Europe"}},
    "country": {"iso_code": "DE", "names": {"en": "Germany"}, "is_in_european_union": True},
    "location": {"accuracy_radius": 50, "latitude": 52.52, "longitude": 13.4, "time_zone": "Europe/Berlin"},
    "registered_country": {"iso_code": "FR"},
    "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin"}}, {"iso_code": "XX"}],
}

CASES: list[tuple[str, Any, Location, str]] = [
    ("GeoIP2 City", GEOIP2_CITY, Location("DE", "EU", "BE", BERLIN), "nested"),
    ("GeoLite2 Country", {"continent": {"code": "EU"}, "country": {"iso_code": "DE"}}, Location("DE", "EU", None, DE), "nested"),
    ("registered only", {"registered_country": {"iso_code": "DE"}}, Location("DE", "EU", None, DE), "nested"),
    (
        "DB-IP City, no subdivision codes",
        {"country": {"iso_code": "US"}, "subdivisions": [{"names": {"en": "California"}}], "location": {"latitude": 37.5, "longitude": -122.0}},
        Location("US", "NA", "CA", (37.5, -122.0)),
        "nested",
    ),
    (
        "a name without a code",
        {"country": {"iso_code": "DE"}, "subdivisions": [{"names": {"en": "Bavaria"}}]},
        Location("DE", "EU", "Bavaria", DE),
        "nested",
    ),
    ("flat country", {"country_code": "DE"}, Location("DE", "EU", None, DE), "flat"),
    ("small letters", {"country_code": "de"}, Location("DE", "EU", None, DE), "flat"),
    (
        "flat city",
        {"country_code": "US", "state1": "Virginia", "city": "Ashburn", "latitude": 39.04, "longitude": -77.49},
        Location("US", "NA", "VA", (39.04, -77.49)),
        "flat",
    ),
    (
        "IPinfo",
        {"country": "US", "continent": "NA", "region": "California", "lat": "37.5", "lng": "-122.0", "asn": "AS15169", "as_name": "Google"},
        Location("US", "NA", "CA", (37.5, -122.0), 15169),
        "flat",
    ),
    (
        "IPinfo Lite",
        {"country": "United States", "country_code": "US", "continent": "North America", "continent_code": "NA", "asn": "AS64500"},
        Location("US", "NA", None, US, 64500),
        "flat",
    ),
    ("whole code of a subdivision", {"country_code": "US", "region_code": "US-CA"}, Location("US", "NA", "CA", US), "flat"),
    ("ASN", {"autonomous_system_number": 64500, "autonomous_system_organization": "Example"}, Location(asn=64500), "asn"),
    (
        "ASN in traits",
        {"country": {"iso_code": "DE"}, "traits": {"autonomous_system_number": 64500}},
        Location("DE", "EU", None, DE, 64500),
        "nested",
    ),
    ("ASN 0", {"asn": 0}, Location(), "other"),
    ("ASN as text only", {"asn": "AS"}, Location(), "other"),
    ("pseudo code EU", {"country": {"iso_code": "EU"}}, Location(continent="EU"), "nested"),
    ("pseudo code AP", {"country_code": "AP"}, Location(continent="AS"), "flat"),
    ("Tor", {"country_code": "T1", "latitude": 38.0, "longitude": -97.0}, Location(), "flat"),
    ("anonymous proxy", {"country": {"iso_code": "A1"}, "location": {"latitude": 38.0, "longitude": -97.0}}, Location(), "nested"),
    ("Kosovo", {"country_code": "XK"}, Location("XK", "EU", None, countries().of["XK"].location), "flat"),
    ("continent only", {"continent": {"code": "EU"}}, Location(continent="EU"), "nested"),
    ("another's continent", {"country_code": "CY", "continent_code": "AS"}, Location("CY", "EU", None, countries().of["CY"].location), "flat"),
    ("zero zero", {"country_code": "DE", "latitude": 0.0, "longitude": 0.0}, Location("DE", "EU", None, DE), "flat"),
    ("off the globe", {"country_code": "DE", "latitude": 152.5, "longitude": 13.4}, Location("DE", "EU", None, DE), "flat"),
    ("not a number", {"country_code": "DE", "latitude": float("nan"), "longitude": 13.4}, Location("DE", "EU", None, DE), "flat"),
    ("half a place", {"country_code": "DE", "latitude": 52.5}, Location("DE", "EU", None, DE), "flat"),
    ("a dash for nothing", {"country_code": "-", "state1": "-"}, Location(), "other"),
    ("an anonymiser's file", {"is_anonymous": True}, Location(), "other"),
    ("no map", ["DE"], Location(), "other"),
    ("nothing", None, Location(), "other"),
]


@pytest.mark.parametrize(("record", "facts", "form"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_shapes(record: Any, facts: Location, form: str) -> None:
    assert location(record, countries()) == facts
    assert shape(record) == form


NESTED = ("country", "registered_country", "continent", "iso_code", "code", "names", "en", "subdivisions", "location", "traits")
FLAT = ("country_code", "continent_code", "latitude", "longitude", "lat", "lng", "asn", "autonomous_system_number", "state1", "region", "region_code")
keys = st.sampled_from(NESTED + FLAT)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["DE", "eu", "A1", "AS1", "1.5", "", "x" * 40]) | st.binary(max_size=3)
)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=6), max_leaves=12)


@given(record=st.dictionaries(keys, anything, max_size=8))
def test_no_record_breaks_the_adapter_and_facts_are_always_sound(record: Any) -> None:
    found = location(record, countries())
    assert found.country is None or found.country in countries().of
    assert found.continent is None or found.continent in CONTINENTS
    assert found.subdivision is None or (isinstance(found.subdivision, str) and found.subdivision)
    assert found.asn is None or 0 < found.asn < 2**32
    if found.coordinates is not None:
        assert abs(found.coordinates[0]) <= 90
        assert abs(found.coordinates[1]) <= 180
    hash(found)
    assert shape(record) in {"nested", "flat", "asn", "other"}
