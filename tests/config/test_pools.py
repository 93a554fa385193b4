"""Pools as the model has them: members, policies spelled out, TTLs, and what to do when all are down."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gslb.model import AllDown, FilterSpec

HEAD = "sites: {fra: {location: [50.1, 8.6]}, iad: {location: [39.0, -77.4]}}\nchecks: {a: {type: tcp, port: 1}, b: {type: tcp, port: 2}}\n"
MEMBERS = "members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}]"
REST = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n  x: {pool: p}\n"


@pytest.fixture
def pool(load_text):
    def load(options, members=MEMBERS):
        loaded = load_text(x__yaml=f"{HEAD}pools: {{p: {{{members}, {options}}}, spare: {{{MEMBERS}}}}}\n{REST}")
        assert not loaded.fatal, loaded.problems
        return loaded.model.pools["p"]

    return load


def plain(filters):
    return [(spec.name, dict(spec.options)) for spec in filters]


@pytest.mark.parametrize(
    ("options", "filters", "pick", "answers"),
    [
        ("health: respect", [("healthy", {})], "all", 0),
        ("policy: all", [("healthy", {})], "all", 0),
        ("policy: failover", [("healthy", {}), ("priority", {})], "weighted", 1),
        ("policy: round-robin", [("healthy", {})], "rotate", 8),
        ("policy: round-robin, answers: 2", [("healthy", {})], "rotate", 2),
        ("policy: weighted, health: ignore", [], "weighted", 1),
        ("policy: {preset: nearest, bias: {fra: 20}}", [("healthy", {}), ("nearest", {"bias": {"fra": 20}})], "weighted", 1),
        (
            "policy: {preset: geo, EU: fra, NO: [iad], default: [iad, fra]}",
            [("healthy", {}), ("geo", {"EU": ["fra"], "NO": ["iad"], "default": ["iad", "fra"]}), ("limit", {"sites": 1})],
            "weighted",
            1,
        ),
        ("policy: [nearest, {limit: {sites: 1}}], pick: rotate", [("healthy", {}), ("nearest", {}), ("limit", {"sites": 1})], "rotate", 8),
        ("policy: [priority]", [("healthy", {}), ("priority", {})], "first", 1),
        ("policy: [nearest, healthy], pick: all, health: ignore", [("nearest", {}), ("healthy", {})], "all", 0),
        ("policy: weighted, pick: first", [("healthy", {})], "first", 1),
    ],
)
def test_policies_are_spelled_out(pool, options, filters, pick, answers):
    found = pool(options)
    assert (plain(found.policy.filters), found.policy.pick, found.answers) == (filters, pick, answers)


def test_a_filter_of_a_chain_knows_its_place(pool):
    [_, spec] = pool("policy: [nearest]").policy.filters
    assert spec == FilterSpec("nearest", {})
    assert (spec.where.file, spec.where.line) == ("x.yaml", 3)


@pytest.mark.parametrize(
    ("ttl", "bounds"),
    [("60/10", (60, 10)), ("30", (30, 30)), ("'30'", (30, 30)), ("5m/30s", (300, 30)), ("{max: 60, min: 10}", (60, 10)),
     ("{max: 1m}", (60, 60)), ("0", (0, 0))],
)  # fmt: skip
def test_ttls_are_maximum_and_minimum(pool, ttl, bounds):
    found = pool(f"ttl: {ttl}")
    assert (found.ttl_max, found.ttl_min) == bounds


@pytest.mark.parametrize(("written", "meant"), [("all", AllDown()), ("primary", AllDown("primary")), ("{backup: spare}", AllDown("backup", "spare"))])
def test_what_to_do_when_all_are_down(pool, written, meant):
    assert pool(f"when_all_down: {written}").when_all_down == meant


def test_a_members_checks_replace_the_pools(pool):
    members = "members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2, check: [b, a, b]}, {address: 192.0.2.3, check: []}]"
    assert [member.checks for member in pool("check: a", members).members] == [("a",), ("b", "a"), ()]


def test_members_have_addresses_weights_priorities_and_addresses_to_probe(pool):
    members = "members: [{address: ['2001:DB8::1', 192.0.2.1], weight: 0, priority: 7, check_address: {'2001:db8:0::1': '::1', 192.0.2.1: 10.0.0.1}}]"
    [member] = pool("policy: all", members).members
    assert member.addresses == (ip_address("2001:db8::1"), ip_address("192.0.2.1"))
    assert (member.weight, member.priority, member.id) == (0, 7, "2001:db8::1")
    assert member.check_address == {ip_address("2001:db8::1"): ip_address("::1"), ip_address("192.0.2.1"): ip_address("10.0.0.1")}


def test_networks_say_what_they_say(load_text):
    text = """
203.0.113.0/24: {site: fra}
2001:db8::/32: {country: no, subdivision: '03', location: [59.9, 10.7], asn: 64500, tags: [office, vpn]}
10.0.0.0/8: {continent: EU, tags: lab}
198.51.100.7: {country: DE}
"""
    loaded = load_text(x__yaml=f"{HEAD}pools: {{p: {{{MEMBERS}, check: [a, b]}}}}\n{REST}", networks__yaml=text)
    assert not loaded.problems
    facts = {str(fact.network): fact for fact in loaded.model.networks}
    assert list(facts) == ["203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8", "198.51.100.7/32"]
    norway = facts["2001:db8::/32"]
    assert (norway.country, norway.subdivision, norway.location, norway.asn, norway.tags) == ("NO", "03", (59.9, 10.7), 64500, {"office", "vpn"})
    assert (facts["10.0.0.0/8"].continent, facts["10.0.0.0/8"].tags, facts["203.0.113.0/24"].site) == ("EU", {"lab"}, "fra")
