"""`healthy`: up over unknown over down, how many are enough, and what a grade does to a weight."""

from dataclasses import replace

import pytest

from gslb.policy.grade import tenths
from gslb.policy.healthy import Healthy

CASES = [
    ("fra iad sin", "fra iad sin", False),
    ("fra iad:down sin", "fra sin", False),
    ("fra iad:unknown sin:down", "fra", False),
    ("fra:unknown iad:down sin:unknown", "fra sin", False),
    ("fra:down iad:down", "fra iad", True),
    ("fra*0:up iad*9:unknown", "fra", False),
    ("", "", True),
]


@pytest.mark.parametrize(("given", "kept", "failed"), CASES)
def test_the_best_rank_present_is_kept(given, kept, failed, people, ids):
    outcome = Healthy().apply(people(given), None)
    assert (ids(outcome.candidates), outcome.failed) == (kept, failed)


def test_it_is_left_out_when_all_are_down():
    assert Healthy().when_all_down() is None


@pytest.mark.parametrize(
    "case",
    [
        ({"members_below": 2}, "fra iad:down sin", "fra sin", False),
        ({"members_below": 2}, "fra iad:unknown sin:down", "fra iad", False),  # the best rank of which there is enough
        ({"members_below": 2}, "fra iad:down sin:down", "fra iad sin", True),
        ({"weight_below": 50}, "fra*3 iad*3:down", "fra", False),
        ({"weight_below": 51}, "fra*3 iad*3:down", "fra iad", True),
        ({"weight_below": 51}, "fra*3 iad*3:unknown", "fra iad", False),
        ({"weight_below": 50}, "fra*0 iad*0:down", "fra", False),  # no weights at all: heads are counted
        ({"weight_below": 51}, "fra*0 iad*0:down", "fra iad", True),
        ({"members_below": 1, "weight_below": 100}, "fra iad sin:down", "fra iad sin", True),
    ],
)
def test_how_many_are_enough(case, people, ids):
    options, given, kept, failed = case
    outcome = Healthy.build(options, {}).apply(people(given), None)
    assert (ids(outcome.candidates), outcome.failed) == (kept, failed)


def test_grades_lower_weights_in_tenths_and_never_to_nothing(people):
    given = tuple(replace(c, grade=grade) for c, grade in zip(people("fra*3 iad*3 sin*3 sjc*3:down"), (100, 41, 0, 10), strict=True))
    assert [c.weight for c in Healthy().apply(given, None).candidates] == [30, 15, 3]
    well = tuple(replace(c, grade=91) for c in people("fra*3 iad"))
    assert Healthy().apply(well, None).candidates == well
    assert [tenths(grade) for grade in (0, 1, 10, 11, 50, 90, 91, 100)] == [1, 1, 1, 2, 5, 9, 10, 10]
