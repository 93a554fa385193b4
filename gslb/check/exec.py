"""The `exec` check: a program of the operator's, by the conventions of Nagios plugins.

Off unless the settings of the node that probes say `probe: {exec: true}`: who may write zone files may otherwise not run programs here.
No shell, a clean environment, a session of its own that is killed whole at the deadline; of what it says 4 kB are read.

    exit code    0    1                        2      3, others, killed
    result       ok   ok with grade 50         fail   unknown: the program could not look
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self, cast

from gslb.check.attempt import OwnFault, Progress, Unfit, attempt
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option

_OUTPUT: Final = 4096  # octets that are read, as Nagios does
_FLOOD: Final = 1024 * 1024  # octets after which a program that goes on writing is taken for mad
_DRAIN: Final = 0.1  # seconds to wait for the last words of a program that is over; a daemon it left may hold the pipe for ever
_DEGRADED: Final = 50
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


class Exec:
    """Run a program; its exit code is the result, its first line the reason."""

    name: ClassVar[str] = "exec"
    doc: ClassVar[str] = "A program of yours, by the conventions of Nagios plugins: exit code 0 ok, 1 degraded, 2 failed, 3 unknown."
    example: ClassVar[str] = "{type: exec, command: [/usr/lib/nagios/plugins/check_smtp, -H, '{address}'], interval: 30s, timeout: 10s}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {"command": Option(Kind.STRINGS, "absolute path of the program, and its arguments; `{address}` stands for the address", REQUIRED)}
    )

    def __init__(self, command: tuple[str, ...], timeout: float) -> None:
        self.command = command
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        return cls(tuple(definition.options["command"]), definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge the command; whether the program is there is another machine's business."""
        command = options.get("command") or ["/"]
        if not str(command[0]).startswith("/"):
            yield Complaint(
                "H015", ("command",), f"{command[0]!r} is not an absolute path", "such as [/usr/lib/nagios/plugins/check_http, -I, '{address}']"
            )
        if any("\0" in str(word) for word in command):
            yield Complaint("H015", ("command",), "an argument holds a NUL")

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            command = [word.replace("{address}", str(address)) for word in self.command]
            progress.stage = f"running {os.path.basename(command[0])}"  # noqa: PTH119 - of a text
            code, text = await _run(command, _ENVIRONMENT | {"GSLB_ADDRESS": str(address)})
            progress.fact("exit code", code)
            said = text or f"exit code {code}"
            if code == 1:
                progress.degrade(_DEGRADED, "degraded")
            elif code == 2:
                raise Unfit(said)
            elif code:
                raise OwnFault(f"exit code {code}: {text}" if text else f"exit code {code}")
            return said

        return await attempt(address, self.timeout, look)


class _Child(asyncio.SubprocessProtocol):
    """Hears what the program says, and when it is over."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.output = bytearray()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()  # exited, and nobody holds its output any more
        self.mad: asyncio.Future[None] = loop.create_future()
        self._heard = 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        del fd
        self._heard += len(data)
        self.output += data[: _OUTPUT - len(self.output)]
        if self._heard > _FLOOD and not self.mad.done():
            self.mad.set_result(None)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.closed.done():
            self.closed.set_result(None)


async def _run(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run it, and leave nothing of it behind; returns its exit code (negative: the signal) and its first line."""
    loop = asyncio.get_running_loop()
    try:
        opened = await loop.subprocess_exec(
            _Child,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise OwnFault(f"{command[0]}: {error.strerror}") from error
    transport, child = opened
    try:
        await asyncio.wait([child.exited, child.mad], return_when=asyncio.FIRST_COMPLETED)
        if child.mad.done():
            raise Unfit("writes without end")
        await asyncio.wait([child.closed], timeout=_DRAIN)
    finally:
        if not child.closed.done():
            _kill(transport.get_pid())
            await asyncio.wait([child.exited], timeout=_DRAIN)  # it is dead at once; somebody has to take note
        transport.close()
    first, _, _ = child.output.decode("utf-8", "replace").strip().partition("\n")
    return cast("int", transport.get_returncode()), first.partition("|")[0].strip()  # after the bar come figures for graphs


def _kill(session: int) -> None:
    """End a whole session at once."""
    try:
        os.killpg(session, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # over already; or it became somebody else, which we cannot help
        return
