"""Bounds at their very edge: the longest name, and what the memo keeps at most."""

from __future__ import annotations

from collections.abc import Callable

import dns.message
import dns.rcode
import pytest

from gslb import plan
from gslb.answer import Env, Memo, Reply, answer, outcome, rows, shelves
from gslb.answer.outcome import Ledger
from gslb.answer.reply import Meta
from gslb.answer.rows import Misses, Rows
from gslb.answer.tally import Tallies

CLIENTS = [b"\x7f\0\0\1", b"\x14\0\0\1", b"\x0a\1\2\3"]  # of the three regions
LONG = 3 * 61 + len(b"\7example\3com\0")  # octets of the target that `long.example.com.` is a DNAME to


def query(name: str) -> bytes:
    return dns.message.make_query(f"{name}.example.com.", "A").to_wire()


@pytest.mark.parametrize(("octets", "rcode"), [(255, "NXDOMAIN"), (256, "YXDOMAIN")])
def test_a_dname_makes_names_of_255_octets_and_none_longer(snapshot: plan.Snapshot, octets: int, rcode: str, answer: Callable) -> None:
    label = "y" * (octets - LONG - 1)
    reply = answer(snapshot, query(f"{label}.long"), CLIENTS[0], Env(0, udp=False))
    assert isinstance(reply, Reply)
    message = dns.message.from_wire(reply.wire)
    assert dns.rcode.to_text(message.rcode()) == rcode
    made = [rrset[0].target for rrset in message.answer if rrset.rdtype == dns.rdatatype.CNAME]
    assert [len(name.to_wire()) for name in made] == ([255] if rcode == "NXDOMAIN" else [])


def kept(memo: Memo) -> int:
    """Count the outcomes on all shelves."""
    ready = [one for shelf in memo._shelves._shelves.values() for one in shelf._ready.values()]
    return sum(len(one.mixed) + sum(written is not None for written in getattr(one, "outcomes", ())) for one in ready)


def test_outcomes_are_forgotten_past_the_bound_and_written_anew(snapshot: plan.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "MAX_OUTCOMES", 4)
    memo = Memo(snapshot)
    most = 0
    for _ in range(3):
        for name in ("www", "stick", "joint", "a.pooled", "empty", "broken"):
            for client in CLIENTS:
                want = answer(snapshot, asked := query(name), client, Env(0))
                assert isinstance(want, Reply)
                assert memo.reply(asked, client, 0) == want.wire
                most = max(most, kept(memo))
    assert 4 <= most <= 5


def test_the_ledger_forgets_each_time_that_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "MAX_OUTCOMES", 10)
    forgotten: list[int] = []
    ledger = Ledger(Tallies(), lambda: forgotten.append(written))
    written = 0
    while written < 33:
        written += 1
        ledger.written(Meta(b"\0", 0, 1, "", 1))
    assert forgotten == [11, 22, 33]


def test_a_swap_starts_afresh_where_there_are_too_many_shelves(snapshot: plan.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MAX_SHELVES", 2)
    memo = Memo(snapshot)
    for name in ("www", "stick"):
        memo.reply(query(name), CLIENTS[0], 0)
    memo.swap(snapshot._replace(generation=2))
    assert len(memo._shelves._shelves) == 2  # as many as may be: they stay
    memo.reply(query("joint"), CLIENTS[0], 0)
    assert memo._shelves.full
    memo.swap(snapshot._replace(generation=3))
    assert len(memo._shelves._shelves) == 0
    assert memo._young == {}


def test_no_more_rows_are_wanted_at_once_than_the_bound(snapshot: plan.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_WANTED", 4)
    misses = Misses()
    missing = Rows(5, 1, misses)
    missing.bind(snapshot)
    assert {missing.miss(region) for region in range(1, 11)} == {snapshot.pools[5].default[1]}
    assert misses.wanted == {(5, region, 1) for region in range(1, 5)}
    assert misses.count == 10
