"""One child process: started, listened to, and started anew whenever it ends or stops giving signs of life.

Made by the supervisor, for control and for each plane. What a child must find again after a restart (its end of the pipe, the
listening sockets) stays open in the supervisor; what belongs to one life (the leash) is new each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gslb import log
from gslb.role import leash

FIRST_PAUSE: Final = 0.1  # seconds before the first restart: nearly at once, a crash may be one bad packet
LONGEST_PAUSE: Final = 5.0  # a child that cannot live is tried so often: cheap, and soon enough when the cause is gone
STEADY: Final = 30.0  # seconds of life after which a crash counts as the first again
FIRST_SIGN: Final = 15.0  # seconds until its first beat: a Python that imports and parses on a busy machine
LOOK: Final = 1.0  # seconds between looks whether it gives signs of life
DRAIN: Final = 8.0  # seconds a child may take to end after SIGTERM

Told = Callable[["Child", leash.Message], None]
Ended = Callable[["Child", int], None]


class Program(NamedTuple):
    """What a child runs: `python -m module arguments`; `descriptors` stay open in it under the same numbers.

    `silence`: seconds without a beat until it counts as stalled; it beats every second, a long compile delays it.
    """

    module: str
    arguments: Sequence[str]
    descriptors: Sequence[int]
    silence: float = 15.0


class Child:
    """A process under restart. `told` gets what it says over its leash, beats left out; `ended` its exit codes."""

    def __init__(self, name: str, program: Program, told: Told, ended: Ended) -> None:
        """Prepare; nothing is started yet."""
        self.name = name
        self.restarts = 0
        self._program = program
        self._told = told
        self._ended = ended
        self._leash: leash.Leash | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._beat = 0.0
        self._heard = False  # in this life
        self._loop = asyncio.get_running_loop()

    @property
    def pid(self) -> int | None:
        """The process that lives now."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def send(self, message: leash.Message, sockets: Sequence[socket.socket] = ()) -> bool:
        """Say something to it; False where it does not live, or has not heard so much that there is no room for more."""
        return self._leash is not None and self._leash.send(message, sockets)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def live(self) -> None:
        """Start it, and start it again whenever it ends, until `stop`."""
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = self._loop.time()
            code = await self._live_once()
            self._ended(self, code)
            if self._stopping.is_set():
                return
            if self._loop.time() - started > STEADY:
                pause = FIRST_PAUSE
            self.restarts += 1
            log.error(f"{self.name} ended and is started again", reason=describe(code), pause=pause, restarts=self.restarts)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL when it does not follow."""
        self._stopping.set()
        self.signal(signal.SIGTERM)
        if self._process and self._process.returncode is None:
            try:
                await asyncio.wait_for(self._process.wait(), DRAIN)
            except TimeoutError:
                log.warning(f"{self.name} did not end in time and is killed")
                self.signal(signal.SIGKILL)
                await self._process.wait()

    async def _live_once(self) -> int:
        """Start it and wait for its end; return the exit code, negative for a signal."""
        ours, theirs = leash.pair()
        with theirs:
            command = [sys.executable, "-m", self._program.module, "--leash", str(theirs.fileno()), *self._program.arguments]
            self._beat, self._heard = self._loop.time(), False
            self._process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=(theirs.fileno(), *self._program.descriptors),
                stdin=asyncio.subprocess.DEVNULL,
                process_group=0,  # Ctrl-C goes to the whole group of the terminal; the supervisor decides what it means
            )
        if self._stopping.is_set():  # told to stop while it was being started: `stop` found nobody to tell
            self.signal(signal.SIGTERM)
        self._leash = leash.Leash(ours, self._hear, lambda: None)
        watch = self._loop.create_task(self._watch())
        try:
            return await self._process.wait()
        finally:
            watch.cancel()
            self._leash.close()
            self._leash = None

    def _hear(self, message: leash.Message, _descriptors: list[int]) -> None:
        self._beat, self._heard = self._loop.time(), True
        if "beat" not in message:
            self._told(self, message)

    async def _watch(self) -> None:
        """Kill it when it has been silent for too long: stopped, stuck in a loop, or starved."""
        while True:
            before = self._loop.time()
            await asyncio.sleep(LOOK)
            late = self._loop.time() - before - LOOK
            self._beat += max(late, 0)  # we ourselves stood still (a suspended machine): that is not its fault
            limit = self._program.silence if self._heard else max(FIRST_SIGN, self._program.silence)
            if self._loop.time() - self._beat > limit:
                log.error(f"{self.name} gives no sign of life and is killed", seconds=limit)
                self.signal(signal.SIGKILL)


def describe(code: int) -> str:
    """Say how a process ended."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
