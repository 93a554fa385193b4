"""From votes to verdicts: tables, and what must hold for any votes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.judge import MAX_STALE, carry, judge, judge_all
from gslb.lease import Voter
from gslb.quorum import Quorum
from gslb.verdict import State, Target, Verdict, Vote

T = Target("web", "d", "192.0.2.1")
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN
LETTERS = {"u": UP, "d": DOWN, "-": UNKNOWN}


def vote(state, since=1.0, prober="p", **fields):
    return Vote(T, prober, state, since, **fields)


def settled(verdict):
    """The verdict as it was before it was held."""
    return replace(verdict, held=False, reason="")


def votes(letters):
    """`ud-`: one vote a letter, cast at 1, 2, 3, …"""
    return [vote(LETTERS[letter], float(at), f"p{at}") for at, letter in enumerate(letters, 1)]


# ---- one prober ----


def test_one_prober_is_believed():
    up = vote(UP, 3.0, grade=70, seconds_to_change=10.0, reason="status 200")
    assert judge([up], None, 9.0) == Verdict(UP, 3.0, 70, 3.0, 10.0, "status 200")
    down = vote(DOWN, 4.0, seconds_to_change=20.0, reason="timeout")
    assert judge([down], None, 9.0) == Verdict(DOWN, 4.0, 0, None, 20.0, "timeout")


def test_last_up_is_when_it_went_down():
    down = judge([vote(DOWN, 8.0, last_up=8.0)], None, 8.0)
    assert down.last_up == 8.0
    assert judge([vote(DOWN, 8.0, last_up=8.0)], Verdict(UP, 3.0, last_up=3.0), 8.0) == down, "nothing of it is remembered: a new node knows it too"
    again = judge([vote(UP, 25.0, last_up=8.0)], down, 25.0)
    assert (again.state, again.last_up) == (UP, 25.0)


@pytest.mark.parametrize(
    ("ups", "last_up"),
    [
        ((None,), None),  # never seen up
        ((10.0, 20.0, 30.0), 20.0),  # the second of three made it down
        ((None, None, 30.0), None),  # two of three never saw it up
        ((None, 20.0, 30.0), 20.0),
    ],
)
def test_last_up_is_that_of_the_vote_that_decided(ups, last_up):
    cast = [vote(DOWN, up or 1.0, f"p{at}", last_up=up) for at, up in enumerate(ups)]
    assert judge(cast, None, 99.0).last_up == last_up


# ---- nobody has an opinion ----


@pytest.mark.parametrize(
    ("previous", "cast", "now", "state"),
    [
        (None, [], 9.0, UNKNOWN),
        (None, [vote(UNKNOWN)], 9.0, UNKNOWN),
        (UP, [], 9.0, UP),
        (DOWN, [], 1e9, DOWN),  # the store may be lost: keep
        (UP, [vote(UNKNOWN)], 1.0 + MAX_STALE, UP),
        (DOWN, [vote(UNKNOWN)], 1.0 + MAX_STALE, DOWN),
        (DOWN, [vote(UNKNOWN)], 1.1 + MAX_STALE, UNKNOWN),  # the prober lives, and has been blind for long
        (UP, [vote(UNKNOWN)], 1.1 + MAX_STALE, UNKNOWN),
        (DOWN, [vote(UNKNOWN), vote(UNKNOWN, 50.0)], 1.1 + MAX_STALE, DOWN),  # the last one went blind later
    ],
)
def test_held_and_never_down_for_want_of_news(previous, cast, now, state):
    before = Verdict(previous, 0.5, last_up=0.25) if previous is not None else None
    verdict = judge(cast, before, now)
    assert verdict.state is state
    if state is previous:
        assert settled(verdict) == before
        assert verdict.held is (state is not UNKNOWN)
    assert judge(cast, verdict, now) == verdict, "judging again changes nothing"


# ---- several probers: shape for the quorum ----


@pytest.mark.parametrize(
    ("letters", "state", "since"),
    [
        ("d", DOWN, 1),
        ("ud", UP, 1),  # a tie is up
        ("dd", DOWN, 2),  # the second one decided
        ("udd", DOWN, 3),
        ("dud", DOWN, 3),
        ("ddu", DOWN, 2),
        ("duu", UP, 3),
        ("uud", UP, 2),
        ("uuu", UP, 2),  # with two of three it could not be down any more
        ("-d", UNKNOWN, 1),  # one of two: below the minimum, and nothing to hold
        ("-dd", DOWN, 3),  # an abstention is no vote
        ("-ud-", UP, 2),
        ("dduu", UP, 4),
    ],
)
def test_majority(letters, state, since):
    verdict = judge(votes(letters), None, 99.0)
    assert (verdict.state, verdict.since) == (state, since)


def test_the_change_that_would_decide():
    cast = [vote(UP, prober="a", seconds_to_change=5.0), vote(UP, prober="b", seconds_to_change=15.0), vote(UP, prober="c")]
    assert judge(cast, None, 9.0).seconds_to_change == 15.0, "two must change, the second takes 15 s"
    assert judge(cast[1:], None, 9.0).seconds_to_change is None, "one is at rest, and both would have to change"
    cast[2] = vote(DOWN, prober="c")
    assert judge(cast, None, 9.0).seconds_to_change == 5.0, "one more is enough"


def test_the_change_that_would_decide_while_down():
    cast = [vote(DOWN, prober=p, seconds_to_change=left) for p, left in zip("abcd", (5.0, 10.0, 15.0, 20.0), strict=True)]
    assert judge(cast, None, 9.0).seconds_to_change == 10.0, "with two of four up it is a tie, and up"
    assert judge(cast[:3], None, 9.0).seconds_to_change == 10.0
    assert judge([*cast[:3], vote(UP, prober="d")], None, 9.0).seconds_to_change == 5.0


def test_the_middle_grade():
    cast = [vote(UP, prober=p, grade=g) for p, g in zip("abcd", (10, 100, 60, 90), strict=True)]
    assert judge(cast, None, 9.0).grade == 60
    assert judge(cast[:3], None, 9.0).grade == 60


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(State)), st.integers(0, 9), st.sampled_from([None, 5.0, 10.0])), max_size=7), st.randoms())
def test_same_votes_same_verdict(cast, chance):
    ballots = [vote(state, float(since), f"p{n}", seconds_to_change=left) for n, (state, since, left) in enumerate(cast)]
    first = judge(ballots, None, 10.0)
    chance.shuffle(ballots)
    again = judge(ballots, None, 10.0)
    assert (again.state, again.since, again.seconds_to_change, again.grade) == (first.state, first.since, first.seconds_to_change, first.grade)
    opinions = [ballot.state for ballot in ballots if ballot.state is not UNKNOWN]
    enough = len(opinions) >= min(2, max(1, len(ballots)))
    assert (first.state is DOWN) == (enough and opinions.count(DOWN) * 2 > len(opinions))
    assert (first.state is UNKNOWN) == (not enough)


# ---- all at once ----


def board(*cast):
    by_target = {}
    for one in cast:
        by_target.setdefault(one.target, {})[one.prober] = one
    return by_target


A, B, C = (Target("web", "d", f"192.0.2.{n}") for n in (1, 2, 3))


def test_only_what_changes_rows_is_changed():
    cast = [Vote(A, "p", UP, 1.0), Vote(B, "p", UP, 1.0)]
    verdicts, changed = judge_all(board(*cast), {}, 5.0)
    assert changed == {A, B}
    again, changed = judge_all(board(*cast), verdicts, 6.0)
    assert (again, changed) == (verdicts, frozenset())
    cast[0] = Vote(A, "p", UP, 1.0, reason="status 204")
    again, changed = judge_all(board(*cast), verdicts, 6.0)
    assert (again[A].reason, changed) == ("status 204", frozenset())
    for differs in (Vote(A, "p", DOWN, 6.0), Vote(A, "p", UP, 1.0, 50), Vote(A, "p", UP, 1.0, seconds_to_change=10.0), Vote(A, "p", UP, 2.0)):
        assert judge_all(board(differs, cast[1]), verdicts, 7.0)[1] == {A}


def test_targets_without_votes_are_held():
    verdicts, _ = judge_all(board(Vote(A, "p", DOWN, 1.0)), {}, 5.0)
    again, changed = judge_all({}, verdicts, 1e9)
    assert (settled(again[A]), again[A].held, changed) == (verdicts[A], True, frozenset())


def test_a_hint_saves_the_rest():
    before = {A: Verdict(UP, 0.5)}
    verdicts, changed = judge_all(board(Vote(A, "p", DOWN, 1.0), Vote(B, "p", DOWN, 1.0)), before, 5.0, only=[B])
    assert (verdicts[A].state, verdicts[B].state, changed) == (UP, DOWN, {B})
    assert before == {A: Verdict(UP, 0.5)}, "what was given is not changed"


def test_a_target_that_nobody_knows_gets_no_verdict():
    assert judge_all({}, {}, 5.0, only=[A]) == ({}, frozenset())


def test_after_a_load_edited_checks_inherit_and_removed_ones_are_dropped():
    edited, other = Target("web", "new", A.address), Target("api", "d", A.address)
    down = Verdict(DOWN, 1.0)
    kept = carry({A: down, B: Verdict(UP, 2.0), C: Verdict(UP, 3.0)}, [edited, B, other])
    assert kept == {edited: down, B: Verdict(UP, 2.0)}


# ---- quorums, places and leases ----

FRA, IAD, SIN = "fra", "iad", "sin"


def voters(*places, gone=(), suspect=()):
    """Probers p1, p2, … in these places; the numbered ones are gone (for 100 s), or doubt themselves."""
    return {f"p{n}": Voter(place, 100.0 if n in gone else 1.0, fresh=n not in gone, suspect=n in suspect) for n, place in enumerate(places, 1)}


@pytest.mark.parametrize(
    ("quorum", "letters", "state"),
    [
        (Quorum("any"), "uud", DOWN),
        (Quorum("any"), "uuu", UP),
        (Quorum("all"), "udd", UP),
        (Quorum("all"), "ddd", DOWN),
        (Quorum("at_least", 2), "uudd", DOWN),
        (Quorum("at_least", 3), "uudd", UP),
        (Quorum("at_least", 5), "dd", DOWN),  # where fewer are there, all of them
        (Quorum("percent", 25), "uuud", DOWN),
        (Quorum("percent", 26), "uuud", UP),
        (Quorum("percent", 100), "dddu", UP),
    ],
)
def test_quorums(quorum, letters, state):
    assert judge(votes(letters), None, 9.0, quorum=quorum).state is state


@pytest.mark.parametrize(
    ("letters", "places", "state"),
    [
        ("dddu", (FRA, FRA, FRA, IAD), UP),  # one place says down, one says up: a tie
        ("ddduu", (FRA, FRA, FRA, IAD, SIN), UP),
        ("udd", (FRA, IAD, SIN), DOWN),
        ("duuddu", (FRA, FRA, FRA, IAD, IAD, SIN), UP),  # only iad says so
        ("dduddu", (FRA, FRA, FRA, IAD, IAD, SIN), DOWN),  # fra and iad do
        ("dudd", (FRA, FRA, IAD, SIN), DOWN),  # a tie within fra is up there
    ],
)
def test_a_majority_of_places(letters, places, state):
    assert judge(votes(letters), None, 9.0, quorum=Quorum("places"), voters=voters(*places)).state is state


def test_who_is_gone_or_doubts_itself_does_not_count():
    cast = votes("ddu")
    assert judge(cast, None, 200.0, voters=voters(FRA, FRA, FRA)).state is DOWN
    assert judge(cast, None, 200.0, voters=voters(FRA, FRA, FRA, gone=(1,))).state is UP, "one to one is a tie"
    assert judge(cast, None, 200.0, voters=voters(FRA, FRA, FRA, suspect=(2,))).state is UP
    assert judge(cast, None, 200.0, voters={}).state is UNKNOWN, "votes of nobody"


def test_below_the_minimum_the_verdict_is_held_until_it_is_too_old():
    was = Verdict(UP, 0.5, last_up=0.5)
    alone = voters(FRA, FRA, FRA, gone=(2, 3))
    held = judge(votes("ddd"), was, 200.0, voters=alone)
    assert (settled(held), held.held, held.reason) == (was, True, "held: 1 of 3 probers heard")
    long_gone = {**alone, "p2": Voter(FRA, 700.0, fresh=False), "p3": Voter(FRA, 700.0, fresh=False)}
    assert judge(votes("ddd"), was, 999.0, voters=long_gone).state is DOWN, "they hold it no more: one is enough"
    assert judge(votes("ddd"), was, 999.0, quorum=Quorum(min_votes=2), voters=long_gone).state is UNKNOWN, "two were asked for"
    everyone = {name: Voter(FRA, 700.0, fresh=False) for name in alone}
    assert judge(votes("ddd"), was, 999.0, voters=everyone).state is UNKNOWN, "never down for want of news"


def test_one_target_under_two_quorums():
    strict = replace(A, quorum=Quorum("any").key)
    cast = board(*(Vote(A, prober, state, 1.0) for prober, state in (("p1", DOWN), ("p2", UP), ("p3", UP))))
    verdicts, changed = judge_all(cast, {}, 5.0, quorums={A: (A, strict)})
    assert (verdicts[A].state, verdicts[strict].state, changed) == (UP, DOWN, {A, strict})
    again, changed = judge_all(cast, verdicts, 6.0, only=[A], quorums={A: (A, strict)})
    assert (again, changed) == (verdicts, frozenset())
    assert carry(verdicts, [replace(strict, digest="other")]) == {replace(strict, digest="other"): verdicts[strict]}
