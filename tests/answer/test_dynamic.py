"""Dynamic names: rows by client and draw, scopes, chains, negatives, missing rows, and the size of it all."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Callable

import dns.edns
import dns.flags
import dns.message
import pytest

from gslb import plan
from gslb.answer import Env, Memo, NeedRow, Reply, answer
from gslb.answer.reply import Meta

SOA = "@ 60 SOA ns1 host 1 3600 600 86400 60"
ZONE = b"\x07example\x03com\0"


def test_a_row_by_the_client(asked: Callable) -> None:
    assert asked("www").section("answer") == [f"www 20 A 198.51.100.{ord('d')}"]  # the name bounds the pool's TTL of 30
    assert asked("www", client=b"\x14\0\0\1").section("answer") == [f"www 20 A 198.51.100.{ord('o')}"]
    assert asked("www", client=bytes(10) + b"\xff\xff\x14\0\0\1").section("answer") == [f"www 20 A 198.51.100.{ord('o')}"]


def test_shares_of_answers_match_the_weights(snapshot: plan.Snapshot) -> None:
    weights = {1: 60, 2: 30, 3: 10}
    row = plan.Row(plan.Pick.WEIGHTED, 1, 30, tuple(plan.Group(weight, (bytes((192, 0, 2, n)),)) for n, weight in weights.items()))
    memo = Memo(snapshot._replace(pools={1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})}))
    query = dns.message.make_query("www.example.com", "A").to_wire()
    rng = random.Random(5)
    seen = Counter(memo.reply(query, b"\x7f\0\0\1", rng.getrandbits(64))[-1] for _ in range(100_000))
    assert set(seen) == set(weights)
    chi_square = sum((seen[n] - 1000 * weight) ** 2 / (1000 * weight) for n, weight in weights.items())
    assert chi_square < 13.82  # 2 degrees of freedom, p = 0.001


@pytest.mark.parametrize(
    ("subnet", "scope", "site"),
    [
        ("20.1.2.0/24", 8, "o"),
        ("20.0.0.0/8", 8, "o"),
        ("10.5.0.0/16", 8, "t"),
        ("8.8.8.0/24", 7, "d"),
        ("2001:db8:1::/48", 32, "o"),
        ("2a00::/16", 5, "d"),
    ],
)
def test_a_row_by_the_client_subnet(asked: Callable, subnet: str, scope: int, site: str) -> None:
    got = asked("www", ecs=subnet)
    assert got.section("answer") == [f"www 20 A 198.51.100.{ord(site)}"]
    option = got.message.options[0]
    assert (option.to_text(), got.scope) == (f"ECS {subnet} scope/{scope}", scope)


def test_source_nought_is_the_resolver_and_scope_nought(asked: Callable) -> None:
    got = asked("www", client=b"\x14\0\0\1", ecs="0.0.0.0/0")
    assert (got.section("answer"), got.scope) == ([f"www 20 A 198.51.100.{ord('o')}"], 0)


def test_a_private_subnet_is_the_resolver_and_its_block(asked: Callable) -> None:
    got = asked("www", client=b"\x14\0\0\1", ecs="192.168.7.0/24")
    assert (got.section("answer"), got.scope) == ([f"www 20 A 198.51.100.{ord('o')}"], 16)


def test_no_option_without_one_in_the_query(asked: Callable) -> None:
    assert asked("www", use_edns=0).message.options == ()  # RFC 7871 section 7.2.1


def test_ecs_switched_off(snapshot: plan.Snapshot, answer: Callable) -> None:
    query = dns.message.make_query("www.example.com", "A", options=[dns.edns.ECSOption("20.1.2.0", 24)], use_edns=0).to_wire()
    got = answer(snapshot, query, b"\x7f\0\0\1", Env(0, ecs=False))
    assert isinstance(got, Reply)
    message = dns.message.from_wire(got.wire)
    assert (message.options, message.answer[0][0].to_text()) == ((), "198.51.100.100")
    assert Memo(snapshot, ecs=False).reply(query, b"\x7f\0\0\1", 0) == got.wire


@pytest.mark.parametrize("question", ["www AAAA", "www TXT", "empty A", "mail A", "mail AAAA", "nope A", "host.sub A"])
def test_scope_nought_where_the_client_does_not_matter(asked: Callable, question: str) -> None:
    got = asked(*question.split(), ecs="20.1.2.0/24")
    assert got.scope == 0  # static answers, negatives, delegations: RFC 7871 section 7.4
    assert got.message.answer or got.message.authority


def test_outside_echoes_the_subnet_too(asked: Callable) -> None:
    assert asked("example.org.", ecs="20.1.2.0/24").scope == 0


def test_a_pool_that_never_looks_at_the_client_has_scope_nought(asked: Callable) -> None:
    got = asked("flat", ecs="20.1.2.0/24")
    assert (len(got.section("answer")), got.scope) == (2, 0)


def test_chains_to_a_pool_carry_its_scope(asked: Callable) -> None:
    got = asked("older", ecs="20.1.2.0/24")
    assert got.section("answer") == ["older 300 CNAME old", "old 300 CNAME www", f"www 20 A 198.51.100.{ord('o')}"]
    assert got.scope == 8


def test_a_chain_to_a_pool_without_the_family(asked: Callable) -> None:
    got = asked("old", "AAAA", ecs="20.1.2.0/24")
    assert got.section("answer") == ["old 300 CNAME www"]
    assert (got.section("authority"), got.scope, got.rcode) == ([SOA], 0, "NOERROR")


def test_wildcards_to_pools(asked: Callable) -> None:
    assert asked("a.b.pooled").section("answer") == ["a.b.pooled 30 A 198.51.100.100"]
    assert asked("x.toweb").section("answer") == ["x.toweb 300 CNAME www", "www 20 A 198.51.100.100"]
    assert asked("a.pooled", "TXT").section("authority") == [SOA]


def test_an_empty_row_is_nodata(asked: Callable) -> None:
    got = asked("empty")
    assert (got.rcode, got.section("answer"), got.section("authority"), "AA" in got.flags) == ("NOERROR", [], [SOA], True)


def test_servfail_where_the_operator_chose_it(asked: Callable) -> None:
    got = asked("broken", ecs="20.1.2.0/24")
    assert (got.rcode, got.message.sections, got.scope) == ("SERVFAIL", [got.message.question, [], [], []], 0)
    assert got.reply.meta == Meta(ZONE, 2, 4, "fenced", 1)


def test_meta(asked: Callable) -> None:
    assert asked("www").reply.meta == Meta(ZONE, 0, 1, "", 1, site="def")
    assert asked("nope").reply.meta == Meta(ZONE, 3, None, "", 1)
    assert asked("example.org.").reply.meta == Meta(None, 5, None, "outside", 1)


@pytest.fixture
def missing() -> bytes:
    return dns.message.make_query("missing.example.com", "A").to_wire()


def test_a_missing_row_is_asked_for(snapshot: plan.Snapshot, missing: bytes, answer: Callable) -> None:
    got = answer(snapshot, missing, b"\x14\0\0\1", Env(0))
    assert isinstance(got, NeedRow)
    assert (got.pool, got.region, got.type) == (5, 1, 1)
    message = dns.message.from_wire(got.reply.wire)
    assert message.answer[0].to_text() == "missing.example.com. 5 IN A 198.51.100.108"
    assert isinstance(answer(snapshot, missing, b"\x7f\0\0\1", Env(0)), Reply)


def test_the_memo_collects_missing_rows(snapshot: plan.Snapshot, missing: bytes) -> None:
    memo = Memo(snapshot)
    for client in (b"\x14\0\0\1", b"\x0a\0\0\1", b"\x7f\0\0\1", b"\x14\0\0\2"):
        memo.reply(missing, client, 0)
    assert (memo.take_missed(), memo.take_missed()) == (3, 0)
    assert memo.take_wanted() == {(5, 1, 1), (5, 2, 1)}
    assert memo.take_wanted() == set()


@pytest.mark.parametrize("name", ["stick", "couple", "deep"])
def test_a_missing_row_whose_stand_in_looks_at_the_client(snapshot: plan.Snapshot, name: str, answer: Callable) -> None:
    number = {"stick": 7, "couple": 8, "deep": 9}[name]
    pool = snapshot.pools[number]
    default = snapshot.pools[9].rows[1][1] if name == "deep" else pool.default[1]
    without = pool._replace(partition=0, rows={1: (None,) * 3, 28: pool.rows[28] * 3}, default={**pool.default, 1: default})
    holed = snapshot._replace(pools={**snapshot.pools, number: without})
    whole = snapshot._replace(pools={**snapshot.pools, number: without._replace(rows={**without.rows, 1: (default,) * 3})})
    memo = Memo(holed)
    query = dns.message.make_query(f"{name}.example.com", "A", options=[dns.edns.ECSOption("20.1.2.0", 24)]).to_wire()
    got = answer(holed, query, b"\x7f\0\0\1", Env(5))
    assert isinstance(got, NeedRow)
    assert got[:3] == (number, 1, 1)
    assert got.reply == answer(whole, query, b"\x7f\0\0\1", Env(5))
    assert [memo.reply(query, b"\x7f\0\0\1", 5) for _ in range(3)] == [got.reply.wire] * 3
    assert (memo.take_missed(), memo.take_wanted()) == (3, {(number, 1, 1)})


def test_joint_families_give_some_clients_nothing(asked: Callable) -> None:
    """That is only true of those clients, and only as long as the row is."""
    seen = set()
    for n in range(16):
        got = asked("joint", "AAAA", ecs=f"8.{n << 4}.0.0/20")
        assert (got.rcode, got.scope) == ("NOERROR", 20)
        assert got.section("answer") == ["joint 20 AAAA 2001:db8::1"] or got.section("authority") == ["@ 20 SOA ns1 host 1 3600 600 86400 60"]
        assert len(asked("joint", "A", ecs=f"8.{n << 4}.0.0/20").section("answer")) == 1
        seen.add(len(got.message.answer))
    assert seen == {0, 1}
    assert asked("joint", "AAAA", ecs="0.0.0.0/0").scope == 0
    assert asked("joint", "TXT", ecs="8.8.8.0/24").scope == 0


def test_a_family_that_some_regions_lack(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    none = plan.Row(plan.Pick.FIRST, 1, 30, ())
    web = snapshot.pools[1]
    pools = {**snapshot.pools, 1: web._replace(rows={1: (none, *web.rows[1][1:])})}
    got = ask_of(snapshot._replace(pools=pools), "www.example.com", ecs="8.8.8.0/24")
    assert (got.section("authority"), got.scope) == (["@ 20 SOA ns1 host 1 3600 600 86400 60"], 7)
    pools[1] = web._replace(rows={1: (none,) * 3})
    got = ask_of(snapshot._replace(pools=pools), "www.example.com", ecs="8.8.8.0/24")
    assert (got.section("authority"), got.scope) == ([SOA], 0)


@pytest.mark.parametrize(("reason", "rcode", "ttl"), [("nodata", 0, 20), ("family-down", 0, 20), ("servfail", 2, None)])
def test_nothing_while_all_is_down(snapshot: plan.Snapshot, ask_of: Callable, reason: str, rcode: int, ttl: int | None) -> None:
    row = plan.Row(plan.Pick.FIRST, 1, 45, (), reason, rcode)
    pools = {**snapshot.pools, 1: plan.Pool("web", 0, {1: (row,) * 3}, {1: row})}
    got = ask_of(snapshot._replace(pools=pools), "www.example.com", ecs="8.8.8.0/24")
    assert (got.message.rcode(), got.scope, got.reply.meta.reason) == (rcode, 0, reason)
    assert got.section("authority") == ([] if ttl is None else [SOA.replace("60", str(ttl), 1)])  # no longer than the name's bound
    got = ask_of(snapshot._replace(pools=pools), "a.pooled.example.com")
    assert got.section("authority") == ([] if ttl is None else [SOA.replace("60", "45", 1)])


@pytest.mark.parametrize("broken", ["no pool", "no rows", "no partition", "few rows"])
def test_a_plan_with_holes_still_answers(snapshot: plan.Snapshot, broken: str) -> None:
    web = snapshot.pools[1]
    pools = {
        "no pool": {},
        "no rows": {1: web._replace(rows={}, default={})},
        "no partition": {1: web._replace(partition=99)},
        "few rows": {1: web._replace(rows={1: ()})},
    }[broken]
    query = dns.message.make_query("www.example.com", "A").to_wire()
    got = answer(snapshot._replace(pools=pools), query, b"\x14\0\0\1", Env(0))
    reply = got.reply if isinstance(got, NeedRow) else got
    assert isinstance(reply, Reply)
    assert dns.message.from_wire(reply.wire).rcode() == 0


@pytest.fixture
def wide(snapshot: plan.Snapshot) -> plan.Snapshot:
    """`www` has 100 addresses: 1,600 octets."""
    row = plan.Row(plan.Pick.ALL, 0, 30, tuple(plan.Group(1, (bytes((192, 0, 2, n)),), None, f"s{n}") for n in range(100)))
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})}
    return snapshot._replace(pools=pools)


@pytest.mark.parametrize(
    ("edns", "udp", "count"),
    [({}, True, 0), ({"use_edns": 0}, True, 0), ({"use_edns": 0, "payload": 65535}, True, 0), ({}, False, 100)],
)
def test_too_many_addresses(wide: plan.Snapshot, edns: dict, udp: bool, count: int, answer: Callable) -> None:
    query = dns.message.make_query("old.example.com", "A", **edns).to_wire()
    got = answer(wide, query, b"\x7f\0\0\1", Env(0, udp=udp))
    assert isinstance(got, Reply)
    message = dns.message.from_wire(got.wire)
    addresses = [data for rrset in message.answer for data in rrset if rrset.rdtype == 1]
    assert (len(addresses), bool(message.flags & dns.flags.TC), got.meta.truncated) == (count, not count, not count)
    assert (message.edns >= 0) is bool(edns)
    assert message.answer[0].to_text() == "old.example.com. 300 IN CNAME www.example.com."
    if udp:
        memo = Memo(wide)
        assert [memo.reply(query, b"\x7f\0\0\1", 0) for _ in range(2)] == [got.wire] * 2


def test_no_address_twice(snapshot: plan.Snapshot, answer: Callable) -> None:
    group = plan.Group(1, (b"\1\2\3\4", b"\1\2\3\5"))
    row = plan.Row(plan.Pick.ROTATE, 0, 30, (group, plan.Group(1, (b"\1\2\3\5",))))
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})}
    query = dns.message.make_query("www.example.com", "A").to_wire()
    for draw in (0, (1 << 64) - 1):
        got = answer(snapshot._replace(pools=pools), query, b"\x7f\0\0\1", Env(draw))
        assert isinstance(got, Reply)
        assert len(dns.message.from_wire(got.wire, one_rr_per_rrset=True).answer) == 2  # RFC 2181 section 5


def test_caps_mask_the_subnet_and_not_the_resolver(snapshot: plan.Snapshot, answer: Callable) -> None:
    fine = plan.Partition(array("I", [0, 0x14000080, 0x14000100]), array("H", [0, 1, 0]), array("Q", [0]), array("Q", [0]), array("H", [0]), 24, 56)
    partitioned = snapshot._replace(partitions={0: fine})
    for client, subnet, address in [(b"\x14\0\0\x81", None, "111"), (b"\x7f\0\0\1", "20.0.0.129", "100")]:
        options = {"use_edns": 0, "options": [dns.edns.ECSOption(subnet, 32)]} if subnet else {}
        got = answer(partitioned, dns.message.make_query("www.example.com", "A", **options).to_wire(), client, Env(0))
        assert isinstance(got, Reply)
        assert dns.message.from_wire(got.wire).answer[0][0].to_text() == f"198.51.100.{address}"
