"""octoDNS zones: read as they are, and `dynamic` records choose as octoDNS means it, held by a model of its rules."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Location
from gslb.policy import filter_named
from gslb.policy.candidate import Candidate
from gslb.policy.places import CONTINENTS
from gslb.verdict import State

DOCUMENTED = """
---
test:
  dynamic:
    pools:
      apac:
        fallback: na
        values:
        - value: 1.1.1.1
        - value: 2.2.2.2
      eu:
        fallback: na
        values:
        - value: 3.3.3.3
          weight: 2
        - value: 4.4.4.4
          weight: 3
      na:
        values:
        - value: 5.5.5.5
        - value: 6.6.6.6
        - value: 7.7.7.7
    rules:
    - subnets: [198.51.100.0/24]
      pool: apac
    - geos:
      - AF-ZA
      - AS
      - OC
      pool: apac
    - geos:
      - AF
      - EU
      pool: eu
    - pool: na
  ttl: 60
  type: A
  values:
  - 3.3.3.3
  - 4.4.4.4
"""
TEST = b"\4test\7example\3com\0"
APEX = b"\7example\3com\0"


@pytest.fixture
def octodns(load_text):
    def load(text):
        return load_text(example__com__yaml="'': {type: NS, values: [ns.example.net.]}\n" + text.removeprefix("\n---\n"))

    return load


def test_a_plain_zone_needs_nothing_of_ours(load_text):
    text = """---
'':
  type: NS
  values: [ns.example.net.]
www:
  - ttl: 60
    type: A
    values: [192.0.2.1, 192.0.2.2]
  - {type: TXT, value: 'a\\; b'}
"""
    loaded = load_text(example__com__yaml=text)
    assert not loaded.problems
    zone = loaded.model.zones[APEX]
    assert [(rrset.type, rrset.ttl, len(rrset.rdata)) for rrset in zone.names[b"\3www" + APEX].rrsets] == [(1, 60, 2), (16, 3600, 1)]
    assert {rrset.type for rrset in zone.names[APEX].rrsets} == {6, 2}


def test_format_octodns_makes_our_words_names(load_text):
    text = "format: octodns\n'': {type: NS, values: [ns.example.net.]}\nzone: {type: A, value: 192.0.2.1}\npools: {type: A, value: 192.0.2.1}\n"
    loaded = load_text(example__com__yaml=text)
    assert not loaded.problems
    assert set(loaded.model.zones[APEX].names) == {APEX, b"\4zone" + APEX, b"\5pools" + APEX}


def test_the_documented_example(octodns):
    loaded = octodns(DOCUMENTED)
    assert not loaded.problems
    model = loaded.model
    ref = model.zones[APEX].names[TEST].pool
    pool = model.pools[ref.pool]
    assert (ref.types, pool.ttl_max, pool.ttl_min, pool.answers, pool.policy.pick) == ((1,), 60, 60, 1, "weighted")
    assert [(member.id, member.weight) for member in pool.members][:4] == [
        ("apac/1.1.1.1", 1),
        ("apac/2.2.2.2", 1),
        ("eu/3.3.3.3", 2),
        ("eu/4.4.4.4", 3),
    ]
    backup = model.pools[pool.when_all_down.backup]
    assert [str(member.addresses[0]) for member in backup.members] == ["3.3.3.3", "4.4.4.4"]
    assert not any(member.checks for member in backup.members)
    [check] = model.checks.values()
    assert (check.type, check.options) == ("https", {"port": 443, "path": "/_dns", "expect": {"status": 200}, "host": "test.example.com"})
    assert [str(fact.network) for fact in model.networks] == ["198.51.100.0/24"]


def test_healthcheck_and_status(octodns):
    loaded = octodns("""
---
test:
  type: A
  octodns: {healthcheck: {protocol: TCP, port: 8443}}
  dynamic:
    pools: {a: {values: [{value: 192.0.2.1, status: up}, {value: 192.0.2.2, status: down}, {value: 192.0.2.3}]}}
    rules: [{pool: a}]
  values: [192.0.2.9]
