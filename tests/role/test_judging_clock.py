"""How old leases are: in touch they age, out of reach nobody does, and no clock that jumps makes anybody older."""

from __future__ import annotations

import math

from gslb.lease import Lease
from gslb.role.judging_clock import JudgingClock
from gslb.store.memory import RUN
from gslb.store.state import Pulse


def _lease(at: float, prober: str = "p", suspect: str = "") -> Lease:
    return Lease(prober, "fra", at, suspect=suspect)


class Store:
    """A store's clock and this machine's, and the prober's lease in it."""

    def __init__(self, clock: JudgingClock) -> None:
        self.clock, self.time, self.steady, self.run, self.at = clock, 1000.0, 50.0, "one", 1000.0

    def passes(self, seconds: int, *, renewed: bool = False, reached: bool = True) -> None:
        for _ in range(seconds):
            self.time, self.steady = self.time + 1, self.steady + 1
            self.at = self.time if renewed else self.at
            if reached:
                self.reach()

    def reach(self) -> bool:
        return self.clock.reached(Pulse(self.time, self.run, {"p": _lease(self.at)}), self.steady)

    def voter(self) -> tuple[float, bool]:
        voters = self.clock.voters(self.steady)
        assert voters is not None
        return voters["p"].age, voters["p"].fresh


def _begun() -> Store:
    store = Store(JudgingClock())
    store.reach()
    return store


def test_a_lease_is_fresh_for_six_seconds() -> None:
    store = _begun()
    store.passes(6)
    assert store.voter() == (6.0, True)
    store.passes(1)
    assert store.voter() == (7.0, False)
    store.passes(1, renewed=True)
    assert store.voter() == (0.0, True)


def test_out_of_reach_nobody_ages_but_by_our_own_clock() -> None:
    store = _begun()
    store.passes(900, reached=False)
    assert store.voter() == (2.0, True)  # as far as one does not know yet that the store is out of reach
    running = store.clock.running(store.steady)
    assert running is not None
    assert running["p"].age == 900
    assert not running["p"].fresh
    store.reach()
    assert store.voter() == (2.0, True)
    store.passes(5)
    assert store.voter() == (7.0, False)


def test_a_store_whose_clock_jumps_ages_nobody() -> None:
    for jump in (-3600.0, 3600.0):
        store = _begun()
        store.time += jump
        store.passes(1)
        assert store.voter() == (1.0, True)
        store.passes(1, renewed=True)
        assert store.voter() == (0.0, True)
        store.passes(7)
        assert store.voter() == (7.0, False)


def test_another_run_gives_the_fresh_ones_a_lease_of_grace() -> None:
    store = _begun()
    store.passes(5)
    store.run = "two"
    store.passes(1)
    assert store.voter() == (0.0, True)
    store.passes(7)
    assert store.voter() == (7.0, False)
    store.run = "three"
    store.passes(1)
    assert store.voter()[1] is False


def test_a_prober_that_went_long_ago_is_old_at_the_first_look() -> None:
    store = Store(JudgingClock())
    store.at -= 100
    store.reach()
    assert store.voter() == (100.0, False)


def test_what_is_remembered_stands_until_the_store_has_it() -> None:
    clock = JudgingClock([(_lease(990.0), 1.0), (_lease(990.0, "gone"), 1.0)], 50.0)
    store = Store(clock)
    store.steady += 500
    assert store.voter() == (1.0, True)
    clock.reached(Pulse(store.time, "one", {}), store.steady)  # empty, wiped: no news
    assert clock.remembered == {"p", "gone"}
    assert store.voter() == (1.0, True)
    store.at = 400.0
    store.reach()  # rolled back: no news either
    assert clock.remembered == {"p", "gone"}
    store.at = store.time
    store.reach()
    assert clock.remembered == {"gone"}
    assert store.voter() == (0.0, True)
    store.passes(6, renewed=True)
    voters = clock.voters(store.steady)
    assert voters is not None
    assert (voters["p"].fresh, voters["gone"].fresh, voters["gone"].age) == (True, False, 7.0)
    for _ in range(50_000):
        store.time, store.steady = store.time + 2, store.steady + 2
        clock.reached(Pulse(store.time, "one", {}), store.steady)
    assert "gone" not in (clock.voters(store.steady) or {})


def test_without_leases_in_a_store_of_this_process_all_are_alike() -> None:
    clock = JudgingClock()
    assert clock.voters(0.0) is None
    clock.reached(Pulse(5.0, RUN, {}), 5.0)
    assert clock.voters(5.0) is None
    clock.reached(Pulse(6.0, "redis", {}), 6.0)
    assert clock.voters(6.0) == {}


def test_a_suspect_is_shown_as_one() -> None:
    clock = JudgingClock()
    clock.reached(Pulse(1.0, "one", {"p": _lease(1.0, suspect="references fail")}), 1.0)
    voters = clock.voters(1.0)
    assert voters is not None
    assert voters["p"].suspect
    assert voters["p"].age < math.inf
