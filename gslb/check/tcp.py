"""The `tcp` check: a connection, TLS over it if wanted, and if wanted a word said and a word heard.

For what does not speak HTTP. What is read is bounded; nothing is resolved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from gslb.check import line, text
from gslb.check.attempt import Progress, Unfit, attempt
from gslb.check.line import Reader, Tls, connected
from gslb.check.observation import Observation
from gslb.check.text import Text
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option

READ_LIMIT: Final = 64 * 1024  # octets in which `expect` must occur


class Tcp:
    """Connect; send `send`; read until `expect` occurs."""

    name: ClassVar[str] = "tcp"
    doc: ClassVar[str] = "A TCP connection, with TLS if wanted; optionally sends a text and waits for one."
    example: ClassVar[str] = '{type: tcp, port: 6379, send: "PING\\r\\n", expect: "+PONG"}'
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            "port": Option(Kind.INTEGER, "TCP port", REQUIRED, 1, 65535),
            "send": Option(Kind.STRING, 'text to send once connected; "\\r\\n" in double quotes ends a line', ""),
            "expect": Option(Kind.ANY, "text, or `{regex: …}`, that must occur in the first 64 KiB that come back"),
            "tls": Option(Kind.BOOLEAN, "shake hands before anything is said", default=False),
            "host": Option(Kind.STRING, "name for SNI and certificate; default: the address", ""),
            **line.OPTIONS,
        }
    )

    def __init__(self, port: int, send: bytes, expect: Text | None, tls: Tls | None, timeout: float) -> None:
        self.port = port
        self.send = send
        self.expect = expect
        self.tls = tls
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        options = definition.options
        expect = Text(options["expect"]) if options.get("expect", "") != "" else None
        tls = Tls.read(options.get("host", ""), options) if options.get("tls") else None
        return cls(options["port"], options.get("send", "").encode(), expect, tls, definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge the texts, and what concerns TLS."""
        for key in ("send", "expect"):
            if options.get(key) and (key == "expect" or isinstance(options[key], str)):
                yield from text.problems(options[key], (key,), key)
        if not options.get("tls"):
            for key in ("host", *line.OPTIONS):
                if key in options:
                    yield Complaint("H013", (key,), f"{key} has no effect without TLS", "add `tls: true`, or leave it out")
        yield from line.problems(options)

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            async with connected(address, self.port, progress, self.tls) as it:
                if self.send:
                    progress.stage = "sending"
                    it.writer.write(self.send)
                    await it.writer.drain()
                if self.expect:
                    progress.stage = "waiting for the expected text"
                    await self._hear(self.expect, it.reader, progress)
            return ", ".join(filter(None, ("expected text heard" if self.expect else "connected", it.remark)))

        return await attempt(address, self.timeout, look)

    async def _hear(self, expect: Text, reader: Reader, progress: Progress) -> None:
        search, heard, found = expect.search(), 0, False
        while not found:
            chunk = await reader.read(min(4096, READ_LIMIT - heard)) if heard < READ_LIMIT else b""
            if not chunk:
                found = search.end()
                break
            heard += len(chunk)
            found = search.feed(chunk)
            await asyncio.sleep(0)  # a pattern takes its time; others have their turn
        progress.judged(f"{expect} occurs", found, f"{heard} octets heard")
        if not found:
            over = "expected text not in the first 64 KiB"
            raise Unfit(over if heard >= READ_LIMIT else "closed before the expected text" if heard else "closed without a word")
