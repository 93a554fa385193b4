"""The words stores speak: what a store holds, and the Store protocol itself.

A store is where probers put votes and nameservers find them. It is asynchronous because one of them is across a network; the
memory store keeps the same contract (`gslb.testing.check_store`). Losing it changes no answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gslb.verdict import Target, Vote

Votes = Mapping[Target, Mapping[str, Vote]]  # target → prober → vote
Hint = frozenset[Target]  # targets whose votes have changed; empty = read everything again


@dataclass(frozen=True, slots=True)
class State:
    """All that a store holds at one moment; never changes afterwards. `time`: the store's clock, seconds since the epoch."""

    votes: Votes
    time: float


class Store(Protocol):
    """Where votes live. Every method may raise StoreError, and none of them anything else."""

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        ...

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take the prober's votes on these targets away; unknown ones are no fault."""
        ...

    async def read(self) -> State:
        """Return everything."""
        ...

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call; hints may be merged, never lost. Ends when the store is closed."""
        ...

    async def close(self) -> None:
        """End all iterators and let go of what is held; twice is fine."""
        ...
