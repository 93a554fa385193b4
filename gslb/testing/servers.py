"""Servers that misbehave, one way each: what any check must survive, whatever it speaks.

Real sockets on 127.0.0.1. `trouble(how)` is an async context manager that yields the port.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from gslb.testing.ports import free_port

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_CHUNK: Final = b"x" * 65536


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, read, and never answer."""
    while await reader.read(4096):
        pass


async def shut(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Listen to the first words, and close politely."""
    await reader.read(4096)


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close with a RST, whatever was said."""
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say one octet of an HTTP answer at a time, for ever: every read succeeds, the whole never does."""
    for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"." * 999:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def trickle_header(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send header fields without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: of the same\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body without an end, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(_CHUNK)
        await writer.drain()


async def rubbish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what no protocol knows, and close."""
    writer.write(bytes(range(256)) * 4 + b"\r\n\r\n")
    await writer.drain()


TROUBLES: Final[dict[str, Talk]] = {
    "hang": hang,
    "shut": shut,
    "reset": reset,
    "trickle": trickle,
    "trickle header": trickle_header,
    "flood": flood,
    "rubbish": rubbish,
}


@asynccontextmanager
async def listening(talk: Talk, address: str = "127.0.0.1", **options: object) -> AsyncIterator[int]:
    """Serve with `talk` on a free port; every connection is over when the block ends."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
            writer.close()
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            talks.discard(task)

    server = await asyncio.start_server(serve, address, 0, **options)  # type: ignore[arg-type]  # options are the caller's to know (ssl)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _turns()  # who was accepted a moment ago begins, so that it can be ended
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await _turns()  # what was closed is closed: the loop may end with the test


async def _turns() -> None:
    """Let the loop do what is due."""
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def trouble(how: str) -> AsyncIterator[int]:
    """Listen and misbehave as `how` says (a key of TROUBLES)."""
    async with listening(TROUBLES[how]) as port:
        yield port


def closed_port() -> int:
    """Return a port of 127.0.0.1 where nothing listens."""
    return free_port()
