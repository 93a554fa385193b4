"""The `tcp` check: a connection, and if wanted a word said and a word heard.

For what does not speak HTTP. What is read is bounded; nothing is resolved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from gslb.check.attempt import Progress, Unfit, attempt
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option

READ_LIMIT: Final = 64 * 1024  # octets in which `expect` must occur
_TEXT_LIMIT: Final = 4096  # octets of `send` and of `expect`


class Tcp:
    """Connect; send `send`; read until `expect` occurs."""

    name: ClassVar[str] = "tcp"
    doc: ClassVar[str] = "A TCP connection; optionally sends a text and waits for one."
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            "port": Option(Kind.INTEGER, "TCP port", REQUIRED, 1, 65535),
            "send": Option(Kind.STRING, 'text to send once connected; "\\r\\n" in double quotes ends a line', ""),
            "expect": Option(Kind.STRING, "text that must occur in the first 64 KiB that come back", ""),
        }
    )

    def __init__(self, port: int, send: bytes, expect: bytes, timeout: float) -> None:
        self.port = port
        self.send = send
        self.expect = expect
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        options = definition.options
        return cls(options["port"], options.get("send", "").encode(), options.get("expect", "").encode(), definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge the length of the texts."""
        for key in ("send", "expect"):
            value = options.get(key, "")
            if isinstance(value, str) and len(value.encode()) > _TEXT_LIMIT:
                yield Complaint("H009", (key,), f"{key} takes {len(value.encode())} octets: at most {_TEXT_LIMIT}")

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            reader, writer = await asyncio.open_connection(str(address), self.port)
            try:
                if self.send:
                    progress.stage = "sending"
                    writer.write(self.send)
                    await writer.drain()
                if self.expect:
                    progress.stage = "waiting for the expected text"
                    await self._hear(reader)
            finally:
                writer.transport.abort()  # nothing more is wanted, and nothing is waited for
            return "expected text heard" if self.expect else "connected"

        return await attempt(address, self.timeout, look)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        heard = bytearray()
        while self.expect not in heard:
            if len(heard) >= READ_LIMIT:
                raise Unfit("expected text not in the first 64 KiB")
            chunk = await reader.read(READ_LIMIT - len(heard))
            if not chunk:
                raise Unfit("closed before the expected text" if heard else "closed without a word")
            heard += chunk
