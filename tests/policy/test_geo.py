"""`geo`: the most specific rule, widening, fences, and what is said of wrong maps."""

import pytest

from gslb.model import UNKNOWN_LOCATION, Location, Site
from gslb.policy.geo import Geo

SITES = {name: Site(name) for name in ("fra", "ams", "iad", "sjc", "sin", "lab")}

MAP = {
    "EU": ["ams", "fra"],
    "DE": ["fra"],
    "NA": ["iad", "sjc"],
    "US-CA": ["sjc", "iad"],
    "AS": ["sin"],
    "AS64500": ["ams"],
    "tag:office": ["lab"],
    "203.0.113.0/24": ["iad"],
    "203.0.113.128/25": ["sjc"],
    "default": ["iad", "fra"],
}

GERMAN = Location("DE", "EU", "Bavaria")
CALIFORNIAN = Location("US", "NA", "CA")
ALL = "sin fra iad ams sjc lab"


def kept(options, location, given, people, ids):
    chosen = Geo.build(options, SITES)
    outcome = chosen.apply(people(given), chosen.client_key(location))
    return ids(outcome.candidates), outcome.failed


SPECIFIC = [
    (UNKNOWN_LOCATION, "iad fra"),
    (Location("FR", "EU"), "ams fra"),
    (GERMAN, "fra"),
    (Location("US", "NA"), "iad sjc"),
    (CALIFORNIAN, "sjc iad"),
    (Location("CA", "NA", "CA"), "iad sjc"),  # Canada has no CA; the code alone is not California
    (Location("SG", "AS"), "sin"),
    (Location("DE", "EU", asn=64500), "ams"),  # the network operator is more specific than the country
    (Location("DE", "EU", asn=64500, tags=frozenset({"office"})), "lab"),
    (Location("DE", "EU", asn=64500, tags=frozenset({"office"}), network="203.0.113.0/24"), "iad"),
    (Location("DE", "EU", network="203.0.113.192/26"), "sjc"),  # inside both networks: the longer rule
    (Location("DE", "EU", network="198.51.100.0/24"), "fra"),
    (Location("DE", "EU", network="2001:db8::/32"), "fra"),
    (Location("BR", "SA"), "iad fra"),
    (Location(None, "EU"), "ams fra"),
    (Location("DE", "EU", site="sin"), "sin"),  # the operator says that these clients are at sin
    (Location("DE", "EU", site="nowhere"), "fra"),
]


@pytest.mark.parametrize(("location", "expected"), SPECIFIC)
def test_the_most_specific_rule_wins_in_the_order_written(location, expected, people, ids):
    assert kept(MAP, location, ALL, people, ids) == (expected, False)


WIDENING = [
    ("fra iad ams", "fra"),
    ("iad ams", "ams"),  # DE has nothing: EU
    ("iad sjc", "iad"),  # EU has nothing: default
    ("sjc sin", "sjc sin"),  # nothing is listed for Germans: the filter fails, and gives back what came
    ("", ""),
]


@pytest.mark.parametrize(("given", "expected"), WIDENING)
def test_without_a_site_left_the_next_wider_rule_is_used(given, expected, people, ids):
    assert kept(MAP, GERMAN, given, people, ids) == (expected, expected in {"sjc sin", ""})


def test_a_fence_is_never_left(people, ids):
    fenced = {**MAP, "fence": True}
    assert kept(fenced, GERMAN, "fra ams", people, ids) == ("fra", False)
    assert kept(fenced, GERMAN, "ams iad", people, ids) == ("", True)
    assert kept(fenced, UNKNOWN_LOCATION, "sin fra", people, ids) == ("fra", False)
    assert Geo.build(fenced, SITES).when_all_down() == Geo.build(fenced, SITES)


def test_inside_a_fence_an_operator_s_site_counts_only_where_the_fence_lists_it(people, ids):
    fenced = {"EU": ["ams", "fra"], "default": ["iad"], "fence": True}
    assert kept(fenced, Location("DE", "EU", site="fra"), ALL, people, ids) == ("fra", False)
    assert kept(fenced, Location("DE", "EU", site="fra"), "ams iad", people, ids) == ("ams", False)
    assert kept(fenced, Location("DE", "EU", site="iad"), ALL, people, ids) == ("ams fra", False)
    assert kept({"DE": ["fra"], "default": ["iad"], "fence": True}, Location("DE", "EU", site="fra"), "iad", people, ids) == ("", True)


def test_several_members_of_a_site_stay_together(people, ids):
    assert kept(MAP, Location("FR", "EU"), "fra/a ams/b fra/c ams/d -/e", people, ids) == ("b d a c", False)


def test_places_with_the_same_ladder_are_one_region():
    chosen = Geo.build({"DE": ["fra"], "AT": ["fra"], "EU": ["ams"], "default": ["iad"]}, SITES)
    german, austrian, french = (chosen.client_key(Location(country, "EU")) for country in ("DE", "AT", "FR"))
    assert german == austrian == (("fra",), ("ams",), ("iad",))
    assert french == (("ams",), ("iad",))


def test_a_rule_that_adds_no_site_does_not_split_regions():
    chosen = Geo.build({"DE": ["fra", "iad"], "EU": ["fra"], "default": ["iad", "fra"]}, SITES)
    assert chosen.client_key(GERMAN) == (("fra", "iad"),)


def test_a_map_with_a_default_alone_has_one_key_for_everybody():
    chosen = Geo.build({"default": ["iad"]}, SITES)
    assert {chosen.client_key(location) for location, _ in SPECIFIC[:15]} == {(("iad",),)}


COMPLAINTS = [
    ({"EU": ["fra"]}, [("P001", ())]),
    ({"default": []}, [("P001", ()), ("P004", ("default",))]),
    ({"default": ["fra"], "EW": ["fra"]}, [("P002", ("EW",))]),
    ({"default": ["fra"], "UK": ["far"]}, [("P002", ("UK",)), ("P003", ("UK", 0))]),
    ({"default": ["fra", "xxx"]}, [("P003", ("default", 1))]),
    ({"default": ["fra", "fra"]}, [("P005", ("default", 1))]),
    ({"default": ["fra"], "DE": ["fra"], "EU-DE": ["ams"]}, [("P005", ("EU-DE",))]),
    ({"default": ["fra"], "DE": {"fra": 1}}, [("P004", ("DE",))]),
    ({"default": "fra", "DE": "ams", "fence": True}, []),
    ({"default": ["fra"], 64500: ["fra"]}, [("P002", (64500,))]),
]


@pytest.mark.parametrize(("options", "expected"), COMPLAINTS)
def test_what_is_said_of_wrong_maps(options, expected):
    complaints = list(Geo.problems(options, SITES))
    assert [(c.code, c.path) for c in complaints] == expected
    assert all(c.message and c.hint for c in complaints)
