"""Weighted rendezvous: the logarithm, shares, order, and how few clients move."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.answer.client import HASH_KEY, Client
from gslb.answer.rendezvous import FRACTION, logarithm, order
from gslb.plan import Group, Sticky

TOP = (1 << 64) - 1


def group(site: str, weight: int = 1) -> Group:
    return Group(weight, (site.encode(),), None, site, int.from_bytes(site.encode().ljust(8, b"\0")))


def first(groups: list[Group], key: int) -> str:
    return order(groups, key)[0].site


def keys(count: int, seed: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.getrandbits(64) for _ in range(count)]


@pytest.mark.parametrize(
    ("h", "value"),
    [
        *((TOP, 0), (0, 64 << 48), (1, 63 << 48), (TOP >> 1, 1 << 48), (3, 62 << 48)),
        *((0x9E3779B97F4A7C15, 195411751244440), (12345678901234567890, 163075373775526), (0xFFFFFFFF, 32 << 48), (TOP - (1 << 40), 24210318)),
    ],
)
def test_logarithms_to_the_bit(h: int, value: int) -> None:
    """Another engine must find these."""
    assert logarithm(h) == value


def test_the_page_says_the_same() -> None:
    """Whoever writes another engine reads docs/explanation/draws.md."""
    page = (Path(__file__).parents[2] / "docs/explanation/draws.md").read_text()
    for h in (0x9E3779B97F4A7C15, 12345678901234567890, TOP - (1 << 40)):
        assert f" {logarithm(h)} |" in page
    for name in (b"", b"\3www\0"):
        assert f"`{Client(32, 0xC6336407, name).key(Sticky(1, 24, 56, bool(name))):016x}`" in page
    assert f"`{HASH_KEY.decode()}`" in page


@given(st.integers(0, TOP))
def test_logarithms_are_right(h: int) -> None:
    exact = 64 - math.log2(h + 1) if h < TOP - (1 << 50) else (TOP - h) / 2**64 / math.log(2)
    assert abs(logarithm(h) / 2**FRACTION - exact) <= 0.0003 * exact + 2.0**-46


@given(st.integers(0, TOP), st.integers(1, 1 << 62))
def test_logarithms_fall(h: int, more: int) -> None:
    assert logarithm(h) >= logarithm(min(TOP, h + more))


def test_orders_to_the_bit() -> None:
    groups = [group(site, weight) for site, weight in (("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 0))]
    assert ["".join(one.site for one in order(groups, key)) for key in (0, 1, 2, 3, TOP, 0x0123456789ABCDEF)] == ORDERS


ORDERS = ["dcab", "dcba", "dbac", "bacd", "dcab", "bdca"]


def chi_square(seen: Counter[str], expected: dict[str, float], total: int) -> float:
    assert set(seen) <= set(expected)
    return sum((seen[one] - share * total) ** 2 / (share * total) for one, share in expected.items())


def test_shares_are_the_weights() -> None:
    weights = {"a": 50, "b": 30, "c": 15, "d": 4, "e": 1, "f": 0}
    groups = [group(*item) for item in weights.items()]
    seen = Counter(first(groups, key) for key in keys(40_000, 1))
    assert chi_square(seen, {site: weight / 100 for site, weight in weights.items() if weight}, 40_000) < 18.47  # 4 degrees of freedom, p = 0.001


def test_the_order_is_as_drawn_without_replacement() -> None:
    weights = {"a": 5, "b": 3, "c": 2}
    groups = [group(*item) for item in weights.items()]
    seen = Counter("".join(one.site for one in order(groups, key)[:2]) for key in keys(30_000, 2))
    expected = {one + two: weights[one] / 10 * weights[two] / (10 - weights[one]) for one, two in permutations(weights, 2)}
    assert chi_square(seen, expected, 30_000) < 20.52  # 5 degrees of freedom, p = 0.001


def test_weights_far_apart() -> None:
    groups = [group("big", (1 << 32) - 1000), group("small", 1)]
    assert Counter(first(groups, key) for key in keys(2000, 3)) == {"big": 2000}
    groups = [group("big", 999), group("small", 1)]
    assert 60 < Counter(first(groups, key) for key in keys(100_000, 4))["small"] < 145


def test_weight_nought_plays_only_alone() -> None:
    assert [one.site for one in order([group("a", 0), group("b", 5), group("c", 0)], 7)] == ["b"]
    assert sorted(one.site for one in order([group("a", 0), group("b", 0)], 7)) == ["a", "b"]
    assert order([], 7) == []


def test_equal_scores_keep_their_order() -> None:
    same = [Group(1, (bytes([n]),), None, str(n), 5) for n in range(6)]
    assert [one.site for one in order(same, 99)] == list("012345")


@pytest.mark.parametrize("change", ["gone", "new", "lighter", "heavier"])
def test_only_the_share_that_changed_moves(change: str) -> None:
    """Who moves, moves from or to the member that changed, and no more than its share and 1 %."""
    count = 20_000
    weights = {site: 1 + n % 4 for n, site in enumerate("abcdefgh")}
    before = [group(*item) for item in weights.items()]
    after = dict(weights)
    if change == "gone":
        del after["d"]
    elif change == "new":
        after["new"] = 3
    else:
        after["d"] = 2 if change == "lighter" else 9
    changed = "new" if change == "new" else "d"
    groups = [group(*item) for item in reversed(after.items())]  # the order of the list is nothing
    moved = [(old, new) for key in keys(count, 5) if (old := first(before, key)) != (new := first(groups, key))]
    assert all(changed in pair for pair in moved)
    share = abs(after.get(changed, 0) / sum(after.values()) - weights.get(changed, 0) / sum(weights.values()))
    assert abs(len(moved) / count - share) < 0.01
    if change in ("gone", "lighter"):
        assert all(old == changed for old, _ in moved)
    else:
        assert all(new == changed for _, new in moved)


def test_who_leaves_a_member_spreads_over_all_others() -> None:
    groups = [group(site) for site in "abcdef"]
    others = [one for one in groups if one.site != "a"]
    seen = Counter(first(others, key) for key in keys(30_000, 6) if first(groups, key) == "a")
    assert chi_square(seen, dict.fromkeys("bcdef", 0.2), seen.total()) < 18.47  # 4 degrees of freedom
