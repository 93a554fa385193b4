"""Control: the process that decides. It loads files and geo data, probes, judges, compiles, and feeds the planes.

Started by the supervisor (`python -m gslb.role.control`). It answers no query: while it loads, stalls or is dead the planes serve
on. This file only wires; what each part does is in the part.
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
import traceback
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp.web import AppRunner

from gslb import __version__, log, metrics
from gslb.check.prober import Prober
from gslb.compiler.delta import diff
from gslb.config import report
from gslb.config import settings as settings_file
from gslb.config.settings import Settings
from gslb.errors import GslbError, ListenError, Problem, Severity, UsageError
from gslb.role import local, status, vitals
from gslb.role.keeper import Keeper
from gslb.role.leash import Leash, Message
from gslb.role.loading import Load, Loader, RefusedError
from gslb.role.plane_reports import PlaneReports
from gslb.role.publisher import Publisher
from gslb.role.transitions import Transitions
from gslb.store import open_store
from gslb.transport.listen import Endpoint
from gslb.transport.pipe import Feed, Report
from gslb.verdict import Target, Vote

FIRST_ROUND: Final = 2.0  # seconds the first answers may wait for the first checks (design 9); a dead site is seldom slower to show
SERVED: Final = 10.0  # seconds a reload waits for the planes; a plane takes one for 100,000 names
LONGEST: Final = 20_000  # characters of a message to the supervisor; a leash carries 64 KB
BEAT: Final = 1.0  # seconds between signs of life


class Control:
    """One control process on its running loop."""

    def __init__(self, settings: Settings, pipes: Sequence[socket.socket], leash: socket.socket, *, probing: bool) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._leash = Leash(leash, self._hear, self._stop.set)
        self._store = open_store(settings.store)
        self._planes = [PlaneReports(number) for number in range(len(pipes))]
        feeds = [Feed(pipe, diff, partial(self._report, plane)) for pipe, plane in zip(pipes, self._planes, strict=True)]
        self._transitions = Transitions(settings.probe_name)
        self._publisher = Publisher(self._store, feeds, self._transitions)
        self._keeper = Keeper(settings.state_dir, lambda: self._prober.votes if self._prober else ())
        self._prober = self._make_prober() if probing else None
        self._loader = Loader(settings)
        self._loading = asyncio.Lock()
        self._listening: list[str] = []
        self._began = time.time()
        self._applied = asyncio.Event()
        self._failed = False
        self._on_last = False  # the operator's files were broken at start: what is served are the last accepted ones
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until SIGTERM, or until the supervisor is gone. Raises GslbError where it cannot begin."""
        self._loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._spawn(self._beat())
        await self._begin()
        self._loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._on_hangup()))
        server = await local.serve(self._settings.control_socket, {"reload": self._reload, "status": self._status})
        web = await self._serve_vitals()
        self._leash.send({"ready": self._publisher.snapshot.generation})
        await self._stop.wait()
        server.close()
        self._settings.control_socket.unlink(missing_ok=True)
        if web:
            await web.cleanup()
        for task in self._tasks:
            task.cancel()
        await self._keeper.save()
        await self._store.close()
        if self._failed:
            raise SystemExit(1)

    async def _begin(self) -> None:
        """Load, learn the state (from disk, from the first checks, or for 2 s), and publish for the first time."""
        load = await self._first_load()
        self._publisher.index = load.index
        self._spawn(self._publisher.follow())
        self._spawn(self._publisher.age())
        self._spawn(self._publisher.fill())
        if self._prober:
            self._prober.set_targets(load.index.probes)
            self._spawn(self._prober.run())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._prober.first_round.wait(), FIRST_ROUND)
        await self._publisher.judge()
        await self._publisher.adopt(load)
        self._spawn(self._keeper.run())
        if not self._on_last:
            await self._accepted(load)

    async def _first_load(self) -> Load:
        """Load the files, or the last accepted ones where they are broken: loudly."""
        try:
            return await asyncio.to_thread(self._loader.load)
        except RefusedError as error:
            self._refused(error)
            text = report.text(error.problems, error.sources)
        last = await asyncio.to_thread(self._loader.load_last)
        if last is None:
            raise GslbError(text)
        log.error("STARTING FROM THE LAST ACCEPTED FILES: mend the present ones, then `gslb reload`", state_dir=str(self._settings.state_dir))
        self._on_last = True
        return last

    async def _reload(self) -> local.Answer:
        """Load anew, whole or not at all; says what was wrong."""
        async with self._loading:
            try:
                load = await asyncio.to_thread(self._loader.load)
            except RefusedError as error:
                self._refused(error)
                return {"accepted": False, "problems": told(error.problems), "text": report.text(error.problems, error.sources)}
            if self._prober:
                self._prober.set_targets(load.index.probes)
            await self._publisher.adopt(load)
            await self._accepted(load)
        served = await self._served(self._publisher.snapshot.generation)
        return {
            "accepted": True,
            "served": served,
            "generation": self._publisher.snapshot.generation,
            "zones": len(load.model.zones),
            "seconds": round(load.seconds, 3),
            "problems": told(load.loaded.problems),
            "text": report.text(load.loaded.problems, load.loaded.sources),
        }

    async def _on_hangup(self) -> None:
        await self._reload()

    async def _accepted(self, load: Load) -> None:
        self._on_last = False
        await self._keeper.keep_files(load.loaded)
        # What a load leaves lives until the next one: the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        metrics.reload_ok.set(1)
        metrics.reload_time.set_to_current_time()
        metrics.config_problems.labels("error").set(0)
        metrics.config_problems.labels("warning").set(len(load.loaded.problems))
        if built := load.atlas.oldest_build():
            metrics.geo_built.set(built)
        metrics.build_info.labels(__version__, "python").set(1)
        model, warnings = load.model, len(load.loaded.problems)
        log.info(
            "loaded",
            zones=len(model.zones),
            pools=len(model.pools),
            targets=len(load.index.probes),
            warnings=warnings,
            seconds=round(load.seconds, 2),
        )

    def _refused(self, error: RefusedError) -> None:
        metrics.reload_ok.set(0)
        for severity in Severity:
            metrics.config_problems.labels(severity.value).set(sum(p.severity is severity for p in error.problems))
        log.error("files refused; the last accepted ones stay", first=str(error.problems[0]), problems=len(error.problems))

    async def _status(self) -> local.Answer:
        load = self._publisher.load
        assert load is not None  # nobody can ask before the first load
        return {
            "version": __version__,
            "node": self._settings.node,
            "pid": os.getpid(),
            "began": self._began,
            "listening": self._listening,
            "generation": self._publisher.snapshot.generation,
            "files": "last accepted" if self._on_last else "present",
            "zones": len(load.model.zones),
            "pools": status.pools(load.model, self._publisher.verdicts),
            "planes": [plane.status() for plane in self._planes],
        }

    def _make_prober(self) -> Prober:
        name = self._settings.probe_name

        async def publish(votes: Sequence[Vote]) -> None:
            await self._store.publish(name, votes)
            self._keeper.votes_changed()

        async def forget(targets: Sequence[Target]) -> None:
            await self._store.forget(name, targets)

        return Prober(name, publish, forget=forget, remembered=self._keeper.remembered(), heard=self._transitions.heard)

    async def _serve_vitals(self) -> AppRunner | None:
        """Serve metrics; where that address cannot be had, DNS is not given up for it."""
        endpoint = self._settings.metrics_endpoint
        if endpoint is None:
            return None
        try:
            return await vitals.serve(Endpoint(*endpoint), self._refresh, lambda: "" if self._listening else "not listening yet")
        except ListenError as error:
            log.error("no metrics are served", reason=str(error))
            return None

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
            self._publisher.want(tuple(row) for row in report["wanted"])

    def _refresh(self) -> None:
        metrics.plan_generation.set(self._publisher.snapshot.generation)
        metrics.state_age.set(self._loop.time() - self._publisher.read_at)
        metrics.log_dropped.set(log.dropped())

    def _hear(self, message: Message, _descriptors: list[int]) -> None:
        self._listening = message.get("listening", self._listening)

    async def _beat(self) -> None:
        while True:
            self._leash.send({"beat": 1})
            await asyncio.sleep(BEAT)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; what fails there is logged, and the supervisor starts us anew."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a part of control failed; control ends, to be started anew", error=repr(error), where=place(error))
            self._failed = True
            self._stop.set()


