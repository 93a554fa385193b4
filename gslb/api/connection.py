"""Connections: a bounded number of them, each closed when no whole request comes in time; nonsense instead of HTTP ends in a problem, too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from gslb import log
from gslb.api.limits import CONNECTIONS, SLOW
from gslb.api.problem import ProblemError
from gslb.api.writing import refusal

LONGEST_LINE: Final = 16_384  # octets of a request's first line: a long explain as GET
LONGEST_FIELD: Final = 8190
MOST_FIELDS: Final = 64
OPTIONS: Final[Mapping[str, Any]] = {
    "access_log": None,
    "keepalive_timeout": SLOW,  # also the time for the head of a request to come
    "lingering_time": 1.0,  # seconds of reading on a body that was refused, so that the refusal is read
    "max_line_size": LONGEST_LINE,
    "max_field_size": LONGEST_FIELD,
    "max_headers": MOST_FIELDS,
    "auto_decompress": False,
}


class Connection(RequestHandler):
    """One connection."""

    __slots__ = ()

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
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> asyncio.Protocol:
        """Make one."""
        if len(self._server.connections) >= self._most:
            return Full()
        return Connection(self._server, loop=self._loop, **OPTIONS)
