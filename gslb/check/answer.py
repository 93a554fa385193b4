"""One HTTP/1.1 answer, read from a connection that is used for nothing else (RFC 9112).

Called by `gslb.check.exchange`. Bounded whatever the server sends: the head, and 64 KiB of the body; nothing is unpacked.
Raises Unfit, with a reason for operators, for what is no answer.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from gslb.check.attempt import Progress, Unfit

BODY_LIMIT: Final = 64 * 1024  # octets; a health page is small, and a probed site must not fill the prober's memory
_HEAD_LIMIT: Final = 64 * 1024  # octets of a head; servers themselves allow 8 to 32 KiB
_LINE_LIMIT: Final = 4096  # octets of the line before a chunk
_STATUS: Final = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_END: Final = re.compile(rb"\r?\n\r?\n")  # a bare line feed ends a line as well: RFC 9112 section 2.2
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?")


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


async def read(reader: asyncio.StreamReader, method: str, progress: Progress) -> Answer:
    """Read one answer to a request made with `method`."""
    source = _Source(reader)
    while True:
        status, fields = _parsed(await source.head(progress))
        if status >= 200:  # 1xx only says that the answer is still to come: RFC 9110 section 15.2
            break
    progress.fact("status", status)
    for name, value in fields:
        progress.fact(name, value)
    progress.stage = "reading the body"
    answer = Answer(status, fields, b"")
    if method == "HEAD" or status in (204, 304):  # RFC 9112 section 6.3
        return answer
    body, cut = await source.body(answer)
    progress.fact("body", f"{len(body)} octets{', and more' if cut else ''}")
    return Answer(status, fields, body, cut)


class _Source:
    """What came from the server and was not taken yet."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._left = bytearray()

    async def _more(self) -> bool:
        """Wait for more; False at the end."""
        octets = await self._reader.read(BODY_LIMIT)
        self._left += octets
        return bool(octets)

    async def head(self, progress: Progress) -> bytes:
        """Take everything up to the empty line."""
        searched = 0
        while not (end := _END.search(self._left, searched)):
            searched = max(0, len(self._left) - 3)
            if len(self._left) > _HEAD_LIMIT:
                raise Unfit("not HTTP: a head without an end")
            first = not self._left
            if not await self._more():
                raise Unfit("closed without an answer" if first else "closed within the head of the answer")
            if first:
                progress.fact("first octet", "came")
            if not b"HTTP/".startswith(self._left[:5]):
                raise Unfit(f"not HTTP: {bytes(self._left[:20])!r}")
        head = bytes(self._left[: end.start()])
        del self._left[: end.end()]
        return head

    async def body(self, answer: Answer) -> tuple[bytes, bool]:
        """Take the body, up to the limit; the second value says whether there is more."""
        coding = ", ".join(answer.field("transfer-encoding")).lower()
        if coding.rpartition(",")[2].strip() == "chunked":  # wins over a length: RFC 9112 section 6.3
            return await self._chunks()
        lengths = set(answer.field("content-length"))
        if coding or not lengths:
            return await self._rest()
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdigit() and len(length) < 19):
            raise Unfit(f"not HTTP: content length {length!r}")
        size = int(length)
        return await self._exactly(min(size, BODY_LIMIT)), size > BODY_LIMIT

    async def _rest(self) -> tuple[bytes, bool]:
        while len(self._left) <= BODY_LIMIT and await self._more():
            pass
        return bytes(self._left[:BODY_LIMIT]), len(self._left) > BODY_LIMIT

    async def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            if not await self._more():
                raise Unfit("body broken off")
        taken = bytes(self._left[:size])
        del self._left[:size]
        return taken

    async def _chunks(self) -> tuple[bytes, bool]:
        """Put chunks together (RFC 9112 section 7.1); what follows the last one is of no use here."""
        body = bytearray()
        while True:
            match = _CHUNK.fullmatch(await self._line())
            if not match:
                raise Unfit("not HTTP: a chunk without a size")
            size, space = int(match[1], 16), BODY_LIMIT - len(body)
            body += await self._exactly(min(size, space))
            if size > space:
                return bytes(body), True
            if size == 0:
                return bytes(body), False
            if await self._line():
                raise Unfit("not HTTP: a chunk longer than its size")

    async def _line(self) -> bytes:
        while (end := self._left.find(b"\n")) < 0:
            if len(self._left) > _LINE_LIMIT:
                raise Unfit("not HTTP: a chunk without a size")
            if not await self._more():
                raise Unfit("body broken off")
        line = bytes(self._left[:end]).rstrip(b"\r")
        del self._left[: end + 1]
        return line


def _parsed(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Read the status line and the fields."""
    first, *rest = head.replace(b"\r\n", b"\n").split(b"\n")
    match = _STATUS.fullmatch(first)
    if not match:
        raise Unfit(f"not HTTP: {first[:40]!r}")
    fields = []
    for line in rest:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():  # folded lines are obsolete: RFC 9112 section 5.2
            raise Unfit(f"not HTTP: header {line[:40]!r}")
        fields.append((name.lower(), value.strip()))
    return int(match[1]), tuple(fields)
