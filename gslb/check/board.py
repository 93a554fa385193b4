"""The board: what sites say of their checks, as this prober last heard it from the store.

Filled by the role that runs the prober, read by checks of type `push`. It tells a site that has gone silent from a store that has: only a lease that
ended in the very store in which it was heard is a site's own fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from gslb.store.state import Push, Pushed

STALE: Final = 10.0  # seconds without a word of the store after which nobody is judged by what it said before
REMEMBERED: Final = 86_400.0  # seconds for which a lease that has ended counts as a failure; as long as stores keep it

Who = tuple[str, str]  # registrant, key


class Found(NamedTuple):
    """The last word on a check at an address. `lost`: why nothing can be said; "" where something can."""

    word: Push | None = None
    holds: bool = False
    lost: str = ""


class _Heard(NamedTuple):
    word: Push
    run: str  # of the store that had it when it was new


class Board:
    """Of one prober. `steady`: seconds since some moment, never set back."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._heard: dict[Who, _Heard] = {}
        self._by_key: dict[str, dict[str, _Heard]] = {}  # key → registrant → word
        self._at: float | None = None  # when the store was heard last, and its time and run then
        self._time = 0.0
        self._run = ""

    def hear(self, said: Pushed) -> None:
        """Take what all sites say now."""
        self._at, self._time, self._run = self._steady(), said.time, said.run
        for who, word in said.words.items():
            before = self._heard.get(who)
            if word.check and (before is None or before.word != word):
                self._heard[who] = _Heard(word, said.run)
        self._heard = {who: self._ended(who, heard, said) for who, heard in self._heard.items() if heard.word.until > said.time - REMEMBERED}
        self._by_key = {}
        for (registrant, key), heard in self._heard.items():
            self._by_key.setdefault(key, {})[registrant] = heard

    def find(self, check: str, address: str, sites: Collection[str]) -> Found:
        """Return the last word of these sites on a check at an address."""
        if self._at is None or (silent := self._steady() - self._at) > STALE:
            return Found(lost="the store is out of reach")
        by = self._by_key.get(f"{check}/{address}", {})
        heard = max((by[site] for site in sites if site in by), key=lambda heard: heard.word.until, default=None)
        if heard is None:
            return Found(lost="no site has said anything of it yet")
        if heard.word.until > self._time + silent:
            return Found(heard.word, holds=True)
        if heard.run != self._run:
            return Found(lost="the store is another one, and nothing was said of it there yet")
        return Found(heard.word)

    def _ended(self, who: Who, heard: _Heard, said: Pushed) -> _Heard:
        """Let a word end now that was taken back; what is missing in another store than before is not."""
        if who in said.words or heard.run != said.run or heard.word.until <= said.time:
            return heard
        return heard._replace(word=_over(heard.word, said.time))


def _over(word: Push, now: float) -> Push:
    return Push(word.registrant, word.address, word.at, now, word.check, grade=word.grade)
