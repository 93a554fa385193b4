"""Marks: how far each writer was heard, on disk, so that after a restart nothing older is believed.

Kept by the ledger where records are signed; saved now and then, for a mark that is a minute old only lets that minute be said again. The file
(`kept_file`): `{"votes": {prober: [key, epoch, sequence]}, "leases": {prober: [key, epoch, sequence, at]}, "book": [operator, key, version],
"bundle": [operator, key, version]}`.
A mark goes with the key that made it: whoever has stolen a key could set its mark at the end of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from gslb import log
from gslb.store import kept_file

FILE: Final = "marks"
_MAGIC: Final = "gslb-marks 1"
_ODD: Final = (ValueError, TypeError, LookupError)

Trusts = Callable[[str, str, str], bool]  # (writer, name, key): whether this key of that name is believed


class Mark(NamedTuple):
    """Up to where one key was heard; `at`: the store's time in a lease."""

    key: str
    epoch: int
    sequence: int
    at: float = 0.0


class BookMark(NamedTuple):
    """The last version of operators' words, or of their files, and who wrote it."""

    operator: str = ""
    key: str = ""
    version: int = 0


class Marks:
    """All marks of one node."""

    def __init__(self, folder: Path | None = None) -> None:
        self.votes: dict[str, Mark] = {}
        self.leases: dict[str, Mark] = {}
        self.book = BookMark()
        self.bundle = BookMark()
        self._folder = folder
        self._saved: dict[str, Any] | None = None

    @classmethod
    def load(cls, folder: Path | None, trusts: Trusts) -> Marks:
        """Read what was saved, without the marks of keys that are trusted no more; a file that cannot be believed is no marks, and is logged."""
        marks = cls(folder)
        if folder is None:
            return marks
        content, problem = kept_file.read(folder / FILE, _MAGIC)
        try:
            if content is not None:
                marks.votes = {name: mark for name, row in content["votes"].items() if trusts("prober", name, (mark := _mark(row)).key)}
                marks.leases = {name: mark for name, row in content["leases"].items() if trusts("prober", name, (mark := _mark(row)).key)}
                marks.book = _operators(content["book"], trusts)
                marks.bundle = _operators(content.get("bundle", BookMark()), trusts)  # earlier versions have none
        except _ODD as error:
            marks, problem = cls(folder), f"{folder / FILE}: not as this version writes it ({error}): ignored"
        if problem:
            log.warning("marks from before are lost: nothing is believed until it is proven", reason=problem)
        return marks

    def save(self) -> None:
        """Write them where they have moved. Blocking; raises StoreError when the disk does not take them."""
        content = {"votes": dict(self.votes), "leases": dict(self.leases), "book": self.book, "bundle": self.bundle}  # copies: the loop goes on
        if self._folder is not None and content != self._saved:
            kept_file.write(self._folder / FILE, _MAGIC, content, "marks")
            self._saved = content

    def drop(self, prober: str) -> None:
        """Forget a prober's marks: its key is trusted no more."""
        self.votes.pop(prober, None)
        self.leases.pop(prober, None)


def _operators(row: Any, trusts: Trusts) -> BookMark:
    """Read a mark of operators; none where its key is trusted no more."""
    mark = BookMark(str(row[0]), str(row[1]), int(row[2]))
    return mark if trusts("operator", mark.operator, mark.key) else BookMark()


def _mark(row: Any) -> Mark:
    mark = Mark(*row)
    if type(mark.key) is not str or type(mark.epoch) is not int or type(mark.sequence) is not int or not math.isfinite(mark.at):
        raise ValueError("no mark")
    return mark
