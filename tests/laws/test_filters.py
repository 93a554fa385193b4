"""Laws that every filter obeys by itself (`gslb.policy.candidate.Filter`). A filter added to the table is judged here at once."""

import copy
import tempfile
import textwrap
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import config
from gslb.model import Location, Site
from gslb.option import Option
from gslb.policy import DEFAULT_ANSWERS, FILTERS, PICKS, PRESETS, expand, filter_named
from gslb.policy.candidate import Candidate, Filter
from gslb.verdict import State

SITES = {
    "fra": Site("fra", "Frankfurt", (50.11, 8.68)),
    "ams": Site("ams", "Amsterdam", (52.37, 4.9)),
    "iad": Site("iad", "Ashburn", (39.04, -77.49)),
    "sin": Site("sin", "Singapore", (1.35, 103.82)),
    "sjc": Site("sjc", "San Jose", (37.34, -121.89)),
    "lab": Site("lab"),
}

MORE: Mapping[str, list[dict[str, Any]]] = {  # options worth trying besides those of a filter's own example
    "healthy": [{}, {"members_below": 2, "weight_below": 50}],
    "priority": [{}, {"at_least": 3}],
    "geo": [
        {"default": ["iad", "fra"], "EU": ["fra", "ams"], "DE": ["fra"], "AS": ["sin"], "AS64500": ["ams"]},
        {"default": ["iad"], "EU": ["fra", "ams"], "US-CA": ["sin"], "203.0.113.0/24": ["lab"], "tag:office": ["ams"], "fence": True},
    ],
    "nearest": [{}, {"bias": {"sin": 50, "fra": -30}, "default": ["iad", "lab"], "at_least": 2}],
    "limit": [{"sites": 1}, {"members": 2}, {"sites": 2, "members": 3, "per_site": 1}],
    "geofence": [{"fra": ["EU"], "sin": ["AS", "tag:office"]}, {site: ["DE"] for site in SITES}],
    "networks": [{"203.0.113.0/24": ["fra", "ams"], "tag:office": ["lab"]}, {"2001:db8::/32": ["sin"], "tag:office": ["fra"], "fence": True}],
    "asn": [{"AS64500": ["fra", "lab"]}, {"64501": ["sin"], "AS64500": ["fra"], "fence": True}],
    "schedule": [{"fra": ["mon-fri 08:00-18:00"], "sin": ["sat,sun", "22:00-06:00"], "zone": "Europe/Berlin"}],
    "ramp": [{}, {"over": 600.0, "start": 50, "step": 120.0}],
}


def own(name: str) -> dict[str, Any]:
    """Return the options of a filter's own example, as the compiler is given them."""
    with tempfile.TemporaryDirectory() as folder:
        zone = (
            "sites: {fra: {location: [50, 8]}, iad: {location: [39, -77]}, sjc: {location: [37, -121]}, sin: {location: [1, 103]}}\npools:\n  web:\n"
        )
        zone += "    members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}]\n"
        (Path(folder) / "pools.yaml").write_text(zone + textwrap.indent(FILTERS[name].example.text, "    "))
        [pool] = config.load([Path(folder)]).model.pools.values()
    return dict(next(spec.options for spec in pool.policy.filters if spec.name == name))


EXAMPLES = {name: [own(name), *(options for options in MORE.get(name, []) if options != own(name))] for name in FILTERS}

locations = st.builds(
    Location,
    country=st.sampled_from([None, "DE", "US", "SG", "NA"]),
    continent=st.sampled_from([None, "EU", "NA", "AS", "AF"]),
    subdivision=st.sampled_from([None, "CA", "Bavaria"]),
    coordinates=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    asn=st.sampled_from([None, 64500, 64501]),
    site=st.sampled_from([None, *SITES]),
    tags=st.sampled_from([frozenset(), frozenset({"office"})]),
    network=st.sampled_from([None, "203.0.113.0/24", "203.0.113.128/25", "2001:db8::/32"]),
)

lists = st.lists(
    st.tuples(st.sampled_from([None, *SITES]), st.integers(0, 5), st.sampled_from([None, 0, 1, 7]), st.sampled_from(State), st.integers(0, 100)),
    max_size=9,
).map(lambda rows: tuple(Candidate(f"m{i}", i, *row) for i, row in enumerate(rows)))

built = pytest.mark.parametrize(
    "chosen",
    [pytest.param(kind.build(options, SITES), id=f"{name}-{n}") for name, kind in FILTERS.items() for n, options in enumerate(EXAMPLES[name])],
)


