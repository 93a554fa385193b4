"""The prober's clock follows the store's: set where it is far off, slewed where it is not, never backwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gslb.check.clock import SLEW, StoreClock
from gslb.testing import FalseClock


def move(own: FalseClock, seconds: float) -> None:
    own._now += seconds  # nobody sleeps here


def test_it_begins_with_the_machines_clock_and_is_set_by_the_store() -> None:
    own = FalseClock(wall=1_000_000.0)
    clock = StoreClock(own)
    assert clock.wall() == 1_000_000.0
    assert clock.learn(1_003_600.0, own.steady(), own.steady()) == 3600.0
    assert clock.wall() == 1_003_600.0
    move(own, 5.0)
    assert clock.wall() == 1_003_605.0
    assert clock.steady() == own.steady()


def test_the_first_word_of_the_store_counts_however_small_the_error() -> None:
    own = FalseClock(wall=1_000_000.0)
    clock = StoreClock(own)
    assert clock.learn(1_000_000.25, 0.0, 0.0) == 0.25
    assert clock.wall() == 1_000_000.25


def test_small_errors_are_made_up_for_slowly() -> None:
    own = FalseClock(wall=1_000_000.0)
    clock = StoreClock(own)
    clock.learn(1_000_000.0, 0.0, 0.0)
    move(own, 1.0)
    assert clock.learn(1_000_000.5, 1.0, 1.0) == 0.0, "the store is half a second behind"
    assert clock.wall() == 1_000_001.0
    move(own, 1.0)
    assert abs(clock.wall() - 1_000_001.9) < 1e-6
    move(own, 10.0)
    assert abs(clock.wall() - 1_000_011.5) < 1e-6, "and there it stays"


def test_what_a_slow_way_to_the_store_leaves_open_teaches_nothing() -> None:
    own = FalseClock(wall=1_000_000.0)
    clock = StoreClock(own)
    clock.learn(1_000_000.0, 0.0, 0.0)
    move(own, 3.0)
    assert clock.learn(1_000_000.0, 0.0, 3.0) == 0.0, "read somewhere in these 3 s"
    move(own, 7.0)
    assert clock.wall() == 1_000_010.0
    assert clock.learn(1_000_000.0, 9.0, 10.0) < -9.0, "but this no way explains"


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(-0.9, 0.9), st.floats(0.0, 0.5)), max_size=30))
def test_it_never_runs_backwards_nor_faster_than_allowed(steps: list[tuple[float, float, float]]) -> None:
    own = FalseClock(wall=1_000_000.0)
    clock = StoreClock(own)
    clock.learn(1_000_000.0, 0.0, 0.0)
    before = clock.wall()
    for gap, error, trip in steps:
        sent = own.steady()
        move(own, gap)
        after = clock.wall()
        assert (1 - SLEW) * gap - 1e-6 <= after - before <= (1 + SLEW) * gap + 1e-6
        jumped = clock.learn(after + error, max(sent, own.steady() - trip), own.steady())
        assert (jumped != 0.0) == (clock.wall() != after)
        before = clock.wall()
