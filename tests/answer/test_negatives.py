"""Negative answers from memory are those that are written whole."""

from __future__ import annotations

import random

import dns.message
import pytest

from gslb import plan
from gslb.answer import Memo
from gslb.answer.negatives import MAX_KEPT, Negatives

LABELS = ["a", "ns1", "NS1", "host", "mail", "www", "x" * 40, "example", "com", "wild", "sub", "b"]


@pytest.mark.parametrize("payload", [None, 512, 1232])
def test_they_are_what_would_be_written(snapshot: plan.Snapshot, payload: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    root = {b"\0": snapshot.zones[b"\x07example\x03com\0"]._replace(apex=b"\0", nodes={b"\0": plan.Node()})}
    queries = []
    for _ in range(400):
        name = ".".join(rng.choice(LABELS) for _ in range(rng.randrange(6)))
        name = name if rng.random() < 0.2 else f"{name}.example.com".lstrip(".")
        edns = {} if payload is None else {"use_edns": 0, "payload": payload}
        queries.append(dns.message.make_query(name, rng.choice(["A", "TXT", "SOA", "ANY"]), **edns).to_wire())
    for now in (snapshot, snapshot._replace(zones=root)):
        kept = Memo(now)
        known = [kept.reply(query, b"\x7f\0\0\1", 0) for query in queries]
        with monkeypatch.context() as patch:
            patch.setattr(Negatives, "of", lambda *_: None)
            written = Memo(now)
            assert known == [written.reply(query, b"\x7f\0\0\1", 0) for query in queries]
        assert kept.counts() == written.counts()


def test_what_is_kept_is_bounded(snapshot: plan.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_KEPT < 10_000
    monkeypatch.setattr("gslb.answer.negatives.MAX_KEPT", 20)
    memo = Memo(snapshot)
    for size in range(1, 200):
        memo.reply(
            dns.message.make_query(".".join(["y" * 3] * (size // 4) + ["z" * (size % 4 + 1)]) + ".example.com", "A").to_wire(), b"\x7f\0\0\1", 0
        )
    assert len(memo._shelves.negatives._kept) <= 20
