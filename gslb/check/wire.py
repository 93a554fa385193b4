"""Clear text over a connected socket, without the loop's transports and streams: a look reads twice and is over, and they cost more than it does.

Made by `gslb.check.line`, which closes the socket. Reads and writes as `asyncio.StreamReader` and `StreamWriter` do, as far as checks need it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


async def connect(line: socket.socket, host: str, port: int) -> None:
    """Connect a socket that does not block; `host` is an address. Raises OSError."""
    try:
        line.connect((host, port))
    except BlockingIOError:
        await _ready(line, writing=True)
        fault = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            raise OSError(fault, os.strerror(fault)) from None


async def _ready(line: socket.socket, *, writing: bool = False) -> None:
    """Wait until there is something to read, or room to write."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    number = line.fileno()
    if writing:
        loop.add_writer(number, _wake, ready)
    else:
        loop.add_reader(number, _wake, ready)
    try:
        await ready
    finally:  # before the socket is closed and its number another's
        if writing:
            loop.remove_writer(number)
        else:
            loop.remove_reader(number)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class Wire:
    """Reader and writer in one."""

    __slots__ = ("_ended", "_line", "_unsent")

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._unsent = b""
        self._ended = False

    def write(self, data: bytes) -> None:
        """Send what can be sent at once; the rest goes with the next `drain` or `read`."""
        if self._unsent:
            self._unsent += data
            return
        sent = 0
        try:
            sent = self._line.send(data)
        except BlockingIOError:
            pass
        except OSError:
            return  # an answer may have come before the connection broke: whoever reads finds both out
        self._unsent = data[sent:]

    async def drain(self) -> None:
        """Wait until everything is sent."""
        data, self._unsent = self._unsent, b""
        if data:
            with suppress(ConnectionError):  # as in `write`
                await asyncio.get_running_loop().sock_sendall(self._line, data)

    async def read(self, limit: int) -> bytes:
        """Return what has come, waiting for something; b"" at the end."""
        if self._unsent:
            await self.drain()
        while True:
            await _ready(self._line)  # first: who has just been asked has seldom answered yet
            with suppress(BlockingIOError):
                data = self._line.recv(limit)
                self._ended = not data
                return data

    async def readexactly(self, count: int) -> bytes:
        """Return so many octets. Raises asyncio.IncompleteReadError (an EOFError) where there are fewer."""
        data = b""
        while len(data) < count:
            part = await self.read(count - len(data))
            if not part:
                raise asyncio.IncompleteReadError(data, count)
            data += part
        return data

    def at_eof(self) -> bool:
        """Whether the other side has said all it will say."""
        return self._ended