def told(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Turn problems into plain data."""
    return [
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "where": str(problem.where),
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def place(error: BaseException) -> str:
    """Say where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def main() -> None:
    """Run control with descriptors that the supervisor left open."""
    parser = argparse.ArgumentParser(prog="python -m gslb.role.control", description="started by the supervisor only")
    parser.add_argument("--pipes", required=True, help="control's ends, by commas")
    parser.add_argument("--leash", type=int, required=True)
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--probing", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    leash = socket.socket(fileno=given.leash)
    pipes = [socket.socket(fileno=int(number)) for number in given.pipes.split(",")]
    try:
        settings = settings_file.load(given.settings, os.environ)
        log.configure(settings.log.level, settings.log.format, role="control")
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(settings, pipes, leash, probing=given.probing))
    except (GslbError, OSError) as error:
        text = str(error)
        log.error("control cannot work", reason=text.partition("\n")[0])
        with contextlib.suppress(OSError):
            leash.send(json.dumps({"fatal": text[:LONGEST], "code": 2 if isinstance(error, UsageError) else 1}).encode())
        raise SystemExit(1) from None


async def serve(settings: Settings, pipes: Sequence[socket.socket], leash: socket.socket, *, probing: bool) -> None:
    """Run control on this loop."""
    await Control(settings, pipes, leash, probing=probing).run()


if __name__ == "__main__":
    main()