""")
    assert [problem.code for problem in loaded.problems] == ["L035"]  # one value is always up
    pool = loaded.model.pools["test.example.com."]
    assert [(member.id, len(member.checks)) for member in pool.members] == [("a/192.0.2.1", 0), ("a/192.0.2.3", 1)]
    [check] = loaded.model.checks.values()
    assert (check.type, check.options) == ("tcp", {"port": 8443})


def test_two_families_with_equal_rules_are_one_pool(octodns):
    record = "{{type: {0}, ttl: 60, values: ['{1}'], dynamic: {{pools: {{a: {{values: [{{value: '{1}'}}]}}}}, rules: [{{pool: a}}]}}}}"
    loaded = octodns(f"test: [{record.format('A', '192.0.2.1')}, {record.format('AAAA', '2001:db8::1')}]")
    assert not loaded.fatal
    pool = loaded.model.pools["test.example.com."]
    assert loaded.model.zones[APEX].names[TEST].pool.types == (1, 28)
    assert [member.id for member in pool.members] == ["a/192.0.2.1", "a/2001:db8::1"]


# octoDNS's own rules, told once more in the plainest way: the first rule that matches, then fallbacks, then `values`.

RULES = [
    (["198.51.100.0/24"], [], "apac"),
    ([], ["NA-US-CA", "EU-DE"], "west"),
    ([], ["AS", "OC"], "apac"),
    ([], ["AF", "EU"], "eu"),
    ([], [], "na"),
]
FALLBACKS = {"apac": "west", "west": "na", "eu": "na", "na": None}
VALUES = {"apac": ["1.1.1.1", "1.1.1.2"], "west": ["2.2.2.1"], "eu": ["3.3.3.1", "3.3.3.2"], "na": ["4.4.4.1"]}


def octodns_text():
    pools = ", ".join(
        f"{name}: {{values: [{', '.join(f'{{value: {value}}}' for value in VALUES[name])}]"
        + (f", fallback: {FALLBACKS[name]}}}" if FALLBACKS[name] else "}")
        for name in VALUES
    )
    rules = ", ".join(
        "{" + (f"subnets: [{', '.join(subnets)}], " if subnets else "") + (f"geos: [{', '.join(geos)}], " if geos else "") + f"pool: {pool}}}"
        for subnets, geos, pool in RULES
    )
    return f"test: {{type: A, values: [9.9.9.9], dynamic: {{pools: {{{pools}}}, rules: [{rules}]}}}}"


def octodns_continent(country):
    elsewhere = {"CY": "AS", "GS": "SA", "TL": "AS"}  # octodns/record/geo_data.py
    if country in elsewhere:
        return elsewhere[country]
    return next(continent for continent, countries in CONTINENTS.items() if country in countries.split())


def expected(location, up):
    """What octoDNS means: addresses that may be answered; None = `values`."""
    for subnets, geos, pool in RULES:
        here = [octodns_continent(location.country), location.country, location.subdivision] if location.country else [location.continent]
        matches = any(
            (parts := geo.split("-")) and [*here, None, None][: len(parts)] == parts
            for geo in geos
        ) or any(location.network and ip_network(location.network).subnet_of(ip_network(subnet)) for subnet in subnets)  # fmt: skip
        if matches or not (subnets or geos):
            at = pool
            while at is not None:
                alive = {f"{at}/{value}" for value in VALUES[at] if value in up}
                if alive:
                    return alive
                at = FALLBACKS[at]
            return None
    raise AssertionError


ADDRESSES = [value for values in VALUES.values() for value in values]
COUNTRIES = ["US", "DE", "FR", "JP", "ZA", "AU", "BR", "CY", "GS", "TL"]
LOCATIONS = st.builds(
    lambda country, subdivision, network: Location(
        country, next(c for c, all_ in CONTINENTS.items() if country in all_.split()), subdivision if country == "US" else None, network=network
    ),
    st.sampled_from(COUNTRIES),
    st.sampled_from(["CA", "NY", None]),
    st.sampled_from([None, "198.51.100.0/24", "198.51.100.128/25", "192.0.2.0/24"]),
) | st.builds(lambda continent: Location(continent=continent), st.sampled_from([*CONTINENTS, None]))


@pytest.fixture(scope="module")
def pool():
    from pathlib import Path

    from gslb.config import Source, build
    from gslb.errors import Problems

    text = f"'': {{type: NS, values: [ns.example.net.]}}\n{octodns_text()}\n"
    loaded = build([Source(Path("example.com.yaml"), text)], Problems(), lambda _source: str)
    assert not loaded.problems
    return loaded.model.pools["test.example.com."]


@given(LOCATIONS, st.sets(st.sampled_from(ADDRESSES)))
def test_it_chooses_as_octodns_means_it(pool, location, up):
    candidates = tuple(
        Candidate(member.id, index, member.site, member.weight, member.priority, State.UP if str(member.addresses[0]) in up else State.DOWN)
        for index, member in enumerate(pool.members)
    )
    failed = False
    for spec in pool.policy.filters:
        link = filter_named(spec.name).build(spec.options, {})
        outcome = link.apply(candidates, link.client_key(location))
        candidates, failed = outcome.candidates, failed or outcome.failed
    found = None if failed or not candidates else {candidate.id for candidate in candidates}
    assert found == expected(location, up)
