"""A plane: the process that answers. It holds sockets, engine and snapshot, and nothing else.

Started by the supervisor (`python -m gslb.role.plane`), fed by control through the pipe. It serves on with what it has while control
parses, compiles, stalls or is dead; it reads no file, knows no store and no key, and waits for nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
from dataclasses import dataclass, field, replace
from typing import Final

from gslb import log
from gslb.errors import GslbError, PlanError
from gslb.role import drop_privileges, open_files
from gslb.role.excuses import Excuses
from gslb.role.leash import Leash, Message
from gslb.role.options import Options
from gslb.transport.connections import Connections, Limits
from gslb.transport.engines import make
from gslb.transport.listen import BACKLOG
from gslb.transport.pipe import Intake
from gslb.transport.watch import watch

TICK: Final = 1.0  # seconds between reports; metrics are as old as that
SPARE_FILES: Final = 200  # descriptors beside TCP connections and listening sockets: pipe, leash, and those the interpreter opens
ACCEPTED: Final = 16  # TCP connections accepted per turn of the loop: about 1 ms, then UDP gets its turn
LAST_WORDS: Final = 1.0  # seconds for the datagrams that are queued at the end, all addresses together; a flood gets no more
GRACE: Final = 3.0  # seconds TCP clients get to read their last answers; with LAST_WORDS well below the supervisor's patience (`child.DRAIN`)


@dataclass(slots=True)
class Thread:
    """The sockets of one thread (the Python engine has but one), as the supervisor hands them over: `pairs` by address, `of` so many."""

    of: int
    core: int | None = None  # to keep to
    pairs: dict[str, tuple[socket.socket, socket.socket]] = field(default_factory=dict)  # UDP, TCP
    open: bool = False


class Plane:
    """One plane process on its running loop."""

    def __init__(self, pipe: socket.socket, leash: socket.socket, options: Options) -> None:
        """Connect; nothing is served until the supervisor sends sockets."""
        self._loop = asyncio.get_running_loop()
        self._engine = make(options.engine, max_udp=options.max_udp, ecs=options.ecs)
        self._intake = Intake(pipe, self._engine, self._swapped, self._told)
        self._watch = watch(options.telling, self._engine.name, self._intake.report, max_udp=options.max_udp, ecs=options.ecs)
        self._connections = Connections(self._engine, self._loop.time, options.tcp, self._watch)
        self._threads: dict[int, Thread] = {}
        self._servers: list[asyncio.Server] = []
        self._loaded = False
        self._failed = False
        self._excuses = Excuses(self._loop.time)
        self._stop = asyncio.Event()
        self._leash = Leash(leash, self._hear, self._stop.set)
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Serve until SIGTERM, or until the supervisor is gone. Raises SystemExit where sockets cannot be served: a new start may."""
        self._loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._loop.set_exception_handler(self._excuse)
        self._intake.start()
        if self._watch:
            self._engine.watch(self._watch)
            if self._watch.tap:
                self._tasks.append(self._loop.create_task(self._watch.tap.run()))
        self._tasks += [self._loop.create_task(self._connections.sweep_forever()), self._loop.create_task(self._tick())]
        await self._stop.wait()
        await self._drain()
        if self._failed:
            raise SystemExit(1)

    def _swapped(self) -> None:
        """Take note that a new plan is obeyed, from the next packet on."""
        generation = self._engine.generation
        self._loop.call_soon(self._tidy)
        # What has just been built lives long and holds no cycle: the collector need never look at it.
        gc.freeze()
        self._intake.report({"applied": generation})
        if not self._loaded:
            self._loaded = True
            self._leash.send({"loaded": generation})
            self._open()

    def _told(self, message: Message) -> None:
        """Take what control says that is no plan."""
        if self._watch and self._watch.debug:
            self._watch.debug.hear(message)

    def _tidy(self) -> None:
        if self._engine.tidy():
            self._loop.call_soon(self._tidy)

    def _hear(self, message: Message, descriptors: list[int]) -> None:
        """Take the sockets of one thread at one address."""
        if "sockets" not in message:
            return
        udp, tcp = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        thread = self._threads.setdefault(message["thread"], Thread(message["of"], message["core"]))
        if message["sockets"] in thread.pairs:  # we were started again while sockets were handed out
            udp.close()
            tcp.close()
            return
        thread.pairs[message["sockets"]] = udp, tcp
        self._open()

    def _open(self) -> None:
        """Answer where all sockets of a thread are here; never before there is a plan, for then everything would be REFUSED."""
        for thread in self._threads.values():
            if not self._loaded or thread.open or len(thread.pairs) < thread.of:
                continue
            thread.open = True
            try:
                self._engine.listen([udp for udp, _tcp in thread.pairs.values()], thread.core)
            except OSError as error:  # no thread to be had, or not that core; the kernel would go on sending queries there
                log.error("a thread cannot be started; this plane ends, to be started anew", reason=str(error), core=thread.core)
                self._failed = True
                self._stop.set()
                return
            self._tasks += [self._loop.create_task(self._accept(tcp)) for _udp, tcp in thread.pairs.values()]

    async def _accept(self, tcp: socket.socket) -> None:
        self._servers.append(await self._loop.create_server(self._connections.protocol, sock=tcp, backlog=ACCEPTED))
        tcp.listen(BACKLOG)  # asyncio has one number for what may wait and for what it takes at once

    async def _tick(self) -> None:
        """Give signs of life and counts; say hello for as long as there is nothing to build on."""
        while True:
            if self._intake.lost:
                self._intake.report({"hello": os.getpid()})
            self._leash.send({"beat": 1})
            self._intake.report(self._report())
            self._engine.tell(self._intake.report)
            self._tidy()
            if not self._intake.assembling:
                # Long-lived data are frozen, so this looks at little: connections that went, exceptions.
                gc.collect()
            await asyncio.sleep(TICK)

    def _report(self) -> Message:
        return {
            "pid": os.getpid(),
            "engine": [self._engine.name, self._engine.version],
            "generation": self._engine.generation,
            **self._engine.sums(),
            **(self._watch.tap.sums() if self._watch and self._watch.tap else {}),
            "tcp": {
                "open": len(self._connections),
                "accepted": self._connections.tally.accepted,
                "refused": self._connections.tally.refused,
                "idle": self._connections.tally.idle,
                "evicted": self._connections.tally.evicted,
            },
        }

    async def _drain(self) -> None:
        """Answer what is queued, let TCP clients read what is theirs, tell the last counts."""
        for server in self._servers:
            server.close()
        self._engine.stop(LAST_WORDS)
        await self._connections.finish(GRACE)
        if self._watch and self._watch.tap:
            await self._watch.tap.finish()
        self._intake.report(self._report())
        self._engine.tell(self._intake.report)
        for task in self._tasks:
            task.cancel()

    def _excuse(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Log what went wrong in a callback; the loop goes on. A refused delta is one of these: control is asked to begin anew."""
        error = context.get("exception")
        if isinstance(error, PlanError):
            log.error("a plan was refused; serving on with the last one", reason=str(error), generation=self._engine.generation)
            self._intake.report({"hello": os.getpid()})
        else:
            self._excuses(loop, context)


def main() -> None:
    """Run a plane with descriptors that the supervisor left open."""
    parser = argparse.ArgumentParser(prog="python -m gslb.role.plane", description="started by the supervisor only")
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--leash", type=int, required=True)
    parser.add_argument("--options", type=Options.from_text, default=Options())
    given = parser.parse_args()
    options: Options = given.options
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    leash = socket.socket(fileno=given.leash)
    log.configure(options.log_level, options.log_format, role="plane")
    log.prepare()
    try:
        if options.user:
            drop_privileges.become(options.user)
    except (GslbError, OSError) as error:
        leash.send(json.dumps({"fatal": str(error), "code": 2}).encode())
        raise SystemExit(2) from None
    spare = SPARE_FILES + options.sockets
    options = replace(options, tcp=affordable(options.tcp, open_files.allow(options.tcp.total + spare), spare))
    # The collector's full passes would stop everything for as long as the zones are large (50 ms at 100,000 names); see `_tick`.
    gc.disable()
    gc.freeze()
    asyncio.run(serve(socket.socket(fileno=given.pipe), leash, options))


def affordable(limits: Limits, files: int, spare: int = SPARE_FILES) -> Limits:
    """Take no more connections than there are descriptors for: without one left nobody could be evicted to let others in."""
    total = max(1, min(limits.total, max(files - spare, files // 4)))
    if total < limits.total:
        log.warning(
            "too few open files are allowed for dns.tcp.connections: planes take fewer",
            files=files,
            connections=total,
            hint=f"allow {limits.total + spare} with LimitNOFILE= of systemd or ulimit -Hn",
        )
    return replace(limits, total=total)


async def serve(pipe: socket.socket, leash: socket.socket, options: Options) -> None:
    """Run one plane on this loop."""
    await Plane(pipe, leash, options).run()


if __name__ == "__main__":
    main()
