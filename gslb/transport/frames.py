"""Frame Streams, the sender's side of a bidirectional stream: READY → ACCEPT → START → data frames → STOP → FINISH.

Used by the tap: connects to a reader on a unix socket or over TCP, and again whenever it is lost, is not there, or does not take what we have
to say. What waits for a slow reader is bounded in octets; what finds no room is dropped and counted. Nobody ever waits for a reader.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from struct import Struct
from typing import Final, cast

from gslb import log

QUEUE: Final = 4 << 20  # octets waiting for a slow reader: some 12,000 messages, a tenth of a second of a flood; more would be memory for nothing
CHUNK: Final = 256 << 10  # octets given to a socket at once
HANDSHAKE: Final = 5.0  # seconds a reader has to accept; one that does not is no reader
FIRST_PAUSE: Final = 0.2  # seconds before the first try again
LONGEST_PAUSE: Final = 30.0
FAREWELL: Final = 1.0  # seconds at the end for what is queued, and to hear FINISH

ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
LARGEST_CONTROL: Final = 512  # octets of a control frame, as the reference implementation bounds it
_WORD: Final = Struct("!I")
_ESCAPE: Final = bytes(4)  # a frame of length 0: a control frame follows
_CONTENT_TYPE: Final = 1  # the only kind of field there is

_CHANCE: Final = Random()  # noqa: S311  no secret hangs on a pause

Reader = Path | tuple[str, int]  # a unix socket, or address and port


class Sender:
    """Brings frames to one reader, for as long as `run` runs."""

    def __init__(self, reader: Reader, content_type: bytes) -> None:
        """Prepare; nothing is connected yet."""
        self.sent = 0  # messages given to the kernel
        self.dropped = 0  # that found no room
        self.lost = 0  # that were in a connection's hands when it ended, at most
        self._reader = reader
        self._content_type = content_type
        self._queue: deque[tuple[bytes, int]] = deque()
        self._queued = 0
        self._stream: Stream | None = None
        self._told = False  # that there is no reader

    @property
    def connected(self) -> bool:
        """Whether a reader takes frames now."""
        return self._stream is not None

    @property
    def room(self) -> int:
        """Octets that still find room."""
        return max(0, QUEUE - self._queued)

    def put(self, frames: bytes, messages: int) -> None:
        """Queue whole frames, so many messages; what finds no room is dropped."""
        if len(frames) > self.room:
            self.dropped += messages
            return
        self._queue.append((frames, messages))
        self._queued += len(frames)
        self._push()

    async def run(self) -> None:
        """Connect, and again with growing pauses, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            why = await self._once()
            if self._stream is not None:
                pause = FIRST_PAUSE
                self._stream = None
            self._excuse(why)
            await asyncio.sleep(_CHANCE.uniform(pause / 2, pause))  # many planes lose one reader at the same moment
            pause = min(2 * pause, LONGEST_PAUSE)

    async def finish(self) -> None:
        """Send what is queued and say STOP, for FAREWELL seconds at most."""
        self._told = True  # that nobody reads from here on is our doing
        stream = self._stream
        if stream is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    while self._queue and not stream.ended.done():
                        self._push()
                        await asyncio.sleep(0.01)
                    stream.stop()
                    await asyncio.shield(stream.ended)

    async def _once(self) -> str:
        """Live through one connection; return why it ended."""
        loop = asyncio.get_running_loop()
        stream = Stream(self._content_type, self._taken)
        make = cast("Callable[[], asyncio.Protocol]", lambda: stream)
        connecting: Awaitable[object]
        if isinstance(self._reader, Path):
            connecting = loop.create_unix_connection(make, str(self._reader))
        else:
            connecting = loop.create_connection(make, *self._reader)
        try:
            async with asyncio.timeout(HANDSHAKE):
                await connecting
                await asyncio.shield(stream.opened)
        except TimeoutError:
            stream.cut()
            return "it does not answer"
        except asyncio.CancelledError:
            stream.cut()
            raise
        except OSError as error:
            return error.strerror or str(error)
        except ValueError as error:
            stream.cut()
            return str(error)
        self._stream = stream
        self._told = False
        log.info("dnstap is read", reader=str(self))
        self._push()
        try:
            return await asyncio.shield(stream.ended)
        finally:
            self.lost += stream.in_hand
            stream.cut()

    def _taken(self, messages: int) -> None:
        """Note that the kernel has taken what was in a stream's hands."""
        self.sent += messages
        self._push()

    def _push(self) -> None:
        """Give the socket what it takes."""
        stream = self._stream
        while self._queue and stream is not None and stream.writable:
            pieces, messages, size = [], 0, 0
            while self._queue and size < CHUNK:
                frames, count = self._queue.popleft()
                pieces.append(frames)
                messages += count
                size += len(frames)
            self._queued -= size
            if stream.send(b"".join(pieces), messages):
                self.sent += messages

    def _excuse(self, why: str) -> None:
        """Say once that there is no reader."""
        if not self._told:
            self._told = True
            log.warning("dnstap is not read; queries are answered all the same", reader=str(self), reason=why)

    def __str__(self) -> str:
        return str(self._reader) if isinstance(self._reader, Path) else "{}:{}".format(*self._reader)


