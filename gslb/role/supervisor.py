"""The supervisor: starts control and the planes, binds the sockets, and keeps both for as long as it lives.

It holds every listening socket and both ends of every pipe, so that a restarted plane finds its queued datagrams and a restarted
control finds the planes. It parses no packet, reads no zone, and binds nothing before control is ready and every plane has loaded
its first snapshot: until then resolvers rightly ask another nameserver.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gslb import log
from gslb.errors import GslbError
from gslb.role import claims, leash, open_files
from gslb.role.child import Child, Program, describe
from gslb.role.notify_systemd import Systemd
from gslb.role.options import Options
from gslb.transport import listen
from gslb.transport.listen import AddressMissingError, Endpoint, Pair

TRIES: Final = 3  # starts of a plane before the first success; once may be bad luck, three times is the installation
ROOM: Final = 0.01  # seconds until a plane has surely taken some of the sockets that fill its leash
SPARE_FILES: Final = 1000  # descriptors beside listening sockets: pipes and leashes, three of each plane at most, and a few more
PIPE_BUFFER: Final = 1 << 20  # octets waiting in a pipe: several slices, so that control's loop need not run for each


@dataclass(frozen=True, slots=True)
class Service:
    """What to run. `optional`: endpoints that are left out with a warning where the machine lacks the address."""

    endpoints: tuple[Endpoint, ...]
    optional: frozenset[Endpoint]
    planes: int
    control: tuple[str, ...]  # arguments of `python -m gslb.role.control_start`
    options: Options  # of each plane
    threads: int = 1  # that answer in each plane, each with sockets of its own
    pin: bool = False  # each to a core of its own
    stall_limit: float = 15.0  # seconds of silence after which a child is killed and started anew
    state_dir: Path | None = None  # which no other service may use; None: nothing is kept


class StartError(GslbError):
    """Control could not start; the text is its own. `code`: the exit code to end with."""

    def __init__(self, text: str, code: int = 1) -> None:
        self.code = code
        super().__init__(text)


class Supervisor:
    """One running service."""

    def __init__(self, service: Service) -> None:
        """Prepare; nothing is started or bound yet. Made on the running loop."""
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._endpoints: list[Endpoint] = []
        self._sockets: list[list[Pair]] = []  # of each thread, plane by plane
        self._planes: list[Child] = []
        self._control: Child
        self._waiting: set[str] = set()
        self._handing: set[asyncio.Task[None]] = set()
        self._begun: asyncio.Future[None] = self._loop.create_future()
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self._terminal = os.isatty(0)
        self._systemd = Systemd()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises UsageError, ListenError or StartError where the service cannot begin."""
        async with claims.taken(self._service.state_dir, self._service.endpoints):
            await self._run()

    async def _run(self) -> None:
        self._endpoints = usable(self._service)
        open_files.allow(SPARE_FILES + 2 * len(self._endpoints) * self._service.planes * self._service.threads)
        pipes = [make_pipe() for _ in range(self._service.planes)]
        self._make_children(pipes)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stop)
        self._loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        lives = [self._loop.create_task(child.live()) for child in (self._control, *self._planes)]
        try:
            await asyncio.wait({self._begun})
            if not self._begun.cancelled():
                self._begun.result()
                self._open()
                await self._stop
            log.info("stopping")
            await self._control.stop()  # first: it withdraws this node (`notify`), which must answer until that is done
        finally:
            self._systemd.stopping()
            for task in self._handing:
                task.cancel()
            await asyncio.gather(*(child.stop() for child in (*self._planes, self._control)))
            await asyncio.gather(*lives, return_exceptions=True)
            for pair in (pair for pairs in self._sockets for pair in pairs):
                pair.close()
            for end in (end for pipe in pipes for end in pipe):
                end.close()

    def stop(self) -> None:
        """End the service; children that end from here on are no failed start."""
        self._begun.cancel()
        if not self._stop.done():
            self._stop.set_result(None)

    def _on_hangup(self) -> None:
        """SIGHUP: reload; but where it means that our terminal is gone, end."""
        if self._terminal and not os.isatty(0):
            self.stop()
        else:
            self._control.send({"reload": 1})

    def _make_children(self, pipes: Sequence[tuple[socket.socket, socket.socket]]) -> None:
        ours = [control.fileno() for control, _plane in pipes]
        arguments = [*self._service.control, "--pipes", ",".join(map(str, ours))]
        self._control = Child("control", Program("gslb.role.control_start", arguments, ours, self._service.stall_limit), self._hear, self._ended)
        for number, (_control, plane) in enumerate(pipes):
            arguments = ["--pipe", str(plane.fileno()), "--options", self._service.options.as_text()]
            program = Program("gslb.role.plane", arguments, [plane.fileno()], self._service.stall_limit)
            self._planes.append(Child(f"plane {number}", program, self._hear, self._ended))
        self._waiting = {child.name for child in (self._control, *self._planes)}

    def _hear(self, child: Child, message: leash.Message) -> None:
        """Take what a child says: `ready` and `loaded` count towards the start, later ones mean it was restarted."""
        if "fatal" in message:
            self._fail(StartError(message["fatal"], message["code"]))
        elif "ready" in message or "loaded" in message:
            self._waiting.discard(child.name)
            if not self._waiting and not self._begun.done():
                self._begun.set_result(None)
            elif self._sockets and child is self._control:
                child.send({"listening": self._listening()})
            elif self._sockets:
                self._begin_to_hand_out(child)

    def _ended(self, child: Child, code: int) -> None:
        """Give up where a child cannot even begin; later it is started again for as long as we live."""
        if child is self._control or child.restarts + 1 >= TRIES:
            self._fail(StartError(f"{child.name} could not start ({describe(code)}): see the log above"))

    def _fail(self, error: StartError) -> None:
        if not self._begun.done():
            self._begun.set_exception(error)

    def _open(self) -> None:
        """Bind every endpoint and hand the sockets out: from here on we answer."""
        self._bind()
        for plane in self._planes:
            self._begin_to_hand_out(plane)
        answering = {"engine": self._service.options.engine, "planes": len(self._planes), "threads": len(self._sockets)}
        log.info("listening", addresses=self._listening(), **answering)
        self._control.send({"listening": self._listening()})
        self._systemd.ready(f"answers at {', '.join(self._listening())}")

    def _bind(self) -> None:
        """Bind every endpoint once per thread; port 0 is chosen with the first and the same for the others."""
        for endpoint in self._endpoints:  # a wildcard and one address of it are claimed apart; seconds have passed since the start
            listen.probe(endpoint)
        largest = self._service.options.max_udp
        first = [listen.bind(endpoint, largest=largest) for endpoint in self._endpoints]
        self._sockets.append(first)
        for _ in range(1, len(self._planes) * self._service.threads):
            self._sockets.append([listen.bind(pair.endpoint, largest=largest) for pair in first])

    def _begin_to_hand_out(self, plane: Child) -> None:
        task = self._loop.create_task(self._hand_out(plane, plane.pid))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)

    async def _hand_out(self, plane: Child, life: int | None) -> None:
        """Give a plane its sockets, as fast as it takes them: hundreds, where threads and addresses are many. Over when this life of it is."""
        threads = self._service.threads
        first = self._planes.index(plane) * threads
        cores = sorted(os.sched_getaffinity(0))
        for number, pairs in enumerate(self._sockets[first : first + threads]):
            core = cores[(first + number) % len(cores)] if self._service.pin else None
            for pair in pairs:
                while not plane.send({"sockets": str(pair.endpoint), "thread": number, "of": len(pairs), "core": core}, pair):
                    await asyncio.sleep(ROOM)
                    if plane.pid != life:
                        return

    def _listening(self) -> list[str]:
        return [str(pair.endpoint) for pair in self._sockets[0]]


def usable(service: Service) -> list[Endpoint]:
    """Probe every endpoint; leave out the optional ones that this machine does not have."""
    found = []
    for endpoint in service.endpoints:
        try:
            listen.probe(endpoint)
        except AddressMissingError as error:
            if endpoint not in service.optional:
                raise
            log.warning("not listening there", reason=str(error))
        else:
            found.append(endpoint)
    return found


def make_pipe() -> tuple[socket.socket, socket.socket]:
    """Make control's and a plane's end of a pipe (`gslb.transport.pipe`)."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.settimeout(0)
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIPE_BUFFER)
    return ends
