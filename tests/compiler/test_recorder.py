"""A pass that is heard decides as one that is not, and is heard in order: pools inside between their parent's beginning and its row."""

from __future__ import annotations

from typing import Any

from gslb.moment import Moment
from gslb.verdict import State


class Notes:
    """A recorder that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def pool(self, pool: Any, kind: int, standing: Any) -> None:
        self.heard.append(("pool", pool.id))

    def run(self, candidates: Any, *, loose: bool) -> None:
        self.heard.append(("loose" if loose else "run", [c.id for c in candidates]))

    def link(self, chosen: Any, key: Any, given: Any, outcome: Any) -> None:
        self.heard.append((chosen.name, [c.id for c in outcome.candidates], outcome.failed))

    def ttl(self, lifetime: Any, soon: Any, left: Any) -> None:
        self.heard.append(("ttl", lifetime.high))

    def row(self, row: Any) -> None:
        self.heard.append(("row", row.reason))


def heard(world: Any, name: str) -> list[Any]:
    notes = Notes()
    number = world.compiler.pool_ids[name]
    row = world.compiler.explained(number, 0, 1, Moment(world.verdicts), notes)
    assert row == world.compiler.row(number, 0, 1, world.verdicts)
    return notes.heard


def test_a_chain_is_heard_link_by_link(kit: Any) -> None:
    fra, iad = kit.member("fra"), kit.member("iad")
    world = kit.World(kit.pool("web", [fra, iad], kit.policy("failover")))
    world.down(fra)
    assert heard(world, "web") == [
        ("pool", "web"),
        ("run", ["fra", "iad"]),
        ("healthy", ["iad"], False),
        ("priority", ["iad"], False),
        ("run", ["iad"]),  # goes on behind what is the same for all: here nothing
        ("ttl", 60),
        ("row", ""),
    ]


def test_a_backup_is_heard_inside_the_pool_that_failed(kit: Any) -> None:
    fra, sin = kit.member("fra"), kit.member("sin", checks=())
    world = kit.World(kit.pool("web", [fra], kit.policy("weighted"), down="backup:sorry"), kit.pool("sorry", [sin], kit.policy("all")))
    world.turn(State.DOWN, fra)
    words = [word for word, *_ in heard(world, "web")]
    assert words == ["pool", "run", "healthy", "ttl", "pool", "run", "healthy", "run", "ttl", "row", "row"]


def test_failing_open_is_heard(kit: Any) -> None:
    fra, iad = kit.member("fra"), kit.member("iad")
    world = kit.World(kit.pool("web", [fra, iad], kit.policy("failover")))
    world.down(fra, iad)
    notes = heard(world, "web")
    assert ("loose", ["fra", "iad"]) in notes
    assert notes[-1] == ("row", "all-down")
