"""From a Reply or a problem to an HTTP response, and out: within bounds of time and of memory, whatever the reader does.

An answer that is not taken within a minute is cut; answers on their way to slow readers never hold more than so many octets together.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Final

from aiohttp import web

from gslb.api.limits import SMALL, TAKEN, WRITING, Room
from gslb.api.operation import Reply
from gslb.api.problem import CONTENT_TYPE, ProblemError
from gslb.api.reading import known_tags

LINGER: Final = 0.3  # seconds; what is closed with octets unread is reset, and with it what the reader has not yet read

HEADERS: Final = {  # of every answer of the API; the dashboard's files have their own
    "Server": "gslb",  # neither Python's version nor aiohttp's is anybody's business
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def response(request: web.Request, reply: Reply) -> web.Response:
    """Make a response of a reply; nothing but its tag where the reader has it already."""
    body = reply.content if reply.content is not None else json.dumps(reply.data, default=str, separators=(",", ":")).encode()
    headers = {**HEADERS, **reply.headers, "Content-Type": reply.content_type}
    if (reply.content is None or reply.tag) and reply.status == 200:
        tag = reply.tag or hashlib.blake2b(body, digest_size=12).hexdigest()
        headers["ETag"] = f'"{tag}"'
        if request.method in ("GET", "HEAD") and known_tags(request) & {tag, "*"}:
            del headers["Content-Type"]
            return web.Response(status=304, headers=headers)
    return web.Response(status=reply.status, body=body, headers=headers)


def refusal(problem: ProblemError) -> web.Response:
    """Make a response of a problem."""
    return web.Response(status=problem.status, body=problem.body(), headers={**HEADERS, **problem.headers, "Content-Type": CONTENT_TYPE})


class Writer:
    """Sends responses of bounded size together."""

    def __init__(self) -> None:
        self._room = Room(WRITING)

    async def send(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """Send it whole; cut the connection where the reader does not take it."""
        size = len(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else 0
        held = size if size > SMALL else 0
        if held and not self._room.take(held):
            answer, held = refusal(ProblemError(503, "busy", "too many answers are on their way: try again", headers={"Retry-After": "1"})), 0
        try:
            async with asyncio.timeout(TAKEN):
                if held and request.method != "HEAD":
                    answer = await _in_pieces(request, answer)
                else:
                    await answer.prepare(request)
                    await answer.write_eof()
        except TimeoutError:
            if request.transport:
                request.transport.abort()
        finally:
            self._room.give(held)
        if not request.content.is_eof() and answer.status >= 400:
            await _leave(request)
        return answer


async def _leave(request: web.Request) -> None:
    """Let a refusal be read by who goes on sending its body, without reading that: a flood of bodies must cost nothing. Then aiohttp closes."""
    transport = request.transport
    if transport is None or transport.is_closing():
        return
    transport.pause_reading()
    if transport.can_write_eof():
        transport.write_eof()
    await asyncio.sleep(LINGER)


async def _in_pieces(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Send a large body piece by piece, each when the one before is taken: as a whole the transport would keep a copy of it."""
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    body = memoryview(answer.body)
    pieces = web.StreamResponse(status=answer.status, headers=answer.headers)
    pieces.content_length = len(body)
    await pieces.prepare(request)
    for at in range(0, len(body), SMALL):
        await pieces.write(body[at : at + SMALL])
    await pieces.write_eof()
    return pieces
