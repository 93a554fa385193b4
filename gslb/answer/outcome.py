"""What was chosen for a client, written out; made by `shelf` and `hints`, finished by `prepared`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gslb.answer.reply import Meta
from gslb.answer.rows import Misses
from gslb.answer.tally import Tallies, Tally

MAX_OUTCOMES: Final = 65536  # kept as octets over all shelves, about 30 MB; past it all are written anew as they are asked for


class Outcome:
    """Records written for one result of a pick. `count` 0: there are none, answer NODATA or `rcode`.

    That is then good for `ttl` seconds at most, and `varies` where other clients get records.
    """

    __slots__ = ("count", "octets", "rcode", "tally", "ttl", "varies")

    def __init__(self, octets: bytes, count: int, rcode: int, tally: Tally, ttl: int, *, varies: bool) -> None:
        self.octets = octets
        self.count = count
        self.rcode = rcode
        self.tally = tally
        self.ttl = ttl
        self.varies = varies


class Ledger:
    """What is kept, counted and missed over all shelves; `forget` is called when more is kept than should be."""

    __slots__ = ("_forget", "_kept", "_tallies", "misses")

    def __init__(self, tallies: Tallies, forget: Callable[[], None]) -> None:
        self._tallies = tallies
        self._forget = forget
        self._kept = 0
        self.misses = Misses()

    def written(self, meta: Meta) -> Tally:
        """Count an outcome that is kept; return the cell of its kind."""
        self._kept += 1
        if self._kept > MAX_OUTCOMES:
            self._kept = 0
            self._forget()
        return self._tallies.of(meta)
