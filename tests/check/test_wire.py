"""Octets over a socket that takes them slowly, and what the other side does meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from gslb.check.wire import Wire, connect
from gslb.testing.servers import closed_port

MUCH = b"octets, " * 100_000


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        yield ours, theirs


async def take(line: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count:
        heard += await asyncio.get_running_loop().sock_recv(line, 65_536)
    return heard


@pytest.mark.parametrize("drained", [False, True])
async def test_what_does_not_fit_goes_later_and_before_an_answer_is_waited_for(pair: tuple[socket.socket, socket.socket], drained: bool) -> None:
    ours, theirs = pair
    wire = Wire(ours)

    async def other() -> bytes:
        heard = await take(theirs, len(MUCH) + 4)
        theirs.send(b"thanks")
        theirs.close()
        return heard

    async with asyncio.timeout(30):
        task = asyncio.create_task(other())
        wire.write(MUCH)
        wire.write(b"end.")
        if drained:
            await wire.drain()
        assert await wire.readexactly(3) == b"tha"
        assert await task == MUCH + b"end."
        assert not wire.at_eof()
        with pytest.raises(EOFError):
            await wire.readexactly(4)
        assert wire.at_eof()


async def test_an_answer_that_came_before_the_connection_broke_is_read(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(b"503")
    theirs.close()
    wire = Wire(ours)
    wire.write(b"GET /")
    wire.write(b" HTTP/1.1")
    await wire.drain()
    assert await wire.read(10) == b"503"


async def test_connecting_says_what_the_system_says() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as line, pytest.raises(ConnectionRefusedError):
        await connect(line, "127.0.0.1", closed_port())
