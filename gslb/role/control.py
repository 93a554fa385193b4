"""Control: the process that decides. It loads files and geo data, probes, judges, compiles, and feeds the planes.

Started by the supervisor (`python -m gslb.role.control`). It answers no query: while it loads, stalls or is dead the planes serve
on. This file only wires the process: what decides is in `deciding`, how it stands in `node_status`, who may ask in `doors`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from gslb import log
from gslb.compiler.delta import diff
from gslb.config import settings as settings_file
from gslb.config.settings import Settings
from gslb.errors import GslbError, UsageError
from gslb.role import managed
from gslb.role.deciding import Deciding
from gslb.role.doors import Doors
from gslb.role.excuses import Excuses
from gslb.role.explaining import Explaining
from gslb.role.leash import Leash, Message
from gslb.role.node_status import NodeStatus
from gslb.role.plane_reports import PlaneReports
from gslb.role.why import Why
from gslb.role.works import Works
from gslb.transport.deltas import Deltas
from gslb.transport.pipe import Feed, Report

SERVED: Final = 10.0  # seconds a reload waits for the planes; a plane takes one for 100,000 names
LONGEST: Final = 20_000  # characters of a message to the supervisor; a leash carries 64 KB
SILENT: Final = 10.0  # seconds without a sign of any plane after which nobody should be sent here; they report every second
BEAT: Final = 1.0  # seconds between signs of life


class Control:
    """One control process on its running loop."""

    def __init__(self, settings: Settings, pipes: Sequence[socket.socket], leash: socket.socket, *, probing: bool, api: bool) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._works = Works("control", self._stop)
        self._leash = Leash(leash, self._hear, self._stop.set)
        self._planes = [PlaneReports(number) for number in range(len(pipes))]
        deltas = Deltas(diff)
        feeds = [Feed(pipe, deltas, partial(self._report, plane)) for pipe, plane in zip(pipes, self._planes, strict=True)]
        self._feeds = feeds
        self._deciding = Deciding(settings, feeds, self._works, lambda: self._status.listening, probing=probing)
        for plane in self._planes:
            plane.tell, plane.traffic = self._deciding.journal.tell, self._deciding.traffic
        self._status = NodeStatus(self._deciding, self._planes, time.time())
        self._why = Why(Explaining(settings.node, self._deciding.publisher), max_udp=settings.dns.max_udp, ecs=settings.dns.ecs)
        self._applied = asyncio.Event()
        self._operating = api
        self._doors = Doors(self._deciding, self._status, self._reload, self._why_not_ready)

    async def run(self) -> None:
        """Work until SIGTERM, or until the supervisor is gone. Raises GslbError where it cannot begin."""
        self._loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._loop.set_exception_handler(Excuses(self._loop.time))
        self._works.start(self._beat())
        self._works.show(self._deciding.traffic.run)
        await self._deciding.begin()
        await self._doors.open_local()
        self._leash.send({"ready": self._deciding.publisher.snapshot.generation})
        self._works.start(self._open())
        await self._stop.wait()
        self._works.cancel()
        await self._doors.close()
        await self._deciding.end()
        if self._works.failed:
            raise SystemExit(1)

    async def _open(self) -> None:
        """Serve metrics and the API, once the planes have what they need; where that cannot be, DNS is not given up for it."""
        await self._served(self._deciding.publisher.snapshot.generation)
        self._doors.notify()
        await self._doors.open_vitals()
        if self._operating:
            await self._doors.try_api()

    async def _reload(self, *, force: bool = False) -> dict[str, Any]:
        """Load anew, whole or not at all; the answer comes when the planes serve it."""
        answer = await self._deciding.reload(force=force)
        if answer["accepted"]:
            answer["served"] = await self._served(answer["generation"])
        return answer

    async def _on_hangup(self) -> None:
        """Reload for a SIGHUP: nobody waits for the answer, the log has it."""
        await self._deciding.reload()

    def _why_not_ready(self) -> str:
        """Say why this node should not be asked; neither the store nor any site is a reason."""
        if not self._status.listening:
            return "not listening yet"
        silent = all(time.monotonic() - plane.heard > SILENT for plane in self._planes)
        return f"no plane has said anything for {SILENT:g} s" if silent else ""

    async def _served(self, generation: int) -> bool:
        """Wait until every plane serves this generation or a later one; False where one does not in time."""
        try:
            async with asyncio.timeout(SERVED):
                while any(plane.applied < generation for plane in self._planes):
                    await self._applied.wait()
        except TimeoutError:
            return False
        return True

    def _report(self, plane: PlaneReports, report: Report) -> None:
        plane.hear(report)
        if "applied" in report:
            self._applied.set()
            self._applied.clear()  # wakes those who wait now
        if "wanted" in report:
            self._deciding.publisher.want(tuple(row) for row in report["wanted"])
        if "why" in report:
            self._works.start(self._why.tell(self._feeds[plane.number], report))

    def _hear(self, message: Message, _descriptors: list[int]) -> None:
        """Take what the supervisor says."""
        self._status.listening = message.get("listening", self._status.listening)
        if "reload" in message and self._deciding.publisher.load:
            self._works.start(self._on_hangup())

    async def _beat(self) -> None:
        while True:
            self._leash.send({"beat": 1})
            await asyncio.sleep(BEAT)


def make_folder(state_dir: Path) -> None:
    """Make the state directory; without one we serve all the same."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("no state directory: nothing is kept for a restart", folder=str(state_dir), reason=error.strerror or str(error))


def main() -> None:
    """Run control with descriptors that the supervisor left open."""
    parser = argparse.ArgumentParser(prog="python -m gslb.role.control", description="started by the supervisor only")
    parser.add_argument("--pipes", required=True, help="control's ends, by commas")
    parser.add_argument("--leash", type=int, required=True)
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--probing", action="store_true")
    parser.add_argument("--api", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor passes it on as a word
    leash = socket.socket(fileno=given.leash)
    pipes = [socket.socket(fileno=int(number)) for number in given.pipes.split(",")]
    try:
        settings = managed.prepared(settings_file.load(given.settings, os.environ))
        log.configure(settings.log.level, settings.log.format, role="control")
        make_folder(settings.state_dir)
        gc.disable()  # until the first load is served (`Loads.accepted`): it would walk through half-made zones again and again
        asyncio.run(serve(settings, pipes, leash, probing=given.probing, api=given.api))
    except GslbError as error:
        text = str(error)
        log.error("control cannot work", reason=text.partition("\n")[0])
        with contextlib.suppress(OSError):
            leash.send(json.dumps({"fatal": text[:LONGEST], "code": 2 if isinstance(error, UsageError) else 1}).encode())
        raise SystemExit(1) from None


async def serve(settings: Settings, pipes: Sequence[socket.socket], leash: socket.socket, *, probing: bool, api: bool) -> None:
    """Run control on this loop."""
    await Control(settings, pipes, leash, probing=probing, api=api).run()


if __name__ == "__main__":
    main()
