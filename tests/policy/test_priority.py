"""`priority`: the lowest number, or the list."""

import pytest

from gslb.policy.priority import Priority

CASES = [
    ("fra iad sin", 1, "fra"),
    ("fra@2 iad@1 sin@1", 1, "iad sin"),
    ("fra iad@9 sin", 1, "iad"),
    ("fra@10 iad@9", 1, "iad"),
    ("fra@0 iad@0 sin", 1, "fra iad"),
    ("fra iad sin", 2, "fra iad"),
    ("fra@1 iad@1 sin@1", 2, "fra iad sin"),
    ("fra@1 iad@2 sin@2", 2, "fra iad"),
    ("fra@1 iad@2 sin@3", 9, "fra iad sin"),
    ("", 1, ""),
]


@pytest.mark.parametrize(("given", "at_least", "kept"), CASES)
def test_the_best_tier_is_kept_whole_and_filled_up(given, at_least, kept, people, ids):
    outcome = Priority(at_least).apply(people(given), None)
    assert (ids(outcome.candidates), outcome.failed) == (kept, False)


def test_when_all_are_down_the_order_stays_and_eight_are_kept(people, ids):
    many = people(" ".join(f"s{n}@{20 - n}" for n in range(12)))
    assert ids(Priority().when_all_down().apply(many, None).candidates) == "s11 s10 s9 s8 s7 s6 s5 s4"
