"""From observations to votes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.check.counters import Thresholds, step
from gslb.check.observation import Observation, Result
from gslb.check.opinion import Opinion
from gslb.model import Check
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
    assert history(begin(), OK) == [Vote(TARGET, "p1", State.UP, 1.0, 80, None, "status 200", changed=False)]
    assert history(begin(), FAIL) == [Vote(TARGET, "p1", State.DOWN, 1.0, 100, None, "timeout", changed=False)]


def test_when_it_was_up_last_is_inherited_and_kept_while_blind(begin):
    before = Vote(TARGET, "p1", State.UP, 0.5)
    assert [v.last_up for v in history(begin(before), FAIL, BLIND, FAIL)] == [1.0, 1.0, 1.0]
    assert [v.last_up for v in history(begin(replace(before, state=State.DOWN, last_up=0.25)), FAIL)] == [0.25]
    assert [v.last_up for v in history(begin(), FAIL)] == [None], "never seen up"


def test_what_was_so_when_first_seen_has_not_changed(begin):
    assert [v.changed for v in history(begin(), OK, BLIND, OK, FAIL, FAIL, FAIL, FAIL)][::2] == [False, False, False, True]
    assert [v.changed for v in history(begin(), FAIL, OK, OK, OK, OK, OK)] == [False] * 5 + [True]
    before = Vote(TARGET, "p1", State.UP, 0.5, changed=False)
    assert not history(begin(before), OK)[0].changed, "a restart is no change"
    assert history(begin(replace(before, state=State.DOWN)), OK)[0].changed


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
    assert [v.last_up for v in votes] == [None] * 4 + [5.0] * 6
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


# ---- what is not worth a vote ----


def test_a_figure_in_a_reason_is_told_once_a_minute(begin):
    opinion, changes = begin(), []
    for now in range(1, 200):
        before = opinion.vote
        opinion = opinion.after(Observation(Result.OK, 0.1, f"status 200, certificate {now} days left"), float(now))
        if opinion.vote != before:
            changes.append(now)
    assert changes == [1, 61, 121, 181]


def test_another_reason_is_told_at_once(begin):
    reasons = [f"status {n}" for n in (500, 503)] + ["connection refused", "timeout"]
    votes = history(begin(), *[Observation(Result.FAIL, 0.1, reason) for reason in reasons])
    assert [v.reason for v in votes] == ["status 500", "status 500", "connection refused", "timeout"]


def test_a_trembling_grade_is_quiet(begin):
    grades = [100, 95] * 50
    votes = history(begin(), *[Observation(Result.OK, 0.1, f"queue {g}", g) for g in grades])
    assert {v.grade for v in votes} == {100}
    assert len(set(votes)) <= 2, "once, and perhaps after a minute for the reason"


# ---- cooldown ----


def cooled(define, cooldown, down=3, up=5):
    return Opinion.new(TARGET, replace(define("tcp"), cooldown=cooldown, down=down, up=up), "p1")


def test_no_change_while_the_last_one_cools_down(define):
    votes = history(cooled(define, 10.0, down=1, up=1), OK, FAIL, FAIL, *[OK] * 3, *[FAIL] * 7, FAIL)
    assert [v.state.name for v in votes[:10]] == ["UP"] * 10, "the first result began the first rest"
    assert [v.state.name for v in votes[10:]] == ["DOWN"] * 4
    assert votes[1].seconds_to_change == 9.0
    assert votes[10].since == 11.0


def test_the_result_after_the_rest_decides(define):
    """Three failures came during the rest; one more is enough, and one success in between is not forgotten either."""
    opinion = cooled(define, 10.0)
    votes = history(opinion, OK, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL)
    assert [v.state.name for v in votes] == ["UP"] * 10 + ["DOWN"]
    assert [v.seconds_to_change for v in votes[:4]] == [None, 10, 8, 7], "failures still needed, or the rest"


def test_without_a_cooldown_nothing_rests(define):
    votes = history(cooled(define, 0.0, down=1, up=1), OK, FAIL, OK, FAIL)
    assert [v.state.name for v in votes] == ["UP", "DOWN", "UP", "DOWN"]


# ---- laws ----

SEEN = st.lists(st.sampled_from([OK, FAIL, BLIND]), max_size=60)


@given(SEEN, st.sampled_from([0.0, 1.5, 7.0, 30.0]), st.integers(1, 4), st.integers(1, 4))
def test_changes_are_a_cooldown_apart(seen, cooldown, down, up):
    check = Check("web", "tcp", {}, 1.0, 0.5, down, 3, up, "d", cooldown=cooldown)
    opinion, changes, state = Opinion.new(TARGET, check, "p1"), [], None
    for now, one in enumerate(seen, 1):
        opinion = opinion.after(one, float(now))
        if opinion.counters and opinion.counters.state is not state:
            changes.append(now)
            state = opinion.counters.state
        assert opinion.vote.seconds_to_change is None or opinion.vote.seconds_to_change >= 1.0
    assert all(later - earlier >= cooldown for earlier, later in pairwise(changes))


@given(SEEN, st.integers(1, 4), st.integers(1, 4))
def test_without_a_cooldown_the_counters_are_gdnsds(seen, down, up):
    check = Check("web", "tcp", {}, 1.0, 0.5, down, 3, up, "d")
    opinion, counters = Opinion.new(TARGET, check, "p1"), None
    for now, one in enumerate(seen, 1):
        opinion = opinion.after(one, float(now))
        if one is not BLIND:
            counters = step(counters, one is OK, Thresholds(down, 3, up))
        assert opinion.counters == counters


@given(SEEN, st.sampled_from([0.0, 7.0]))
def test_a_change_never_comes_sooner_than_said(seen, cooldown):
    """`seconds_to_change` is what a calculated TTL is made of: it must be a lower bound."""
    check = Check("web", "tcp", {}, 1.0, 0.5, 3, 3, 2, "d", cooldown=cooldown)
    opinion, earliest = Opinion.new(TARGET, check, "p1"), 0.0
    for now, one in enumerate([one for one in seen if one is not BLIND], 1):
        before = opinion
        opinion = opinion.after(one, float(now))
        if before.counters and opinion.state is not before.state:
            assert now >= earliest
        wait = opinion.vote.seconds_to_change
        earliest = now + (wait if wait is not None else 1.0)


def test_a_grade_that_was_low_is_full_again_after_enough_good_looks(begin):
    """With one reason throughout: what is as ever must not be taken so before the grade has arrived."""
    good, poor = replace(OK, grade=100), replace(OK, grade=40)
    grades = [vote.grade for vote in history(begin(), *[poor] * 3, *[good] * 30)]
    assert grades[2] == 40
    assert grades[-1] == 100
    assert len(set(grades)) > 3, "in steps"


def test_what_is_as_ever_is_the_same_opinion(begin):
    good = replace(OK, grade=100)
    settled = begin().after(good, 1.0)
    assert settled.after(good, 2.0) is settled
    assert settled.after(FAIL, 2.0) is not settled
    assert settled.after(FAIL, 2.0).after(good, 3.0).vote.seconds_to_change is not None
