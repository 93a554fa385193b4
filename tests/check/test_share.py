"""A prober's share through comings and goings."""

from __future__ import annotations

from gslb.check.share import HANDOVER, Share
from gslb.check.sharing import mine
from gslb.lease import Lease
from gslb.verdict import Target

TARGETS = {Target("web", "d", f"192.0.2.{n}"): None for n in range(60)}


def lease(name: str, place: str = "fra", suspect: str = "") -> Lease:
    return Lease(name, place, 0.0, suspect=suspect)


def of(share: Share, *alive: Lease, now: float = 0.0, suspect: bool = False, anew: bool = False) -> set[Target] | None:
    return share.of(TARGETS, alive, now, suspect=suspect, anew=anew)


def test_alone_it_takes_everything_and_then_nothing_is_news() -> None:
    share = Share("a", "fra", None)
    assert of(share, anew=True) == set(TARGETS)
    assert of(share, now=1.0) is None


def test_a_peer_takes_its_part_over_without_a_gap() -> None:
    share = Share("a", "fra", 1)
    of(share, anew=True)
    assert of(share, lease("b"), now=10.0) == set(TARGETS), "both look, until the peer has votes"
    assert of(share, lease("b"), now=10.0 + HANDOVER - 0.1) is None
    assert of(share, lease("b"), now=10.0 + HANDOVER) == mine(TARGETS, "a", {"b"}, 1)
    assert of(share, lease("b"), now=100.0) is None
    assert of(share, now=101.0) == set(TARGETS), "and at once all, when the peer is gone"


def test_a_peer_that_goes_before_the_handover_is_over() -> None:
    share = Share("a", "fra", 1)
    of(share, anew=True)
    of(share, lease("b"), now=10.0)
    assert of(share, now=11.0) == set(TARGETS)
    assert of(share, now=30.0) is None, "nothing is let go of later on"


def test_what_the_files_name_no_more_is_not_handed_over() -> None:
    share = Share("a", "fra", 1)
    of(share, anew=True)
    fewer = dict.fromkeys(list(TARGETS)[:10])
    assert share.of(fewer, [lease("b")], 10.0, suspect=False, anew=True) == set(fewer)


def test_other_places_change_the_copies_and_share_nothing() -> None:
    share = Share("a", "fra", None)
    assert of(share, lease("b"), lease("c"), anew=True) == set(TARGETS), "one place: three copies"
    of(share, lease("b"), lease("c"), lease("x", "ams"), lease("y", "nyc"), now=1.0)
    assert of(share, lease("b"), lease("c"), lease("x", "ams"), lease("y", "nyc"), now=20.0) == mine(TARGETS, "a", {"b", "c"}, 1)


def test_nobody_relies_on_a_suspect_and_a_suspect_goes_on_as_before() -> None:
    sound, suspect = Share("a", "fra", 1), Share("b", "fra", 1)
    before = of(suspect, lease("a"), anew=True)
    of(sound, lease("b"), anew=True)
    assert of(sound, lease("b", suspect="blind"), now=1.0) == set(TARGETS)
    assert of(suspect, lease("a"), now=1.0, suspect=True) is None
    assert of(suspect, lease("a", suspect="blind"), now=1.0, suspect=True) is None, "were all suspect, each would look at everything"
    assert before == mine(TARGETS, "b", {"a"}, 1)
