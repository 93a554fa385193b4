"""Puts the same cases to both engines, and makes a difference small enough to read.

Used by `tests/twin` and by `python -m gslb.testing.twin`. A case is known by seed, world, and how many edits and packets came before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from gslb.answer import Drop, NeedRow, Reply, answer
from gslb.plan import EMPTY, Snapshot
from gslb.testing.engines import Outcome, Plane, PythonPlane, native_plane, offer
from gslb.testing.twin.packets import Asked, Packets
from gslb.testing.twin.shrinking import smaller
from gslb.testing.twin.worlds import World

PACKETS: Final = 240  # for each plan
EDITS: Final = 4  # of a world after its first plan


class Difference(NamedTuple):
    """A case of which the engines say different things, as small as could be made at once."""

    world: int
    snapshot: Snapshot
    asked: Asked
    python: Outcome
    native: Outcome | str

    def __str__(self) -> str:
        query, client, env = self.asked
        return "\n".join(
            (
                f"the engines differ; again: python -m gslb.testing.twin --world {self.world}",
                f"  query  bytes.fromhex({query.hex()!r})",
                f"  client bytes.fromhex({client.hex()!r})",
                f"  {env}",
                *(f"  zone {zone}" for zone in self.snapshot.zones.values()),
                *(f"  pool {number} {pool}" for number, pool in self.snapshot.pools.items()),
                *(f"  partition {key} {partition}" for key, partition in self.snapshot.partitions.items()),
                f"  python {_told(self.python)}",
                f"  native {_told(self.native)}",
            )
        )


class Duel:
    """Counts what was compared. `made`: how a second plane is made from a snapshot."""

    def __init__(self, made: Callable[[Snapshot], Plane] = native_plane) -> None:
        self.made = made
        self.cases = 0
        self.kinds: Counter[str] = Counter()

    def world(self, seed: int, *, packets: int = PACKETS, edits: int = EDITS) -> Difference | None:
        """Compare one world and what becomes of it; return the first difference."""
        world = World(seed)
        python, native = PythonPlane(), self.made(EMPTY)
        old = EMPTY
        for edit in range(1 + edits):
            new = world.plan()
            offer(python, old, new)
            offer(native, old, new)
            assert python.live == new, "the reference assembles what was sent"
            for asked in _asked(seed * 16 + edit, new, packets):
                difference = self._compare(seed, python.live, native, asked)
                if difference is not None:
                    return difference
            old = new
            world.edit()
        return None

    def _compare(self, seed: int, snapshot: Snapshot, native: Plane, asked: Asked) -> Difference | None:
        self.cases += 1
        ours, theirs = answer(snapshot, *asked), _said(native, asked)
        self.kinds[_kind(ours)] += 1
        if ours == theirs:
            return None
        snapshot = smaller(snapshot, lambda less: answer(less, *asked) != _said(self.made(less), asked))
        return Difference(seed, snapshot, asked, answer(snapshot, *asked), _said(self.made(snapshot), asked))


def _asked(seed: int, snapshot: Snapshot, packets: int) -> Iterator[Asked]:
    made = Packets(seed, snapshot)
    for _ in range(packets):
        yield made.one()


def _said(plane: Plane, asked: Asked) -> Outcome | str:
    """Ask a plane; what it says, or how it fell over: a panic is no Exception."""
    try:
        return plane.answer(*asked)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is a difference
        return f"{type(error).__name__}: {error}"


def _kind(outcome: Outcome) -> str:
    match outcome:
        case Drop(reason):
            return f"drop {reason}"
        case NeedRow():
            return "need row"
        case Reply(_, meta):
            kind = f"rcode {meta.rcode}"
            return f"{kind} from a pool" if meta.pool is not None else f"{kind} cut off" if meta.truncated else kind


def _told(outcome: Outcome | str) -> str:
    match outcome:
        case NeedRow(pool, region, rtype, reply):
            return f"needs row {pool}/{region}/{rtype} {_told(reply)}"
        case Reply(wire, meta):
            return f"{meta} {wire.hex()}"
        case drop:
            return str(drop)
