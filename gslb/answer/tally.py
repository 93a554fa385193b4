"""Counts what was answered, one cell per kind of answer, cheap enough for every packet.

Cells are found when an answer is prepared, never when it is sent. Their number is bounded whatever is asked.
"""

from __future__ import annotations

from typing import Final

from gslb.answer.reply import Meta

MAX_CELLS: Final = 4096  # past it kinds are counted together by rcode: metrics must not grow with what strangers ask


class Tally:
    """How often one kind of answer was sent."""

    __slots__ = ("count", "meta")

    def __init__(self, meta: Meta) -> None:
        self.meta = meta
        self.count = 0


class Tallies:
    """The cells, by kind."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: dict[Meta, Tally] = {}

    def of(self, meta: Meta) -> Tally:
        """Return the cell of a kind."""
        cell = self._cells.get(meta)
        if cell is None:
            if len(self._cells) >= MAX_CELLS:
                meta = Meta(None, meta.rcode)
            cell = self._cells.setdefault(meta, Tally(meta))
        return cell

    def counts(self) -> dict[Meta, int]:
        """Return all counts since the start, zeros left out."""
        return {meta: cell.count for meta, cell in self._cells.items() if cell.count}
