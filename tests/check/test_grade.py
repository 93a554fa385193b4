"""Grades: from measured values, and how much of their trembling is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.check.grade import FULL, Damped, at, linear


@pytest.mark.parametrize(
    ("value", "full", "nothing", "grade"),
    [
        (0, 50, 100, 100),
        (50, 50, 100, 100),
        (75, 50, 100, 50),
        (50.01, 50, 100, 99),
        (99.99, 50, 100, 1),
        (100, 50, 100, 0),
        (7, 7, 0, 100),
        (3.5, 7, 0, 50),
        (0, 7, 0, 0),
        (-1, 7, 0, 0),
        (5, 5, 5, 100),
        (6, 5, 5, 0),
    ],
)
def test_linear(value, full, nothing, grade):
    assert linear(value, full, nothing) == grade


@given(st.lists(st.integers(1, 100), min_size=1))
def test_what_is_shown_is_near_what_was_seen(grades):
    now = at(grades[0])
    for grade in grades[1:]:
        before, now = now, now.after(grade)
        assert abs(now.shown - before.shown) >= 10 or now.shown in (before.shown, FULL)
        assert min(grades) <= now.shown <= max(grades)
        assert now.shown == FULL or abs(now.shown - now.level / 1000) < 10.5


def test_trembling_is_not_shown():
    now = at(90)
    for n in range(200):
        now = now.after(100 if n % 2 else 80)
        assert now.shown == 90


def test_a_lasting_change_is_and_full_strength_comes_back_whole():
    now, shown = at(100), []
    for grade in [40] * 12 + [100] * 20:
        now = now.after(grade)
        shown.append(now.shown)
    assert shown[0] == 85
    assert 40 <= shown[11] < 50
    assert shown[-1] == 100
    assert len(set(shown)) <= 12
    assert now == Damped(100_000, 100)
