"""How a pool says who may join it, and what is wrong with that."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

HEAD = "sites: {fra: {}}\nchecks: {a: {type: tcp, port: 1}}\n"
REST = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n  x: {pool: p}\n"
GOOD = "networks: [198.51.100.0/24], site: fra, maximum: 20, min_members: 2, keys: [scaler]"


@pytest.fixture
def load(load_text):
    def pool(register, rest="check: a", member="{site: fra, address: 192.0.2.1}"):
        return load_text(x__yaml=f"{HEAD}pools: {{p: {{members: [{member}], {rest}, register: {register}}}}}\n{REST}")

    return pool


def test_all_of_it(load):
    loaded = load(f"{{{GOOD}}}", "check: {any: [a]}, quorum: all")
    assert not loaded.problems
    pool = loaded.model.pools["p"]
    register = pool.register
    assert register.networks == (ip_network("198.51.100.0/24"),)
    assert (register.maximum, register.min_members, register.keys) == (20, 2, ("scaler",))
    member = register.member
    assert (member.site, member.checks, member.need, member.quorum) == ("fra", ("a",), 1, pool.members[0].quorum)


@pytest.mark.parametrize(
    ("register", "codes"),
    [
        ("yes", ["C001"]),
        ("{}", ["C003"] * 4),
        (f"{{{GOOD}, weight: 3}}", ["C002"]),
        (f"{{{GOOD}}}".replace("/24", "/2"), ["C010"]),
        (f"{{{GOOD}}}".replace("[198.51.100.0/24]", "[]"), ["C017"]),
        (f"{{{GOOD}}}".replace("[scaler]", "[]"), ["C017"]),
        (f"{{{GOOD}}}".replace("maximum: 20", "maximum: 0"), ["C005"]),
        (f"{{{GOOD}}}".replace("site: fra", "site: mars"), ["L001"]),
        (f"{{{GOOD}}}".replace("min_members: 2", "min_members: 22"), ["L046"]),
        (f"{{{GOOD}}}".replace("198.51.100.0/24", "0.0.0.0/0"), ["L047"]),
    ],
)
def test_mistakes(load, register, codes):
    assert [problem.code for problem in load(register).problems] == codes


def test_nobody_joins_unchecked(load):
    assert "L044" in [problem.code for problem in load(f"{{{GOOD}}}", "policy: all").problems]


def test_addresses_do_not_join_names(load):
    member = "{site: fra, name: www.example.net., check_address: 192.0.2.1}"
    assert "L045" in [problem.code for problem in load(f"{{{GOOD}}}", member=member).problems]


def test_a_check_and_a_site_that_only_they_use_are_used(load):
    loaded = load(f"{{{GOOD}}}", "check: a", "{address: 192.0.2.1, check: []}")
    assert not [problem for problem in loaded.problems if problem.code in {"L006", "L007"}]
