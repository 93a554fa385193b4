"""What a swap leaves behind, given back in slices.

Used by the plane: freeing a zone of 100,000 names in one go keeps packets waiting for 50 ms, 2,000 names at a time for less than one.
"""

from __future__ import annotations

from typing import Any, Final

from gslb.plan import Snapshot

SLICE: Final = 2_000  # names per step


class Remains:
    """Tables that nobody reads any more. They are emptied here although plans are never edited: they are no plan now."""

    def __init__(self) -> None:
        self._tables: list[dict[Any, Any]] = []

    def add(self, old: Snapshot, new: Snapshot) -> None:
        """Take over what is in `old` and not in `new`; the caller forgets `old`."""
        kept = {id(table) for zone in new.zones.values() for table in (zone.nodes, zone.glue)}
        tables = (table for zone in old.zones.values() for table in (zone.nodes, zone.glue))
        self._tables += [table for table in tables if isinstance(table, dict) and id(table) not in kept]

    def step(self) -> bool:
        """Free a slice; False when nothing is left."""
        if not self._tables:
            return False
        table = self._tables[-1]
        for _ in range(min(SLICE, len(table))):
            table.popitem()
        if not table:
            self._tables.pop()
        return bool(self._tables)
