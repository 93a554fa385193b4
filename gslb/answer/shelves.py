"""All shelves, bound to one snapshot at a time. Held by `Memo` for long, by `answer()` for one reply; asked by `prepared`."""

from __future__ import annotations

from typing import Final

from gslb.answer.hints import Hints, HintsKey
from gslb.answer.negatives import Negatives
from gslb.answer.outcome import Ledger
from gslb.answer.rows import Misses
from gslb.answer.shelf import Key, Shelf
from gslb.answer.tally import Tallies
from gslb.plan import Snapshot

MAX_SHELVES: Final = 16384  # kinds of answers (zone, pool, type, TTL bound, owner) seen; past it the memo starts afresh


class Shelves:
    """The shelves by key. `misses`: the rows they wanted; `negatives`: what else is written once, as long as the zones are the same."""

    __slots__ = ("_hints", "_ledger", "_shelves", "_snapshot", "misses", "negatives", "tallies")

    def __init__(self, snapshot: Snapshot, tallies: Tallies) -> None:
        self._snapshot = snapshot
        self._shelves: dict[Key, Shelf] = {}
        self._hints: dict[HintsKey, Hints] = {}
        self._ledger = Ledger(tallies, self._forget)
        self.misses: Misses = self._ledger.misses
        self.negatives = Negatives()
        self.tallies = tallies

    def of(self, key: Key) -> Shelf:
        """Return the shelf for a key."""
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf(key, self._ledger)
            shelf.bind(self._snapshot)
        return shelf

    def hints(self, key: HintsKey) -> Hints:
        """Return the shelf for records with hints."""
        hints = self._hints.get(key)
        if hints is None:
            hints = self._hints[key] = Hints(key, self._ledger)
            hints.bind(self._snapshot)
        return hints

    def bind(self, snapshot: Snapshot) -> None:
        """Give every shelf the rows of a new snapshot; what was written stays where a pool's rows are the same."""
        self._snapshot = snapshot
        for shelf in self._shelves.values():
            shelf.bind(snapshot)
        for hints in self._hints.values():
            hints.bind(snapshot)

    @property
    def full(self) -> bool:
        """Whether it is time to start afresh."""
        return len(self._shelves) + len(self._hints) > MAX_SHELVES

    def _forget(self) -> None:
        for shelf in self._shelves.values():
            shelf.forget()
        for hints in self._hints.values():
            hints.forget()
