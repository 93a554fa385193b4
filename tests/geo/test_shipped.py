"""The shipped database: every fact and every edge as MaxMind's own reader sees them, and sample clients of four places."""

from __future__ import annotations

import json
import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

import pytest

from gslb import geo
from gslb.answer import region
from gslb.geo import mmdb
from gslb.geo.runs import Runs, start
from gslb.model import Location
from gslb.plan import Partition

from .conftest import SHIPPED, asked

SAMPLES = 20_000
CENTROIDS = {code: tuple(row["location"]) for code, row in json.loads((SHIPPED.parent / "countries.json").read_text())["countries"].items()}


def expected(record: Any) -> Location:
    """A straightforward reading of this one file's records."""
    if record is None:
        return Location()
    code = record["country"]["iso_code"]
    listed = record.get("subdivisions")
    place = record.get("location")
    return Location(
        country=code,
        continent=record["continent"]["code"],
        subdivision=listed[0].get("iso_code", listed[0]["names"]["en"]) if listed else None,
        coordinates=(place["latitude"], place["longitude"]) if place else CENTROIDS[code],
    )


FOLDED = [ip_network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96", "2001::/32", "2002::/16")]


def is_folded(address: IPv6Address) -> bool:
    """IPv4 inside IPv6 is looked up as IPv4, which the file's reader does not do."""
    return any(address in network for network in FOLDED)


@pytest.mark.parametrize("bits", [32, 128])
def test_random_addresses_have_the_facts_of_their_record(bits: int, atlas: geo.Atlas, oracle: Any) -> None:
    chance = random.Random(bits)
    known = 0
    for _ in range(SAMPLES):
        if bits == 32:
            address: Any = IPv4Address(chance.getrandbits(32))
        else:  # mostly inside 2000::/3, where addresses are given out
            address = IPv6Address(chance.getrandbits(128) >> 3 | (1 << 125 if chance.random() < 0.95 else 0))
            if is_folded(address):
                continue
        record, length = oracle.get_with_prefix_len(address)
        location, network = atlas.lookup(address)
        assert location == expected(record), address
        assert address in network
        theirs: Any = (IPv4Network if bits == 32 else IPv6Network)((int(address), length), strict=False)
        assert network.prefixlen <= length or (bits == 128 and any(theirs.supernet_of(folded) for folded in FOLDED)), address
        known += record is not None
    assert known > SAMPLES / 4


@pytest.mark.parametrize("bits", [32, 128])
def test_runs_are_what_merging_the_files_networks_gives(bits: int, shipped: mmdb.Database, oracle: Any) -> None:
    chance = random.Random(bits)
    runs: Runs = shipped.v4 if bits == 32 else shipped.v6
    kind = IPv4Address if bits == 32 else IPv6Address
    shift = 128 - bits
    for _ in range(1500):
        index = chance.randrange(1, len(runs.value) - 1)
        here, end = start(runs, index) >> shift, start(runs, index + 1) >> shift
        if bits == 128 and any(is_folded(IPv6Address(number)) for number in (here, end - 1, end)):
            continue
        facts = expected(oracle.get(kind(here)))
        assert facts != expected(oracle.get(kind(here - 1))) or here >> 32 == 0  # a maximal run begins here
        networks = 0
        while here < end and networks < 2000:  # and every network inside agrees, edge to edge
            record, length = oracle.get_with_prefix_len(kind(here))
            length -= 96 if bits == 32 and length > 32 else 0
            assert expected(record) == facts, kind(here)
            here = (here >> (bits - length) << (bits - length)) + (1 << (bits - length))
            networks += 1
        assert here == end or networks == 2000


def test_counts(shipped: mmdb.Database) -> None:
    # Counted once by iterating with maxminddb, which takes 30 s.
    assert (shipped.networks4, shipped.networks6, shipped.records) == (2_587_942, 693_037, 1_280)
    assert len(shipped.locations) == 1_281
    assert shipped.locations[0] == Location()


@pytest.mark.parametrize(
    ("country", "subdivision", "networks"),
    [
        ("DE", None, ["91.0.0.0/24", "2003::/56"]),
        ("US", "CA", ["128.32.0.0/24", "2607:f140::/56"]),
        ("US", "VA", ["128.173.0.0/24", "2607:b400::/56"]),
        ("SG", None, ["137.132.0.0/24", "2406:3003::/56"]),
    ],
)
def test_sample_clients(country: str, subdivision: str | None, networks: list[str], atlas: geo.Atlas) -> None:
    for text in networks:
        wanted = ip_network(text)
        location, network = atlas.lookup(wanted[1])
        assert (location.country, location.subdivision) == (country, subdivision)
        assert network.supernet_of(wanted)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def by_country(atlas: geo.Atlas) -> tuple[Partition, list[int]]:
    numbers: dict[str | None, int] = {}
    regions = [numbers.setdefault(location.country, len(numbers)) for location in atlas.locations]
    return atlas.cut(regions), regions


def test_partition_of_countries_answers_with_the_country_of_the_record(
    by_country: tuple[Partition, list[int]], atlas: geo.Atlas, oracle: Any
) -> None:
    partition, regions = by_country
    of_country = {location.country: number for location, number in zip(atlas.locations, regions, strict=True)}
    chance = random.Random(3)
    for _ in range(5000):
        for address in (IPv4Address(chance.getrandbits(32)), IPv6Address(1 << 125 | chance.getrandbits(125))):
            if address.version == 6 and is_folded(address):
                continue
            assert region.of_client(partition, address.packed) == of_country[expected(oracle.get(address)).country]


@pytest.mark.parametrize("bits", [32, 128])
def test_scopes_hold_one_country_and_could_not_be_shorter(bits: int, by_country: tuple[Partition, list[int]], atlas: geo.Atlas, oracle: Any) -> None:
    partition, _ = by_country
    chance = random.Random(bits + 1)
    kind: Any = IPv4Address if bits == 32 else IPv6Address
    cap = 24 if bits == 32 else 56
    checked = 0
    while checked < 2000:
        number = chance.getrandbits(bits) if bits == 32 else 1 << 125 | chance.getrandbits(125)
        number = number >> (bits - cap) << (bits - cap)
        if bits == 128 and is_folded(IPv6Address(number)):
            continue
        of_subnet, scope = asked(partition, number, bits, cap)
        country = expected(oracle.get(kind(number))).country
        if country is None:
            continue  # scopes of unknown clients also keep clear of special-purpose blocks
        checked += 1
        first = number >> (bits - scope) << (bits - scope)
        for _ in range(8):
            inside = first + chance.randrange(1 << (bits - scope)) >> (bits - cap) << (bits - cap)
            assert expected(oracle.get(kind(inside))).country == country, (kind(number), scope)
            assert asked(partition, inside, bits, cap)[0] == of_subnet
        if scope > 1:  # the block's other half holds somebody else, or IPv4
            assert any_other(oracle, kind(first ^ 1 << (bits - scope)), scope, country), (kind(number), scope)


def any_other(oracle: Any, first: Any, scope: int, country: str) -> bool:
    """Walk the networks of a block until one says another country."""
    kind, bits, here = type(first), first.max_prefixlen, int(first)
    end = here + (1 << (bits - scope))
    while here < end:
        address = kind(here)
        if bits == 128 and is_folded(address):
            return True
        record, length = oracle.get_with_prefix_len(address)
        length -= 96 if bits == 32 and length > 32 else 0
        if expected(record).country != country:
            return True
        here = (here >> (bits - length) << (bits - length)) + (1 << (bits - length))
    return False
