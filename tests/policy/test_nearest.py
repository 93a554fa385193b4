"""`nearest`: against an independent computation, and what tiers, bias and unknown places do."""

import math
import random

import pytest

from gslb.model import UNKNOWN_LOCATION, Location, Site
from gslb.policy.nearest import TIERS, Nearest, metres

SITES = {
    "fra": Site("fra", "Frankfurt", (50.11, 8.68)),
    "iad": Site("iad", "Ashburn", (39.04, -77.49)),
    "sjc": Site("sjc", "San Jose", (37.34, -121.89)),
    "sin": Site("sin", "Singapore", (1.35, 103.82)),
    "akl": Site("akl", "Auckland", (-36.85, 174.76)),
    "nou": Site("nou", "Nadi", (-17.8, 177.42)),
    "apw": Site("apw", "Apia", (-13.83, -171.77)),  # across the antimeridian from Nadi
    "mcm": Site("mcm", "McMurdo", (-77.85, 166.67)),
    "lyr": Site("lyr", "Longyearbyen", (78.22, 15.65)),
    "lab": Site("lab"),
}
PLACED = {key: site.location for key, site in SITES.items() if site.location}


def central_angle(a, b):
    """The angle by spherical trigonometry with atan2 (Vincenty's formula on a sphere): no vectors, no chord, well behaved everywhere."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    across = math.cos(lat2) * math.sin(lon2 - lon1)
    along = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    return math.atan2(math.hypot(across, along), math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(lon2 - lon1))


def points():
    chance = random.Random(20261120)
    edges = [
        (90.0, 0.0),
        (-90.0, 0.0),
        (90.0, 180.0),
        (0.0, 180.0),
        (0.0, -180.0),
        (-17.8, 179.999),
        (-17.8, -179.999),
        (89.9, -170.0),
        (-89.9, 10.0),
    ]
    return edges + [(math.degrees(math.asin(chance.uniform(-1, 1))), chance.uniform(-180, 180)) for _ in range(10_000 - len(edges))]


def stretched(angle, bias):
    """Route 53's words: a positive bias shrinks the distance by so many percent, a negative one is its mirror image."""
    return angle * (100 - bias) / 100 if bias >= 0 else angle * 100 / (100 + bias)


@pytest.mark.parametrize("bias", [{}, {"sin": 20, "iad": -35, "apw": 60, "mcm": -99, "fra": 1}])
def test_the_nearest_tiers_agree_with_an_independent_computation_on_10000_points(bias):
    """Both poles and the antimeridian are among them."""
    chosen = Nearest.build({"bias": bias}, SITES)
    seen = set()
    for point in points():
        left = sorted((stretched(central_angle(point, place), bias.get(site, 0)), site) for site, place in PLACED.items())
        expected = []
        near_a_border = False
        while left and len(expected) < TIERS:
            reach = left[0][0] * 1.05
            near_a_border |= any(abs(angle - reach) < 1e-6 for angle, _ in left)  # some metres: rounding may decide either way
            expected.append(tuple(sorted(site for angle, site in left if angle <= reach)))
            left = [(angle, site) for angle, site in left if angle > reach]
        if not near_a_border:
            assert chosen.client_key(Location(coordinates=point)) == tuple(expected), point
            seen.add(expected[0])
    assert {("fra",), ("apw",), ("nou",), ("lyr",)} <= seen  # the points reach everywhere
    assert bias or ("mcm",) in seen


@pytest.mark.parametrize(
    ("a", "b", "kilometres"),
    [
        ((0, 0), (0, 180), 20_015.1),  # antipodes
        ((90, 0), (-90, 77), 20_015.1),
        ((90, 10), (90, -120), 0),  # one pole
        ((10, 179.5), (10, -179.5), 109.5),  # across the antimeridian
        ((50.11, 8.68), (50.11, 8.68), 0),
        ((60, 10), (60, 20), 555.4),  # half of the equator's 1,112: degrees of longitude shrink (PowerDNS forgot)
        ((50.11, 8.68), (39.04, -77.49), 6_546),
    ],
)
def test_distances(a, b, kilometres):
    assert metres(a, b) / 1000 == pytest.approx(kilometres, abs=0.1 if kilometres < 6_000 else 20)
    assert metres(a, b) == pytest.approx(metres(b, a))


def kept(options, location, given, people, ids):
    chosen = Nearest.build(options, SITES)
    return ids(chosen.apply(people(given), chosen.client_key(location)).candidates)


