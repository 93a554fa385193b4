"""The same questions over real sockets: a plane's pipe, UDP loop and TCP connections in one thread, a client of the operating system in the other.

A client that a scenario puts somewhere in the world cannot send from there, so between socket and engine its address is put in place of
loopback's, and the scenario's draw in place of chance; a client within 127.0.0.0/8 sends from its own address. All else is a plane's.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final, Protocol, Self

from gslb.compiler.delta import diff
from gslb.delta import Slice
from gslb.plan import EMPTY, Snapshot
from gslb.testing.engines import native_inner
from gslb.testing.scenario.question import Question
from gslb.transport.connections import Connections
from gslb.transport.deltas import Deltas
from gslb.transport.engine import Engine
from gslb.transport.exchange import Decision
from gslb.transport.listen import Endpoint, bind
from gslb.transport.pipe import Feed, Intake
from gslb.transport.udp import UdpListener

LIMIT: Final = 5.0  # seconds for anything on loopback; a busy machine may be slow, a lost answer is none
LARGEST: Final = 65_535


class Inner(Protocol):
    """What stands behind the sockets: an engine whose chance can be told."""

    def reset(self) -> None:
        """Forget what was assembled."""
        ...

    def feed(self, message: Slice, /) -> bool:
        """Take one slice; whether a new plan is obeyed."""
        ...

    @property
    def udp(self) -> Callable[[bytes, bytes, int], bytes | None]:
        """Answer a datagram of a client with a draw."""
        ...

    def tcp(self, query: bytes, client: bytes, /) -> bytes | None:
        """Answer a query that came by TCP."""
        ...


class _Between:
    """An engine that sees the scenario's client and draw, set just before each question."""

    def __init__(self, engine: Inner) -> None:
        self._engine = engine
        self.client: bytes | None = None  # None: as the socket says
        self.draw = 0

    def udp(self, query: bytes, client: bytes, _chance: int) -> bytes | None:
        return self._engine.udp(query, self.client or client, self.draw)

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        return self._engine.tcp(query, self.client or client)

    @staticmethod
    def decided_by_tcp() -> Decision:
        return Decision()  # nobody taps here, so nobody asks


class LiveAsker:
    """Serves on loopback for as long as it is entered. Scenarios follow one another, as reloads would."""

    most_draws = 500

    def __init__(self, engine: str = "python") -> None:
        """`engine`: which one stands behind the sockets."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scenario plane", daemon=True)
        self._engine: Inner = native_inner() if engine == "native" else Engine()
        self._between = _Between(self._engine)
        self._pair = bind(Endpoint("127.0.0.1", 0))
        self._pipe = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._swapped = threading.Event()
        self._offered = EMPTY
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._begin)
        self._socket.settimeout(LIMIT)
        self._socket.connect(("127.0.0.1", self._pair.endpoint.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()
        for one in (self._socket, *self._pipe):
            one.close()
        self._pair.close()

    def serve(self, snapshot: Snapshot) -> None:
        """Send the difference down the pipe and wait until the plane obeys it."""
        if snapshot is self._offered or snapshot is EMPTY:
            return
        self._offered = snapshot
        self._swapped.clear()
        self._loop.call_soon_threadsafe(self._feed.offer, snapshot)
        if not self._swapped.wait(LIMIT):
            raise AssertionError("the plane has not taken the plan")

    def ask(self, question: Question) -> bytes | None:
        """Put a question over UDP or TCP; None = silence."""
        ours = isinstance(question.client, IPv4Address) and question.client.is_loopback
        self._between.client = None if ours else question.client.packed
        self._between.draw = question.draw
        if question.tcp:
            return self._ask_tcp(question, str(question.client) if ours else "")
        if ours and int(question.client) != 0x7F000001:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.bind((str(question.client), 0))
                own.settimeout(LIMIT)
                own.connect(("127.0.0.1", self._pair.endpoint.port))
                own.send(question.wire())
                return own.recv(LARGEST)
        self._socket.send(question.wire())
        return self._socket.recv(LARGEST)

    def _ask_tcp(self, question: Question, source: str) -> bytes:
        wire = question.wire()
        with socket.create_connection(self._pair.endpoint, LIMIT, (source, 0) if source else None) as line, line.makefile("rb") as incoming:
            line.sendall(len(wire).to_bytes(2, "big") + wire)
            return incoming.read(int.from_bytes(incoming.read(2), "big"))

    async def _begin(self) -> None:
        self._intake = Intake(self._pipe[1], self._engine, self._swapped.set)
        self._intake.start()
        self._feed = Feed(self._pipe[0], Deltas(diff), lambda _report: None)
        self._listener = UdpListener(self._pair.udp, self._between)
        self._listener.start(self._loop)
        self._connections = Connections(self._between, self._loop.time)
        self._server = await self._loop.create_server(self._connections.protocol, sock=self._pair.tcp.dup())

    async def _end(self) -> None:
        self._server.close()
        await self._connections.finish(LIMIT)
        self._listener.stop(self._loop)
        self._feed.close()
        self._intake.stop()

    def _run(self, part: Callable[[], object]) -> None:
        asyncio.run_coroutine_threadsafe(part(), self._loop).result(LIMIT)  # type: ignore[arg-type]  # coroutine functions of this class
