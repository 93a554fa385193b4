"""The country table: complete, sound, and of one mind with the places that geo rules know."""

from __future__ import annotations

import json

from gslb.geo.countries import CONTINENTS, countries, shipped
from gslb.policy import places


def test_it_holds_the_249_codes_of_iso_3166_and_kosovo() -> None:
    folder = shipped()
    assert folder is not None
    table = json.loads((folder / "countries.json").read_text())
    assert len(table["countries"]) == 249
    assert set(table["user_assigned"]) == {"XK"}
    assert set(countries().of) == set(table["countries"]) | {"XK"}


def test_every_country_has_a_name_a_continent_and_a_place() -> None:
    for country in countries().of.values():
        assert country.name.strip() == country.name != ""
        assert country.continent in CONTINENTS
        assert abs(country.location[0]) <= 90
        assert abs(country.location[1]) <= 180


def test_conventions_that_differ_between_makers() -> None:
    assert {code: countries().of[code].continent for code in ("RU", "CY", "GS", "TL", "TR")} == {
        "RU": "EU",
        "CY": "EU",
        "GS": "AN",
        "TL": "OC",
        "TR": "AS",
    }


def test_geo_rules_know_the_same_countries_and_accept_our_continents() -> None:
    theirs = {code: continent for continent, codes in places.CONTINENTS.items() for code in codes.split()}
    assert theirs.keys() == countries().of.keys()
    for code, country in countries().of.items():
        assert places.place(f"{country.continent}-{code}") == places.place(f"country:{code}")


def test_centroids_are_where_users_are() -> None:
    assert countries().of["CA"].location[0] < 50  # Ontario, not Nunavut
    assert countries().of["RU"].location[1] < 60  # the Volga, not Siberia


def test_subdivisions_by_code_and_name() -> None:
    table = countries()
    assert table.subdivision_code("US", "Virginia") == table.subdivision_code("US", "VA") == table.subdivision_code("US", "US-VA") == "VA"
    assert table.subdivision_code("CA", "quebec") == "QC"
    assert table.subdivision_code("DE", "Bavaria") == "Bavaria"
    assert len(table.subdivisions["US"]) == 57
    assert len(table.subdivisions["CA"]) == 13