def test_every_filter_has_examples_that_it_accepts_and_words_for_its_page() -> None:
    assert MORE.keys() <= FILTERS.keys()
    for name, kind in FILTERS.items():
        assert kind.name == name
        assert filter_named(name) is kind
        assert kind.doc.endswith(".")
        assert all(isinstance(option, Option) and option.doc for option in kind.options.values())
        for options in EXAMPLES[name]:
            assert not list(kind.problems(options, SITES))


def key_for(chosen: Filter, location: Location) -> Hashable:
    key = chosen.client_key(location)
    hash(key)
    return key


@built
@given(candidates=lists, location=locations)
def test_what_is_left_is_a_part_of_what_came_and_only_weights_differ(chosen: Filter, candidates: tuple[Candidate, ...], location: Location) -> None:
    came = {c.index: c for c in candidates}
    left = chosen.apply(candidates, key_for(chosen, location)).candidates
    assert len({c.index for c in left}) == len(left)
    for c in left:
        assert replace(c, weight=came[c.index].weight) == came[c.index]


@built
@given(candidates=lists, location=locations)
def test_the_same_in_gives_the_same_out_and_nothing_is_changed(chosen: Filter, candidates: tuple[Candidate, ...], location: Location) -> None:
    before, filter_before = copy.deepcopy(candidates), repr(chosen)
    key = key_for(chosen, location)
    first = chosen.apply(candidates, key)
    assert first == chosen.apply(copy.deepcopy(candidates), key)
    assert key == key_for(copy.deepcopy(chosen), copy.deepcopy(location))
    assert candidates == before
    assert repr(chosen) == filter_before


@built
@given(location=locations)
def test_an_empty_list_is_fine(chosen: Filter, location: Location) -> None:
    assert chosen.apply((), key_for(chosen, location)).candidates == ()


@built
@given(candidates=lists.filter(bool), location=locations, states=st.lists(st.sampled_from(State), min_size=9, max_size=9))
def test_regions_never_depend_on_health(chosen: Filter, candidates: tuple[Candidate, ...], location: Location, states: list[State]) -> None:
    """A key taken before filtering equals the one taken after other members failed: it is a function of the location alone."""
    key = key_for(chosen, location)
    chosen.apply(tuple(replace(c, state=state) for c, state in zip(candidates, states, strict=False)), key)
    assert key_for(chosen, location) == key


@built
@given(candidates=lists.filter(bool), location=locations)
def test_when_all_are_down_what_stands_in_takes_the_same_keys_and_leaves_no_less(
    chosen: Filter, candidates: tuple[Candidate, ...], location: Location
) -> None:
    loose = chosen.when_all_down()
    if loose is None:
        return
    key = key_for(chosen, location)
    strict = chosen.apply(candidates, key)
    assert {c.index for c in strict.candidates} <= {c.index for c in loose.apply(candidates, key).candidates}


@built
@given(candidates=lists, location=locations, weights=st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_what_says_that_it_is_blind_looks_at_no_weight_and_no_grade(
    chosen: Filter, candidates: tuple[Candidate, ...], location: Location, weights: list[int]
) -> None:
    if not getattr(chosen, "blind", False):
        return
    key = key_for(chosen, location)
    others = tuple(replace(c, weight=weight, grade=10 * weight) for c, weight in zip(candidates, weights, strict=False))
    seen, others_seen = chosen.apply(candidates, key), chosen.apply(others, key)
    assert ([c.index for c in seen.candidates], seen.failed) == ([c.index for c in others_seen.candidates], others_seen.failed)
    assert set(seen.candidates) <= set(candidates)


@built
def test_equal_options_make_equal_filters(chosen: Filter) -> None:
    """So that pools with the same options share a partition."""
    twins = [FILTERS[chosen.name].build(options, SITES) for options in EXAMPLES[chosen.name]]
    assert twins.count(chosen) == 1
    assert hash(chosen) == hash(twins[twins.index(chosen)])
    assert repr(chosen) == repr(twins[twins.index(chosen)])


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_chain_of_known_filters(name: str) -> None:
    preset = PRESETS[name]
    options = {key: value for key, value in EXAMPLES.get(name, [{}])[0].items() if key in preset.options or "*" in preset.options}
    policy, answers = expand(name, options)
    assert preset.name == name
    assert [spec.name for spec in policy.filters] == [spec.name for spec in preset.filters]
    assert policy.filters[0].name == "healthy"
    assert policy.pick in PICKS
    assert policy.preset == name
    assert answers == preset.answers
    assert DEFAULT_ANSWERS.keys() == PICKS.keys()
    for spec in policy.filters:
        assert not list(FILTERS[spec.name].problems(spec.options, SITES))
        FILTERS[spec.name].build(spec.options, SITES)
    assert "healthy" not in [spec.name for spec in expand(name, options, health=False).policy.filters]
