"""A load that takes away most of what is served is refused, unless that is said to be meant."""

from __future__ import annotations

import pytest

from gslb import names
from gslb.errors import Where
from gslb.lint import loss
from gslb.model import Model, NameData, PoolRef, RRset, Zone


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


WWW, BELOW = (names.from_text(f"{name}example.") for name in ("www.", "a.www."))
APEX = names.from_text("example.")
A, TXT = RRset(1, 60, (bytes(4),)), RRset(16, 60, (b"\1x",))


def one_zone(**data: NameData) -> Model:
    """Make one zone with these names."""
    owners = {"www": WWW, "below": BELOW}
    found = {owners[name]: one for name, one in data.items()}
    return Model({}, {}, {}, {APEX: Zone(APEX, found, Where("zones/example.yaml", 1, 1))})


@pytest.mark.parametrize(
    ("served", "new", "refused"),
    [
        ({"www": NameData((A,))}, {"www": NameData((A, TXT))}, False),
        ({"www": NameData((A,))}, {"www": NameData(pool=PoolRef("web"))}, False),
        ({"www": NameData((A,))}, {"www": NameData((TXT,))}, True),
        ({"www": NameData(pool=PoolRef("web"))}, {"www": NameData()}, True),
        ({"www": NameData((TXT,))}, {"www": NameData()}, False),
        ({"www": NameData((A,))}, {}, False),
        ({"www": NameData((A,)), "below": NameData((TXT,))}, {"below": NameData((TXT,))}, True),
        ({"www": NameData((A,)), "below": NameData((TXT,))}, {"www": NameData((A,))}, False),
        ({}, {"www": NameData()}, False),
    ],
)
def test_a_name_that_would_be_empty_is_refused(served: dict[str, NameData], new: dict[str, NameData], refused: bool) -> None:
    problem = loss.emptied(one_zone(**served), one_zone(**new))
    assert (problem is not None) is refused
    if problem:
        assert str(problem) == "zones/example.yaml: F010 this load would leave 1 name with nothing to answer with: www.example."


def test_of_many_empty_names_some_are_shown() -> None:
    served = Model({}, {}, {}, {APEX: Zone(APEX, {b"\2%02d" % at + APEX: NameData((A,)) for at in range(9)})})
    new = Model({}, {}, {}, {APEX: Zone(APEX, {b"\2%02d" % at + APEX: NameData() for at in range(9)})})
    problem = loss.emptied(served, new)
    assert problem is not None
    assert problem.message.endswith("9 names with nothing to answer with: 00.example., 01.example., 02.example., 03.example., 04.example., …")
