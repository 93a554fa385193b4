"""Who may ask why: sent to TCP, handed to control, and answered by the zone whenever control is not."""

from __future__ import annotations

import asyncio
from typing import Any

import dns.flags
import dns.message
import pytest

from gslb.transport import debug as debug_module
from gslb.transport.connections import Connections
from gslb.transport.debug import Debug
from gslb.transport.exchange import Decision
from gslb.transport.telling import Telling
from gslb.transport.watch import Watch

HOME, STRANGER, HOME6 = bytes([127, 0, 0, 1]), bytes([192, 0, 2, 1]), bytes(15) + b"\1"
NETWORKS = ("127.0.0.0/8", "::1/128")


def query(name: str = "_gslb.www.example", kind: str = "TXT") -> bytes:
    return dns.message.make_query(name, kind, id=7).to_wire()


def zones(packet: bytes, rcode: int = 3) -> bytes:
    return packet[:2] + bytes((0x84, rcode)) + packet[4:]


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
async def debug(told: list[dict[str, Any]]) -> Debug:
    return Debug(NETWORKS, lambda report: not told.append(report), max_udp=1232, ecs=True)


@pytest.mark.parametrize(
    ("name", "kind", "client", "rcode", "sent"),
    [
        ("_gslb.www.example", "TXT", HOME, 3, True),
        ("_GsLb.www.example", "TXT", HOME6, 0, True),
        ("_gslb.www.example", "TXT", STRANGER, 3, False),
        ("_gslb.www.example", "TXT", bytes(16), 3, False),
        ("_gslb.www.example", "A", HOME, 3, False),
        ("_gslb.www.example", "TXT", HOME, 5, False),  # in no zone of ours
        ("x_gslb.www.example", "TXT", HOME, 3, False),
        ("www._gslb.example", "TXT", HOME, 3, False),
    ],
)
async def test_who_is_sent_to_tcp(debug: Debug, name: str, kind: str, client: bytes, rcode: int, *, sent: bool) -> None:
    packet = query(name, kind)
    reply = debug.udp(packet, client, zones(packet, rcode))
    assert reply
    if sent:
        assert dns.message.from_wire(reply).flags & dns.flags.TC
    else:
        assert reply == zones(packet, rcode)
    assert debug.udp(packet, client, None) is None


class Zone:
    """An engine that knows no name."""

    def tcp(self, query: bytes, client: bytes) -> bytes:
        del client
        return zones(query)

    def decided_by_tcp(self) -> Decision:
        return Decision()


class Asked:
    """A client on a TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def ask(self, *packets: bytes) -> None:
        self.writer.write(b"".join(len(packet).to_bytes(2) + packet for packet in packets))

    async def answer(self) -> bytes:
        async with asyncio.timeout(30):
            return await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(2)))


@pytest.fixture
async def client(debug: Debug) -> Any:
    loop = asyncio.get_running_loop()
    connections = Connections(Zone(), loop.time, watch=Watch(Telling(), None, debug))
    server = await loop.create_server(connections.protocol, "127.0.0.1", 0)
    one = Asked(*await asyncio.open_connection(*server.sockets[0].getsockname()))
    yield one
    one.writer.close()
    server.close()
    await connections.finish(1)


async def heard(told: list[dict[str, Any]], count: int = 1) -> None:
    async with asyncio.timeout(30):
        while len(told) < count:
            await asyncio.sleep(0.005)


async def test_what_control_says_is_what_is_said(client: Asked, debug: Debug, told: list[dict[str, Any]]) -> None:
    client.ask(query(), query("a.example", "A"))
    assert await client.answer() == zones(query("a.example", "A"))  # nobody waits for control
    await heard(told)
    assert told == [{"why": 1, "query": query().hex(), "client": HOME.hex()}]
    client.writer.write_eof()
    debug.hear({"why": 1, "reply": b"because".hex()})
    assert await client.answer() == b"because"
    assert await client.reader.read() == b""  # closed: nothing more is to come
    debug.hear({"why": 1, "reply": ""})  # twice, or too late: nobody waits for it
    debug.hear({"why": 99, "reply": ""})


async def test_the_zone_answers_where_control_has_nothing_to_say(client: Asked, debug: Debug, told: list[dict[str, Any]]) -> None:
    client.ask(query())
    await heard(told)
    debug.hear({"why": 1, "reply": ""})
    assert await client.answer() == zones(query())


async def test_the_zone_answers_where_control_is_dead(client: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_module, "PATIENCE", 0.05)
    client.ask(query())
    assert await client.answer() == zones(query())


async def test_a_client_that_went_is_not_answered(client: Asked, debug: Debug, told: list[dict[str, Any]]) -> None:
    client.ask(query())
    await heard(told)
    client.writer.transport.abort()
    await asyncio.sleep(0.05)
    debug.hear({"why": 1, "reply": b"because".hex()})


async def test_control_is_not_asked_without_end(debug: Debug, told: list[dict[str, Any]]) -> None:
    given: list[bytes | None] = []
    handed = [debug.hand_over(query(), HOME, given.append) for _ in range(100)]
    assert sum(handed) == len(told) == debug_module.MOST
    for one in told:
        debug.hear({"why": one["why"], "reply": ""})
    handed = [debug.hand_over(query(), HOME, given.append) for _ in range(100)]
    assert sum(handed) <= debug_module.BURST - debug_module.MOST + 2  # the bucket is empty, but for what a busy machine's time has filled in
    assert given == [None] * debug_module.MOST


async def test_a_control_that_does_not_listen_is_not_waited_for() -> None:
    deaf = Debug(NETWORKS, lambda _: False, max_udp=1232, ecs=True)
    assert not deaf.hand_over(query(), HOME, lambda _: None)
