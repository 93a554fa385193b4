"""A flood of bad HTTP clients: slow, huge, endless, deaf. For tests and `bench/api_flood.py`; the server must outlive all of them.

Clients come from many addresses (127.x.y.z), so that limits per address do not hide what one connection can do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

DRIP: Final = 0.5  # seconds between the octets of a slow client
PATIENCE: Final = 40.0  # seconds after which a client that is still there counts as one that the server never got rid of
PUT: Final = b"PUT /api/v1/sites/fra/drain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PIECE: Final = b"x" * 65_536

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def slow_head(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never end the head."""
    writer.write(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    await _drip(writer)


async def slow_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never end the body."""
    writer.write(PUT + b"Content-Length: 500000\r\n\r\n{")
    await _drip(writer)


async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.sleep(PATIENCE)


async def huge_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announce a gigabyte, and send it."""
    writer.write(PUT + b"Content-Length: 1000000000\r\n\r\n")
    await _pour(writer, PIECE)


async def endless_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send chunks for ever."""
    writer.write(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
    await _pour(writer, b"10000\r\n" + PIECE + b"\r\n")


async def huge_head(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a head of megabytes."""
    writer.write(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n")
    await _pour(writer, b"X-Huge: " + PIECE[:4000] + b"\r\n")


async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for large answers again and again, and read none."""
    writer.write(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
    await asyncio.sleep(PATIENCE)


KINDS: Final[tuple[Client, ...]] = (slow_head, slow_body, huge_body, endless_body, huge_head, silent, deaf)


async def flood(port: int, count: int, at_once: int, kinds: tuple[Client, ...] = KINDS) -> Counter[str]:
    """Send so many clients, so many at once; how each kind ended: `KIND: answer 413`, `KIND: closed`, `KIND: kept`."""
    room = asyncio.Semaphore(at_once)
    ends: Counter[str] = Counter()

    async def one(number: int) -> None:
        kind = kinds[number % len(kinds)]
        async with room:
            end = await _end(port, kind, f"127.{1 + number % 200}.{number // 200 % 250}.9")
        ends[f"{kind.__name__}: {end}"] += 1

    await asyncio.gather(*(one(number) for number in range(count)))
    return ends


async def _end(port: int, kind: Client, address: str) -> str:
    """Be one client until the server ends it."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0), limit=1024)
    except (OSError, TimeoutError):
        return "no connection"
    sending = asyncio.ensure_future(kind(reader, writer))
    try:
        async with asyncio.timeout(PATIENCE):
            if kind is deaf:
                await sending
            head = await reader.read(12)
            while kind is not deaf and await reader.read(1024):
                pass
        return f"answer {head[9:12].decode()}" if head else "closed"
    except TimeoutError:
        return "kept"
    except OSError:
        return "closed"
    finally:
        sending.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await sending
        writer.transport.abort()


async def _drip(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            await writer.drain()
            await asyncio.sleep(DRIP)
            writer.write(b"x")


async def _pour(writer: asyncio.StreamWriter, piece: bytes) -> None:
    with contextlib.suppress(OSError):
        while True:
            writer.write(piece)
            await writer.drain()
