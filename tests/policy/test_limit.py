"""`limit`: the first sites, the first members."""

import pytest

from gslb.policy.limit import Limit

CASES = [
    ({"sites": 1}, "fra/a fra/b iad fra/c", "a b c"),
    ({"sites": 2}, "fra iad sin", "fra iad"),
    ({"sites": 2}, "-/x -/y fra", "x y"),
    ({"members": 2}, "fra/a fra/b iad", "a b"),
    ({"sites": 2, "members": 3}, "fra/a iad/b iad/c fra/d sin", "a b c"),
    ({"sites": 5}, "fra", "fra"),
    ({"members": 1}, "", ""),
    ({"per_site": 1}, "fra/a fra/b iad/c iad/d -/x -/y", "a c x y"),
    ({"per_site": 1, "members": 2}, "fra/a fra/b iad/c sin/d", "a c"),
    ({"per_site": 2, "sites": 1}, "fra/a fra/b fra/c iad", "a b"),
]


@pytest.mark.parametrize(("options", "given", "kept"), CASES)
def test_the_first_are_kept_in_their_order(options, given, kept, people, ids):
    assert ids(Limit.build(options, {}).apply(people(given), None).candidates) == kept


def test_a_site_is_not_taken_for_a_member_of_its_name(people, ids):
    assert ids(Limit.build({"sites": 1}, {}).apply(people("-/fra fra/b"), None).candidates) == "fra"


def test_a_limit_without_a_number_is_refused():
    assert [c.code for c in Limit.problems({}, {})] == ["P007"]
    assert not list(Limit.problems({"members": 1}, {}))


def test_it_is_left_out_when_all_are_down():
    assert Limit(1).when_all_down() is None
