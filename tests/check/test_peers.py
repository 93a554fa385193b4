"""Who lives, as one prober sees it: a lease ages only while the store can be asked."""

from __future__ import annotations

from gslb.check.peers import Peers
from gslb.lease import LASTS, Lease


class Place:
    """Probers that renew in a store whose clock and ours both run; `out` lets time pass with the store out of reach."""

    def __init__(self) -> None:
        self.peers = Peers("me")
        self.time, self.steady, self.run = 5000.0, 10.0, "r1"
        self.leases: dict[str, Lease] = {}

    def renew(self, *names: str) -> None:
        self.leases |= {name: Lease(name, "fra", self.time) for name in names}

    def pulse(self) -> set[str]:
        self.peers.hear(self.leases, self.time, self.run, self.steady)
        return set(self.peers.alive)

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.steady += seconds


def test_whoever_renews_lives_and_whoever_stops_is_dead_after_its_lease() -> None:
    place = Place()
    for _ in range(10):
        place.renew("me", "a", "b")
        assert place.pulse() == {"a", "b"}, "and I am not my peer"
        place.wait(1.0)
    for second in range(1, 9):
        place.renew("b")
        assert place.pulse() == ({"a", "b"} if second <= LASTS else {"b"})
        place.wait(1.0)


def test_an_old_lease_met_for_the_first_time_is_old() -> None:
    place = Place()
    place.renew("a")
    place.wait(LASTS + 1)
    assert place.pulse() == set()


def test_while_the_store_is_away_nobody_dies() -> None:
    place = Place()
    place.renew("a", "b")
    place.pulse()
    place.wait(1.0)
    place.renew("a")  # which we did not see before the store went
    place.wait(300.0)
    assert place.pulse() == {"a", "b"}
    for _ in range(4):
        place.wait(1.0)
        place.renew("a")
        assert place.pulse() == {"a", "b"}
    for _ in range(3):
        place.wait(1.0)
        place.renew("a")
        place.pulse()
    assert place.pulse() == {"a"}, "b has had its time"


def test_in_a_wiped_store_peers_are_given_time_to_come_back() -> None:
    place = Place()
    place.renew("a", "b")
    place.pulse()
    place.wait(1.0)
    place.leases.clear()
    place.run = "r2"
    assert place.pulse() == {"a", "b"}
    place.wait(1.0)
    place.renew("a")
    assert place.pulse() == {"a", "b"}
    for _ in range(6):
        place.wait(1.0)
        place.renew("a")
        last = place.pulse()
    assert last == {"a"}


def test_whoever_leaves_in_good_order_is_gone_at_once() -> None:
    place = Place()
    place.renew("a", "b")
    place.pulse()
    place.wait(1.0)
    del place.leases["a"]
    assert place.pulse() == {"b"}


def test_a_clock_in_the_future_makes_nobody_immortal() -> None:
    place = Place()
    place.leases["a"] = Lease("a", "fra", place.time + 3600.0)
    assert place.pulse() == {"a"}
    for _ in range(8):
        place.wait(1.0)
        last = place.pulse()
    assert last == set()
