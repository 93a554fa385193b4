"""Rules take time in proportion to the model, whatever its pools and zones are like: what is quadratic would not end here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import model, names
from gslb.errors import Problem, Where
from gslb.lint import lint, references
from gslb.targets import backup, children

MANY = 5_000
SECONDS = 6.0  # it takes one; quadratic rules take 20 and more, cubic ones hours

Backup = Callable[[int], str]
Inside = Callable[[int], set[int]]


def none(_at: int) -> str:
    return ""


def nothing(_at: int) -> set[int]:
    return set()


def pools(count: int, backup_of: Backup, inside: Inside) -> model.Model:
    made = {}
    for at in range(count):
        members = [model.Member("m", (ip_address(0x0A000000 + at),)), *(model.Member(f"p{one}", (), pool=f"p{one}") for one in inside(at))]
        down = model.AllDown("backup", backup_of(at)) if backup_of(at) else model.AllDown("all")
        made[f"p{at}"] = model.Pool(f"p{at}", tuple(members), model.Policy((), "first"), 1, 60, 10, when_all_down=down, where=Where("f", at + 1))
    return model.Model({}, {}, made, {})


def circles(judged: model.Model) -> list[str]:
    return [problem.message.partition(": ")[2] for problem in lint(judged) if problem.code == "L004"]


@pytest.mark.parametrize(
    ("backup_of", "inside", "told"),
    [
        (lambda at: f"p{(at + 1) % MANY}", nothing, 1),
        (lambda at: f"p{at + 1}" if at + 1 < MANY else "", nothing, 0),
        (lambda at: f"p{at - 1}" if at else "", nothing, 0),
        (lambda at: f"x{at}", nothing, 0),
        (none, lambda at: {max(0, at - 1), min(MANY - 1, at + 1), at * 7 % MANY, 0}, None),
        (none, lambda at: {at + step for step in range(1, 20) if at + step < MANY}, 0),
    ],
    ids=["ring", "chain", "chain backwards", "unknown", "knot", "net"],
)
def test_many_pools(backup_of: Backup, inside: Inside, told: int | None) -> None:
    judged = pools(MANY, backup_of, inside)
    began = time.process_time()
    found = circles(judged)
    assert time.process_time() - began < SECONDS
    assert len(found) == told if told is not None else found


def test_many_backups_of_pools_that_answer_nodata() -> None:
    judged = pools(MANY, lambda at: f"p{at + 1}" if at % 2 == 0 else "", nothing)
    for pool in [*judged.pools.values()][1::2]:
        judged.pools[pool.id] = model.Pool(  # type: ignore[index]  # a dict, made above
            pool.id, pool.members, pool.policy, 1, 60, 10, when_all_down=model.AllDown("nodata"), where=pool.where
        )
    began = time.process_time()
    lint(judged)
    assert time.process_time() - began < SECONDS


def test_many_zones_in_one_that_delegates_them_or_does_not() -> None:
    parent = names.from_text("example.")
    data = {parent: model.NameData()}
    zones = {}
    for at in range(MANY):
        child = b"\5c%04d" % at + parent
        cut = model.RRset(2, 60, (b"\2ns\7example\3net\0",), (b"\2ns\7example\3net\0",)) if at % 2 else model.RRset(16, 60, (b"\1x",))
        data[child] = model.NameData((cut,))
        zones[child] = model.Zone(child, {child: model.NameData()})
    began = time.process_time()
    found = lint(model.Model({}, {}, {}, {parent: model.Zone(parent, data), **zones}))
    assert time.process_time() - began < SECONDS
    assert sum(problem.code == "L120" for problem in found) == MANY / 2
    assert sum(problem.code == "L121" for problem in found) == MANY / 2


@given(st.lists(st.tuples(st.integers(-1, 6), st.sets(st.integers(0, 6), max_size=3)), min_size=1, max_size=7))
def test_a_circle_is_told_exactly_where_there_is_one(shape: list[tuple[int, set[int]]]) -> None:
    judged = pools(len(shape), lambda at: f"p{shape[at][0]}" if shape[at][0] >= 0 else "", lambda at: shape[at][1])
    onward = {name: {one for one in (*children(pool), backup(pool)) if one in judged.pools} for name, pool in judged.pools.items()}
    reach = {name: set(to) for name, to in onward.items()}
    for _ in shape:
        reach = {name: to.union(*(reach[one] for one in to)) for name, to in reach.items()}
    ways = [circle.split(" → ") for circle in circles(judged)]
    for way in ways:
        assert way[0] == way[-1]
        assert all(after in onward[one] for one, after in itertools.pairwise(way))
        assert way[0] == min(way)  # told at its first pool
    told = [name for way in ways for name in way[:-1]]
    assert len(told) == len(set(told))  # none of them touches another
    for name in judged.pools:
        if name in reach[name]:
            assert any(one in told for one in reach[name] if name in reach[one])


def test_a_long_circle_is_told_by_its_beginning() -> None:
    found = circles(pools(20, lambda at: f"p{(at + 1) % 20}", nothing))
    assert found == ["p0 → p1 → p2 → p3 → p4 → p5 → p6 → p7 → p8 → p9 → p10 → p11 → …"]
    assert circles(pools(12, lambda at: f"p{(at + 1) % 12}", nothing))[0].endswith("p11 → p0")


def test_what_is_known_is_hinted_at() -> None:
    judged = pools(14, lambda _at: "x", nothing)
    hints = {problem.hint for problem in references.problems(judged) if problem.code == "L003"}
    assert hints == {"known: p0, p1, p10, p11, p12, p13, p2, p3, p4, p5, p6, p7, …"}
    few: list[Problem] = [problem for problem in references.problems(pools(2, lambda _at: "x", nothing)) if problem.code == "L003"]
    assert few[0].hint == "known: p0, p1"
