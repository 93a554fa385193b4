"""DNS over TCP as RFC 7766 wants it, with clients that are slow, greedy, sleepy or gone."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import dns.asyncquery
import dns.flags
import dns.message
import pytest

from gslb.transport.connections import Connections, Limits
from gslb.transport.stream import LARGEST_INPUT, TURN, UNREAD, Stream

ESTABLISHED = 1  # linux/tcp_states.h

Start = Callable[..., AbstractAsyncContextManager[Any]]


def framed(query: bytes) -> bytes:
    return len(query).to_bytes(2, "big") + query


async def connect(plane: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*plane.pair.endpoint)


async def read_one(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the server closed (or reset) within 5 s, without another octet."""
    async with asyncio.timeout(5):
        try:
            return await reader.read(1) == b""
        except ConnectionResetError:
            return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.usefixtures("has_ipv6")
async def test_answers_over_both_families(start: Start, host: str) -> None:
    async with start(host) as plane:
        reply = await dns.asyncquery.tcp(dns.message.make_query("www.example.com", "A"), host, port=plane.port, timeout=20)
        assert reply.flags & dns.flags.AA


async def test_octet_at_a_time(start: Start) -> None:
    async with start() as plane:
        reader, writer = await connect(plane)
        writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(b"12 a query"):
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(0.002)  # let each octet travel alone
        assert (await read_one(reader))[:2] == b"12"
        writer.close()


async def test_pipelined_queries_are_all_answered(start: Start) -> None:
    async with start() as plane:
        reader, writer = await connect(plane)
        ids = [struct.pack("!H", n) for n in range(100)]
        writer.write(b"".join(framed(i + b" query") for i in ids))
        assert sorted([(await read_one(reader))[:2] for _ in ids]) == ids
        writer.close()


async def test_half_close_gets_every_answer_then_the_end(start: Start) -> None:
    async with start() as plane:
        reader, writer = await connect(plane)
        writer.write(b"".join(framed(struct.pack("!H", n) + b" query") for n in range(100)) + b"\0\x50 not whole")
        writer.write_eof()
        for _ in range(100):
            await read_one(reader)
        assert await ended(reader)
        writer.close()


async def test_half_close_while_the_client_reads_slowly(start: Start) -> None:
    async with start(size=60_000) as plane:
        reader, writer = await connect(plane)
        writer.write(b"".join(framed(struct.pack("!H", n) + b" query") for n in range(100)))
        writer.write_eof()
        await asyncio.sleep(0.2)  # the answers do not fit into any buffer by now
        for _ in range(100):
            assert len(await read_one(reader)) > 60_000
        assert await ended(reader)
        writer.close()


async def test_the_idle_are_closed_and_the_busy_are_not(start: Start) -> None:
    async with start(limits=Limits(idle=1.5)) as plane:
        idle, idle_writer = await connect(plane)
        busy, busy_writer = await connect(plane)
        async with asyncio.timeout(30):
            while not plane.connections.tally.idle:
                busy_writer.write(framed(b"12 query"))
                await read_one(busy)
                await asyncio.sleep(0.1)
        assert await ended(idle)
        assert plane.connections.tally.idle == 1
        busy_writer.write(framed(b"34 query"))
        assert (await read_one(busy))[:2] == b"34"
        for writer in (idle_writer, busy_writer):
            writer.close()


async def test_dribbling_octets_is_idle_too(start: Start) -> None:
    async with start(limits=Limits(idle=0.5)) as plane:
        reader, writer = await connect(plane)

        async def dribble() -> None:
            for octet in framed(bytes(4000)):
                writer.write(bytes([octet]))
                await asyncio.sleep(0.05)

        task = asyncio.create_task(dribble())
        assert await ended(reader)
        task.cancel()
        writer.close()


async def test_a_full_house_closes_who_was_idle_longest(start: Start) -> None:
    async with start(limits=Limits(total=3)) as plane:
        first, second, third = [await connect(plane) for _ in range(3)]
        for one in (first, second, third):  # in this order of use
            one[1].write(framed(b"12 query"))
            await read_one(one[0])
        first[1].write(framed(b"12 query"))
        await read_one(first[0])
        fourth = await connect(plane)
        fourth[1].write(framed(b"44 query"))
        assert (await read_one(fourth[0]))[:2] == b"44"
        assert await ended(second[0])
        assert plane.connections.tally.evicted == 1
        assert len(plane.connections) == 3
        first[1].write(framed(b"12 query"))
        assert await read_one(first[0])
        for one in (first, second, third, fourth):
            one[1].close()


async def test_one_client_gets_only_its_share(start: Start) -> None:
    async with start(limits=Limits(per_client=2)) as plane:
        kept = [await connect(plane) for _ in range(2)]
        reader, refused = await connect(plane)
        assert await ended(reader)
        assert plane.connections.tally.refused == 1
        kept[0][1].write(framed(b"12 query"))
        assert await read_one(kept[0][0])
        kept[0][1].close()
        async with asyncio.timeout(5):
            while len(plane.connections) > 1:
                await asyncio.sleep(0.01)
        reader, writer = await connect(plane)
        writer.write(framed(b"12 query"))
        assert await read_one(reader)
        for one in (kept[1][1], refused, writer):
            one.close()


