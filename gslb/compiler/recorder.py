"""Hearing what a pass decides, while it decides it: how `gslb explain` runs the code that compiles, and no copy of it.

A pass without a recorder (all of them, explanations aside) pays one comparison at each place that would speak. A recorder hears, in this
order, for every pool that has a say in a row:

    pool      its members, as they stand
    run       candidates enter the chain, or a part of it: a run whose candidates are what another one left goes on where that one ended
    link      … one filter of it
    ttl       what bounds the TTL
    row       what became of the pool, and by which rule

Pools inside pools, and backups, are heard between `pool` and `row` of the pool that asks them. What is decided once for many clients is decided
once more, by the same chain, so that it is heard.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from gslb.compiler.lifetime import Lifetime
from gslb.compiler.standing import Standing
from gslb.model import Pool
from gslb.plan import Row
from gslb.policy.candidate import Candidate, Filter, Outcome


class Recorder(Protocol):
    """Listens; changes nothing."""

    def pool(self, pool: Pool, kind: int, standing: Standing) -> None:
        """Hear that a pool is asked for a row of a type, and how its members stand."""
        ...

    def run(self, candidates: tuple[Candidate, ...], *, loose: bool) -> None:
        """Hear that these enter the chain; `loose`: the one that is used when all are down."""
        ...

    def link(self, chosen: Filter, key: Hashable, given: tuple[Candidate, ...], outcome: Outcome) -> None:
        """Hear what one filter made of what it was given."""
        ...

    def ttl(self, lifetime: Lifetime, soon: float | None, left: float | None) -> None:
        """Hear the pool's bounds, in how many seconds a state could change the answer, and in how many the clock; None = never."""
        ...

    def row(self, row: Row) -> None:
        """Hear the row of the pool that was asked last and has none yet."""
        ...
