"""DNS over TCP (RFC 7766): one asyncio protocol per connection.

Queries may be pipelined, arrive octet by octet and be followed by a half-close; each is answered in turn through the
same engine as UDP. Everything a client can make us hold is bounded: connections in all and per client (`connections`), time
without a whole query, unread answers, queries per turn of the loop. UDP is never kept waiting.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial
from random import getrandbits
from time import time_ns
from typing import TYPE_CHECKING, Final, Protocol, cast

from gslb import log
from gslb.transport.debug import served
from gslb.transport.exchange import TCP, Decision, Exchange
from gslb.transport.tap import CHANCE_BITS
from gslb.transport.udp import pack

if TYPE_CHECKING:
    from gslb.transport.connections import Connections

TURN: Final = 32  # queries answered before other connections and UDP get their turn: about 1 ms
TURN_SECONDS: Final = 0.002  # and no more once so much time has passed: answers of 64 KiB are not made in 30 µs
UNREAD: Final = 128 << 10  # octets of answers a client may leave unread before we stop reading from it: two of the largest
MOST_QUERIES: Final = 100_000  # per connection; then it is closed after its answers, so that load spreads anew over planes
LARGEST_INPUT: Final = 2 * (2 + 65_535)  # octets held of what a client sent; reading pauses above
RESET: Final = struct.pack("ii", 1, 0)  # struct linger: what was not sent is thrown away, and the client hears of it at once


class Engine(Protocol):
    """What answers a query that came by TCP; None = say nothing (then the client is no resolver and is cut off)."""

    def tcp(self, query: bytes, client: bytes, /) -> bytes | None:
        """Answer one query, its length prefix taken off."""
        ...

    def decided_by_tcp(self) -> Decision:
        """Say what was decided about the last answer."""
        ...


class Stream(asyncio.Protocol):
    """One connection. Its states: reading, waiting for its turn, waiting for the client to read, closing."""

    def __init__(self, engine: Engine, connections: Connections) -> None:
        """Belong to `connections`, which closes the idle and keeps the limits."""
        self._engine = engine
        self._connections = connections
        self._transport: asyncio.Transport
        self._input = bytearray()
        self._loop = asyncio.get_running_loop()
        self._writable = True
        self._eof = False
        self._scheduled = False
        self._queries = 0
        self._awaited = 0  # answers that control is asked for
        self.client = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join, or be turned away where the limits are reached and no one is idle."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer is None:  # reset between accept and here
            self._transport.abort()
            return
        self.client = pack(peer[0])
        self._transport.set_write_buffer_limits(high=UNREAD)
        if not self._connections.admit(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Keep the octets; answer what is whole."""
        self._input += data
        if len(self._input) > LARGEST_INPUT:
            self._transport.pause_reading()
        if not self._scheduled:
            self._answer()

    def eof_received(self) -> bool:
        """Half-close: what was asked before is answered, then we close too (RFC 7766 section 6.2.4)."""
        self._eof = True
        return self._scheduled or not self._writable or self._awaited > 0  # True keeps the way out open

    def pause_writing(self) -> None:
        """Answer no more until the client reads what it asked for; the idle limit goes on."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on: the client reads again."""
        self._writable = True
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
        del exc
        self._input.clear()
        self._connections.forget(self)

    def finish(self) -> None:
        """Close when the client has read its answers: for the end of the process."""
        self._transport.close()

    def cut(self) -> None:
        """Close at once: for the idle, who have nothing to read or do not read it."""
        self._connections.forget(self)
        if self._transport.get_write_buffer_size():
            # A client that does not read: close() would wait for it, and a mere abort() would leave the kernel waiting for minutes.
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()
        else:
            self._transport.close()

    def _answer(self) -> None:
        """Answer up to TURN whole queries, for TURN_SECONDS and one more query at most, then let others run."""
        self._scheduled = False
        transport = self._transport
        done = 0
        until = self._loop.time() + TURN_SECONDS
        while self._writable and not transport.is_closing():
            if done == TURN or (done and self._loop.time() > until):
                self._scheduled = True
                transport.pause_reading()
                self._loop.call_soon(self._answer)
                return
            query = self._take()
            if query is None:
                break
            done += 1
            if not self._reply(query):
                return
        if done:
            self._connections.touch(self)
        if self._writable and not transport.is_closing():
            if self._eof and not self._awaited:
                transport.close()
            elif not transport.is_reading():
                transport.resume_reading()

    def _take(self) -> bytes | None:
        """Cut the next whole query off the input."""
        held = self._input
        if len(held) < 2:
            return None
        end = 2 + int.from_bytes(held[:2], "big")
        if len(held) < end:
            return None
        query = bytes(held[2:end])
        del held[:end]
        return query

    def _reply(self, query: bytes) -> bool:
        """Answer one query; False where the connection ends instead."""
        watch = self._connections.watch
        tap, debug = (watch.tap, watch.debug) if watch else (None, None)
        wants = tap.wants(getrandbits(CHANCE_BITS)) if tap else 0
        began = time_ns() if wants else 0
        try:
            answer = self._engine.tcp(query, self.client)
            if debug and answer and served(answer) and debug.asks(query, self.client):
                later = partial(self._late, query, answer, wants, began, self._engine.decided_by_tcp() if wants else Decision())
                if debug.hand_over(query, self.client, later):
                    self._awaited += 1
                    return True
        except Exception as error:  # noqa: BLE001  one query must never stop the others
            log.error("a query could not be answered", error=repr(error), transport="tcp")
            answer = None
        if wants and answer is not None:
            self._tell(wants, began, query, answer, self._engine.decided_by_tcp())
        return self._send(answer)

    def _late(self, query: bytes, zones: bytes, wants: int, began: int, decision: Decision, reply: bytes | None) -> None:  # noqa: PLR0917  as `_tell`
        """Send what control said, or what the zone says where it said nothing."""
        self._awaited -= 1
        if self._transport.is_closing():
            return
        if wants:
            self._tell(wants, began, query, reply or zones, Decision(decision.zone) if reply else decision)
        self._send(reply or zones)
        if self._eof and not self._awaited and not self._scheduled and self._writable:
            self._transport.close()

    def _tell(self, wants: int, began: int, query: bytes, answer: bytes, decision: Decision) -> None:
        """Tell the tap, which drew this query."""
        watch, peer = self._connections.watch, self._transport.get_extra_info("peername")
        here, here_port, *_ = self._transport.get_extra_info("sockname")
        if watch and watch.tap:
            watch.tap.note(Exchange(wants, TCP, self.client, peer[1], pack(here), here_port, began, time_ns(), query, answer, decision))

    def _send(self, answer: bytes | None) -> bool:
        """Write one answer; False where the connection ends."""
        self._queries += 1
        if answer is None:
            self._transport.close()
            return False
        self._transport.write(len(answer).to_bytes(2, "big") + answer)
        if self._queries >= MOST_QUERIES:
            self._transport.close()
            return False
        return True
