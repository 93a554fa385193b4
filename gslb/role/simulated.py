"""Four data centres in one process, to try the service with: real HTTP servers on loopback that can be broken and mended.

Run by `gslb demo`, told what to do by `gslb site-sim` through a unix socket. Each site has an address of its own (all of 127/8 is
local on Linux) and they share one port, because a check has one port for all its addresses. Nothing else depends on
this module, and it never listens beyond loopback.

    mode   what a prober sees
    -----  ------------------------------------------------------------
    ok     200 and {"status": "healthy"}
    stop   connection refused: nothing listens
    hang   the connection is accepted, and then nothing comes
    error  503 and {"status": "failing"}
    slow   200, but the body trickles in for half a minute
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gslb.errors import GslbError, ListenError, UsageError

SITES: Final[Mapping[str, str]] = MappingProxyType({"fra": "127.0.10.1", "iad": "127.0.10.2", "sjc": "127.0.10.3", "sin": "127.0.10.4"})
PORT: Final = 18480  # below the kernel's ephemeral range, and nobody's by IANA's list
PATH: Final = "/healthz"
BREAKS: Final = ("stop", "hang", "error", "slow")
OK: Final = "ok"

_HEAD_LIMIT: Final = 8192  # octets of a request's head
_LINE_LIMIT: Final = 256  # octets of a command
_IDLE: Final = 10.0  # seconds for a client to say something
_TRICKLE: Final = 0.5  # seconds between two octets of a slow body


@dataclass(frozen=True, slots=True)
class Status:
    """One simulated site at this moment; `requests` counts what was asked of it."""

    site: str
    address: str
    port: int
    mode: str
    requests: int


class SimulatedSite:
    """One HTTP server. `mode` is `ok` or one of BREAKS."""

    def __init__(self, name: str, address: str, port: int) -> None:
        self.name = name
        self.address = address
        self.port = port  # 0 = any free one, known after the first start
        self.mode = "stop"
        self.requests = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def status(self) -> Status:
        """How it stands now."""
        return Status(self.name, self.address, self.port, self.mode, self.requests)

    async def turn(self, mode: str) -> None:
        """Behave so from now on; open connections end. Raises ListenError."""
        for talk in self._talks:
            talk.cancel()
        if mode == "stop" and self._server:
            self._server.close()
            self._server = None
        elif mode != "stop" and self._server is None:
            self._server = await self._listen()
            self.port = self._server.sockets[0].getsockname()[1]
        self.mode = mode

    async def _listen(self) -> asyncio.Server:
        try:
            return await asyncio.start_server(self._talk, self.address, self.port, limit=_HEAD_LIMIT, family=socket.AF_INET)
        except OSError as error:
            hint = "choose another port" if self.port else "only Linux has all of 127/8 by itself"
            raise ListenError(f"simulated site {self.name}: cannot listen on {self.address}:{self.port}: {error.strerror}: {hint}") from error

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            async with asyncio.timeout(_IDLE):
                head = await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            await self._answer(head, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the client left, or the mode was turned: either way this connection is over
        finally:
            self._talks.discard(task)
            writer.transport.abort()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        if self.mode == "hang":
            await asyncio.Event().wait()
        words = head.split(None, 2)
        found = len(words) > 1 and words[1].split(b"?")[0] in {b"/", PATH.encode()}
        failing = self.mode == "error"
        line = "503 Service Unavailable" if failing else "200 OK" if found else "404 Not Found"
        body = json.dumps({"status": "failing" if failing else "healthy", "site": self.name, "requests": self.requests}).encode() + b"\n"
        fields = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(fields.encode())
        if self.mode == "slow":
            for octet in body:
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(_TRICKLE)
        elif words[:1] != [b"HEAD"]:
            writer.write(body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class Simulation:
    """All simulated sites, and the commands that break and mend them."""

    def __init__(self, sites: Mapping[str, str] = SITES, port: int = PORT) -> None:
        self.sites = {name: SimulatedSite(name, address, port) for name, address in sites.items()}

    async def start(self) -> None:
        """Open all sites, or none. Raises ListenError."""
        try:
            for site in self.sites.values():
                await site.turn(OK)
        except ListenError:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop all sites."""
        for site in self.sites.values():
            await site.turn("stop")

    async def obey(self, command: str) -> tuple[Status, ...]:
        """Do `break SITE [MODE]`, `mend SITE|all` or `status`; returns how all stand then. Raises UsageError or ListenError."""
        match command.split():
            case ["status"]:
                pass
            case ["break", name, *mode] if len(mode) < 2:
                how = mode[0] if mode else "stop"
                if how not in BREAKS:
                    raise UsageError(f"sites break by {', '.join(BREAKS)}, not {how!r}")
                for site in self._named(name):
                    await site.turn(how)
            case ["mend", name]:
                for site in self._named(name):
                    await site.turn(OK)
            case _:
                raise UsageError(f"unknown command {command.strip()!r}: break SITE [{'|'.join(BREAKS)}], mend SITE, status")
        return tuple(site.status for site in self.sites.values())

    def _named(self, name: str) -> Sequence[SimulatedSite]:
        if name == "all":
            return tuple(self.sites.values())
        if name not in self.sites:
            raise UsageError(f"no simulated site {name!r}: there are {', '.join(self.sites)}, and `all`")
        return (self.sites[name],)


async def run(control: Path, stop: asyncio.Event, *, simulation: Simulation | None = None, ready: asyncio.Event | None = None) -> None:
    """Serve the sites and their control socket until `stop`; `ready` is set once all listen. Raises ListenError."""
    sites = simulation or Simulation()
    if await _answers(control):
        raise ListenError(f"simulated sites already run: something answers on {control}")
    await sites.start()
    server = None
    try:
        server = await _control(control, sites)
        if ready:
            ready.set()
        await stop.wait()
    finally:
        if server:
            server.close()
        control.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call, at the very end
        await sites.close()


def tell(control: Path, command: str, seconds: float = 3.0) -> tuple[Status, ...]:
    """Send a command to the running simulation, as `gslb site-sim` does. Raises UsageError for a bad one, GslbError if none runs."""
    try:
        with socket.socket(socket.AF_UNIX) as line, line.makefile("rwb") as talk:
            line.settimeout(seconds)
            line.connect(os.fspath(control))
            talk.write(command.encode() + b"\n")
            talk.flush()
            reply = json.loads(talk.readline())
    except (OSError, ValueError) as error:
        raise GslbError(f"no simulated sites answer on {control}: start them with `gslb demo`") from error
    if "error" in reply:
        raise UsageError(reply["error"])
    return tuple(Status(**site) for site in reply["sites"])


async def _control(path: Path, sites: Simulation) -> asyncio.Server:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_IDLE):
                command = (await reader.readline()).decode(errors="replace")
            reply: dict[str, object] = {"sites": [asdict(status) for status in await sites.obey(command)]}
        except GslbError as error:
            reply = {"error": str(error)}
        except (OSError, ValueError):  # silent for too long, gone, or a line without end
            reply = {"error": "no command"}
        writer.write(json.dumps(reply).encode() + b"\n")
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_unix_server(talk, path, limit=_LINE_LIMIT)
        path.chmod(0o600)  # noqa: ASYNC240 - one system call, at the very start
    except OSError as error:
        raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from error
    return server


async def _answers(path: Path) -> bool:
    """Whether somebody listens there; a socket file left behind by a crash does not count."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True
