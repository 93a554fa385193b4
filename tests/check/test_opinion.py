"""From observations to votes."""

from __future__ import annotations

import pytest

from gslb.check.observation import Observation, Result
from gslb.check.opinion import Opinion
from gslb.verdict import State, Target, Vote

TARGET = Target("web", "d", "192.0.2.1")
OK = Observation(Result.OK, 0.1, "status 200", grade=80)
FAIL = Observation(Result.FAIL, 0.1, "timeout")
BLIND = Observation(Result.UNKNOWN, 0.1, "own fault: too many open files")


@pytest.fixture
def begin(define):
    def make(inherited=None):
        return Opinion.new(TARGET, define("tcp"), "p1", inherited)

    return make


def history(opinion, *seen):
    """The votes after each observation, one a second from 1 on."""
    votes = []
    for now, observation in enumerate(seen, 1):
        opinion = opinion.after(observation, float(now))
        votes.append(opinion.vote)
    return votes


def test_no_vote_before_the_first_result(begin):
    assert begin().vote is None


def test_the_first_result_counts_at_once(begin):
    assert history(begin(), OK) == [Vote(TARGET, "p1", State.UP, 1.0, 80, None, "status 200")]
    assert history(begin(), FAIL) == [Vote(TARGET, "p1", State.DOWN, 1.0, 100, None, "timeout")]


def test_down_and_up_again(begin):
    votes = history(begin(), OK, FAIL, OK, FAIL, FAIL, OK, OK, OK, OK, OK)
    u, d = State.UP, State.DOWN
    assert [(v.state, v.since, v.seconds_to_change) for v in votes] == [
        (u, 1, None),
        (u, 1, 10),
        (u, 1, 10),
        (u, 1, 5),
        (d, 5, None),
        (d, 5, 20),
        (d, 5, 15),
        (d, 5, 10),
        (d, 5, 5),
        (u, 10, None),
    ]
    assert {v.grade for v in votes} == {80}, "a failure says nothing of the load"


def test_its_own_fault_is_an_abstention_and_counts_nothing(begin):
    votes = history(begin(), BLIND, BLIND, OK, FAIL, BLIND, BLIND, FAIL, FAIL)
    assert [(v.state.name, v.since) for v in votes] == [
        ("UNKNOWN", 1),
        ("UNKNOWN", 1),
        ("UP", 3),
        ("UP", 3),
        ("UNKNOWN", 5),
        ("UNKNOWN", 5),
        ("UP", 3),  # the same state as before: it began then
        ("DOWN", 8),  # the third failure
    ]
    assert votes[4].reason == BLIND.reason
    assert votes[4].seconds_to_change is None


@pytest.mark.parametrize(("seen", "state", "since"), [(OK, State.UP, 1.0), (FAIL, State.DOWN, 0.25), (BLIND, State.UNKNOWN, 1.0)])
def test_an_inherited_state_stands_until_the_first_result(begin, seen, state, since):
    old = Vote(Target("web", "old", "192.0.2.1"), "p0", State.DOWN, 0.25, 60, 15.0, "refused")
    opinion = begin(old)
    assert opinion.vote == Vote(TARGET, "p1", State.DOWN, 0.25, 60, None, "refused")
    vote = opinion.after(seen, 1.0).vote
    assert (vote.state, vote.since) == (state, since)


def test_after_an_inherited_state_and_blindness_the_first_result_still_counts_at_once(begin):
    old = Vote(Target("web", "old", "192.0.2.1"), "p0", State.DOWN, 0.25)
    assert [v.state for v in history(begin(old), BLIND, OK)] == [State.UNKNOWN, State.UP]


def test_nothing_is_inherited_from_an_abstention(begin):
    assert begin(Vote(TARGET, "p1", State.UNKNOWN, 0.5)).vote is None
