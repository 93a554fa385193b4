"""The tap: which queries are told, and how what is told gets from the loops that answer to dnstap's reader and the query log.

A plane has one where its options say so. A query is drawn first, which is cheap; of the few that are drawn a record is kept in bounded memory:
here for what Python answers, in rings of its own for the native engine's threads (`core/udp/src/tap.rs`). Every TICK what was kept is written,
for a bounded time. What finds no room is dropped and counted; answering never waits, for a reader least of all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from gslb import __version__, log
from gslb.transport.dnstap import CONTENT_TYPE, Encoder
from gslb.transport.exchange import DNSTAP, LOG, Exchange, Taken
from gslb.transport.frames import Sender
from gslb.transport.query_log import MOST, QueryLog
from gslb.transport.telling import Telling

TICK: Final = 0.01  # seconds between turns of writing for dnstap
REST: Final = 0.02  # and when there is nothing to write, or lines alone: what is kept meanwhile has room for twice that in a flood
ROOM: Final = 1024  # exchanges kept between two turns; a flood fills it, and then its rest is not told
TURN: Final = 200  # exchanges written per turn, some 10 µs each: a fifth of the Python engine's time at most goes into writing
CHANCE_BITS: Final = 32
VERSION: Final = f"gslb {__version__}"  # dnstap's field

Source = Callable[[int, int], Taken]  # octets for frames and lines there is room for → what was kept


class Tap:
    """What is drawn, kept and told of one plane's queries."""

    def __init__(self, telling: Telling, engine: str) -> None:
        """`engine`: the name of the one that answers, for the log."""
        self._dnstap = round(telling.sample * 2**CHANCE_BITS)
        self._log = round(telling.log * 2**CHANCE_BITS)
        self.most = max(self._dnstap, self._log)  # chances, out of 2**CHANCE_BITS, that a query is told to anybody
        self._encoder = Encoder(telling.node, VERSION, messages=telling.messages, extra=telling.extra)
        self._sender = Sender(telling.reader, CONTENT_TYPE) if telling.sample else None
        self._lines = QueryLog(telling.clients, node=telling.node, engine=engine) if telling.log else None
        self._kept: deque[Exchange] = deque()
        self._sources: list[Source] = []
        self._dropped = 0
        self._unlogged = 0
        self._faults = 0

    def wants(self, chance: int) -> int:
        """Say what a query is told to by its chance of CHANCE_BITS bits: DNSTAP, LOG, both, or 0. Its own, not the answer's: picks hang on that."""
        return (DNSTAP if chance < self._dnstap else 0) | (LOG if chance < self._log else 0)

    def note(self, seen: Exchange) -> None:
        """Keep an exchange until the next turn."""
        if len(self._kept) < ROOM:
            self._kept.append(seen)
        else:
            self._miss(seen)

    def add(self, source: Source) -> None:
        """Take what another engine keeps, too."""
        self._sources.append(source)

    async def run(self) -> None:
        """Write, and keep the reader connected, until cancelled."""
        connecting = asyncio.create_task(self._sender.run()) if self._sender else None
        try:
            busy = False
            while True:
                await asyncio.sleep(TICK if busy and self._sender else REST)
                try:
                    busy = self.turn()
                except Exception as error:  # noqa: BLE001  what cannot be told is no reason to tell no more
                    self._fault(error)
        finally:
            if connecting:
                connecting.cancel()

    async def finish(self) -> None:
        """Write what is left, and part from the reader."""
        try:
            while self.turn():
                pass
        except Exception as error:  # noqa: BLE001  the end of a process must not hang on it
            self._fault(error)
        if self._sender:
            await self._sender.finish()

    def turn(self) -> bool:
        """Write some of what was kept; whether there was any."""
        logged: list[Exchange] = []
        told = 0
        for source in self._sources:
            taken = source(self._sender.room if self._sender else 0, MOST)
            told += taken.messages + taken.dropped
            if taken.messages and self._sender:
                self._sender.put(taken.frames, taken.messages)
            logged += taken.logged
            self._dropped += taken.dropped
            self._unlogged += taken.unlogged
        some = [self._kept.popleft() for _ in range(min(TURN, len(self._kept)))]
        if self._sender and some:
            self._tell(self._sender, [one for one in some if one.wants & DNSTAP])
        logged += [one for one in some if one.wants & LOG]
        if self._lines and logged:
            self._lines.write(logged)
        return bool(told or some or logged)

    def _tell(self, sender: Sender, some: list[Exchange]) -> None:
        if not sender.room:  # nobody reads: writing would be for nothing
            sender.dropped += len(some) * self._encoder.per_exchange
        elif some:
            sender.put(b"".join([self._encoder.frames(one) for one in some]), len(some) * self._encoder.per_exchange)

    def _fault(self, error: Exception) -> None:
        self._faults += 1
        if self._faults & (self._faults - 1) == 0:  # the 1st, 2nd, 4th, 8th …: seen, and no flood
            log.error("queries could not be told to dnstap or the query log", error=repr(error), faults=self._faults)

    def _miss(self, seen: Exchange) -> None:
        self._dropped += self._encoder.per_exchange if seen.wants & DNSTAP else 0
        self._unlogged += 1 if seen.wants & LOG else 0

    def sums(self) -> dict[str, Any]:
        """Sum up what was told and what was not, since the start: part of a report (`gslb.role.plane_reports`)."""
        told: dict[str, Any] = {}
        if self._sender:
            dropped = {"busy": self._dropped, "queue": self._sender.dropped, "connection": self._sender.lost}
            told["dnstap"] = {"messages": self._sender.sent, "connected": int(self._sender.connected), "dropped": dropped}
        if self._lines:
            told["query_log"] = {"lines": self._lines.written, "dropped": self._lines.dropped + self._unlogged}
        return told
