"""Shares against counting: what `pick` takes over many draws."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.answer.pick import number, pick
from gslb.explain.shares import EXACT, exact, settled, shares, sticks
from gslb.plan import Group, Pick, Row, Sticky

DRAWS = 4000


def row(how: Pick, answers: int, *weights: int) -> Row:
    return Row(how, answers, 60, tuple(Group(weight, (bytes([n]),)) for n, weight in enumerate(weights)))


@given(
    how=st.sampled_from([Pick.ALL, Pick.FIRST, Pick.ROTATE, Pick.WEIGHTED]),
    answers=st.integers(0, 4),
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_shares_are_what_is_drawn(how: Pick, answers: int, weights: list[int]) -> None:
    if how is Pick.WEIGHTED and not any(weights):
        weights = [1] * len(weights)  # the compiler makes no other
    one = row(how, answers, *weights)
    seen: Counter[bytes] = Counter()
    for n in range(DRAWS):
        seen.update(group.rdata[0] for group in pick(one, number(7, n + 1)))
    for n, share in enumerate(shares(one)):
        assert abs(seen[bytes([n])] / DRAWS - share) < 0.05
    if how is Pick.WEIGHTED and answers == 1:
        assert sum(shares(one)) == pytest.approx(1)


def test_two_of_three_without_replacement() -> None:
    assert shares(row(Pick.WEIGHTED, 2, 2, 1, 1)) == pytest.approx([5 / 6, 7 / 12, 7 / 12])


def test_too_many_ways_are_counted() -> None:
    chance = random.Random(4)
    large = row(Pick.WEIGHTED, 5, *(chance.randint(1, 9) for _ in range(40)))
    assert not exact(large)
    assert exact(row(Pick.WEIGHTED, 1, *range(1, 200)))
    found = shares(large)
    assert sum(found) == pytest.approx(5)
    heavy, light = (how(range(40), key=lambda n: large.groups[n].weight) for how in (max, min))
    assert found[heavy] > 2 * found[light]
    assert EXACT < 40 * 39 * 38


def test_what_is_left_to_chance() -> None:
    inner = row(Pick.ROTATE, 1, 1, 1)
    sticky = Row(Pick.STICKY, 1, 60, (Group(1, (), inner),), sticky=Sticky(1, 24, 56))
    assert sticks(sticky)
    assert not settled(sticky)
    assert settled(sticky._replace(groups=(Group(1, (b"a",)), Group(1, (b"b",)))))
    assert settled(row(Pick.WEIGHTED, 1, 1))
    assert not settled(row(Pick.WEIGHTED, 1, 1, 2))
    assert shares(Row(Pick.ALL, 0, 60, ())) == []
