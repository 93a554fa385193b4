"""Votes and leases as plain data: there and back, and nothing odd gets through."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.lease import Lease
from gslb.store.batch import ANSWERS, BATCH, TEXT, lease_content, parts, read_lease, read_votes, votes_content
from gslb.store.envelope import Anybody, Header, RefusedError, Unsigned, seal, unseal
from gslb.verdict import State, Target, Vote

moments = st.floats(0, 4e9).map(lambda x: round(x, 3))
targets = st.builds(Target, st.text(max_size=20), st.text(max_size=12), st.sampled_from(["192.0.2.1", "2001:db8::1", "192.0.2.2"]))
votes = st.builds(
    Vote,
    targets,
    st.just("p1"),
    st.sampled_from(State),
    moments,
    st.integers(0, 100),
    st.none() | moments,
    st.text(max_size=TEXT),
    st.none() | moments,
    st.booleans(),
)
odd = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=5))


@given(st.lists(votes, max_size=20), st.lists(targets, max_size=5))
def test_votes_there_and_back(given_votes, gone):
    content = json.loads(json.dumps(votes_content(given_votes, gone)))
    said = read_votes(content, "p1")
    assert said.votes == tuple(given_votes)
    assert said.gone == tuple(gone)


def test_leases_there_and_back():
    lease = Lease("p1", "fra", 17.25, 6.0, "x" * TEXT, 10_000, 3, 0.125, 1_700_000_000_000, 8)
    assert read_lease(json.loads(json.dumps(lease_content(lease, ["b", "a"]))), "p1") == (lease, frozenset("ab"))


@given(odd, odd, odd, odd)
def test_odd_contents_are_refused(a, b, c, d):
    for content in (
        a,
        {"checks": a, "votes": b, "gone": c},
        {"checks": [["c", "d"]], "votes": [[0, "192.0.2.1", "u", a, b, c, d, True, "r"]], "gone": []},
    ):
        try:
            said = read_votes(content, "p1")
        except RefusedError:
            continue
        assert json.dumps(votes_content(said.votes), allow_nan=False)
    for field in ("place", "at", "targets", "answers"):
        with contextlib.suppress(RefusedError):
            read_lease({**lease_content(Lease("p1", "fra", 1.0)), field: a}, "p1")


@pytest.mark.parametrize("address", ["192.0.2.256", "localhost", "192.0.2.1/32", ""])
def test_only_addresses_are_addresses(address):
    with pytest.raises(RefusedError):
        read_votes({"checks": [["c", "d"]], "votes": [[0, address, "u", 1, 100, None, None, True, ""]], "gone": []}, "p1")


def test_a_part_of_all_votes_fits_into_a_record():
    one = [
        Vote(Target(f"check-{n % 9}", "0123456789ab", f"2001:db8::{n:x}"), "p1", State.DOWN, n / 7, reason=f"{n} connection refused")
        for n in range(2 * BATCH + 1)
    ]
    assert [len(part) for part in parts(one)] == [BATCH, BATCH, 1]
    assert parts([]) == [()]
    for part in parts(one):
        assert len(seal(Header("all", "", "", 1, 1), votes_content(part), Unsigned("p1"))) < 24_000
    with pytest.raises(RefusedError):
        read_votes(votes_content(one), "p1")
    assert len(lease_content(Lease("p1", "fra", 1.0), map(str, range(5000)))["answers"]) == ANSWERS


def test_half_a_character_neither_stops_a_prober_nor_gets_through():
    vote = Vote(Target("c", "d", "192.0.2.1"), "p1", State.DOWN, 1.0, reason="banner \udcff")
    record = seal(Header("votes", "", "", 1, 1), votes_content([vote]), Unsigned("p1"))
    assert read_votes(unseal(record, Anybody())[1], "p1").votes[0].reason == "banner ?"
    with pytest.raises(RefusedError):
        read_votes(votes_content([vote]), "p1")


def test_the_same_target_is_one_object():
    content = votes_content([Vote(Target("c", "d", "2001:db8:0::1"), "p1", State.UP, 1.0)])
    first, second = read_votes(content, "p1").votes[0].target, read_votes(content, "p2").votes[0].target
    assert first is second
    assert first.address == "2001:db8::1"
