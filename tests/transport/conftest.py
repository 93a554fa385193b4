"""A stub engine with answers that tests can tell apart, and a loop's worth of listening plane."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, unknown_fields

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


@pytest.fixture(scope="session")
def decode() -> Callable[[bytes], Any]:
    """Google's decoder of dnstap, its schema written out from the field numbers that dnstap.proto publishes."""
    kinds = descriptor_pb2.FieldDescriptorProto
    octets, number, count, nanoseconds = kinds.TYPE_BYTES, kinds.TYPE_UINT32, kinds.TYPE_UINT64, kinds.TYPE_FIXED32
    file = descriptor_pb2.FileDescriptorProto(name="dnstap.proto", package="dnstap", syntax="proto2")
    messages = {
        "Message": [
            *(("type", 1, number), ("socket_family", 2, number), ("socket_protocol", 3, number), ("query_address", 4, octets)),
            *(("response_address", 5, octets), ("query_port", 6, number), ("response_port", 7, number), ("query_time_sec", 8, count)),
            *(("query_time_nsec", 9, nanoseconds), ("query_message", 10, octets), ("query_zone", 11, octets), ("response_time_sec", 12, count)),
            *(("response_time_nsec", 13, nanoseconds), ("response_message", 14, octets)),
        ],
        "Dnstap": [("identity", 1, octets), ("version", 2, octets), ("extra", 3, octets), ("message", 14, kinds.TYPE_MESSAGE), ("type", 15, number)],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field_name, field_number, kind in fields:
            label = kinds.LABEL_REQUIRED if field_name == "type" else kinds.LABEL_OPTIONAL
            one = message.field.add(name=field_name, number=field_number, type=kind, label=label)
            if kind == kinds.TYPE_MESSAGE:
                one.type_name = ".dnstap.Message"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("dnstap.Dnstap"))

    def read(frame: bytes) -> Any:
        told = made.FromString(frame)
        assert not [*unknown_fields.UnknownFieldSet(told), *unknown_fields.UnknownFieldSet(told.message)]
        return told

    return read
