"""A relay on the way to a server, which spoils the way when told to: delay, silence, resets, wrong octets, nobody there.

It runs in a thread of its own with an event loop of its own, so that tests of coroutines and tests of processes use it alike; what it is told holds
from the next octets on, for the connections that stand as well. It counts octets both ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from gslb.testing.lab.line import Address

_CHUNK: Final = 65_536
_EVERY: Final = 3  # of so many pieces on the way back one is corrupted: what follows whole answers goes wrong too
_PAUSE: Final = 0.005  # seconds between looks at whether silence is over


class Relay:
    """From a port of 127.0.0.1 to `target`. Use as a context manager."""

    def __init__(self, target: Address) -> None:
        self.target = target  # may be set anew: connections to come go there
        self.port = 0
        self.sent = 0  # octets towards the server
        self.received = 0  # octets from it
        self.connections = 0  # made so far
        self._delay = 0.0
        self._silent = self._corrupt = self._refuse = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)

    @property
    def url(self) -> str:
        """What `store` in the settings would say."""
        return f"redis://127.0.0.1:{self.port}"

    def delay(self, seconds: float) -> None:
        """Hand on everything so much later, each way."""
        self._delay = seconds

    def silence(self) -> None:
        """Keep connections and hand nothing on, as where a network is cut: what was held back arrives when it heals."""
        self._silent = True

    def corrupt(self) -> None:
        """Change octets of what the server answers."""
        self._corrupt = True

    def reset(self) -> None:
        """End all connections that stand with a RST; new ones are welcome."""
        self._call(self._abort())

    def refuse(self) -> None:
        """End all connections, and every new one at once, with a RST."""
        self._refuse = True
        self.reset()

    def heal(self) -> None:
        """Let everything through as it is."""
        self._delay = 0.0
        self._silent = self._corrupt = self._refuse = False

    def __enter__(self) -> Self:
        self._thread.start()
        server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._server = server
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.heal()
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> Any:
        waiting: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return waiting.result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # only at the end, when all of it is thrown away
            await self._relay(reader, writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            if self._refuse:
                return
            there, back = await self._connect()
            self._writers.add(back)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, back, outward=True))
                    both.create_task(self._pump(there, writer, outward=False))
            finally:
                self._writers.discard(back)
                _hang_up(back)
        except* (OSError, _OverError):
            pass
        finally:
            self._writers.discard(writer)
            _hang_up(writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool) -> None:
        pieces = 0
        while octets := await reader.read(_CHUNK):
            pieces += 1
            if self._delay:
                await asyncio.sleep(self._delay)
            while self._silent:  # noqa: ASYNC110  told from another thread, where no event of asyncio can be set
                await asyncio.sleep(_PAUSE)
            if outward:
                self.sent += len(octets)
            else:
                self.received += len(octets)
                if self._corrupt and pieces % _EVERY == 0:
                    octets = octets.translate(_WRONG)
            writer.write(octets)
            await writer.drain()
        raise _OverError

    async def _abort(self) -> None:
        for writer in list(self._writers):
            _hang_up(writer)
        await asyncio.sleep(0)

    async def _end(self) -> None:
        self._server.close()
        await self._abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _OverError(Exception):
    """One side has hung up: so does the other."""


_WRONG: Final = bytes((octet + 1) % 256 if chr(octet).isdigit() else octet for octet in range(256))  # lengths and numbers lie


def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close with a RST."""
    line: socket.socket | None = writer.get_extra_info("socket")
    if line is not None and line.family != socket.AF_UNIX and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
