"""A stub engine with answers that tests can tell apart, and a loop's worth of listening plane."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from gslb.transport.connections import Connections, Limits
from gslb.transport.listen import Endpoint, Pair, bind
from gslb.transport.udp import UdpListener


@dataclass
class StubEngine:
    """Answers a query with itself as a response; `size` octets of padding go with TCP answers."""

    size: int = 0
    clients: list[bytes] = field(default_factory=list)

    def udp(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        assert 0 <= draw < 1 << 64
        self.clients.append(client)
        if b"boom" in query:
            raise RuntimeError("boom")
        if b"silence" in query:
            return None
        return query[:2] + b"\x84" + query[3:]

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        self.clients.append(client)
        if b"boom" in query:
            raise RuntimeError("boom")
        if b"silence" in query:
            return None
        return query[:2] + b"\x84" + query[3:] + bytes(self.size)


@dataclass
class Plane:
    engine: StubEngine
    pair: Pair
    udp: UdpListener
    connections: Connections

    @property
    def port(self) -> int:
        return self.pair.endpoint.port


Start = Callable[..., contextlib.AbstractAsyncContextManager[Plane]]


@pytest.fixture
def start() -> Start:
    @contextlib.asynccontextmanager
    async def run(host: str = "127.0.0.1", limits: Limits | None = None, size: int = 0) -> AsyncIterator[Plane]:
        loop = asyncio.get_running_loop()
        engine = StubEngine(size)
        pair = bind(Endpoint(host, 0))
        udp = UdpListener(pair.udp, engine)
        udp.start(loop)
        connections = Connections(engine, loop.time, limits)
        server = await loop.create_server(connections.protocol, sock=pair.tcp)
        sweeper = loop.create_task(connections.sweep_forever())
        try:
            yield Plane(engine, pair, udp, connections)
        finally:
            sweeper.cancel()
            udp.stop(loop)
            await connections.finish(1)
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0)
            pair.close()

    return run


@pytest.fixture
def stub() -> Callable[[], StubEngine]:
    return StubEngine


@pytest.fixture
def has_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on loopback")
