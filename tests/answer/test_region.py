"""Regions and scopes against a brute-force reading of the partition, over random partitions, caps and addresses."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.answer.region import block, of_client, of_subnet
from gslb.plan import Partition

NAT64 = ip_network("64:ff9b::/96")
UNPLACED = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4"),
        *("::/127", "fc00::/7", "fe80::/10"),
    )
]
EDGES4 = [int(n.network_address) for n in UNPLACED if n.version == 4] + [int(n.broadcast_address) + 1 for n in UNPLACED if n.version == 4]
FOLDED = [NAT64, *map(ip_network, ("::ffff:0:0/96", "2001::/32", "2002::/16"))]
EDGES6 = [int(n.network_address) for n in (*UNPLACED, *FOLDED) if n.version == 6] + [
    int(n.broadcast_address) + 1 for n in (*UNPLACED, *FOLDED) if n.version == 6
]


@dataclass(frozen=True)
class World:
    """A partition as plain lists, read without any cleverness."""

    runs: dict[int, list[tuple[int, int]]]  # bits -> sorted (start, region)
    cap: dict[int, int]

    @property
    def partition(self) -> Partition:
        four, six = self.runs[32], self.runs[128]
        return Partition(
            array("I", [s for s, _ in four]),
            array("H", [r for _, r in four]),
            array("Q", [s >> 64 for s, _ in six]),
            array("Q", [s & (1 << 64) - 1 for s, _ in six]),
            array("H", [r for _, r in six]),
            self.cap[32],
            self.cap[128],
        )

    def region(self, address: int, bits: int) -> int:
        return [region for start, region in self.runs[bits] if start <= address][-1]

    def says(self, address: int, bits: int) -> object:
        """What decides the answer for a whole address in a client subnet: a region, or the resolver."""
        if bits == 128:
            whole = IPv6Address(address)
            inside = whole.ipv4_mapped or whole.sixtofour or (whole.teredo[1] if whole.teredo else None)
            if whole in NAT64:
                inside = IPv4Address(address & 0xFFFFFFFF)
            if inside is not None:
                block = next(n for n in FOLDED if whole in n)
                return block, self.says(int(inside), 32)
        cap = self.cap[bits]
        region = self.region(address >> bits - cap << bits - cap, bits)
        if region == 0:
            whole = IPv4Address(address) if bits == 32 else IPv6Address(address)
            for network in UNPLACED:
                if whole in network:
                    return "resolver", network
        return bits, region

    def edges(self, bits: int, near: int = 0x20010000 << 96) -> list[int]:
        """Addresses beside which the answer may change."""
        starts = {s for s, _ in self.runs[bits]} | set(EDGES4 if bits == 32 else EDGES6)
        step = 1 << bits - self.cap[bits]
        if bits == 128:
            for e in self.edges(32):
                starts |= {0xFFFF << 32 | e, 0x64FF9B << 96 | e, 0x2002 << 112 | e << 80, near >> 32 << 32 | e ^ 0xFFFFFFFF}
        return sorted({e for s in starts for e in (s - 1, s, s & -step, (s & -step) - 1, (s & -step) + step) if 0 <= e < 1 << bits})


def world(rng: random.Random, *, fine: bool) -> World:
    runs = {}
    for bits, roots in ((32, [0, 10 << 24, 0xC0A80000, 0xC6336400]), (128, [0, 0x2001 << 112, 0x20010DB8 << 96, 0x2002 << 112, 0xFC << 120])):
        starts = {0}
        for _ in range(rng.randrange(12)):
            length = rng.randrange(1, bits + 1 if fine else 24)
            base = rng.choice([*roots, rng.getrandbits(bits)]) ^ rng.getrandbits(bits) >> rng.randrange(bits)
            start = base >> bits - length << bits - length
            starts |= {start, start + (1 << bits - length)}
        merged: list[tuple[int, int]] = []
        for start in sorted(s for s in starts if s < 1 << bits):
            region = rng.randrange(3)
            if not merged or merged[-1][1] != region:
                merged.append((start, region))
        runs[bits] = merged
    return World(runs, {32: rng.choice([8, 16, 24, 24, 32]), 128: rng.choice([32, 48, 56, 56, 64, 128])})


def clients(w: World) -> dict[int, bytes]:
    """An address in each region, as resolvers that can be told apart."""
    return {region: start.to_bytes(4) for start, region in w.runs[32]}


def look(w: World, address: int, bits: int, source: int) -> tuple[object, int]:
    """What decided, seen from outside: where resolvers of different regions get different answers, it was the resolver."""
    octets = (address >> bits - source << bits - source).to_bytes(bits // 8)[: (source + 7) // 8]
    seen = {of_subnet(w.partition, bits, octets, client) for client in clients(w).values()}
    assert len({scope for _, scope in seen}) == 1
    return ("resolver" if len(seen) > 1 else seen.pop()[0]), of_subnet(w.partition, bits, octets, next(iter(clients(w).values())))[1]


def span(address: int, length: int, bits: int) -> tuple[int, int]:
    low = address >> bits - length << bits - length
    return low, low + (1 << bits - length) - 1


@pytest.mark.parametrize("fine", [False, True], ids=["coarse", "finer than the caps"])
@pytest.mark.parametrize("bits", [32, 128])
@settings(deadline=None)
@given(seed=st.integers(0, 1 << 64))
def test_scopes_are_honest_and_short(bits: int, fine: bool, seed: int) -> None:
    rng = random.Random(seed)
    w = world(rng, fine=fine)
    edges = w.edges(bits)
    for _ in range(20):
        address = rng.choice([rng.getrandbits(bits), rng.choice(edges), rng.choice(edges) ^ rng.getrandbits(bits) >> rng.randrange(bits)])
        source = rng.choice([bits, rng.randrange(1, bits + 1)])
        address = address >> bits - source << bits - source
        _, scope = look(w, address, bits, source)
        says = w.says(address, bits)
        near = w.edges(bits, address)
        low, high = span(address, scope, bits)
        inside = [low, high, *(e for e in near if low <= e <= high)]
        inside += [low + rng.randrange(high - low + 1) for _ in range(5)]
        assert {w.says(one, bits) for one in inside} == {says}, f"{ip_address(address)}/{source} scope {scope}"
        all_of_v4 = isinstance(says[0], type(NAT64)) and scope == (16 if says[0].prefixlen == 16 else 96)  # a scope of 0 in the IPv4 address
        if scope and not all_of_v4:
            low, high = span(address, scope - 1, bits)
            wider = [low, high, *(e for e in near if low <= e <= high)]
            assert {w.says(one, bits) for one in wider} != {says}, f"{ip_address(address)}/{source} scope {scope} is longer than need be"


@pytest.mark.parametrize("bits", [32, 128])
@settings(deadline=None)
@given(seed=st.integers(0, 1 << 64))
def test_what_decides_is_what_brute_force_says(bits: int, seed: int) -> None:
    rng = random.Random(seed)
    w = world(rng, fine=True)
    several = len(clients(w)) > 1
    for _ in range(20):
        address = rng.choice([rng.getrandbits(bits), rng.choice(w.edges(bits))])
        says = w.says(address, bits)
        while isinstance(says[0], type(NAT64)):
            says = says[1]
        seen, _ = look(w, address, bits, bits)
        if says[0] == "resolver":
            assert seen == "resolver" or not several
        else:
            assert seen == says[1]


@settings(deadline=None)
@given(seed=st.integers(0, 1 << 64))
def test_a_resolver_is_looked_up_whole(seed: int) -> None:
    rng = random.Random(seed)
    w = world(rng, fine=True)
    for _ in range(20):
        four = rng.choice([rng.getrandbits(32), *w.edges(32)])
        assert of_client(w.partition, four.to_bytes(4)) == w.region(four, 32)
        assert of_client(w.partition, (0xFFFF << 32 | four).to_bytes(16)) == w.region(four, 32)
        six = rng.choice([rng.getrandbits(128), *w.edges(128)])
        if not any(IPv6Address(six) in n for n in FOLDED):
            assert of_client(w.partition, six.to_bytes(16)) == w.region(six, 128)


@pytest.mark.parametrize(
    ("address", "low", "high", "bits", "length"),
    [
        (0, 0, 1 << 32, 32, 0),
        ((1 << 32) - 1, 0, 1 << 32, 32, 0),
        (5, 5, 6, 32, 32),
        (4, 4, 8, 32, 30),
        (4, 0, 8, 32, 29),
        (4, 3, 8, 32, 30),
        (0, 0, (1 << 32) - 1, 32, 1),
        (1 << 127, 1 << 127, 1 << 128, 128, 1),
    ],
)
def test_block(address: int, low: int, high: int, bits: int, length: int) -> None:
    assert block(address, low, high, bits) == length


EMPTY = Partition(array("I"), array("H"), array("Q"), array("Q"), array("H"))


@pytest.mark.parametrize("client", [b"\0" * 4, b"\xff" * 4, b"\0" * 16, b"\xff" * 16])
def test_an_empty_partition_is_all_unknown(client: bytes) -> None:
    assert of_client(EMPTY, client) == 0
    assert of_subnet(EMPTY, 8 * len(client), client, client)[0] == 0


@pytest.fixture
def mapped() -> Callable[[str, str], tuple[int, int]]:
    """Region 1 is 198.51.100.0/24, region 2 is 10.1.0.0/16, region 3 is the resolver's 203.0.113.0/24; the rest is unknown."""
    four = [(0, 0), (0x0A010000, 2), (0x0A020000, 0), (0xC6336400, 1), (0xC6336500, 0), (0xCB007100, 3), (0xCB007200, 0)]
    w = World({32: four, 128: [(0, 0)]}, {32: 24, 128: 56})

    def one(subnet: str, client: str = "203.0.113.9") -> tuple[int, int]:
        network = ip_network(subnet)
        octets = network.network_address.packed[: (network.prefixlen + 7) // 8]
        return of_subnet(w.partition, network.max_prefixlen, octets, ip_address(client).packed)

    return one


@pytest.mark.parametrize(
    ("subnet", "region", "scope"),
    [
        ("198.51.100.0/24", 1, 24),
        ("198.51.100.77/32", 1, 24),  # the cap masks it
        ("198.51.0.0/16", 0, 18),  # too little given: the scope says how much would do
        ("0.0.0.0/0", 3, 0),  # no location wanted: the resolver's, scope 0
        ("::/0", 3, 0),
        ("10.9.0.0/16", 3, 13),  # private and not mapped: the resolver's; 10.8.0.0/13 does not reach 10.1.0.0/16
        ("10.1.2.0/24", 2, 16),  # private and mapped by the operator
        ("192.168.1.0/24", 3, 16),
        ("100.64.0.0/10", 3, 10),
        ("127.0.0.1/32", 3, 8),
        ("169.254.0.0/16", 3, 16),
        ("172.16.0.0/12", 3, 12),
        ("fe80::1/128", 3, 10),
        ("fd00::/8", 3, 7),
        ("::1/128", 3, 127),
        ("192.0.2.0/24", 0, 9),  # documentation: like any other; 192.0.0.0/9 ends before 192.168.0.0/16
        ("::ffff:198.51.100.0/120", 1, 120),
        ("::ffff:198.51.100.5/128", 1, 120),
        ("::ffff:10.1.0.0/112", 2, 112),
        ("64:ff9b::198.51.100.0/120", 1, 120),
        ("2002:c633:6400::/40", 1, 40),
        ("2002:c633:6405::/48", 1, 40),
        ("2002:0a09::/32", 3, 29),
        ("2001:0:1234:5678:0:ffff:39cc:9bff/128", 1, 120),  # Teredo: 198.51.100.0 inverted
        ("2001:db8::/56", 0, 21),  # outside 2001::/32
        ("64:ff9b::/56", 3, 104),  # no IPv4 bits given: 0.0.0.0/8
    ],
)
def test_by_hand(mapped: Callable, subnet: str, region: int, scope: int) -> None:
    assert mapped(subnet) == (region, scope)
