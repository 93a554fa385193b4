"""HTTPS and SVCB records with hints from pools, read by dnspython."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from gslb import plan
from gslb.answer import Env, Memo, NeedRow

ONE = b"\x14\0\0\1"  # a client in region 1
ZONE = b"\x07example\x03com\0"


def hints(answer: object, at: int = 0) -> dict[int, list[str]]:
    """The hints of a record, by key."""
    params = answer.message.answer[0][at].params
    assert list(params) == sorted(params)  # RFC 9460 section 2.2
    return {int(key): list(params[key].addresses) for key in params if key in (4, 6)}


def test_the_hint_is_the_address(asked: Callable) -> None:
    got = asked("www", "HTTPS")
    assert got.section("answer") == ['www 30 HTTPS 1 . alpn="h2,h3" ipv4hint="198.51.100.100"']  # the record's TTL is 300, the row's 30
    assert asked("www", "HTTPS", client=ONE, ecs="20.1.2.0/24").section("answer") == ['www 30 HTTPS 1 . alpn="h2,h3" ipv4hint="198.51.100.111"']
    assert asked("www", "HTTPS", ecs="20.1.2.0/24").scope == 8


def test_parameters_in_order(asked: Callable) -> None:
    got = asked("couple", "HTTPS")
    assert [int(key) for key in got.message.answer[0][0].params] == [3, 4, 5, 6, 65400]
    assert got.message.answer[0].ttl == 15  # the least: own 25, A 30, AAAA 15


def test_one_draw_for_both_families_and_all_records(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    pools = {**snapshot.pools, 8: snapshot.pools[8]._replace(couple=None)}
    rng = random.Random(1)
    seen = set()
    for _ in range(30):
        draw = rng.getrandbits(64)
        four, six, both = (ask_of(snapshot._replace(pools=pools), "couple.example.com", rtype, draw=draw) for rtype in ("A", "AAAA", "HTTPS"))
        assert hints(both) == {4: [four.message.answer[0][0].address], 6: [six.message.answer[0][0].address]}
        seen.add(str(hints(both)))
    assert len(seen) == 3


def test_several_records_each_from_its_pool(asked: Callable) -> None:
    got = asked("svc", "SVCB", ecs="8.8.8.0/24")
    assert got.section("answer") == [
        'svc 30 SVCB 1 stick alpn="h2" no-default-alpn port="53" ipv4hint="198.51.100.103" ipv6hint="2001:db8::64"',
        'svc 30 SVCB 2 joint ipv4hint="198.51.100.111" ech="AARhYmNk"',
    ]  # the second client-bound choice fell on the site without IPv6
    assert got.scope == 24


@pytest.mark.parametrize("swapped", [False, True])
def test_pools_with_a_row_in_common_are_coupled_each_in_its_own_way(snapshot: plan.Snapshot, ask_of: Callable, swapped: bool) -> None:
    row = snapshot.pools[8].rows[1][0]
    couples = (None, plan.Sticky(8, 24, 48)) if not swapped else (plan.Sticky(8, 24, 48), None)
    pools = {n: plan.Pool(f"p{n}", plan.NO_PARTITION, {1: (row,)}, {1: row}, couple) for n, couple in zip((7, 10), couples, strict=True)}
    now = snapshot._replace(pools={**snapshot.pools, **pools})
    rng = random.Random(3)
    got = [ask_of(now, "svc.example.com.", "SVCB", draw=rng.getrandbits(64)) for _ in range(30)]
    drawn, bound = ({hints(one, at)[4][0] for one in got} for at in ((1, 0) if swapped else (0, 1)))
    assert (len(drawn), len(bound)) == (3, 1)  # the client decides, or the draw


def test_joint_families_without_an_address(asked: Callable) -> None:
    seen = set()
    for n in range(12):
        got = asked("svc", "SVCB", client=bytes((198, n << 4, 0, 1)))
        second = hints(got, 1)
        seen.add(tuple(second))
        assert (6 in second) is (second[4] == [f"198.51.100.{ord('d')}"])
    assert seen == {(4,), (4, 6)}


@pytest.mark.parametrize("reason", ["servfail", "nodata", ""])
def test_no_hint_where_there_is_no_address(snapshot: plan.Snapshot, ask_of: Callable, reason: str) -> None:
    none = plan.Row(plan.Pick.FIRST, 1, 30, (), reason, 2 if reason == "servfail" else 0)
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (none,), 28: (none,)}, {1: none, 28: none})}
    got = ask_of(snapshot._replace(pools=pools), "www.example.com", "HTTPS")
    assert (got.rcode, got.section("answer")) == ("NOERROR", ['www 30 HTTPS 1 . alpn="h2,h3"'])


def test_all_down_gives_what_a_gives(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    row = plan.Row(plan.Pick.ROTATE, 8, 5, tuple(plan.Group(1, (bytes((192, 0, 2, n)),), None, f"s{n}") for n in range(3)), "all-down")
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})}
    got = ask_of(snapshot._replace(pools=pools), "www.example.com", "HTTPS", draw=1 << 63)
    assert got.section("answer") == ['www 5 HTTPS 1 . alpn="h2,h3" ipv4hint="192.0.2.1,192.0.2.2,192.0.2.0"']
    assert (got.reply.meta.reason, got.reply.meta.type, got.reply.meta.site) == ("all-down", 65, "s1")


def test_no_pool_no_hints(snapshot: plan.Snapshot, ask_reference: Callable) -> None:
    got = ask_reference(snapshot._replace(pools={}), "www.example.com", "HTTPS", ecs="20.1.2.0/24")
    assert (got.section("answer"), got.scope) == (['www 300 HTTPS 1 . alpn="h2,h3"'], 0)


def test_wildcards_and_aliases(asked: Callable) -> None:
    assert asked("a.hints", "HTTPS").section("answer") == ['a.hints 30 HTTPS 1 www ipv4hint="198.51.100.100"']
    got = asked("tosvc", "SVCB")
    assert [line.split()[0] for line in got.section("answer")] == ["tosvc", "svc", "svc"]


def test_other_types_and_any(asked: Callable) -> None:
    assert asked("gone", "A").section("authority") == ["@ 60 SOA ns1 host 1 3600 600 86400 60"]
    assert asked("gone", "SVCB").section("answer") == []
    assert asked("gone", "ANY").section("answer") == ['gone 3600 HINFO "RFC8482" ""']


def test_missing_rows_are_wanted(snapshot: plan.Snapshot, answer: Callable) -> None:
    query = b"\0\1\0\0\0\1\0\0\0\0\0\0\1x\5hints\x07example\x03com\0\0\x41\0\1"
    got = answer(snapshot, query, ONE, Env(0))
    assert isinstance(got, NeedRow)
    assert got[:3] == (5, 1, 1)
    both = snapshot._replace(pools={**snapshot.pools, 5: snapshot.pools[8]._replace(partition=0, rows={1: (None,) * 3, 28: (None,) * 3})})
    memo = Memo(both)
    wire = memo.reply(query, ONE, 0)
    assert (memo.take_missed(), memo.take_wanted()) == (2, {(5, 1, 1), (5, 1, 28)})
    needed = answer(both, query, ONE, Env(0))
    assert isinstance(needed, NeedRow)
    assert (needed[:3], needed.reply.wire) == ((5, 1, 1), wire)


def test_too_large_is_cut(snapshot: plan.Snapshot, answer: Callable) -> None:
    row = plan.Row(plan.Pick.ALL, 0, 30, tuple(plan.Group(1, (bytes((192, 0, 2, n)),)) for n in range(250)))
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})}
    query = b"\0\1\0\0\0\1\0\0\0\0\0\0\3www\x07example\x03com\0\0\x41\0\1"
    small = answer(snapshot._replace(pools=pools), query, ONE, Env(0))
    large = answer(snapshot._replace(pools=pools), query, ONE, Env(0, udp=False))
    assert small.wire[2] & 2
    assert len(small.wire) < 512
    assert not large.wire[2] & 2
    assert len(large.wire) > 1000


@pytest.mark.parametrize(("octets", "fits"), [(65_472, True), (65_504, False), (65_552, False), (131_040, False)])
def test_hints_larger_than_any_record_are_cut(snapshot: plan.Snapshot, octets: int, fits: bool, answer: Callable) -> None:
    row = plan.Row(plan.Pick.ALL, 0, 30, tuple(plan.Group(1, (n.to_bytes(16),)) for n in range(octets // 16)))
    none = row._replace(groups=())
    pools = {**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (none,), 28: (row,)}, {1: none, 28: row})}
    query = b"\0\1\0\0\0\1\0\0\0\0\0\0\1w\x07example\3com\0\0\x41\0\1"
    head = b"\0\1\0"
    node = plan.Node(hinted=(plan.Hinted(65, 300, 1, head, b"", b""),))
    zone = snapshot.zones[ZONE]
    hinted = snapshot._replace(pools=pools, zones={ZONE: zone._replace(nodes={**zone.nodes, b"\1w" + ZONE: node})})
    got = answer(hinted, query, ONE, Env(0, udp=False))
    assert bool(got.wire[2] & 2) is not fits
    assert (len(got.wire) > octets) is fits
    assert Memo(hinted).reply(query, ONE, 0)[2] & 2


def test_a_swap_is_seen(snapshot: plan.Snapshot, answer: Callable) -> None:
    query = b"\0\1\0\0\0\1\0\0\0\0\0\0\3www\x07example\x03com\0\0\x41\0\1"
    memo = Memo(snapshot)
    before = memo.reply(query, ONE, 0)
    row = plan.Row(plan.Pick.ALL, 0, 9, (plan.Group(1, (ip_address("192.0.2.77").packed,)),))
    now = snapshot._replace(pools={**snapshot.pools, 1: snapshot.pools[1]._replace(rows={1: (row,) * 3})})
    memo.swap(now)
    after = memo.reply(query, ONE, 0)
    assert after != before
    assert after == answer(now, query, ONE, Env(0)).wire
