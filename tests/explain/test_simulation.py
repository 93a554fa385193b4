"""Laws of simulations, differences and the world, over random worlds: shares add up, nothing assumed changes nothing, a thing equals itself."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gslb import explain
from gslb.answer.region import of_client
from gslb.errors import UsageError
from gslb.explain import Question
from gslb.explain.assume import NOTHING, Assumed
from gslb.explain.population import Population, built_in, sample
from gslb.explain.shift import STATIC, Pair, compare
from gslb.explain.simulation import Asked, everything
from gslb.explain.subject import changed
from gslb.explain.traffic import NO_ANSWER, Traffic
from gslb.model import Model, NameData, RRset, Zone
from gslb.names import to_text
from gslb.testing.explained.worlds import APEX, NOW, World, build

WORLDS = st.integers(0, 400)
law = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def whole(shares: Any) -> bool:
    return abs(sum(shares.values()) - 1) < 1e-9


@law
@given(WORLDS, st.sampled_from([1, 28]))
def test_shares_add_up_to_all_clients(number: int, kind: int) -> None:
    world = build(number)
    population = built_in(world.subject)
    assert abs(sum(cell.weight for cell in population.cells) - 1) < 1e-9
    traffic = Traffic(world.subject, population)
    shift = compare(traffic, traffic, everything(world.subject.model, world.subject.model), population, kind)
    for part in (shift.whole, *shift.pools.values(), *shift.countries.values()):
        assert whole(part.now)
        assert part.now == part.then
        assert not part.moved
        assert not part.changed


@law
@given(WORLDS)
def test_to_assume_nothing_is_now(number: int) -> None:
    subject = build(number).subject
    told = explain.simulate(subject, built_in(subject), assumed=NOTHING)
    assert told["moved"] == told["changed"] == 0
    assert all(one["now"] == one["then"] for part in ("sites", "pools", "countries") for one in told[part])
    assert told == explain.simulate(subject, built_in(subject), assumed=Assumed(at=NOW)) | {key: told[key] for key in ("assumed", "summary")}


@law
@given(WORLDS)
def test_a_share_is_what_explain_says_for_each_cell(number: int) -> None:
    world = build(number)
    assumed = world.assumed()
    subject, population = world.subject, built_in(world.subject)
    cells = random.Random(number).sample(population.cells, min(3, len(population.cells)))
    for cell in cells:
        alone = Population((cell._replace(weight=1.0),), "one cell")
        told = explain.simulate(subject, alone, Asked(("addresses0.example.com",)), assumed=assumed)
        kind = {"A": 1, "AAAA": 28}["A"]
        answer = explain.explain(subject, Question(world.names[0], kind, cell.address, assumed=assumed))["answer"]
        total = sum(one["share"] for one in answer["members"] if one["data"])
        if not total or any(not one["data"] for one in answer["members"]):
            continue  # nobody has an address of this type: simulations ask for the other one
        by_site: dict[str, float] = {}
        for one in answer["members"]:
            by_site[one["site"] or "(no site)"] = by_site.get(one["site"] or "(no site)", 0.0) + 100 * one["share"] / total
        then = {one["site"]: one["then"] for one in told["sites"] if one["then"]}
        assert then == pytest.approx({site: share for site, share in by_site.items() if share > 0.005}, abs=0.3)


@law
@given(WORLDS)
def test_every_cell_is_in_the_region_that_answers_place_it_in(number: int) -> None:
    subject = build(number).subject
    population = built_in(subject)
    traffic = Traffic(subject, population)
    for partition, cut in subject.snapshot.partitions.items():
        assert traffic.regions(partition) == tuple(of_client(cut, cell.address.packed) for cell in population.cells)


@law
@given(WORLDS)
def test_a_thing_does_not_differ_from_itself(number: int) -> None:
    subject = build(number).subject
    other = changed(subject, subject.model)
    told = explain.difference(subject, other, built_in(subject, other))
    assert told["same"]
    assert told["verdict"] == "no difference: the same names, the same answers"
    assert not told["answers"]
    assert not told["guards"]
    assert told["traffic"]["moved"] == 0


def edited(world: World) -> Model:
    """Return the model with a pool's weights, a site's place, and some names other than they were."""
    model, chance = world.subject.model, world.chance
    pools = dict(model.pools)
    pool = chance.choice([one for one in pools.values() if not one.of_names])
    members = tuple(replace(member, weight=chance.randint(0, 9)) for member in pool.members)
    pools[pool.id] = replace(pool, members=members[: chance.randint(1, len(members))], ttl_max=90)
    sites = {**model.sites, "fra": replace(model.sites["fra"], location=(chance.uniform(-60, 60), chance.uniform(-170, 170)))}
    names = dict(model.zones[APEX].names)
    for owner in chance.sample([owner for owner in names if owner != APEX], 2):
        names[owner] = NameData((RRset(1, 60, (b"\xc0\0\2\1",)),))
    networks = tuple(fact for fact in model.networks if chance.random() < 0.8)
    return Model(sites, model.checks, pools, {APEX: Zone(APEX, names)}, networks)


@law
@given(WORLDS)
def test_the_way_back_moves_as_much(number: int) -> None:
    world = build(number)
    old = world.subject
    new = changed(old, edited(world))
    there = explain.difference(old, new, built_in(old, new))
    back = explain.difference(new, old, built_in(new, old))
    assert not there["same"]
    assert there["traffic"]["moved"] == back["traffic"]["moved"]
    assert there["traffic"]["changed"] == back["traffic"]["changed"]
    turned = {one["site"]: (one["then"], one["now"]) for one in back["traffic"]["sites"]}
    assert {one["site"]: (one["now"], one["then"]) for one in there["traffic"]["sites"]} == turned
    names = (there["changes"]["names"], back["changes"]["names"])
    assert (names[0]["added"], names[0]["removed"], names[0]["changed"]) == (names[1]["removed"], names[1]["added"], names[1]["changed"])
    json.dumps(there)


@law
@given(WORLDS)
def test_the_world_is_what_a_simulation_says(number: int) -> None:
    subject = build(number).subject
    population = built_in(subject)
    told = explain.world(subject, "addresses0.example.com", population)
    simulated = explain.simulate(subject, population, Asked(("addresses0.example.com",)))
    assert {one["country"]: one["now"] for one in simulated["countries"]} == {
        code: one["shares"] for code, one in told["countries"].items() if one["weight"] or one["shares"]
    }
    assert len(told["countries"]) >= 249
    for one in told["countries"].values():
        assert one["site"] is None or one["shares"][one["site"]] == max(one["shares"].values())


def test_a_sample_counts_by_volume_and_is_cut_at_borders() -> None:
    world = next(world for number in range(50) if len((world := build(number)).subject.model.networks) > 10)
    subject = world.subject
    fact = next(one for one in subject.model.networks if one.network.version == 4 and one.network.prefixlen < 24)
    inside, around = next(fact.network.subnets(new_prefix=28)), fact.network.supernet()
    alone = sample(f"# resolvers\n{inside}, 5\n\n{inside} 10\n", "s", subject)
    assert sum(cell.weight for cell in alone.cells) == pytest.approx(1)
    whole_of_it = sample(f"{around} 1", "s", subject)
    sizes = {cell.locations: cell.weight for cell in whole_of_it.cells}
    places = (
        [subject.atlas.locations.index(subject.atlas.lookup(net[5])[0]) for net in around.subnets(new_prefix=28)] if around.prefixlen > 16 else []
    )
    for place in set(places):
        assert sizes[place,] == pytest.approx(places.count(place) / len(places), abs=0.02)
    mapped = sample("::ffff:198.51.100.0/120 1", "s", subject)
    assert mapped.cells[0].address in ip_network("198.51.100.0/24")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "s counts nobody"),
        ("203.0.113.0/24 0", "s counts nobody"),
        ("fra 5", "s:1: 'fra' is no network"),
        ("\n203.0.113.0/24 many", "s:2: '203.0.113.0/24 many' is not NETWORK VOLUME"),
        ("203.0.113.0/24 -1", "is not NETWORK VOLUME"),
        ("203.0.113.0/24 inf", "is not NETWORK VOLUME"),
        ("203.0.113.0/24 1 2", "is not NETWORK VOLUME"),
    ],
)
def test_mistakes_in_a_sample_are_told_by_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", "\\(")):
        sample(text, "s", build(0).subject)


def test_names_are_chosen_as_clients_ask() -> None:
    subject = build(3).subject
    population = built_in(subject)
    told = explain.simulate(subject, population, Asked(("a.b.wild.example.com", "alias.example.com")))
    assert told["names"] == 2
    for text, said in (("nowhere.example.com", "leads to no pool"), ("example.com", "leads to no pool"), ("a..b", "empty label")):
        with pytest.raises(UsageError, match=said):
            explain.simulate(subject, population, Asked((text,)))


def test_a_name_that_loses_its_pool_leads_to_static_records() -> None:
    subject = build(5).subject
    names = dict(subject.model.zones[APEX].names)
    owner = next(owner for owner, data in names.items() if data.pool and "addresses" in data.pool.pool)
    names[owner] = NameData((RRset(16, 60, (b"\2hi",)),))
    new = changed(subject, replace(subject.model, zones={APEX: Zone(APEX, names)}))
    told = explain.difference(subject, new, built_in(subject, new))
    assert {one["code"]: one["level"] for one in told["guards"]}["emptied"] == "refuse"
    assert to_text(owner) in next(one["text"] for one in told["guards"] if one["code"] == "emptied")
    assert "REFUSED without --force" in told["verdict"]
    assert next(one for one in told["traffic"]["sites"] if one["site"] == STATIC)["then"] > 0


def test_capacity_is_compared_with_a_load() -> None:
    subject = build(1).subject
    sites = {key: replace(site, capacity=10) for key, site in subject.model.sites.items()}
    subject = changed(subject, replace(subject.model, sites=sites))
    told = explain.simulate(subject, built_in(subject), Asked(load=40.0))
    over = [one for one in told["sites"] if one["over_now"]]
    assert over
    assert all(one["load_now"] == pytest.approx(0.4 * one["now"], abs=0.01) for one in told["sites"])
    assert "over capacity" in told["summary"]
    assert all(one["capacity"] is None or not one["over_now"] for one in told["sites"] if one["site"] in (NO_ANSWER, STATIC))


def test_pairs_count_names_that_are_on_both_sides() -> None:
    subject = build(2).subject
    names = dict(subject.model.zones[APEX].names)
    gone = next(owner for owner, data in names.items() if data.pool)
    old = names.pop(gone)
    model = replace(subject.model, zones={APEX: Zone(APEX, names)})
    assert old.pool
    before, after = everything(subject.model, subject.model), everything(subject.model, model)
    assert sum(before.values()) - sum(after.values()) == 1
    pair = Pair(old.pool.pool, old.pool.pool)
    assert before[pair] - after[pair] == 1
