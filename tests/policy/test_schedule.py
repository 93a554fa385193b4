"""`schedule`: windows of days, hours and dates; the hour that clocks skip or repeat; when the outcome changes next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Site
from gslb.policy import hours
from gslb.policy.schedule import Schedule

SITES = {name: Site(name) for name in ("fra", "iad", "sin")}
BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400


def moment(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def is_open(text, at, zone="Europe/Berlin"):
    chosen = Schedule.build({"fra": [text], "zone": zone}, SITES)
    return "fra" not in chosen.at(moment(at, hours.zone(zone))).closed


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("mon-fri 08:00-18:00", "2026-11-20T08:00", True),  # a Friday
        ("mon-fri 08:00-18:00", "2026-11-20T07:59", False),
        ("mon-fri 08:00-18:00", "2026-11-20T18:00", False),
        ("mon-fri 08:00-18:00", "2026-11-21T12:00", False),
        ("sat,sun", "2026-11-21T00:00", True),
        ("fri-mon", "2026-11-22T12:00", True),
        ("fri-mon", "2026-11-24T12:00", False),
        ("fri 22:00-06:00", "2026-11-21T05:59", True),  # the night belongs to the day on which it begins
        ("fri 22:00-06:00", "2026-11-20T05:59", False),
        ("2026-12-01..2026-12-24", "2026-12-24T23:59", True),
        ("2026-12-01..2026-12-24", "2026-12-25T00:00", False),
        ("2026-12-01", "2026-12-01T12:00", True),
        ("2026-12-01", "2026-12-02T12:00", False),
        ("2026-12-01..", "2031-01-01T00:00", True),
        ("..2026-12-01 12:00-13:00", "2026-11-20T12:30", True),
        ("00:00-24:00", "2026-11-20T23:59", True),
    ],
)
def test_windows(text, at, expected):
    assert is_open(text, at) is expected


def test_zones_are_offsets_or_names():
    utc = moment("2026-07-01T06:30", ZoneInfo("UTC"))
    for zone, expected in (("UTC", False), ("+02:00", True), ("Europe/Berlin", True), ("-03:30", False)):
        chosen = Schedule.build({"fra": ["08:00-18:00"], "zone": zone}, SITES)
        assert ("fra" not in chosen.at(utc).closed) is expected, zone


def test_closed_sites_are_dropped_and_all_closed_is_a_failure(people, ids):
    chosen = Schedule.build({"fra": ["08:00-18:00"], "iad": ["08:00-18:00"]}, SITES)
    assert ids(chosen.at(0).apply(people("fra iad sin"), None).candidates) == "sin"
    outcome = chosen.at(0).apply(people("fra iad"), None)
    assert (ids(outcome.candidates), outcome.failed) == ("fra iad", True)
    assert ids(chosen.at(12 * 3600).apply(people("fra iad sin"), None).candidates) == "fra iad sin"


def test_edges():
    chosen = Schedule.build({"fra": ["mon-fri 08:00-18:00"], "sin": ["2027-03-01.."], "zone": "Europe/Berlin"}, SITES)
    at = moment("2026-11-20T12:00")
    seen = []
    for _ in range(3):
        at = chosen.edge((), at)
        seen.append(at)
    assert seen == [moment(t) for t in ("2026-11-20T18:00", "2026-11-23T08:00", "2026-11-23T18:00")]
    assert Schedule.build({"sin": ["2027-03-01.."]}, SITES).edge((), at) == moment("2027-03-01T00:00", ZoneInfo("UTC"))
    assert Schedule.build({"sin": ["..2026-03-01"]}, SITES).edge((), at) is None


windows = st.sampled_from(["mon-fri 08:00-18:00", "22:00-06:00", "02:30-03:30", "sat,sun", "2026-10-24..2026-10-26 01:00-02:15", "02:00-02:30"])


@given(st.lists(windows, min_size=1, max_size=3), st.integers(0, 400 * DAY), st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "+05:30"]))
def test_nothing_changes_before_the_edge(texts, offset, zone):
    """Also in the nights when clocks are put forward and back."""
    chosen = Schedule.build({"fra": texts, "zone": zone}, SITES)
    now = moment("2026-01-01T00:00") + offset
    edge = chosen.edge((), now)
    assert edge is None or edge > now
    until = min(edge or now + 10 * DAY, now + 10 * DAY)
    for n in range(8):
        assert chosen.at(now + (until - now) * n / 8).closed == chosen.at(now).closed


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, ()),
        ({"fra": ["mon-fri 8-18"]}, ("fra", 0)),
        ({"fra": ["funday"]}, ("fra", 0)),
        ({"fra": ["08:00-08:00"]}, ("fra", 0)),
        ({"fra": ["08:00-25:00"]}, ("fra", 0)),
        ({"fra": ["2026-02-30"]}, ("fra", 0)),
        ({"fra": ["2026-03-01..2026-02-01"]}, ("fra", 0)),
        ({"fra": ["2026"]}, ("fra", 0)),
        ({"fra": [""]}, ("fra", 0)),
        ({"fra": "sat"}, None),
        ({"lab": ["sat"]}, ("lab",)),
        ({"fra": ["sat"], "zone": "Mars/Olympus"}, ("zone",)),
        ({"fra": ["sat"], "zone": "+25:00"}, ("zone",)),
    ],
)
def test_what_is_said_of_wrong_ones(options, path):
    found = [complaint.path for complaint in Schedule.problems(options, SITES)]
    assert found == ([] if path is None else [path])
