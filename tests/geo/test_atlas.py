"""The atlas against asking database and networks in turn for every address; partitions that cover, differ and are honest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gslb import geo
from gslb.answer import region
from gslb.answer.subnet import embedded
from gslb.errors import GeoError
from gslb.geo import mmdb, networks
from gslb.geo.atlas import STALE_AFTER, Atlas, build
from gslb.geo.countries import countries
from gslb.model import Location, NetworkFact, Site
from gslb.plan import Partition

from .conftest import SHIPPED, Make, asked

DE = countries().of["DE"].location
COUNTRIES = ("DE", "FR", "US", "SG")
SITES = {"fra": Site("fra", location=(50.11, 8.68)), "sin": Site("sin", location=(1.35, 103.82))}
GAZETTEER = networks.Gazetteer(countries(), SITES, {})

# A space that can be listed: 16 blocks at the front, 4 at the end, in either family.
ADDRESSES4 = [IPv4Address(head << 28 | tail) for head in range(16) for tail in range(4)]
ADDRESSES6 = [IPv6Address(head << 124 | 1 << 100 | tail) for head in range(16) for tail in range(4)]


def lengths(version: int) -> list[int]:
    return [1, 2, 3, 4, 31, 32] if version == 4 else [1, 2, 3, 4, 64, 65, 127, 128]


def any_network(version: int) -> st.SearchStrategy[Any]:
    addresses = st.sampled_from(ADDRESSES4 if version == 4 else ADDRESSES6)
    return st.builds(lambda address, length: ip_network((address, length), strict=False), addresses, st.sampled_from(lengths(version)))


both = any_network(4) | any_network(6)
facts = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(COUNTRIES),
        "site": st.sampled_from(["fra", "sin"]),
        "asn": st.integers(1, 3),
        "tags": st.sampled_from([frozenset({"a"}), frozenset({"b"})]),
        "location": st.just((1.0, 2.0)),
    },
)
operator = st.lists(st.builds(lambda network, named: NetworkFact(network, **named), both, facts), max_size=8, unique_by=lambda f: f.network)
# In a file ::/1 would hold for IPv4 too (tested in test_mmdb).
in_files = both.filter(lambda network: IPv6Address(0) not in network)
databases = st.dictionaries(in_files.map(str), st.sampled_from(COUNTRIES), min_size=1, max_size=8)


def in_turn(address: Any, inserted: dict[str, str], operators: Sequence[NetworkFact]) -> Location:
    """What an address is, by the rules as the documentation tells them."""
    found = Location()
    for text, country in inserted.items():  # the writer lets later networks win
        if address in ip_network(text):
            found = Location(country, countries().of[country].continent, None, countries().of[country].location)
    for fact in sorted((f for f in operators if address in f.network), key=lambda f: f.network.prefixlen):
        found = networks.applied((fact,), found, GAZETTEER)
    return found


def ordered(inserted: dict[str, str]) -> dict[str, str]:
    """Widest first, as mmdb_writer wants it: a wider network inserted later would bury a narrower one."""
    return dict(sorted(inserted.items(), key=lambda item: ip_network(item[0]).prefixlen))


@settings(max_examples=150, deadline=None)
@example(inserted={"0.0.0.0/1": "DE", "240.0.0.1/32": "DE"}, operators=[])
@given(inserted=databases, operators=operator)
def test_every_address_is_what_database_and_operator_say(inserted: dict[str, str], operators: list[NetworkFact], make: Make) -> None:
    inserted = ordered(inserted)
    octets = make({network: {"country_code": country} for network, country in inserted.items()})
    atlas = build([mmdb.read(octets, "x", countries())], operators, SITES)
    assert atlas.locations[0] == Location()
    assert len(set(atlas.locations)) == len(atlas.locations)
    truth = {address: in_turn(address, inserted, operators) for address in (*ADDRESSES4, *ADDRESSES6)}
    for address, location in truth.items():
        found, network = atlas.lookup(address)
        assert found == location, address
        assert address in network
        assert all(truth[other] == found for other in truth if other in network)
    cut_is_honest(atlas, truth)


def cut_is_honest(atlas: Atlas, truth: dict[Any, Location]) -> None:
    """Check one partition by country and site: maximal runs that cover everything, and scopes that hold."""
    numbers: dict[Any, int] = {}
    regions = [numbers.setdefault((location.country, location.site), len(numbers)) for location in atlas.locations]
    of = dict(zip(atlas.locations, regions, strict=True))
    partition = atlas.cut(regions)
    runs_are_maximal(partition)
    for address, location in truth.items():
        assert region.of_client(partition, address.packed) == of[location], address
        bits = address.max_prefixlen
        source = 24 if bits == 32 else 56
        asked_for = ip_network((address, source), strict=False).network_address  # a client subnet is looked up masked
        if not region.of_client(partition, asked_for.packed):
            continue  # clients of whom nothing is known may be judged by their resolver's address instead
        got, scope = asked(partition, int(address), bits, source)
        block = ip_network((address, scope), strict=False)
        for other in truth:
            masked = int(other) >> (bits - source) << (bits - source) == int(other)  # nothing finer is ever asked for
            if other.version == address.version and masked and other in block:
                assert of[truth[other]] == got, (address, scope, other)


def runs_are_maximal(partition: Partition) -> None:
    starts6 = [high << 64 | low for high, low in zip(partition.v6_high, partition.v6_low, strict=True)]
    for starts, regions in ((list(partition.v4_start), partition.v4_region), (starts6, partition.v6_region)):
        assert starts[0] == 0
        assert len(starts) == len(regions)
        assert all(a < b for a, b in pairwise(starts))
        assert all(a != b for a, b in pairwise(regions))


def test_cut_of_the_shipped_database(atlas: Atlas) -> None:
    for key in (lambda _: 0, lambda location: location.continent, lambda location: (location.country, location.subdivision)):
        numbers: dict[Any, int] = {}
        regions = [numbers.setdefault(key(location), len(numbers)) for location in atlas.locations]
        partition = atlas.cut(regions)
        runs_are_maximal(partition)
        assert [part.typecode for part in partition[:5]] == ["I", "H", "Q", "Q", "H"]
        chance = random.Random(1)
        for _ in range(1000):
            address = IPv4Address(chance.getrandbits(32))
            assert region.of_client(partition, address.packed) == numbers[key(atlas.lookup(address)[0])]
        if len(numbers) == 1:
            assert (len(partition.v4_start), len(partition.v6_high)) == (1, 1)


def test_operator_networks_in_the_shipped_database(atlas: Atlas, shipped: mmdb.Database) -> None:
    chance = random.Random(2)
    operators = {}
    for _ in range(300):
        if chance.random() < 0.5:
            network: Any = ip_network((chance.getrandbits(32), chance.randint(4, 32)), strict=False)
        else:
            network = ip_network((IPv6Address(1 << 125 | chance.getrandbits(125)), chance.randint(8, 128)), strict=False)
        operators[network] = NetworkFact(network, site=chance.choice(["fra", "sin", None]), country=chance.choice(["DE", None]))
    laid = build([shipped], list(operators.values()), SITES)
    for network in operators:
        for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
            if not 0 <= number < 2**network.max_prefixlen:
                continue
            address = type(network[0])(number)
            below, inside = atlas.lookup(address)
            expected = networks.applied(
                tuple(sorted((f for n, f in operators.items() if address in n), key=lambda f: f.network.prefixlen)), below, GAZETTEER
            )
            found, around = laid.lookup(address)
            if address.version == 4 or not str(inside).startswith(("2001:", "2002:")):
                assert found == expected, address
                assert address in around


def test_cut_refuses_the_wrong_number_of_regions(atlas: Atlas) -> None:
    with pytest.raises(ValueError, match="3 regions for"):
        atlas.cut([0, 1, 2])


# Several databases


def test_a_second_database_adds_what_the_first_does_not_know(make: Make, tmp_path: Path) -> None:
    (tmp_path / "a-city.mmdb").write_bytes(make({"192.0.2.0/24": {"country_code": "DE"}, "198.51.100.0/24": {"country_code": "EU"}}))
    (tmp_path / "b-asn.mmdb").write_bytes(make({"192.0.2.128/25": {"asn": 1}, "203.0.113.0/24": {"asn": 2}}, ip_version=4))
    (tmp_path / "c-country.mmdb").write_bytes(make({"192.0.2.0/24": {"country_code": "FR"}, "198.51.100.0/25": {"country_code": "FR"}}))
    atlas = geo.load(tmp_path, [], {})
    assert [edition.name for edition in atlas.editions] == ["a-city.mmdb", "b-asn.mmdb", "c-country.mmdb"]
    known = Location("DE", "EU", None, DE)
    assert atlas.lookup(ip_address("192.0.2.1")) == (known, ip_network("192.0.2.0/25"))
    assert atlas.lookup(ip_address("192.0.2.129")) == (replace(known, asn=1), ip_network("192.0.2.128/25"))
    assert atlas.lookup(ip_address("203.0.113.1"))[0] == Location(asn=2)
    assert atlas.lookup(ip_address("198.51.100.1"))[0].country == "FR"  # more than "somewhere in Europe"
    assert atlas.lookup(ip_address("198.51.100.129"))[0] == Location(continent="EU")


# None, broken, old


def test_without_a_database_only_operator_networks_are_known() -> None:
    assert geo.load(None, [], {}).lookup(ip_address("192.0.2.1")) == (Location(), ip_network("0.0.0.0/0"))
    atlas = geo.load(None, [NetworkFact(ip_network("10.0.0.0/8"), site="fra")], SITES)
    assert atlas.lookup(ip_address("10.1.2.3"))[0] == Location(coordinates=(50.11, 8.68), site="fra", network="10.0.0.0/8")
    assert atlas.lookup(ip_address("11.1.2.3")) == (Location(), ip_network("11.0.0.0/8"))
    partition = atlas.cut([0, 1])
    assert list(partition.v4_start) == [0, 10 << 24, 11 << 24]
    assert (list(partition.v6_high), list(partition.v6_low), list(partition.v6_region)) == ([0], [0], [0])
    assert atlas.oldest_build() is None
    assert atlas.stale(1e12) == ()


def test_a_broken_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.mmdb"
    path.write_bytes(b"rubbish")
    with pytest.raises(GeoError, match=r"^broken\.mmdb: not an MMDB file"):
        geo.load(path, [], {})


def test_age(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmdb_writer.time.time", lambda: 1_700_000_000)
    old = mmdb.read(make({"192.0.2.0/24": {"country_code": "DE"}}), "old.mmdb", countries())
    monkeypatch.setattr("mmdb_writer.time.time", lambda: 1_800_000_000)
    new = mmdb.read(make({"192.0.2.0/24": {"country_code": "DE"}}), "new.mmdb", countries())
    atlas = build([new, old], [], {})
    assert atlas.oldest_build() == 1_700_000_000
    assert atlas.stale(1_700_000_000 + STALE_AFTER) == ()
    (line,) = atlas.stale(1_700_000_001 + STALE_AFTER)
    assert line.startswith("old.mmdb: geo data is 90 days old")


# IPv4 inside IPv6


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("::ffff:91.0.0.1", "::ffff:91.0.0.0/106"),
        ("2002:5b00:1::1", "2002:5b00::/26"),
        ("64:ff9b::5b00:1", "64:ff9b::5b00:0/106"),
        ("2001:0:1:2:3:4:a4ff:fffe", "2001:0:1:2:3:4:a4c0:0/106"),  # Teredo holds the client's address inverted
    ],
)
def test_ipv4_inside_ipv6_counts_as_ipv4(address: str, network: str, atlas: Atlas) -> None:
    location, around = atlas.lookup(ip_address(address))
    assert location.country == "DE"
    assert around == ip_network(network)


def test_networks_around_ipv6_addresses_keep_clear_of_blocks_that_hold_ipv4(atlas: Atlas) -> None:
    for text in ("::1", "2003::1", "2001:1::", "65::", "2002::"):
        _, network = atlas.lookup(ip_address(text))
        others = [ip_network(block) for block in ("::ffff:0:0/96", "64:ff9b::/96", "2001::/32", "2002::/16")]
        assert not any(other.subnet_of(network) for other in others if ip_address(text) not in other)  # type: ignore[arg-type]


def test_the_shipped_database_loads_from_its_folder() -> None:
    atlas = geo.load(SHIPPED.parent, [], {})
    assert [edition.name for edition in atlas.editions] == ["gslb-region.mmdb.xz"]
    assert atlas.editions[0].metadata.node_count == 3_281_089


@given(networks=operator)
@settings(max_examples=60)
def test_homes_are_where_locations_have_addresses(networks: list[NetworkFact]) -> None:
    atlas = build([], networks, SITES)
    homes = atlas.homes()
    assert sum(home.size for home in homes.values()) == 2**32
    for index, home in homes.items():
        assert atlas.lookup(IPv4Address(home.first))[0] == atlas.locations[index]
    for index, home in atlas.homes(6).items():
        if embedded(home.first) is None:  # such addresses count as IPv4
            assert atlas.lookup(IPv6Address(home.first))[0] == atlas.locations[index]
