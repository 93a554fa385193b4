"""Connections: a bounded number of them, each closed when no whole request comes in time; nonsense instead of HTTP ends in a problem, too."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from gslb import log
from gslb.api.limits import CONNECTIONS, OF_ONE, SLOW
from gslb.api.problem import ProblemError
from gslb.api.writing import refusal

LONGEST_LINE: Final = 16_384  # octets of a request's first line: a long explain as GET
LONGEST_FIELD: Final = 8190
MOST_FIELDS: Final = 64
OPTIONS: Final[Mapping[str, Any]] = {
    "access_log": None,
    "keepalive_timeout": SLOW,  # also the time for the head of a request to come
    "lingering_time": 0.0,  # seconds of reading on a body that was refused: `writing` lets the refusal be read without that
    "max_line_size": LONGEST_LINE,
    "max_field_size": LONGEST_FIELD,
    "max_headers": MOST_FIELDS,
    "auto_decompress": False,
    "read_bufsize": 16_384,  # octets that wait of each body: 500 connections hold 16 MB, not 64
}


class Connection(RequestHandler):
    """One connection. `crowd`: how many there are of each address."""

    __slots__ = ("_address", "_crowd")

    def __init__(self, manager: web.Server, crowd: Counter[str], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(manager, loop=loop, **OPTIONS)
        self._crowd = crowd
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it; close it where its address has too many."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if isinstance(peer, tuple) else ""  # nobody's, over a unix socket
        self._crowd[self._address] += 1
        if self._address and self._crowd[self._address] > OF_ONE:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it no more."""
        super().connection_lost(exc)
        self._crowd[self._address] -= 1
        if not self._crowd[self._address]:
            del self._crowd[self._address]

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or a fault of ours."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        if status < 500:
            line = isinstance(exc, LineTooLong)
            code, text = ("headers", "a line of the request's head is too long") if line else ("http", (message or "this is no HTTP").split("\n")[0])
            answer = refusal(ProblemError(431 if line else 400, code, text[:200]))
        else:
            log.error("a request failed by a fault of gslb itself", error=repr(exc))
            answer = refusal(ProblemError(500, "fault", "this is a fault of gslb itself: the log of the service says more; please report it"))
        answer.force_close()
        return answer


class Full(asyncio.Protocol):
    """A connection that there is no room for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it at once."""
        transport.close()


class Connections:
    """Makes connections of a server, so many at once."""

    def __init__(self, server: web.Server, most: int = CONNECTIONS) -> None:
        self._server = server
        self._most = most
        self._crowd: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> asyncio.Protocol:
        """Make one."""
        if len(self._server.connections) >= self._most:
            return Full()
        return Connection(self._server, self._crowd, self._loop)
