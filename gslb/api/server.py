"""The server: HTTP in front of a Service, for people and their programs. Every answer that is no success is a problem+json.

Made by `gslb run` and `gslb control`. What each request goes through: the door (who is it, may it), reading (does it make sense), its operation,
writing (in bounded time and memory).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from errno import EADDRINUSE, EEXIST
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from gslb import log
from gslb.api import problem as problems
from gslb.api.connection import Connections
from gslb.api.document import DOCUMENT, STREAM, octets, tag
from gslb.api.door import Door
from gslb.api.limits import ANSWERED, SLOW, STREAMS, TAKEN
from gslb.api.operation import LARGEST, Operation, Reply
from gslb.api.problem import ProblemError
from gslb.api.reading import Reader
from gslb.api.resources import OPERATIONS
from gslb.api.service import Caller, Scope, Service
from gslb.api.stream import Stream
from gslb.api.tls import Certificate
from gslb.api.tokens import Tokens
from gslb.api.writing import HEADERS, Writer, refusal, response
from gslb.config.settings_api import Api
from gslb.errors import GslbError, ListenError

BACKLOG: Final = 128
SILENCE: Final = 15.0  # seconds after which a stream says that it still is one
CALLER: Final = web.RequestKey("caller", Caller)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiServer:
    """One server for one service. `routes`: what else is served beside the API, to everybody: the dashboard's files."""

    def __init__(self, settings: Api, service: Service, routes: Sequence[web.AbstractRouteDef] = ()) -> None:
        """Read tokens. Raises ConfigError."""
        self._settings = settings
        self._service = service
        self._door = Door(settings, Tokens(settings.tokens))
        self._reader = Reader(service)
        self._writer = Writer()
        self._stream = Stream(service)
        application = web.Application(middlewares=[self._middle], client_max_size=LARGEST)
        for one in OPERATIONS:
            add = web.get if one.method == "GET" else partial(web.route, one.method)  # with GET comes HEAD (RFC 9110 section 9.1)
            application.add_routes([add(one.path, self._handler(one))])
        application.add_routes([web.get(DOCUMENT, self._document), web.get(STREAM, self._streaming), *routes])
        self._open = frozenset(operation.path for operation in OPERATIONS if operation.scope is None)
        application.on_response_prepare.append(_last_look)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        self._server: asyncio.Server | None = None
        self._certificate: Certificate | None = None
        self.listening: str = ""

    async def start(self) -> None:
        """Listen. Raises ListenError and UsageError."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        assert self._runner.server is not None
        factory, listen = Connections(self._runner.server), self._settings.listen
        try:
            if isinstance(listen, Path):
                self._server = await self._listen_unix(loop, factory, listen)
                self.listening = f"unix://{listen}"
            else:
                tls = self._certificate = Certificate(self._settings.tls) if self._settings.tls else None
                limits: dict[str, Any] = {"ssl": tls.context, "ssl_handshake_timeout": SLOW, "ssl_shutdown_timeout": SLOW} if tls else {}
                self._server = await loop.create_server(factory, listen.host, listen.port, backlog=BACKLOG, **limits)
                host, port, *_ = self._server.sockets[0].getsockname()
                self.listening = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        except OSError as error:
            await self._runner.cleanup()
            raise ListenError(f"the API cannot listen on {listen}: {error.strerror or error}; change api.listen") from None
        log.info("the API is served", address=self.listening)

    async def close(self) -> None:
        """Listen no more, and end what is under way."""
        if self._server:
            self._server.close()
        if self._certificate:
            self._certificate.close()
        await self._stream.close()
        await self._runner.cleanup()
        if isinstance(self._settings.listen, Path) and self.listening:
            self._settings.listen.unlink(missing_ok=True)

    @staticmethod
    async def _listen_unix(loop: asyncio.AbstractEventLoop, factory: Connections, path: Path) -> asyncio.Server:
        if not path.is_socket() and path.exists():  # noqa: ASYNC240  a system call or two
            raise OSError(EEXIST, "something else is there")
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            (await asyncio.open_unix_connection(path))[1].close()
            raise OSError(EADDRINUSE, "another service listens there")
        old = os.umask(0o177)  # nobody else's from its first moment on
        try:
            path.unlink(missing_ok=True)  # noqa: ASYNC240  one system call; what a dead process left behind
            return await loop.create_unix_server(factory, path, backlog=BACKLOG)
        finally:
            os.umask(old)

    @web.middleware
    async def _middle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in or turn away, and turn what goes wrong into a problem."""
        try:
            request[CALLER] = self._door.enter(request)
            answer = await handler(request)
        except ProblemError as problem:
            answer = refusal(problem)
        except web.HTTPException as error:
            answer = error if error.status < 400 else refusal(_of_aiohttp(request, error))
        except GslbError as error:
            answer = refusal(problems.of(error))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001  whoever asks must hear of it, and the service must live
            log.error("a request failed by a fault of gslb itself", method=request.method, path=request.path[:200], error=repr(error))
            answer = refusal(ProblemError(500, "fault", "this is a fault of gslb itself: the log of the service says more; please report it"))
        return await self._writer.send(request, answer) if not answer.prepared else answer

    def _handler(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            caller = request[CALLER]
            self._door.admit(caller, operation)
            call = await self._reader.call(request, operation, caller)
            try:
                async with asyncio.timeout(ANSWERED):
                    reply = await operation.handler(call)
            except TimeoutError:
                raise ProblemError(503, "busy", f"it was not done within {ANSWERED:.0f} s: try again", headers={"Retry-After": "10"}) from None
            return response(request, reply)

        return handle

    async def _document(self, request: web.Request) -> web.StreamResponse:
        self._door.admit(request[CALLER], _SEEING)
        return response(request, Reply(content=octets(), tag=tag()))

    async def _streaming(self, request: web.Request) -> web.StreamResponse:
        """Tell what changes, until the reader goes or is too slow."""
        caller = request[CALLER]
        self._door.admit(caller, _SEEING)
        if self._stream.readers >= STREAMS:
            raise ProblemError(503, "streams", f"{STREAMS} streams are read already", headers={"Retry-After": "10"})
        headers = {**HEADERS, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        answer = web.StreamResponse(headers=headers)
        async with self._stream.reading(request.headers.get("Last-Event-ID", "")[:40]) as reader:
            await answer.prepare(request)
            while True:
                try:
                    async with asyncio.timeout(SILENCE):
                        frame = await reader.frames.get()
                except TimeoutError:
                    frame = b": still here\n\n"
                if frame is None or not self._door.still(request, caller):
                    break
                try:
                    async with asyncio.timeout(TAKEN):
                        await answer.write(frame)
                except TimeoutError:  # nobody reads: there is nothing more to say, not even that
                    if request.transport:
                        request.transport.abort()
                    break
        return answer


async def _last_look(_request: web.BaseRequest, answer: web.StreamResponse) -> None:
    """See to what does not come by way of `_middle`: refusals of the framework itself, such as of an `Expect` that it does not know."""
    answer.headers["Server"] = HEADERS["Server"]
    if isinstance(answer, web.HTTPException) and answer.status >= 400:
        answer.body = body = ProblemError(answer.status, "http", answer.reason).body()
        answer.headers.update({**HEADERS, "Content-Type": problems.CONTENT_TYPE, "Content-Length": str(len(body))})


async def _seen(_call: object) -> Reply:
    return Reply()


_SEEING: Final = Operation("GET", STREAM, _seen, Scope.READ)


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> ProblemError:
    """Turn what the router says into a problem."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return ProblemError(405, "method", f"{request.method[:20]} is not done here, but {allowed}", headers={"Allow": allowed})
    if error.status == 404:
        return ProblemError(404, "unknown", f"there is nothing at {request.path[:200]}: /api/v1/ says what there is")
    return ProblemError(error.status, "http", error.reason)
