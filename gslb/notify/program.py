"""A program that is run when this node becomes ready to answer, or ceases to be: it announces and withdraws the node's address (BGP, VRRP, …).

Run by `gslb.role.notifying`. No shell; `ready` or `unready` is the last argument and stands in `GSLB_STATE`. One run at a time; only the newest
state counts; what fails is tried again. Nothing is run before the node is ready for the first time: a control process that was started anew must
not withdraw a node that goes on answering.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final

from gslb import log, metrics
from gslb.notify.delivery import backoff

LOOK: Final = 0.5  # seconds between looks at whether the node is ready
OUTPUT: Final = 500  # octets of what it says, in the log
DRAIN: Final = 0.2  # seconds for its last words, once it has ended


class Program:
    """One program. `why_not_ready`: "" while the node is ready."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        node: str,
        why_not_ready: Callable[[], str],
        *,
        timeout: float,
        given_up: Callable[[str, str], None],
        pause: Callable[[int], float] = backoff,
    ) -> None:
        self.name = name
        self._command, self._node, self._why_not_ready = tuple(command), node, why_not_ready
        self._timeout, self._given_up, self._pause = timeout, given_up, pause
        self._told = ""  # the state that it was run for last, with success
        self._announced = False  # whether it may have announced us: from when it begins to until it has withdrawn us, however that ends
        self._failures = 0

    async def run(self) -> None:
        """Look, and run it when that has changed, until cancelled."""
        while True:
            why = self._why_not_ready()
            state = "unready" if why else "ready"
            if state != self._told and (self._announced or state == "ready"):
                await self._tell(state, why)
            await asyncio.sleep(self._pause(self._failures) if self._failures else LOOK)

    async def end(self) -> None:
        """Withdraw: the service stops."""
        if self._announced:
            await self._tell("unready", "the service stops")

    async def _tell(self, state: str, why: str) -> None:
        self._announced |= state == "ready"
        problem = await self._once(state, why)
        metrics.notifications.labels(self.name, "failed" if problem else "sent").inc()
        if not problem:
            self._told, self._failures, self._announced = state, 0, state == "ready"
            log.info("the program was told", receiver=self.name, state=state, why=why)
            return
        self._failures += 1
        log.error("the program failed", receiver=self.name, state=state, reason=problem, failures=self._failures)
        if self._failures == 1:
            self._given_up(self.name, f"{self._command[0]} {state}: {problem}; it is tried again")

    async def _once(self, state: str, why: str) -> str:
        """Run it once; "" or what went wrong."""
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GSLB_NODE": self._node, "GSLB_STATE": state, "GSLB_REASON": why}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                state,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                cwd="/",
            )
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)
        assert process.stderr is not None
        said = bytearray()
        hearing = asyncio.create_task(_hear(process.stderr, said))
        try:
            async with asyncio.timeout(self._timeout):
                code = await process.wait()
                await asyncio.wait([hearing], timeout=DRAIN)
        except TimeoutError:
            return f"not done within {self._timeout:g} s"
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever it has left behind
            await process.wait()
            await asyncio.wait([hearing], timeout=DRAIN)  # all who could write are dead: its end comes at once
            hearing.cancel()
        return "" if code == 0 else f"exit code {code}: {said.decode(errors='replace').strip()}".removesuffix(": ")


async def _hear(stream: asyncio.StreamReader, said: bytearray) -> None:
    """Read all of it, so that the program is never stopped by a full pipe, and keep the beginning."""
    while chunk := await stream.read(4096):
        said += chunk[: OUTPUT - len(said)]
