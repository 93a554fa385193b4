"""Picks: shares, order, draws without replacement, rows inside rows."""

from __future__ import annotations

import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.answer.draw import number, split
from gslb.answer.pick import MAX_DEPTH, pick
from gslb.plan import Group, Pick, Row, Sticky

TOP = (1 << 64) - 1

draws = st.integers(0, TOP)


def group(name: str, weight: int = 1, row: Row | None = None) -> Group:
    return Group(weight, (name.encode(),) if row is None else (), row, name)


def row(kind: Pick, answers: int, *groups: Group) -> Row:
    return Row(kind, answers, 30, groups, sticky=Sticky(1, 24, 56) if kind is Pick.STICKY else None)


def taken(of: Row, draw: int) -> str:
    return "".join(one.site for one in pick(of, draw))


def chi_square(seen: Counter[str], expected: dict[str, float], total: int) -> float:
    assert set(seen) <= set(expected)
    return sum((seen[key] - share * total) ** 2 / (share * total) for key, share in expected.items())


def test_the_stream_is_splitmix64() -> None:
    # The published reference (Vigna, splitmix64.c) with seed 1234567 gives these.
    assert [number(1234567, n) for n in (1, 2, 3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert number(1234567, 0) == 1234567
    assert split(1) != split(2)


ABC = tuple(group(name) for name in "abc")


@pytest.mark.parametrize(
    ("kind", "answers", "draw", "expected"),
    [
        (Pick.ALL, 0, TOP, "abc"),
        (Pick.ALL, 1, 0, "abc"),
        (Pick.FIRST, 1, TOP, "a"),
        (Pick.FIRST, 2, 5, "ab"),
        (Pick.FIRST, 0, 5, "abc"),
        (Pick.FIRST, 9, 5, "abc"),
        (Pick.ROTATE, 0, 0, "abc"),
        (Pick.ROTATE, 0, TOP // 3 + 1, "bca"),
        (Pick.ROTATE, 2, TOP, "ca"),
        (Pick.WEIGHTED, 1, 0, "a"),
        (Pick.WEIGHTED, 1, TOP, "c"),
    ],
)
def test_by_hand(kind: Pick, answers: int, draw: int, expected: str) -> None:
    assert taken(row(kind, answers, *ABC), draw) == expected


@pytest.mark.parametrize("kind", list(Pick))
def test_no_groups(kind: Pick) -> None:
    assert pick(row(kind, 1), TOP) == []


def test_weight_nought_plays_only_alone() -> None:
    some = row(Pick.WEIGHTED, 0, group("a", 0), group("b", 5), group("c", 0))
    none = row(Pick.WEIGHTED, 1, group("a", 0), group("b", 0))
    rng = random.Random(3)
    assert {taken(some, rng.getrandbits(64)) for _ in range(50)} == {"b"}
    assert {taken(none, rng.getrandbits(64)) for _ in range(50)} == {"a", "b"}


def test_shares_match_weights() -> None:
    weights = {"a": 50, "b": 30, "c": 15, "d": 4, "e": 1}
    of = row(Pick.WEIGHTED, 1, *(group(name, weight) for name, weight in weights.items()))
    rng = random.Random(11)
    seen = Counter(taken(of, rng.getrandbits(64)) for _ in range(100_000))
    assert chi_square(seen, {name: weight / 100 for name, weight in weights.items()}, 100_000) < 18.47  # 4 degrees of freedom, p = 0.001


def test_rotation_is_even() -> None:
    of = row(Pick.ROTATE, 1, *ABC, group("d"), group("e"))
    rng = random.Random(12)
    seen = Counter(taken(of, rng.getrandbits(64)) for _ in range(50_000))
    assert chi_square(seen, dict.fromkeys("abcde", 0.2), 50_000) < 18.47


def test_several_without_replacement() -> None:
    weights = {"a": 5, "b": 3, "c": 2}
    of = row(Pick.WEIGHTED, 2, *(group(name, weight) for name, weight in weights.items()))
    rng = random.Random(13)
    seen = Counter(taken(of, rng.getrandbits(64)) for _ in range(60_000))
    expected = {one + two: weights[one] / 10 * weights[two] / (10 - weights[one]) for one, two in permutations(weights, 2)}
    assert chi_square(seen, expected, 60_000) < 20.52  # 5 degrees of freedom, p = 0.001


def test_levels_draw_apart() -> None:
    inner = row(Pick.WEIGHTED, 1, group("x"), group("y"))
    of = row(Pick.WEIGHTED, 1, group("", 1, inner), group("z", 1))
    both = row(Pick.ALL, 0, group("", 1, inner), group("", 1, inner))
    rng = random.Random(14)
    seen = Counter(taken(of, rng.getrandbits(64)) for _ in range(40_000))
    assert chi_square(seen, {"x": 0.25, "y": 0.25, "z": 0.5}, 40_000) < 13.82  # 2 degrees of freedom
    seen = Counter(taken(both, rng.getrandbits(64)) for _ in range(40_000))
    assert chi_square(seen, dict.fromkeys(("xx", "xy", "yx", "yy"), 0.25), 40_000) < 16.27  # 3 degrees of freedom


def test_depth_is_bounded() -> None:
    of = row(Pick.FIRST, 1, group("leaf"))
    for _ in range(MAX_DEPTH - 1):
        of = row(Pick.FIRST, 1, group("", 1, of))
    assert taken(of, 5) == "leaf"
    assert taken(row(Pick.FIRST, 1, group("", 1, of)), 5) == ""


@settings(deadline=None)
@given(draws, st.sampled_from(list(Pick)), st.integers(0, 6), st.lists(st.integers(0, 2**32 - 1), max_size=6))
def test_groups_come_once_and_as_many_as_wanted(draw: int, kind: Pick, answers: int, weights: list[int]) -> None:
    of = row(kind, answers, *(group(str(n), weight) for n, weight in enumerate(weights)))
    sites = [one.site for one in pick(of, draw)]
    assert len(sites) == len(set(sites))
    playing = len(weights)
    if kind in (Pick.WEIGHTED, Pick.STICKY) and any(weights):
        playing = sum(weight > 0 for weight in weights)
    assert len(sites) == (len(weights) if kind is Pick.ALL else min(answers or playing, playing))
    assert sites == [one.site for one in pick(of, draw)]
