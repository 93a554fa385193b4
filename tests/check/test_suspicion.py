"""When a prober doubts its own eyes, and when it believes them again."""

from __future__ import annotations

import pytest

from gslb.check.suspicion import GOOD, Suspicion, alone, blind
from gslb.lease import Lease


def test_at_once_and_back_after_good_rounds() -> None:
    suspicion = Suspicion()
    assert not suspicion.round("")
    assert suspicion.round("bad")
    assert suspicion.reason == "bad"
    for _ in range(GOOD - 1):
        assert not suspicion.round("")
    assert not suspicion.round("worse"), "suspect as before"
    assert suspicion.reason == "worse"
    assert [suspicion.round("") for _ in range(GOOD)] == [False] * (GOOD - 1) + [True]
    assert suspicion.reason == ""


@pytest.mark.parametrize(("failed", "of", "suspect"), [(0, 0, False), (0, 3, False), (1, 3, False), (2, 3, True), (1, 2, True), (1, 1, True)])
def test_half_of_the_references(failed: int, of: int, suspect: bool) -> None:
    assert bool(blind(failed, of)) == suspect


@pytest.mark.parametrize(
    ("targets", "down", "others", "suspect"),
    [
        (10, 6, [(10, 0), (10, 2)], True),
        (10, 6, [(10, 0), (10, 3)], False),  # one sees half as much of it
        (10, 5, [(10, 0)], False),  # half is not more than half
        (2, 2, [(10, 0)], False),  # of two nothing follows
        (3, 3, [(3, 1)], True),
        (10, 10, [], False),  # nobody to compare with: an outage, for all we know
        (10, 10, [(0, 0)], False),  # one that looks at nothing
        (10, 10, [(10, 10)], False),
    ],
)
def test_alone_in_seeing_the_world_down(targets: int, down: int, others: list[tuple[int, int]], suspect: bool) -> None:
    leases = [Lease(f"p{n}", "x", 0.0, targets=of, down=ill) for n, (of, ill) in enumerate(others)]
    assert bool(alone(targets, down, leases)) == suspect


def test_who_is_blind_is_no_witness_but_who_saw_it_first_is() -> None:
    blind_too = Lease("p1", "x", 0.0, suspect=blind(2, 3), targets=10, down=10)
    sound = Lease("p2", "x", 0.0, targets=10, down=0)
    first = Lease("p3", "x", 0.0, suspect=alone(10, 10, [sound]), targets=10, down=10)
    assert alone(10, 10, [blind_too, sound])
    assert not alone(10, 10, [blind_too])
    assert not alone(10, 10, [first, sound])
