"""`healthy`: up over unknown over down."""

import pytest

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
