"""Presets spelled out, chains written out, and filters from other packages."""

from importlib.metadata import EntryPoint

import pytest

from gslb import policy
from gslb.model import FilterSpec, Stickiness
from gslb.policy import PRESETS, chain, expand, filter_named
from gslb.policy.limit import Limit

HEALTHY = FilterSpec("healthy")

SPELLED = [
    ("failover", {}, None, [HEALTHY, FilterSpec("priority")], "weighted", 1),
    ("failover", {}, 2, [HEALTHY, FilterSpec("priority", {"at_least": 2})], "weighted", 2),
    ("failover", {"at_least": 3}, 2, [HEALTHY, FilterSpec("priority", {"at_least": 3})], "weighted", 2),
    ("round-robin", {}, None, [HEALTHY], "rotate", 8),
    ("round-robin", {}, 2, [HEALTHY], "rotate", 2),
    ("weighted", {}, None, [HEALTHY], "weighted", 1),
    ("nearest", {"bias": {"fra": 5}}, None, [HEALTHY, FilterSpec("nearest", {"bias": {"fra": 5}})], "weighted", 1),
    ("nearest", {}, 2, [HEALTHY, FilterSpec("nearest", {"at_least": 2})], "weighted", 2),
    (
        "geo",
        {"EU": ["fra"], "default": ["iad"], "fence": True},
        None,
        [HEALTHY, FilterSpec("geo", {"EU": ["fra"], "default": ["iad"], "fence": True}), FilterSpec("limit", {"sites": 1})],
        "weighted",
        1,
    ),
    ("active-passive", {}, 2, [HEALTHY, FilterSpec("priority", {"at_least": 2})], "weighted", 2),
    ("weighted-round-robin", {}, None, [HEALTHY], "weighted", 1),
    ("geoproximity", {"bias": {"fra": 5}}, None, [HEALTHY, FilterSpec("nearest", {"bias": {"fra": 5}})], "weighted", 1),
    ("sticky", {}, None, [HEALTHY], "sticky", 1),
    ("ip-hash", {}, None, [HEALTHY], "sticky", 1),
    ("consistent-hash", {}, 3, [HEALTHY], "sticky", 3),
    ("all", {}, None, [HEALTHY], "all", 0),
    ("all", {}, 0, [HEALTHY], "all", 0),
]


@pytest.mark.parametrize("case", SPELLED)
def test_what_a_preset_stands_for(case):
    name, options, answers, filters, pick, count = case
    expanded = expand(name, options, answers=answers)
    assert list(expanded.policy.filters) == filters
    assert (expanded.policy.pick, expanded.policy.preset, expanded.answers) == (pick, name, count)


@pytest.mark.parametrize(
    ("options", "sticks"),
    [
        ({}, Stickiness(24, 56)),
        ({"v4": 20, "v6": 48}, Stickiness(20, 48)),
        ({"key": ["asn"]}, Stickiness(24, 56, asn=True)),
        ({"key": ["country", "qname"], "v4": 16}, Stickiness(16, 56, country=True, qname=True)),
        ({"key": ["qname"]}, Stickiness(0, 0, qname=True)),
        ({"key": ["net", "qname"]}, Stickiness(24, 56, qname=True)),
    ],
)
def test_what_an_answer_sticks_to(options, sticks):
    assert expand("sticky", options).policy.stickiness == sticks
    assert chain([], pick="sticky", sticky=options).policy.stickiness == sticks


def test_what_the_pool_says_goes_into_the_chain():
    limit, ramp = FilterSpec("limit", {"sites": 1}), {"over": 300.0, "step": 60.0}
    healthy = FilterSpec("healthy", {"members_below": 2})
    assert expand("weighted", fail_if={"members_below": 2}, ramp=ramp).policy.filters == (healthy, FilterSpec("ramp", ramp))
    assert chain([limit], fail_if={"members_below": 2}, ramp=ramp).policy.filters == (healthy, FilterSpec("ramp", ramp), limit)
    assert chain([limit], health=False, ramp=ramp).policy.filters == (FilterSpec("ramp", ramp), limit)


def test_the_pool_s_pick_overrides_the_preset_s_and_brings_its_answers():
    assert (expand("nearest", pick="rotate").policy.pick, expand("nearest", pick="rotate").answers) == ("rotate", 8)
    assert expand("nearest", pick="rotate", answers=3).answers == 3
    assert expand("weighted", pick="weighted").answers == 1
    assert expand("round-robin", pick="all").answers == 0


def test_a_preset_takes_the_options_of_its_filters_but_not_those_it_sets_itself():
    assert PRESETS["nearest"].options.keys() == {"bias", "default", "at_least"}
    assert PRESETS["geo"].options.keys() == {"default", "fence", "*"}
    assert not PRESETS["weighted"].options


def test_healthy_stands_in_front_of_a_chain_unless_it_is_there_or_health_is_ignored():
    limit = FilterSpec("limit", {"sites": 1})
    assert chain([limit]).policy.filters == (HEALTHY, limit)
    assert chain([limit, HEALTHY]).policy.filters == (limit, HEALTHY)
    assert chain([limit], health=False).policy.filters == (limit,)
    assert chain([limit]).policy.pick == "first"
    assert (chain([limit]).answers, chain([limit], pick="rotate").answers, chain([limit], pick="all", answers=2).answers) == (1, 8, 2)


def test_filters_of_other_packages_are_found_by_entry_point(monkeypatch):
    entry = EntryPoint("mine", "gslb.policy.limit:Limit", "gslb.policies")

    def entry_points(*, group, name):
        return [entry] if (group, name) == ("gslb.policies", "mine") else []

    monkeypatch.setattr(policy, "entry_points", entry_points)
    assert filter_named("mine") is Limit
    assert filter_named("theirs") is None
    assert filter_named("limit") is Limit