async def test_a_client_that_does_not_read_is_bounded_and_then_cut(start: Start) -> None:
    async with start(limits=Limits(idle=1.0), size=60_000) as plane:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(plane.pair.endpoint)
            client.setblocking(False)
            for _ in range(1000):
                try:
                    client.send(framed(b"12 query") * 100)
                except BlockingIOError:
                    break
            largest = 0
            async with asyncio.timeout(30):
                while not plane.connections.tally.idle:
                    for stream in plane.connections._last:
                        largest = max(largest, stream._transport.get_write_buffer_size() + len(stream._input))
                    reply = await dns.asyncquery.udp(dns.message.make_query("a.example", "A"), "127.0.0.1", port=plane.port, timeout=20)
                    assert reply.flags & dns.flags.AA
                    await asyncio.sleep(0.02)
        assert UNREAD < largest < UNREAD + 500_000
        assert len(plane.connections) == 0


async def test_who_never_reads_sees_the_end_too(start: Start) -> None:
    """Nothing unread waits at our side here, so a mere close would queue behind answers that nobody takes."""
    async with start(limits=Limits(idle=0.5), size=60_000) as plane:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(plane.pair.endpoint)
            client.send(framed(b"12 query") * 200)
            async with asyncio.timeout(30):
                while not plane.connections.tally.idle:
                    await asyncio.sleep(0.02)
                while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED:
                    await asyncio.sleep(0.02)


class Wire(asyncio.Transport):
    """A transport whose every moment is ours."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 53535)})
        self.reading = True
        self.closing = False
        self.high: int | None = None
        self.written: list[bytes] = []

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        del low
        self.high = high

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_reading(self) -> bool:
        return self.reading

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


@pytest.fixture
async def wired(stub: Callable[[], Any]) -> tuple[Stream, Wire]:
    wire = Wire()
    stream = Connections(stub(), asyncio.get_running_loop().time).protocol()
    stream.connection_made(wire)
    return stream, wire


async def test_a_turn_is_short_and_reading_waits_for_the_rest(wired: tuple[Stream, Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.transport.stream.TURN_SECONDS", 60)
    stream, wire = wired
    stream.data_received(framed(b"12 query") * (2 * TURN + 1))
    assert (len(wire.written), wire.reading) == (TURN, False)
    await asyncio.sleep(0)
    assert (len(wire.written), wire.reading) == (2 * TURN, False)
    await asyncio.sleep(0)
    assert (len(wire.written), wire.reading) == (2 * TURN + 1, True)


async def test_a_turn_of_answers_that_take_long_is_one_query(wired: tuple[Stream, Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.transport.stream.TURN_SECONDS", -1)
    stream, wire = wired
    stream.data_received(framed(b"12 query") * 3)
    assert (len(wire.written), wire.reading) == (1, False)
    await asyncio.sleep(0)
    assert (len(wire.written), wire.reading) == (2, False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (len(wire.written), wire.reading) == (3, True)


async def test_what_a_client_leaves_unread_and_what_it_sends_meanwhile_is_bounded(
    wired: tuple[Stream, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gslb.transport.stream.TURN_SECONDS", 60)
    stream, wire = wired
    assert wire.high == UNREAD
    stream.pause_writing()
    query = framed(bytes(60_000))
    for held in range(1, 4):
        assert wire.reading
        stream.data_received(query)
        assert len(stream._input) == held * len(query)
        if held * len(query) > LARGEST_INPUT:
            break
    assert not wire.reading
    assert wire.written == []
    stream.resume_writing()
    assert len(wire.written) == 3
    assert wire.reading


async def test_a_connection_ends_after_its_share_of_queries(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.transport.stream.MOST_QUERIES", 5)
    async with start() as plane:
        reader, writer = await connect(plane)
        for _ in range(5):
            writer.write(framed(b"12 query"))
            await read_one(reader)
        assert await ended(reader)
        writer.close()


async def test_rubbish_ends_the_connection_and_nothing_else(start: Start) -> None:
    async with start() as plane:
        for rubbish in (framed(b"silence"), framed(b"boom")):
            reader, writer = await connect(plane)
            writer.write(rubbish)
            assert await ended(reader)
            writer.close()
        reader, writer = await connect(plane)
        writer.write(framed(b"12 query"))
        assert await read_one(reader)
        writer.close()


async def test_a_reset_leaves_nothing_behind(start: Start) -> None:
    async with start() as plane:
        for _ in range(20):
            with socket.socket() as client:
                client.connect(plane.pair.endpoint)
                client.send(framed(b"12 query")[:5])
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        async with asyncio.timeout(5):
            while len(plane.connections) or plane.connections.tally.accepted < 1:
                await asyncio.sleep(0.01)
        assert (await dns.asyncquery.tcp(dns.message.make_query("a.example", "A"), "127.0.0.1", port=plane.port, timeout=20)).flags & dns.flags.AA
