"""The last votes on disk: what comes back, and what is not believed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.quorum import Quorum
from gslb.store import kept_file
from gslb.store.last_votes import FILE, MAX_AGE, load, save
from gslb.verdict import State, Target, Vote

NOW = 1_800_000_000.0
VOTES = (
    Vote(Target("web", "d1", "192.0.2.1"), "fra-1", State.UP, NOW - 50, 80, None, "status 200, certificate 9 days left — ✓"),
    Vote(Target("web", "d1", "2001:db8::1"), "fra-1", State.DOWN, NOW - 5.25, 100, None, "timeout", NOW - 5.25, changed=False),
)


def write(folder, rest: bytes, head: str = "gslb-votes 1 {}"):
    (folder / FILE).write_bytes(head.format(hashlib.sha256(rest).hexdigest()).encode() + b"\n" + rest)


def row(**changes):
    names = ["check", "digest", "address", "prober", "state", "since", "grade", "reason", "last_up", "changed"]
    return list((dict(zip(names, ["web", "d", "192.0.2.1", "p", "UP", 1.5, 100, "ok", None, True], strict=True)) | changes).values())


def test_they_come_back(tmp_path):
    save(tmp_path / "state", VOTES, NOW)
    assert load(tmp_path / "state", NOW + 10)[:2] == (VOTES, "")
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == [FILE]


def test_the_first_start_has_none_and_no_complaint(tmp_path):
    assert load(tmp_path / "nowhere", NOW)[:2] == ((), "")


def test_counters_and_abstentions_are_not_kept(tmp_path):
    save(tmp_path, [replace(VOTES[0], seconds_to_change=10.0), replace(VOTES[1], state=State.UNKNOWN)], NOW)
    assert load(tmp_path, NOW).votes == (VOTES[0],)


@pytest.mark.parametrize(("later", "kept"), [(0, True), (MAX_AGE, True), (MAX_AGE + 1, False), (-MAX_AGE, True), (-MAX_AGE - 1, False)])
def test_old_news_is_no_news(tmp_path, later, kept):
    """Nor is news from the future: the clock was set, and nobody knows how old it is."""
    save(tmp_path, VOTES, NOW)
    votes, problem, *_ = load(tmp_path, NOW + later)
    assert (bool(votes), bool(problem)) == (kept, not kept)
    assert all(vote.since <= NOW + later for vote in votes), "no state begins in the future"


def test_a_crash_while_saving_leaves_the_old_ones(tmp_path, monkeypatch):
    save(tmp_path, VOTES, NOW)
    monkeypatch.setattr(os, "fsync", lambda _number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="No space left on device"):
        save(tmp_path, VOTES[:1], NOW)
    assert load(tmp_path, NOW).votes == VOTES
    assert [path.name for path in tmp_path.iterdir()] == [FILE], "and no litter"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="last votes not saved in"):
        save(tmp_path / "file", VOTES, NOW)
    assert load(tmp_path / "file", NOW).problem.endswith("Not a directory")


def test_size_is_bounded_both_ways(tmp_path, monkeypatch):
    save(tmp_path, VOTES, NOW)
    monkeypatch.setattr(kept_file, "MAX_SIZE", 100)
    assert "damaged" in load(tmp_path, NOW).problem
    with pytest.raises(StoreError, match="at most 100"):
        save(tmp_path, VOTES, NOW)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"saved": NOW},
        {"saved": NOW, "votes": None},
        {"saved": NOW, "votes": 7},
        {"saved": None, "votes": []},
        {"saved": True, "votes": []},
        {"saved": NOW, "votes": [7]},
        {"saved": NOW, "votes": [row()[:-1]]},
        {"saved": NOW, "votes": [row(state="SIDEWAYS")]},
        {"saved": NOW, "votes": [row(state="UNKNOWN")]},
        {"saved": NOW, "votes": [row(address="www.example.com")]},
        {"saved": NOW, "votes": [row(grade=101)]},
        {"saved": NOW, "votes": [row(grade="1")]},
        {"saved": NOW, "votes": [row(since="yesterday")]},
        {"saved": NOW, "votes": [row(reason="x" * 257)]},
        {"saved": NOW, "votes": [row(check=7)]},
        {"saved": NOW, "votes": [row(last_up="never")]},
        {"saved": NOW, "votes": [row(changed=1)]},
        {"saved": NOW, "votes": [row(), row(prober=None)]},
    ],
    ids=repr,
)
def test_what_this_version_does_not_write_is_ignored_whole(tmp_path, content):
    write(tmp_path, json.dumps(content).encode())
    votes, problem, *_ = load(tmp_path, NOW)
    assert votes == ()
    assert "not as this version writes it" in problem


@pytest.mark.parametrize(
    "text", ['{"saved": NaN, "votes": []}', '{"saved": Infinity, "votes": []}', "[" * 100_000, '{"saved": 1' + "0" * 5000 + ', "votes": []}']
)
def test_odd_json(tmp_path, text):
    write(tmp_path, text.encode())
    assert "not as this version writes it" in load(tmp_path, NOW).problem


def test_another_version_is_not_guessed_at(tmp_path):
    write(tmp_path, b'{"saved": 1, "votes": []}', head="gslb-votes 2 {}")
    assert "not ours" in load(tmp_path, NOW).problem


def test_any_single_damaged_octet_is_noticed(tmp_path):
    save(tmp_path, VOTES, NOW)
    good = (tmp_path / FILE).read_bytes()
    for at in range(len(good)):
        (tmp_path / FILE).write_bytes(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
        assert load(tmp_path, NOW).votes == (), at
    for end in range(len(good)):
        (tmp_path / FILE).write_bytes(good[:end])
        assert load(tmp_path, NOW).votes == (), end


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # one file, written anew each time
@given(st.binary(max_size=400))
def test_rubbish(tmp_path, data):
    (tmp_path / FILE).write_bytes(data)
    votes, problem, *_ = load(tmp_path, NOW)
    assert votes == ()
    assert problem
    write(tmp_path, data)
    assert load(tmp_path, NOW).votes == ()


def test_leases_go_with_the_votes(tmp_path):
    """Who cast them and where, how old that was, and what the store's clock showed; a verdict's quorum stays with it."""
    target = Target("web", "d", "192.0.2.1", Quorum("any").key)
    leases = ((Lease("p", "fra", 990.0, suspect="references fail"), 1.5), (Lease("q", "iad", 980.0, lasts=9.0), 11.0))
    save(tmp_path, [Vote(target, "p", State.UP, 5.0)], 50_000.0, leases=leases, time=1000.0)
    found = load(tmp_path, 50_100.0)
    assert (found.leases, found.time, found.votes[0].target) == (leases, 1100.0, target)


@pytest.mark.parametrize(
    "row", [["p", "fra", 1.0, 6.0, ""], ["p", 5, 1.0, 6.0, "", 0.0], ["p", "fra", "x", 6.0, "", 0.0], ["p" * 300, "fra", 1.0, 6.0, "", 0.0]]
)
def test_odd_leases_are_no_votes(tmp_path, row):
    kept_file.write(tmp_path / FILE, "gslb-votes 1", {"saved": 1.0, "time": 1.0, "votes": [], "leases": [row]}, "votes")
    assert "not as this version writes it" in load(tmp_path, 2.0).problem
