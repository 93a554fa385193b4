"""The three-counter machine beside gdnsd's, sequence by sequence."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.check.counters import Counters, Thresholds, at_rest, checks_to_change, seconds_to_change, step
from gslb.verdict import State


class Gdnsd:
    """`gdnsd_mon_state_updater` of gdnsd 3.8's mon.c, statement by statement."""

    def __init__(self, limits):
        self.ok_thresh, self.up_thresh, self.down_thresh = limits.ok, limits.up, limits.down
        self.n_success = self.n_failure = 0
        self.down = None

    def updater(self, latest):
        if self.down is None:  # initial_round: the state is the result
            self.down = not latest
        elif self.down:
            if latest:
                self.n_success += 1
                if self.n_success == self.up_thresh:
                    self.n_success = 0
                    self.n_failure = 0
                    self.down = False
            else:
                self.n_success = 0
        elif latest:
            if self.n_failure:
                self.n_success += 1
                if self.n_success == self.ok_thresh:
                    self.n_failure = 0
                    self.n_success = 0
        else:
            self.n_success = 0
            self.n_failure += 1
            if self.n_failure == self.down_thresh:
                self.n_failure = 0
                self.n_success = 0
                self.down = True

    def seen(self):
        return (State.DOWN if self.down else State.UP, self.n_failure, self.n_success)


@pytest.mark.parametrize("limits", [Thresholds(*three) for three in itertools.product((1, 2, 3), repeat=3)], ids=str)
def test_every_sequence_of_ten(limits):
    for results in itertools.product((False, True), repeat=10):
        theirs, ours = Gdnsd(limits), None
        for passed in results:
            theirs.updater(passed)
            ours = step(ours, passed, limits)
            assert tuple(ours) == theirs.seen(), (limits, results)


@settings(deadline=None)  # the machine may be busy
@given(st.builds(Thresholds, *[st.integers(1, 30)] * 3), st.lists(st.booleans(), min_size=1, max_size=300))
def test_long_sequences(limits, results):
    theirs, ours = Gdnsd(limits), None
    for passed in results:
        theirs.updater(passed)
        ours = step(ours, passed, limits)
        assert tuple(ours) == theirs.seen()


@settings(deadline=None)  # the machine may be busy
@given(st.builds(Thresholds, *[st.integers(1, 6)] * 3), st.lists(st.booleans(), min_size=1, max_size=40), st.lists(st.booleans(), max_size=12))
def test_it_can_change_after_so_many_checks_and_no_sooner(limits, past, future):
    now = None
    for passed in past:
        now = step(now, passed, limits)
    need = checks_to_change(now, limits)
    assert need >= 1
    after = now
    for passed in future[: need - 1]:
        after = step(after, passed, limits)
        assert after.state is now.state, "not before"
    straight = now
    for _ in range(need):
        straight = step(straight, now.state is State.DOWN, limits)
    assert straight.state is not now.state, "exactly then, if every result says so"


def test_a_slow_flapper_goes_down():
    """Fails every third time; successes never run to `ok`: failures add up."""
    limits = Thresholds(down=3, ok=10, up=5)
    now = step(None, passed=True, limits=limits)
    for passed in [False, True, True, False, True, True]:
        now = step(now, passed, limits)
        assert now.state is State.UP
    assert step(now, passed=False, limits=limits).state is State.DOWN


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (Counters(State.UP), None),
        (Counters(State.DOWN), None),
        (Counters(State.UP, 1, 0), 10.0),
        (Counters(State.UP, 2, 9), 5.0),
        (Counters(State.DOWN, 0, 1), 20.0),
        (Counters(State.DOWN, 0, 4), 5.0),
    ],
)
def test_seconds_to_change(now, seconds):
    limits = Thresholds(down=3, ok=10, up=5)
    assert at_rest(now) is (seconds is None)
    assert seconds_to_change(now, limits, 5.0) == seconds
