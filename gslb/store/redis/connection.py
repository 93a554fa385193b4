"""One connection to one server of the store: commands out, answers in, errors translated; nothing waits longer than a limit.

Used by discovery, the store and its replica. A connection that lost its place, was cut, or whose server does not serve what we want of it, is dropped
and never used again: `OutOfReachError`. What the server will not do for us leaves it as it is: `DeniedError`. Both are StoreErrors.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from redis import exceptions
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection

from gslb.errors import StoreError
from gslb.store.redis.url import NOBODY, Login, Tls

DEADLINE: Final = 2.0  # seconds for anything; a node's judging clock stands still after that
Command = tuple[Any, ...]

_ELSEWHERE: Final = (
    "READONLY",
    "MOVED",
    "ASK",
    "TRYAGAIN",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "UNBLOCKED",
    "NOAUTH",
)  # another server, or later

_ELSEWHERE_KINDS: Final = (
    exceptions.ReadOnlyError,
    exceptions.MovedError,
    exceptions.AskError,
    exceptions.TryAgainError,
    exceptions.ClusterDownError,
    exceptions.MasterDownError,
    exceptions.AuthenticationError,
)


class OutOfReachError(StoreError):
    """The server could not be asked, or does not serve this any more: connect anew, perhaps to another."""


class DeniedError(StoreError):
    """The server answered that it will not: no right, no memory, another type."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server: `host` and `port`, or the `path` of a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    login: Login = NOBODY
    db: int = 0
    tls: Tls | None = None

    @property
    def shown(self) -> str:
        """As people may see it."""
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


class Wire:
    """A connection that stands. One user at a time; `close` it, whatever happened."""

    def __init__(self, endpoint: Endpoint, connection: AbstractConnection) -> None:
        self.endpoint = endpoint
        self._connection = connection

    @classmethod
    async def open(cls, endpoint: Endpoint, name: str = "", limit: float = DEADLINE) -> Wire:
        """Connect and say who we are. Raises OutOfReachError."""
        try:
            wire = cls(endpoint, _connection(endpoint, name))
        except (OSError, ssl.SSLError) as error:  # files that TLS needs
            raise OutOfReachError(f"{endpoint.shown}: certificates: {error}") from error
        try:
            async with asyncio.timeout(limit):
                await wire._connection.connect()  # type: ignore[no-untyped-call]  # the library's gap
        except BaseException as error:
            await wire.close()
            if isinstance(error, (exceptions.RedisError, OSError, TimeoutError, ssl.SSLError, ValueError)):
                raise OutOfReachError(f"{endpoint.shown}: {_words(error)}") from error
            raise
        return wire

    async def ask(self, *command: Any, limit: float = DEADLINE) -> Any:
        """Give one command; its answer. Raises OutOfReachError, DeniedError."""
        return self._fine((await self._talk([command], limit))[0])

    async def ask_each(self, commands: Sequence[Command], limit: float = DEADLINE) -> list[Any]:
        """Give several at once, each on its own; an error stands in its answer's place. Raises OutOfReachError."""
        answers = await self._talk(commands, limit)
        for answer in answers:
            if isinstance(answer, exceptions.ResponseError) and _elsewhere(answer):
                raise self._translated(answer)
        return answers

    async def transaction(self, commands: Sequence[Command], limit: float = DEADLINE) -> list[Any] | None:
        """Give several as one (MULTI, EXEC); None where a watched key had changed. Of one that was done in vain the error stands in its place: a key
        of another type is one answer less, and not all. Raises OutOfReachError, DeniedError: then nothing was done, or, out of reach, nobody knows.
        """
        *queued, answers = await self._talk([("MULTI",), *commands, ("EXEC",)], limit)
        for answer in queued:
            self._fine(answer)
        found: list[Any] | None = self._fine(answers)
        for answer in found or ():
            if isinstance(answer, exceptions.ResponseError) and _elsewhere(answer):
                raise self._translated(answer)
        return found

    async def close(self) -> None:
        """Hang up."""
        await self._connection.disconnect(nowait=True)

    async def _talk(self, commands: Sequence[Command], limit: float) -> list[Any]:
        """Send all, read as many answers. Whatever goes wrong in between, the connection is of no more use."""
        answers: list[Any] = []
        try:
            async with asyncio.timeout(limit):
                await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
                for _ in commands:
                    try:
                        answers.append(await self._connection.read_response())
                    except exceptions.ResponseError as error:
                        answers.append(error)
        except BaseException as error:
            await self.close()
            if isinstance(error, (exceptions.RedisError, OSError, TimeoutError)):
                raise OutOfReachError(f"{self.endpoint.shown}: {_words(error, limit)}") from error
            raise
        return answers

    def _fine(self, answer: Any) -> Any:
        if isinstance(answer, exceptions.ResponseError):
            raise self._translated(answer)
        return answer

    def _translated(self, error: exceptions.ResponseError) -> StoreError:
        kind = OutOfReachError if _elsewhere(error) else DeniedError
        return kind(f"{self.endpoint.shown}: {_words(error)}")


def done(answers: Sequence[Any]) -> None:
    """Make sure that all writes of a transaction were done. Raises DeniedError."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise DeniedError(_words(answer))


def _connection(endpoint: Endpoint, name: str) -> AbstractConnection:
    """Make a connection that does what it is told and nothing else: no retries, no checks of its own, nothing about itself told."""
    login = endpoint.login
    common: dict[str, Any] = {
        "username": login.user or None,
        "password": login.password or None,
        "db": endpoint.db,
        "client_name": name or None,
        "driver_info": None,  # CLIENT SETINFO: a command that 6.2 and 7.0 do not know
        "protocol": 2,
        "socket_timeout": None,  # limits are ours
        "socket_connect_timeout": DEADLINE,
    }
    if endpoint.path:
        return UnixDomainSocketConnection(path=endpoint.path, **common)
    common |= {"host": endpoint.host, "port": endpoint.port}
    if endpoint.tls is None:
        return Connection(**common)
    connection = SSLConnection(**common)
    context = _kept_context if endpoint.tls.ca else _context  # who believes the system believes it as it is now
    connection.ssl_context.context = context(endpoint.tls, *(Path(name).stat().st_mtime_ns for name in endpoint.tls.files))
    return connection


def _context(tls: Tls, *_changed: int) -> ssl.SSLContext:
    """Return what believes the named authority and no other (the library would believe the system's as well)."""
    context = ssl.create_default_context(cafile=tls.ca or None)
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key or None)
    return context


_kept_context = lru_cache(maxsize=8)(_context)  # made anew only when a file is: it costs more than the rest of a connect


def _elsewhere(error: exceptions.ResponseError) -> bool:
    return isinstance(error, _ELSEWHERE_KINDS) or str(error).startswith(_ELSEWHERE)


def _words(error: BaseException, limit: float = DEADLINE) -> str:
    """Say it in a line, with the server's own word for it."""
    if isinstance(error, (TimeoutError, exceptions.TimeoutError)):
        return f"no answer within {limit:g} s"
    kind = {
        exceptions.ReadOnlyError: "READONLY ",
        exceptions.NoPermissionError: "NOPERM ",
        exceptions.OutOfMemoryError: "OOM ",
        exceptions.BusyLoadingError: "LOADING ",
        exceptions.ClusterDownError: "CLUSTERDOWN ",
        exceptions.MasterDownError: "MASTERDOWN ",
        exceptions.MovedError: "MOVED ",
        exceptions.AskError: "ASK ",
        exceptions.TryAgainError: "TRYAGAIN ",
    }.get(type(error), "")
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.startswith(kind) else kind + text
