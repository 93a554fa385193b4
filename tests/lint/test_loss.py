"""A load that takes away most of what is served is refused, unless that is said to be meant."""

from __future__ import annotations

import pytest

from gslb import names
from gslb.errors import Where
from gslb.lint import loss
from gslb.model import Model, NameData, Zone


def model(**zones: int) -> Model:
    """Make zones with so many names each."""
    made = {}
    for name, count in zones.items():
        apex = names.from_text(f"{name}.example.")
        made[apex] = Zone(apex, {bytes([4]) + b"%04d" % at + apex: NameData() for at in range(count)}, Where(f"zones/{name}.yaml", 1, 1))
    return Model({}, {}, {}, made)


@pytest.mark.parametrize(
    ("served", "new", "said"),
    [
        ({}, {}, ""),
        ({}, {"a": 1}, ""),
        ({"a": 1}, {"a": 1}, ""),
        ({"a": 1}, {"b": 1}, "1 of 1 zones (a.example.)"),
        ({"a": 1, "b": 1}, {"a": 1}, ""),
        ({"a": 1, "b": 1}, {}, "2 of 2 zones (a.example., b.example.)"),
        ({"a": 1, "b": 1, "c": 1}, {"b": 1, "d": 1}, "2 of 3 zones (a.example., c.example.)"),
        ({"a": 20, "b": 20}, {"a": 20, "b": 1}, ""),
        ({"a": 20, "b": 20}, {"a": 19, "b": 0}, "21 of 40 names (in a.example., b.example.)"),
        ({"a": 20, "b": 20}, {"a": 20, "b": 0}, ""),
        ({"a": 1, "b": 30}, {"a": 1, "c": 30}, "30 of 31 names (in b.example.)"),
        ({"a": 18}, {"a": 9}, ""),
        ({"a": 18}, {"a": 8}, "10 of 18 names (in a.example.)"),
        ({"a": 9}, {"a": 0}, ""),  # nine names: an edit
        ({"a": 12}, {"a": 100}, ""),
    ],
)
def test_what_is_refused(served: dict[str, int], new: dict[str, int], said: str) -> None:
    problem = loss.refusal(model(**served), model(**new))
    assert (problem.message if problem else "") == (said and f"this load would take away {said} of what is served")


def test_the_refusal_names_the_file_and_the_way_out() -> None:
    problem = loss.refusal(model(**dict.fromkeys("abcdefg", 1)), model())
    assert problem is not None
    assert str(problem) == (
        "zones/a.yaml: F008 this load would take away 7 of 7 zones (a.example., b.example., c.example., d.example., e.example., …) of what is served"
    )
    assert problem.hint == "if that is meant: gslb reload --force"
