"""One HTTP/1.1 answer, read from a connection that is used for nothing else (RFC 9112).

Called by `gslb.check.exchange`. h11 knows the protocol; here are the bounds, whatever the server sends (its own on the head, 64 KiB of the body;
nothing is unpacked), and the reasons for operators. Raises Unfit for what is no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import h11

from gslb.check.attempt import Progress, Unfit

BODY_LIMIT: Final = 64 * 1024  # octets; a health page is small, and a probed site must not fill the prober's memory
_HEAD_LIMIT: Final = 64 * 1024  # octets of a head; servers themselves allow 8 to 32 KiB
_READ: Final = 16 * 1024  # octets taken at once

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header fields with their names in lower case, and the body; `cut` where that was longer than what was read."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    def field(self, name: str) -> list[str]:
        """Return all values of a header field."""
        return [value for key, value in self.fields if key == name]


class Dialogue:
    """One request and its answer, in h11's words; the connection is the caller's."""

    def __init__(self, method: str, target: str, fields: Fields) -> None:
        """Prepare the request. Raises Unfit where it cannot be written."""
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_LIMIT)
        self._began = False
        head = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        try:
            first = self._protocol.send(h11.Request(method=method, target=target, headers=head)) or b""
            self.request = first + (self._protocol.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as error:
            raise Unfit(f"the request cannot be written: {error}") from None

    async def answer(self, reader: asyncio.StreamReader, progress: Progress) -> Answer:
        """Read the answer to the request that was sent."""
        while not isinstance(event := await self._next(reader, progress), h11.Response):
            pass  # 1xx only says that the answer is still to come: RFC 9110 section 15.2
        fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        progress.fact("status", event.status_code)
        for name, value in fields:
            progress.fact(name, value)
        progress.stage = "reading the body"
        body = bytearray()
        while len(body) <= BODY_LIMIT and isinstance(part := await self._next(reader, progress), h11.Data):
            body += part.data
        cut = len(body) > BODY_LIMIT
        if body:
            progress.fact("body", f"{min(len(body), BODY_LIMIT)} octets{', and more' if cut else ''}")
        return Answer(event.status_code, fields, bytes(body[:BODY_LIMIT]), cut)

    async def _next(self, reader: asyncio.StreamReader, progress: Progress) -> object:
        """Return the next event, waiting for octets as long as there is none."""
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                octets = await reader.read(_READ)
                if not self._began:
                    if not octets:
                        raise Unfit("closed without an answer")
                    self._began = True
                    progress.fact("first octet", "came")
                self._protocol.receive_data(octets)
        except h11.RemoteProtocolError as error:
            ended = reader.at_eof() and "peer" in str(error)
            raise Unfit(f"broken off: {error}" if ended else f"not HTTP: {error}"[:160]) from None
        if isinstance(event, h11.ConnectionClosed):
            raise Unfit("closed without an answer")
        return event
