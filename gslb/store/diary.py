"""What happened and who did what, kept in one process: the memory store's part of what Redis keeps in streams."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from gslb.errors import StoreError
from gslb.event import Audit, Event
from gslb.override import Word
from gslb.store import book, event_record

KEPT: Final = 10_000  # events, and as many entries of the audit


class Diary:
    """Both lists of one store; `clock` is the store's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._audit: deque[Audit] = deque(maxlen=KEPT)
        self._last = (0, 0)

    def tell(self, events: Sequence[Event]) -> None:
        """Keep events, as whoever reads them from another store would get them."""
        for event in events:
            record = json.loads(event_record.write(event))
            self._events.append(replace(event_record.of_data(record), id=self._next()))

    def said(self, words: Sequence[Word], version: int) -> None:
        """Keep what operators said."""
        authors = ", ".join(sorted({word.author for word in words if word.author}))
        self.note({"time": round(self._clock(), 3), "by": authors, "version": version, "words": book.rows(words)})

    def note(self, entry: dict[str, Any]) -> None:
        """Keep an entry of the audit: `time`, `by`, and `words` or `what`."""
        self._audit.append(event_record.audit(json.dumps(entry).encode(), self._next()))

    def told(self, after: str, limit: int) -> list[Event]:
        """Return what was told after that id, oldest first; after "": the newest."""
        if not after:
            return list(islice(reversed(self._events), limit))[::-1]
        begin = place(after)
        return list(islice((event for event in self._events if place(event.id) > begin), limit))

    def audited(self, before: str, limit: int) -> list[Audit]:
        """Return who did what before that id, newest first; before "": the newest."""
        end = place(before) if before else None
        return list(islice((entry for entry in reversed(self._audit) if end is None or place(entry.id) < end), limit))

    def _next(self) -> str:
        now = int(self._clock() * 1000)
        self._last = (now, 0) if now > self._last[0] else (self._last[0], self._last[1] + 1)
        return f"{self._last[0]}-{self._last[1]}"


def place(name: str) -> tuple[int, int]:
    """Return where an id stands among others. Raises StoreError where it is none."""
    milliseconds, _, number = name.partition("-")
    if not (milliseconds.isascii() and milliseconds.isdigit() and number.isascii() and number.isdigit() and len(name) <= 41):
        raise StoreError(f"{name[:40]!r} is no entry's id: they are <milliseconds>-<number>")
    return int(milliseconds), int(number)