class Stream(asyncio.Protocol):
    """One connection. `opened` is done once the reader accepts (or an error says why not), `ended` with the reason once it is over."""

    def __init__(self, content_type: bytes, taken: Callable[[int], None]) -> None:
        """`taken` is told when the kernel has taken so many messages that were too many before."""
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[str] = loop.create_future()
        self.writable = False
        self.in_hand = 0  # messages that the kernel has not taken yet, at most
        self._content_type = content_type
        self._taken = taken
        self._input = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say READY."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # nothing is given to a socket that still has something
        self._transport.write(control(READY, self._content_type))

    def data_received(self, data: bytes) -> None:
        """Hear control frames; a reader has nothing else to say."""
        self._input += data
        while len(self._input) >= 8 and self._transport is not None:
            size = _WORD.unpack_from(self._input, 4)[0]
            if self._input[:4] != _ESCAPE or not 4 <= size <= LARGEST_CONTROL:
                self._end("it does not speak Frame Streams")
                return
            if len(self._input) < 8 + size:
                return
            frame = bytes(self._input[8 : 8 + size])
            del self._input[: 8 + size]
            self._hear(_WORD.unpack_from(frame)[0], frame[4:])

    def pause_writing(self) -> None:
        """Wait: the socket is full."""
        self.writable = False

    def resume_writing(self) -> None:
        """Go on: the reader reads."""
        messages, self.in_hand = self.in_hand, 0
        if self.opened.done() and not self.ended.done():
            self.writable = True
            self._taken(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._transport = None
        self._end((getattr(exc, "strerror", None) or str(exc)) if exc else "it closed the connection")

    def send(self, frames: bytes, messages: int) -> bool:
        """Give frames to the socket, which is writable; whether the kernel has taken them all."""
        assert self._transport is not None
        self.in_hand = messages
        self._transport.write(frames)
        if self.writable:
            self.in_hand = 0
        return self.writable

    def stop(self) -> None:
        """Say that this is all."""
        self.writable = False
        if self._transport is not None:
            self._transport.write(control(STOP))

    def cut(self) -> None:
        """Close at once."""
        self._end("closed")
        if self._transport is not None:
            self._transport.abort()

    def _hear(self, kind: int, fields: bytes) -> None:
        if kind == ACCEPT and not self.opened.done():
            if self._content_type not in content_types(fields):
                self._end("it does not accept dnstap")
                return
            assert self._transport is not None
            self._transport.write(control(START, self._content_type))
            self.writable = not self._transport.get_write_buffer_size()
            self.opened.set_result(None)
        elif kind == FINISH:
            self._end("it finished")

    def _end(self, why: str) -> None:
        self.writable = False
        if not self.opened.done():
            self.opened.set_exception(ValueError(why))
            self.opened.exception()  # seen, whether or not anybody waits
        if not self.ended.done():
            self.ended.set_result(why)


def control(kind: int, content_type: bytes = b"") -> bytes:
    """Write a control frame."""
    field = _WORD.pack(_CONTENT_TYPE) + _WORD.pack(len(content_type)) + content_type if content_type else b""
    return _ESCAPE + _WORD.pack(4 + len(field)) + _WORD.pack(kind) + field


def content_types(fields: bytes) -> list[bytes]:
    """Read the content types of a control frame; those that are whole."""
    found = []
    at = 0
    while at + 8 <= len(fields):
        kind, size = _WORD.unpack_from(fields, at)[0], _WORD.unpack_from(fields, at + 4)[0]
        if kind == _CONTENT_TYPE and at + 8 + size <= len(fields):
            found.append(fields[at + 8 : at + 8 + size])
        at += 8 + size
    return found
