"""Probers of one place divide targets without a word: everything is looked at by so many, evenly, and little moves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.check.sharing import copies, mine
from gslb.verdict import Target

TARGETS = [Target("web", "d", f"198.51.{n // 250}.{1 + n % 250}") for n in range(1000)]


@pytest.mark.parametrize(("places", "wanted"), [(0, 3), (1, 3), (2, 2), (3, 1), (20, 1)])
def test_three_opinions_over_all_places(places: int, wanted: int) -> None:
    assert copies(places) == wanted


@given(st.sets(st.text("abc-019", min_size=1, max_size=4), min_size=1, max_size=6), st.integers(1, 4))
def test_each_target_is_looked_at_by_as_many_as_wanted(names: set[str], wanted: int) -> None:
    held = Counter(target for name in names for target in mine(TARGETS[:60], name, names, wanted))
    assert held == dict.fromkeys(TARGETS[:60], min(wanted, len(names)))


def test_it_is_the_same_whether_a_prober_counts_itself_among_its_peers() -> None:
    assert mine(TARGETS, "a", {"b", "c"}, 1) == mine(TARGETS, "a", {"c", "a", "b"}, 1)


def test_shares_are_even() -> None:
    names = [f"p{n}" for n in range(5)]
    assert all(150 < len(mine(TARGETS, name, names, 1)) < 250 for name in names)


def test_only_what_must_move_moves() -> None:
    names = {"a", "b", "c", "d"}
    before = {name: mine(TARGETS, name, names, 2) for name in names}
    after = {name: mine(TARGETS, name, names - {"d"}, 2) for name in names - {"d"}}
    for name, share in after.items():
        assert before[name] <= share, "nobody lets go of anything"
        assert share - before[name] <= before["d"], "and takes nothing but what was the other's"
    taken = [len(after[name] - before[name]) for name in after]
    assert sum(taken) == len(before["d"])
    assert min(taken) > 0.6 * max(taken), "which all of them share"


def test_an_edited_check_stays_with_its_prober() -> None:
    edited = [Target("web", "another", target.address) for target in TARGETS]
    assert {t.address for t in mine(TARGETS, "a", {"b", "c"}, 1)} == {t.address for t in mine(edited, "a", {"b", "c"}, 1)}
