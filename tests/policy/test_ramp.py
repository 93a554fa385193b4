"""`ramp`: shares grow in steps, never fall, and the next step is known beforehand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.policy.ramp import Ramp

FIVE = Ramp.build({}, {})  # 10 to 100 % over 300 s, in steps of 60 s


@pytest.mark.parametrize(("age", "percent"), [(0, 10), (59.9, 10), (60, 28), (120, 46), (180, 64), (240, 82), (299.9, 82), (300, 100), (1e6, 100)])
def test_steps(age, percent):
    assert FIVE.at(1000.0 + age).percent(1000.0) == percent


def test_weights_are_counted_in_percent_while_one_ramps(people):
    fra, iad, sin = people("fra*3 iad*2 sin")
    given = (replace(fra, since=1000.0), replace(iad, since=0.0), sin)
    assert [c.weight for c in FIVE.at(1060.0).apply(given, None).candidates] == [3 * 28, 200, 100]
    assert FIVE.at(1300.0).apply(given, None).candidates == given
    assert FIVE.apply(given, None).candidates == given  # of no moment: nobody ramps


def test_edges(people):
    fra, iad, sin = people("fra iad sin")
    given = (replace(fra, since=1000.0), replace(iad, since=970.0), sin)
    assert FIVE.edge(given, 1000.0) == 1030.0
    assert FIVE.edge(given, 1030.0) == 1060.0
    assert FIVE.edge(given, 1285.0) == 1300.0
    assert FIVE.edge(given, 1300.0) is None
    assert FIVE.edge((sin,), 0.0) is None


@given(st.floats(1, 86_400), st.integers(1, 100), st.floats(1, 86_400), st.floats(0, 2e9), st.lists(st.floats(0, 1e5), min_size=2, max_size=2))
def test_a_share_never_falls_and_changes_at_edges_only(over, start, step, since, ages):
    ramp = Ramp.build({"over": over, "start": start, "step": step}, {})
    early, late = sorted(since + age for age in ages)
    assert start <= ramp.at(early).percent(since) <= ramp.at(late).percent(since) <= 100
    at, steps = since, 0
    while (edge := ramp._next_step(since, at)) is not None and steps < 50:
        assert edge > at
        assert ramp.at(at).percent(since) == ramp.at(at + (edge - at) / 2).percent(since)
        at, steps = edge, steps + 1
    assert steps == 50 or ramp.at(at).percent(since) == 100


def test_no_step_is_shorter_than_asked():
    ramp = Ramp.build({"over": 290.0, "step": 60.0}, {})
    edges, at = [], 0.0
    while (edge := ramp._next_step(0.0, at)) is not None:
        edges.append(edge - at)
        at = edge
    assert min(edges) >= 60
    assert at == 290
