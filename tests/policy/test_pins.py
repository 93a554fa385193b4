"""`networks`, `asn` and `geofence`: who is sent where, who passes, and what binds."""

import pytest

from gslb.model import UNKNOWN_LOCATION, Location, Site
from gslb.policy import FILTERS

SITES = {name: Site(name) for name in ("fra", "iad", "sin", "lab")}
CAMPUS = Location("DE", "EU", network="203.0.113.128/25", tags=frozenset({"office"}))
OFFICE = Location("DE", "EU", network="198.51.100.0/24", tags=frozenset({"office"}))
GERMAN, PROVIDER = Location("DE", "EU"), Location("DE", "EU", asn=64500)

NETWORKS = {"203.0.113.0/24": ["fra"], "203.0.113.128/25": ["lab"], "tag:office": ["iad", "fra"]}
ASNS = {"AS64500": ["sin", "fra"], "64501": ["lab"]}


@pytest.fixture
def run(people, ids):
    def left(name, options, location, given):
        chosen = FILTERS[name].build(options, SITES)
        outcome = chosen.apply(people(given), chosen.client_key(location))
        return ids(outcome.candidates), outcome.failed

    return left


@pytest.mark.parametrize(
    "case",
    [
        ("networks", NETWORKS, CAMPUS, "fra iad sin lab", "lab"),
        ("networks", NETWORKS, CAMPUS, "fra iad sin", "fra"),  # the next longer network
        ("networks", NETWORKS, CAMPUS, "iad sin", "iad"),  # then the tag
        ("networks", NETWORKS, CAMPUS, "sin", "sin"),  # then as everybody
        ("networks", NETWORKS, OFFICE, "fra sin iad", "iad fra"),
        ("networks", NETWORKS, GERMAN, "fra sin iad", "fra sin iad"),
        ("networks", NETWORKS, UNKNOWN_LOCATION, "fra sin", "fra sin"),
        ("asn", ASNS, PROVIDER, "fra iad sin", "sin fra"),
        ("asn", ASNS, PROVIDER, "iad", "iad"),
        ("asn", ASNS, GERMAN, "fra iad", "fra iad"),
        ("asn", ASNS, Location(asn=64501), "fra lab", "lab"),
        ("geofence", {"fra": ["EU"], "sin": ["AS", "tag:office"]}, GERMAN, "fra iad sin", "fra iad"),
        ("geofence", {"fra": ["EU"], "sin": ["AS", "tag:office"]}, OFFICE, "fra iad sin", "fra iad sin"),
        ("geofence", {"fra": ["EU"], "sin": ["AS"]}, UNKNOWN_LOCATION, "fra iad sin", "iad"),
        ("geofence", {"fra": ["US"]}, GERMAN, "-/x fra", "x"),  # a member without a site has no fence
    ],
)
def test_who_is_left(case, run):
    *given, left = case
    assert run(*given) == (left, False)


@pytest.mark.parametrize(
    ("name", "options", "location"),
    [("networks", {**NETWORKS, "fence": True}, CAMPUS), ("asn", {**ASNS, "fence": True}, PROVIDER), ("geofence", {"iad": ["US"]}, GERMAN)],
)
def test_fences_bind(name, options, location, run):
    assert run(name, options, location, "iad") == ("", True)
    chosen = FILTERS[name].build(options, SITES)
    assert chosen.when_all_down() == chosen


def test_a_fenced_network_does_not_widen(run):
    assert run("networks", {**NETWORKS, "fence": True}, CAMPUS, "fra iad") == ("", True)


@pytest.mark.parametrize(
    ("name", "options", "codes"),
    [
        ("networks", {}, ["P008"]),
        ("networks", {"fence": True}, ["P008"]),
        ("networks", {"DE": ["fra"]}, ["P002"]),
        ("networks", {"203.0.113.0/24": ["ams"]}, ["P003"]),
        ("networks", {"203.0.113.0/24": []}, ["P004"]),
        ("asn", {}, ["P008"]),
        ("asn", {"DE": ["fra"]}, ["P002"]),
        ("asn", {"AS64500": ["fra"], "64500": ["fra"]}, ["P005"]),
        ("geofence", {}, ["P008"]),
        ("geofence", {"ams": ["EU"]}, ["P003"]),
        ("geofence", {"fra": []}, ["P004"]),
        ("geofence", {"fra": ["Europe"]}, ["P002"]),
        ("geofence", {"fra": "EU"}, []),
    ],
)
def test_what_is_said_of_wrong_ones(name, options, codes):
    assert [complaint.code for complaint in FILTERS[name].problems(options, SITES)] == codes
