"""Sticky rows and coupled pools: which address counts, honest scopes, shares over clients, and the same choice in every process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import plan
from gslb.answer.client import Asker, Client, Reach
from gslb.answer.pick import pick, reach
from gslb.answer.shelf import Key
from gslb.answer.shelves import Shelves
from gslb.answer.tally import Tallies
from gslb.plan import Group, Partition, Pick, Row, Sticky

ONE = Sticky(1, 24, 56)


def asker(subnet: str = "", client: str = "203.0.113.9") -> Asker:
    if not subnet:
        return Asker(ip_address(client).packed)
    network = ip_network(subnet)
    return Asker(ip_address(client).packed, network.max_prefixlen, network.network_address.packed[: network.prefixlen + 7 >> 3])


@pytest.mark.parametrize(
    ("client", "sticky", "key"),
    [
        (Client(32, 0xC6336407), Sticky(1, 24, 56), 0x6827A9065088656C),
        (Client(128, 0x20010DB8000100020000000000000007), Sticky(1, 24, 56), 0xC07D51DF2D3AF664),
        (Client(32, 0xC6336407, b"\3www\0"), Sticky(1, 24, 56, qname=True), 0x502726020E083EA4),
        (Client(32, 0xC6336407, b"\3www\0"), Sticky(1, 0, 56, qname=True), 0x6F3136E7B6A84123),
    ],
)
def test_keys_to_the_bit(client: Client, sticky: Sticky, key: int) -> None:
    """Another engine must find these."""
    assert client.key(sticky) == key


@pytest.mark.parametrize(
    ("one", "other", "sticky", "same"),
    [
        ("198.51.100.7", "198.51.100.200", ONE, True),
        ("198.51.100.7", "198.51.101.7", ONE, False),
        ("198.51.100.7", "::ffff:198.51.100.9", ONE, True),
        ("198.51.100.7", "2002:c633:6401::5", ONE, True),
        ("198.51.100.7", "64:ff9b::198.51.100.1", ONE, True),
        ("2001:db8:1:200::1", "2001:db8:1:2ff::9", ONE, True),
        ("2001:db8:1:200::1", "2001:db8:1:300::1", ONE, False),
        ("198.51.100.7", "203.0.113.1", Sticky(1, 0, 0), True),
        ("198.51.100.7", "2001:db8::1", Sticky(1, 0, 0), True),
        ("198.51.100.7", "2001:db8::1", Sticky(1, 0, 56), False),
    ],
)
def test_who_is_the_same_client(one: str, other: str, sticky: Sticky, same: bool) -> None:
    keys = {Client.of(asker(client=address), None).key(sticky) for address in (one, other)}
    assert (len(keys) == 1) is same


def test_the_seed_and_the_name_tell_apart() -> None:
    client = Client.of(asker()._replace(name=b"\3www\0"), None)
    keys = {client.key(sticky) for sticky in (ONE, ONE._replace(seed=2), ONE._replace(qname=True))}
    assert len(keys) == 3
    assert client._replace(name=b"\3api\0").key(ONE) == client.key(ONE)


PLACES = Partition(
    array("I", [0, 10 << 24, 11 << 24, 0xC6336400, 0xC6336500]), array("H", [0, 2, 0, 1, 0]), array("Q", [0]), array("Q", [0]), array("H", [0])
)


@pytest.mark.parametrize(
    ("subnet", "partition", "counts"),
    [
        ("198.51.100.0/24", None, "198.51.100.0"),
        ("198.51.100.77/32", None, "198.51.100.77"),
        ("0.0.0.0/0", None, "resolver"),  # RFC 7871 section 7.1.2
        ("192.168.1.0/24", None, "resolver"),
        ("10.1.2.0/24", None, "resolver"),
        ("10.1.2.0/24", PLACES, "10.1.2.0"),  # private, but mapped by the operator
        ("fd00::/8", PLACES, "resolver"),
        ("::ffff:198.51.100.0/120", PLACES, "198.51.100.0"),
        ("2001:db8::/32", None, "2001:db8::"),
    ],
)
def test_which_address_counts(subnet: str, partition: Partition | None, counts: str) -> None:
    address = ip_address("203.0.113.9" if counts == "resolver" else counts)
    assert Client.of(asker(subnet), partition) == Client(address.max_prefixlen, int(address))


@pytest.mark.parametrize(
    ("subnet", "far", "scope"),
    [
        ("198.51.100.0/24", (24, 56), 24),
        ("198.51.0.0/16", (24, 56), 24),  # longer than SOURCE
        ("198.51.100.7/32", (32, 56), 32),  # no cap
        ("198.51.100.0/24", (8, 56), 8),
        ("8.8.8.0/24", (4, 56), 7),  # 0.0.0.0/8 and 10.0.0.0/8 are the resolver's
        ("8.8.8.0/24", (0, 56), 7),
        ("8.8.8.0/24", (0, 0), 0),
        ("0.0.0.0/0", (24, 56), 0),
        ("2001:db8::/56", (24, 56), 56),
        ("2001:db8::/56", (24, 0), 21),  # 2001::/32 holds IPv4 addresses
        ("::ffff:198.51.100.0/120", (24, 56), 120),
        ("2002:c633:6400::/40", (24, 56), 40),
        ("192.168.1.0/24", (24, 56), 24),
    ],
)
def test_scopes_by_hand(subnet: str, far: tuple[int, int], scope: int) -> None:
    assert asker(subnet).scope(None, 0, Reach(*far)) == scope


def tree(rng: random.Random, depth: int = 1) -> Row:
    """A random row, rows inside it."""
    kind = rng.choice([Pick.STICKY, *Pick])
    sticky = Sticky(rng.getrandbits(64), rng.choice([0, 8, 20, 24, 32]), rng.choice([0, 32, 48, 64, 128]), rng.random() < 0.2)
    groups = []
    for _ in range(rng.randrange(1, 5)):
        inside = tree(rng, depth + 1) if depth < 4 and rng.random() < 0.35 else None
        groups.append(Group(rng.randrange(1, 9), () if inside else (rng.randbytes(4),), inside, "", rng.getrandbits(64)))
    return Row(kind, rng.randrange(3), 30, tuple(groups), sticky=sticky if kind is Pick.STICKY else None)


def drawn(row: Row) -> bool:
    """Whether chance has a say, down to the fourth level."""
    rows = [row]
    for _ in range(4):
        if any(one.pick in (Pick.WEIGHTED, Pick.ROTATE) and len(one.groups) > 1 for one in rows):
            return True
        rows = [group.row for one in rows for group in one.groups if group.row is not None]
    return False


def masks(row: Row, couple: Sticky | None) -> list[Sticky]:
    """All that any level looks at, found in another way."""
    found = [couple] if couple else []
    rows = [row]
    while rows:
        one = rows.pop()
        found += [one.sticky] if one.sticky else []
        rows += [group.row for group in one.groups if group.row]
    return found


def world(rng: random.Random) -> tuple[plan.Snapshot, list[int], list[int]]:
    """One pool, with the addresses where its partition has edges."""
    four = sorted({0, 10 << 24, 11 << 24, *(rng.getrandbits(rng.randrange(4, 20)) << rng.choice([0, 4, 8, 12]) for _ in range(4))})
    six = sorted({0, *((0x2001 << 112 | rng.getrandbits(16) << 96 | rng.getrandbits(8) << rng.choice([56, 64, 80])) for _ in range(4))})
    partition = Partition(
        array("I", four),
        array("H", [rng.randrange(3) for _ in four]),
        array("Q", [one >> 64 for one in six]),
        array("Q", [one & (1 << 64) - 1 for one in six]),
        array("H", [rng.randrange(3) for _ in six]),
        rng.choice([16, 24, 32]),
        rng.choice([48, 56, 64]),
    )
    none = rng.random() < 0.3
    rows = tuple(tree(rng) for _ in range(1 if none else 3))
    couple = Sticky(rng.getrandbits(64), rng.choice([0, 16, 24]), rng.choice([0, 40, 56])) if rng.random() < 0.4 else None
    pool = plan.Pool("p", plan.NO_PARTITION if none else 0, {1: rows}, {1: rows[0]}, couple)
    return plan.Snapshot(1, {}, {1: pool}, {0: partition}), four, six


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 1 << 64))
def test_scopes_are_honest(seed: int) -> None:
    """Whoever asks from inside the scope gets the same answer under the same draw; and the scope is at least the mask."""
    rng = random.Random(seed)
    snapshot, four, six = world(rng)
    shelves = Shelves(snapshot, Tallies())
    shelf = shelves.of(Key(b"\0", 1, 1, 1, 99, b"\xc0\x0c"))
    partition = snapshot.partitions[0] if snapshot.pools[1].partition == 0 else None
    draw = rng.getrandbits(64)
    resolver = rng.choice([b"\xcb\0\x71\x09", b"\x20\1\x0d\xb8" + bytes(12)])

    def look(bits: int, address: int, source: int) -> tuple[bytes, int]:
        octets = (address >> bits - source << bits - source).to_bytes(bits >> 3)[: source + 7 >> 3]
        one = Asker(resolver, bits, octets, b"\1n\0")
        region, scope = one.place(partition)
        outcome = shelf.take(region, draw)
        if outcome is None:
            outcome, scope = shelf.choose(one, draw)
        return outcome.octets, scope

    for _ in range(12):
        bits = rng.choice([32, 128])
        roots = four if bits == 32 else [*six, 0xFFFF << 32 | 0x0A010203, 0x2002 << 112, 0x20010000 << 96, 0x64FF9B << 96, 0xFD << 120]
        address = (rng.choice(roots) ^ rng.getrandbits(bits) >> rng.randrange(bits)) & (1 << bits) - 1
        source = rng.choice([bits, bits, rng.randrange(1, bits + 1)])
        address = address >> bits - source << bits - source
        said, scope = look(bits, address, source)
        low = address >> bits - scope << bits - scope
        for _ in range(8):
            other = low | rng.getrandbits(bits) & (1 << bits - scope) - 1 & rng.choice([-1, (1 << rng.randrange(bits)) - 1])
            assert look(bits, other, bits)[0] == said
        row = snapshot.pools[1].rows[1][Asker(resolver, bits, address.to_bytes(bits >> 3)).place(partition)[0] if source == bits else 0]
        if bits == 32 and source == bits:
            assert scope >= max([one.bits4 for one in masks(row, snapshot.pools[1].couple if drawn(row) else None)], default=0)


@settings(deadline=None)
@given(seed=st.integers(0, 1 << 64))
def test_reach_is_the_furthest_of_all_levels(seed: int) -> None:
    row = tree(random.Random(seed))
    couple = Sticky(1, 21, 43) if seed & 1 else None
    found = masks(row, couple if drawn(row) else None)
    assert reach(row, couple) == (Reach(max(one.bits4 for one in found), max(one.bits6 for one in found)) if found else None)


@pytest.mark.parametrize("bits", [32, 128])
def test_shares_over_clients(bits: int) -> None:
    weights = {1: 60, 2: 30, 3: 10}
    row = Row(Pick.STICKY, 1, 30, tuple(Group(weight, (bytes([n]),), None, "", n << 32) for n, weight in weights.items()), sticky=ONE)
    first = 0xC6000000 if bits == 32 else 0x20010DB8 << 96
    step = 1 << (8 if bits == 32 else 72)  # neighbouring networks
    seen = Counter(pick(row, 0, Client(bits, first + n * step))[0].rdata[0][0] for n in range(20_000))
    assert sum((seen[n] - 200 * weight) ** 2 / (200 * weight) for n, weight in weights.items()) < 13.82  # 2 degrees of freedom, p = 0.001


def test_pools_choose_apart() -> None:
    """Other seeds, other orders: sites are not full or empty for all pools at once."""
    rows = [Row(Pick.STICKY, 1, 30, tuple(Group(1, (bytes([n]),), None, "", n) for n in range(2)), sticky=Sticky(seed, 24, 56)) for seed in (1, 2)]
    seen = Counter(tuple(pick(row, 0, Client(32, n << 8))[0].rdata[0] for row in rows) for n in range(8000))
    assert sum((count - 2000) ** 2 / 2000 for count in seen.values()) < 16.27  # 3 degrees of freedom, p = 0.001


def test_the_draw_decides_nothing_where_all_is_sticky(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    for name, rtype in (("stick", "A"), ("couple", "A"), ("couple", "AAAA"), ("couple", "HTTPS"), ("svc", "SVCB")):
        said = {ask_of(snapshot, f"{name}.example.com", rtype, draw=draw).wire[12:] for draw in (0, 1 << 63, (1 << 64) - 1)}
        assert len(said) == 1


def test_families_and_hints_agree_for_a_client(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    sites = Counter()
    for n in range(40):
        client = bytes((198, 51, n, 7))
        four, six, hints = (ask_of(snapshot, "couple.example.com", rtype, client=client, draw=n << 57) for rtype in ("A", "AAAA", "HTTPS"))
        addresses = [ip_address(one.message.answer[0][0].address) for one in (four, six)]
        params = hints.message.answer[0][0].params
        assert [ip_address(params[key].addresses[0]) for key in (4, 6)] == addresses
        assert addresses[0].packed[-1] == addresses[1].packed[-1]
        sites[addresses[0].packed[-1]] += 1
    assert len(sites) == 3


@pytest.mark.parametrize(
    ("question", "subnet", "scope"),
    [
        ("stick A", "8.8.8.0/24", 24),
        ("stick A", "8.8.0.0/16", 24),
        ("stick A", "2001:db8:1::/48", 56),
        ("stick A", "0.0.0.0/0", 0),
        ("stick TXT", "8.8.8.0/24", 0),
        ("couple A", "8.8.8.0/24", 24),
        ("couple AAAA", "2001:db8:1::/48", 48),
        ("couple HTTPS", "2001:db8:1::/48", 48),
        ("deep A", "8.8.8.8/32", 20),
        ("deep A", "20.8.8.8/32", 20),
        ("deep A", "10.8.8.8/32", 8),  # a row without anything sticky in it
        ("svc SVCB", "8.8.8.0/24", 24),
    ],
)
def test_scopes(asked: Callable, question: str, subnet: str, scope: int) -> None:
    assert asked(*question.split(), ecs=subnet).scope == scope


def test_a_name_can_be_part_of_the_key(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    row = Row(Pick.STICKY, 1, 30, tuple(Group(1, (bytes((192, 0, 2, n)),), None, "", n) for n in range(200)), sticky=Sticky(1, 0, 0, qname=True))
    pool = plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})
    sticky = snapshot._replace(pools={**snapshot.pools, 1: pool})
    said = {name: ask_of(sticky, f"{name}.pooled.example.com", ecs="8.8.8.0/24").message.answer[0][0].to_text() for name in ("a", "A", "b", "c")}
    assert said["a"] == said["A"]
    assert len(set(said.values())) == 3
    assert ask_of(sticky, "a.pooled.example.com", ecs="8.8.8.0/24").scope == 0  # no address is looked at


PROGRAM = """
from gslb.answer.client import Client
from gslb.answer.pick import pick
from gslb.plan import Group, Pick, Row, Sticky
inner = Row(Pick.STICKY, 2, 30, tuple(Group(n + 1, (bytes([n]),), None, "", n * n) for n in range(5)), sticky=Sticky(3, 20, 56, True))
row = Row(Pick.STICKY, 2, 30, tuple(Group(1, (), inner._replace(sticky=Sticky(n, 24, 48)), "", n) for n in range(4)), sticky=Sticky(9, 16, 40))
print([[one.rdata for one in pick(row, n, Client(32, n * 99991, b"name"))] for n in range(300)])
"""


def test_every_process_chooses_the_same() -> None:
    said = {
        subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert len(said.pop()) > 1000
