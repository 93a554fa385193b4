"""The address space under one atlas and two: every address counted once, borders kept, networks cut at them."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

import pytest

from gslb import geo
from gslb.geo.ground import Ground
from gslb.model import NetworkFact


def atlas(chance: random.Random, version: int, most: int = 12) -> geo.Atlas:
    facts: dict[Any, NetworkFact] = {}
    for _ in range(chance.randint(0, most)):
        network: Any = (
            IPv4Network((0xC0A80000 | chance.getrandbits(16), chance.choice([16, 18, 20, 24, 28, 32])), strict=False)
            if version == 4
            else IPv6Network((0x20010DB8 << 96 | chance.getrandbits(32) << 64, chance.choice([34, 40, 48, 60, 64])), strict=False)
        )
        facts[network] = NetworkFact(network, country=chance.choice(["DE", "FR", "US"]))
    return geo.load(None, tuple(facts.values()), {})


def place(one: geo.Atlas, address: Any) -> int:
    return one.locations.index(one.lookup(address)[0])


@pytest.mark.parametrize("version", [4, 6])
def test_every_address_is_counted_once(version: int) -> None:
    for seed in range(30):
        chance = random.Random(seed)
        old, new = atlas(chance, version), atlas(chance, version)
        found = Ground(old, new).all(version)
        assert sum(one.size for one in found) == pytest.approx(2**32 if version == 4 else 2**64)
        assert len({one.locations for one in found}) == len(found)
        for one in found:
            assert one.locations == (place(old, one.address), place(new, one.address))


def test_sizes_are_those_of_counting() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        old, new = atlas(chance, 4, 4), atlas(chance, 4, 4)
        for text in ("192.168.0.0/24", "192.168.3.0/26"):
            exact: dict[tuple[int, ...], int] = {}
            for address in ip_network(text):
                key = (place(old, address), place(new, address))
                exact[key] = exact.get(key, 0) + 1
            assert {one.locations: one.size for one in Ground(old, new).within(IPv4Network(text))} == exact


def test_small_networks_of_ipv6_keep_their_borders() -> None:
    inside = NetworkFact(IPv6Network("2001:db8:0:40::/58"), country="FR")
    one = geo.load(None, (NetworkFact(IPv6Network("2001:db8::/32"), country="DE"), inside), {})
    found = {one.locations[stretch.locations[0]].country: stretch.size for stretch in Ground(one).within(IPv6Network("2001:db8::/56"))}
    assert found == {"DE": 192, "FR": 64}
    (alone,) = Ground(one).within(IPv6Network("2001:db8:0:40::7/128"))
    assert (alone.address, alone.size) == (IPv6Address("2001:db8:0:40::7"), 1)


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    one = geo.load(None, (NetworkFact(IPv4Network("203.0.113.0/25"), country="DE"),), {})
    found = {stretch.address: stretch.size for stretch in Ground(one).within(IPv6Network("::ffff:203.0.113.0/120"))}
    assert found == {IPv4Address("203.0.113.0"): 128, IPv4Address("203.0.113.128"): 128}
