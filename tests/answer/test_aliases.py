"""Names that point to a pool of names: one CNAME for whatever is asked, chased by nobody here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gslb import plan

ONE = b"\x14\0\0\1"  # a client in region 1


@pytest.mark.parametrize("rtype", ["A", "AAAA", "CNAME", "TXT", "MX", "DS", "HTTPS", "TYPE65400"])
def test_a_cname_for_every_type(asked: Callable, rtype: str) -> None:
    got = asked("to", rtype)
    assert (got.rcode, "AA" in got.flags) == ("NOERROR", True)
    assert got.section("answer") == ["to 10 CNAME any.example.net."]  # the name bounds the row's TTL of 30
    assert got.section("authority") == []


def test_any_gets_little(asked: Callable) -> None:
    assert asked("to", "ANY").section("answer") == ['to 3600 HINFO "RFC8482" ""']  # RFC 8482 section 4.2


def test_by_the_client_with_its_scope(asked: Callable) -> None:
    got = asked("to", ecs="20.1.2.0/24")
    assert got.section("answer")[0].startswith("to 10 CNAME ")
    assert got.scope == 8
    assert asked("to", ecs="10.1.2.0/24").section("answer") == ["to 10 CNAME two.example.net."]


def test_one_name_even_where_a_row_has_more(asked: Callable) -> None:
    said = {tuple(asked("to", client=ONE, draw=draw).section("answer")) for draw in (0, (1 << 64) - 1)}
    assert said == {("to 10 CNAME one.example.net.",), ("to 10 CNAME uno.example.net.",)}  # RFC 2181 section 10.1


def test_wildcards(asked: Callable) -> None:
    assert asked("a.b.tos", "TXT").section("answer") == ["a.b.tos 30 CNAME any.example.net."]


def test_a_static_alias_to_one(asked: Callable) -> None:
    got = asked("toto", "A", ecs="20.1.2.0/24")
    assert got.section("answer")[0] == "toto 300 CNAME to"
    assert got.section("answer")[1].startswith("to 10 CNAME ")
    assert got.scope == 8
    assert asked("toto", "CNAME").section("answer") == ["toto 300 CNAME to"]


def test_the_target_is_not_chased(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    inside = b"\x04mail\x07example\x03com\0"
    row = plan.Row(plan.Pick.FIRST, 1, 30, (plan.Group(1, (inside,)),))
    pools = {**snapshot.pools, 6: plan.Pool("names", plan.NO_PARTITION, {5: (row,)}, {5: row})}
    assert ask_of(snapshot._replace(pools=pools), "to.example.com").section("answer") == ["to 10 CNAME mail"]


@pytest.mark.parametrize(("rcode", "reason"), [(0, "nodata"), (2, "servfail")])
def test_all_down(snapshot: plan.Snapshot, ask_of: Callable, rcode: int, reason: str) -> None:
    row = plan.Row(plan.Pick.FIRST, 1, 30, (), reason, rcode)
    pools = {**snapshot.pools, 6: plan.Pool("names", 0, {5: (row,) * 3}, {5: row})}
    got = ask_of(snapshot._replace(pools=pools), "to.example.com", "MX", ecs="20.1.2.0/24")
    assert got.message.rcode() == rcode
    assert got.section("authority") == ([] if rcode else ["@ 10 SOA ns1 host 1 3600 600 86400 60"])
    assert got.scope == 0
    assert got.reply.meta.type == 15


def test_a_missing_row_is_wanted_by_its_own_type(snapshot: plan.Snapshot, ask_of: Callable) -> None:
    from gslb.answer import Memo

    pools = {**snapshot.pools, 6: snapshot.pools[6]._replace(rows={5: (None, None, None)})}
    got = ask_of(snapshot._replace(pools=pools), "to.example.com", "MX")
    assert got.section("answer") == ["to 10 CNAME any.example.net."]
    memo = Memo(snapshot._replace(pools=pools))
    memo.reply(b"\0\1\0\0\0\1\0\0\0\0\0\0\x02to\x07example\x03com\0\0\x0f\0\1", b"\x7f\0\0\1", 0)
    assert memo.take_wanted() == {(6, 0, 5)}