GERMAN = Location("DE", "EU", None, (51.0, 9.0))
CASES = [
    ({}, GERMAN, "sin iad fra", "fra"),
    ({}, GERMAN, "sin iad", "iad"),  # iad is of the third tier: after lyr
    ({}, GERMAN, "akl/x sin/y sjc/z lab/w", "x"),  # beyond three tiers: the listed order
    ({}, GERMAN, "fra/a iad fra/b", "a b"),  # members of one site share
    ({"at_least": 2}, GERMAN, "sin iad fra", "fra iad"),
    ({"at_least": 2}, GERMAN, "akl/a sin/b akl/c", "a c"),
    ({"at_least": 9}, GERMAN, "akl sin iad fra", "fra iad akl sin"),
    ({}, UNKNOWN_LOCATION, "sin iad fra", "sin"),
    ({"default": ["iad", "fra"]}, UNKNOWN_LOCATION, "sin fra iad", "iad"),
    ({"default": ["iad", "fra"]}, UNKNOWN_LOCATION, "sin fra", "fra"),
    ({"default": ["iad"]}, UNKNOWN_LOCATION, "sin fra", "sin"),
    ({"default": ["iad"]}, GERMAN, "fra iad", "fra"),
    ({}, Location("DE", "EU", None, (51.0, 9.0), site="sin"), "fra sin", "sin"),  # the operator's word
    ({}, Location("DE", "EU", None, (51.0, 9.0), site="sin"), "iad fra", "fra"),
    ({}, Location(site="fra"), "sin iad", "iad"),  # the place of the site where no other is known
    ({}, Location(site="lab"), "sin lab", "sin"),  # a site without coordinates: nothing to go by
    ({}, GERMAN, "-/a lab/b", "a"),
    ({}, GERMAN, "", ""),
]


@pytest.mark.parametrize("case", CASES)
def test_which_members_are_kept(case, people, ids):
    *given, expected = case
    assert kept(*given, people, ids) == expected


def test_sites_within_five_per_cent_are_one_tier():
    sites = {"a": Site("a", "", (0.0, 10.0)), "b": Site("b", "", (0.0, -10.49)), "c": Site("c", "", (0.0, -10.51)), "d": Site("d", "", (0.0, 40.0))}
    assert Nearest.build({}, sites).client_key(Location(coordinates=(0.0, 0.0))) == (("a", "b"), ("c",), ("d",))


@pytest.mark.parametrize(("bias", "nearest"), [(0, "fra"), (45, "fra"), (55, "iad"), (99, "iad"), (-50, "fra")])
def test_bias_draws_clients_by_route_53_s_formula(bias, nearest):
    """The client is 2,000 km from fra and 4,000 km from iad: a bias of 50 halves the distance."""
    sites = {"fra": Site("fra", "", (0.0, 0.0)), "iad": Site("iad", "", (0.0, 54.0))}
    key = Nearest.build({"bias": {"iad": bias}}, sites).client_key(Location(coordinates=(0.0, 18.0)))
    assert key[0] == (nearest,)


def test_a_negative_bias_divides():
    sites = {"fra": Site("fra", "", (0.0, 0.0)), "iad": Site("iad", "", (0.0, 54.0))}
    at = Location(coordinates=(0.0, 18.0))
    assert Nearest.build({"bias": {"fra": -45}}, sites).client_key(at) == (("fra",), ("iad",))
    assert Nearest.build({"bias": {"fra": -55}}, sites).client_key(at) == (("iad",), ("fra",))


def test_one_site_alone_tells_no_clients_apart():
    chosen = Nearest.build({}, {"fra": SITES["fra"]})
    assert {chosen.client_key(location) for location in (GERMAN, UNKNOWN_LOCATION, Location(site="fra"))} == {()}


def test_when_all_are_down_eight_are_kept_nearest_first(people, ids):
    chosen = Nearest.build({}, SITES)
    loose = chosen.when_all_down()
    given = people("lab akl nou apw mcm lyr sin sjc iad fra")
    assert ids(loose.apply(given, chosen.client_key(GERMAN)).candidates) == "fra lyr iad lab akl nou apw mcm"


COMPLAINTS = [
    ({"bias": {"xxx": 5}}, [("P003", ("bias", "xxx"))]),
    ({"bias": {"fra": 100}}, [("P006", ("bias", "fra"))]),
    ({"bias": {"fra": True, "iad": "7"}}, [("P006", ("bias", "fra")), ("P006", ("bias", "iad"))]),
    ({"default": ["fra", "xxx"]}, [("P003", ("default", 1))]),
    ({"bias": [1], "default": 7}, []),  # the schema complains of those
    ({"bias": {"fra": -99, "iad": 99}, "default": ["fra"]}, []),
]


@pytest.mark.parametrize(("options", "expected"), COMPLAINTS)
def test_what_is_said_of_wrong_options(options, expected):
    assert [(c.code, c.path) for c in Nearest.problems(options, SITES)] == expected
