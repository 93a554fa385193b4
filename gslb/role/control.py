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
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gslb import __version__, log, metrics
from gslb.compiler.delta import diff
from gslb.config import settings as settings_file
from gslb.config.settings import Settings
from gslb.errors import GslbError, ListenError, UsageError
from gslb.lease import Lease
from gslb.role import explaining, identity, local, status
from gslb.role.excuses import Excuses, place
from gslb.role.growth import Growth
from gslb.role.health import Health
from gslb.role.keeper import Keeper
from gslb.role.leash import Leash, Message
from gslb.role.loading import Load, Loader
from gslb.role.loads import Loads
from gslb.role.node_report import Reporter
from gslb.role.override_desk import OverrideDesk, Scene
from gslb.role.plane_reports import PlaneReports
from gslb.role.probing import Probing
from gslb.role.publisher import Publisher
from gslb.role.registrar import Registrar
from gslb.role.transitions import Transitions
from gslb.store import Overrides, open_store
from gslb.store.last_votes import Remembered
from gslb.transport.deltas import Deltas
from gslb.transport.listen import Endpoint
from gslb.transport.pipe import Feed, Report
from gslb.verdict import Vote

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

FIRST_ROUND: Final = 2.0  # seconds the first answers may wait for the first checks (design 9); a dead site is seldom slower to show
GLANCE: Final = 0.05  # seconds between looks for first votes in a shared store
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
        self._identity = identity.of(settings)
        self._store = open_store(settings.store, self._identity)
        self._shared = not settings.store.startswith("memory:")
        self._planes = [PlaneReports(number) for number in range(len(pipes))]
        deltas = Deltas(diff)
        feeds = [Feed(pipe, deltas, partial(self._report, plane)) for pipe, plane in zip(pipes, self._planes, strict=True)]
        self._transitions = Transitions(settings.probe_name)
        self._keeper = Keeper(settings.state_dir, self._votes, leases=self._leases, clock=lambda: self._publisher.now)
        remembered = self._keeper.remembered()
        believed = self._identity.signed or not self._shared
        self._registrar = Registrar(
            self._store,
            settings.state_dir,
            signed=believed,
            verdicts=lambda: self._publisher.verdicts,
            frozen=lambda: self._publisher.overrides.hold(self._publisher.now) is not None,
        )
        self._growth = Growth(self._registrar, self._adopt)
        self._probing = self._probe(remembered.votes) if probing else None
        self._publisher = self._publish(feeds, remembered)
        self._reporter = Reporter(settings.node, self._store, self._publisher, lambda: self._listening)
        self._desk = OverrideDesk(self._store, self._keeper, self._scene)
        self._loads = Loads(Loader(settings), self._keeper)
        self._listening: list[str] = []
        self._held = self._publisher.overrides.hold(self._publisher.now) is not None
        self._began = time.time()
        self._applied = asyncio.Event()
        self._web: AppRunner | None = None
        self._failed = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until SIGTERM, or until the supervisor is gone. Raises GslbError where it cannot begin."""
        self._loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._loop.set_exception_handler(Excuses(self._loop.time))
        self._spawn(self._beat())
        await self._begin()
        server = await self._serve_local()
        self._leash.send({"ready": self._publisher.snapshot.generation})
        self._spawn(self._serve_vitals())
        await self._stop.wait()
        if server:
            server.close()
            self._settings.control_socket.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        if self._web:
            await self._web.cleanup()
        await self._keeper.save()
        await self._store.close()
        if self._failed:
            raise SystemExit(1)

    async def _begin(self) -> None:
        """Load, learn the state (from disk, from the first checks, or for 2 s), and publish for the first time."""
        files = await self._loads.first()
        load = await self._growth.first(files)
        self._publisher.expect(load.index, self._keeper.held)
        for work in (self._publisher.follow, self._publisher.age, self._publisher.fill, self._publisher.keep_time):
            self._spawn(work())
        self._spawn(self._registrar.run(self._growth.again))
        if self._probing:
            self._probing.set_targets(load.index.probes, load.model.checks)
            self._spawn(self._probing.run())
        if load.index.probes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_ROUND):
                    await self._first_news()
        await self._publisher.catch_up()
        await self._growth.adopt(files)
        self._spawn(self._keeper.run())
        if self._shared:
            self._spawn(self._reporter.run())
        self._loads.accepted(files)

    async def _first_news(self) -> None:
        """Wait for the first results of our own prober, and for the votes of others, unless their store is out of reach."""
        if self._probing:
            await self._probing.prober.first_round.wait()
        while self._shared and not self._publisher.health.voices:
            await self._publisher.catch_up()
            if self._publisher.why:
                return
            await asyncio.sleep(GLANCE)

    async def _adopt(self, load: Load) -> int:
        await self._publisher.adopt(load)
        if self._probing:
            self._probing.set_targets(load.index.probes, load.model.checks)
        return self._publisher.snapshot.generation

    async def _reload(self, request: local.Request) -> local.Answer:
        """Load anew, whole or not at all; the answer comes when the planes serve it."""
        answer = await self._loads.again(self._growth.adopt, force=request.get("force") is True)
        if answer["accepted"]:
            answer["served"] = await self._served(answer["generation"])
        return answer

    async def _on_hangup(self) -> None:
        """Reload for a SIGHUP: nobody waits for the answer, the log has it."""
        await self._loads.again(self._growth.adopt)

    async def _status(self, _request: local.Request) -> local.Answer:
        load = self._publisher.load
        assert load is not None  # nobody can ask before the first load
        moment, health, steady = self._publisher.moment, self._publisher.health, self._loop.time()
        return {
            "version": __version__,
            "node": self._settings.node,
            "pid": os.getpid(),
            "began": self._began,
            "listening": self._listening,
            "generation": self._publisher.snapshot.generation,
            "files": "last accepted" if self._loads.on_last else "present",
            "zones": len(load.model.zones),
            "store": self._reporter.store(shared=self._shared, signed=self._identity.signed),
            "probers": status.probers(health, steady),
            "nodes": status.nodes(self._publisher.nodes, self._reporter.report(), moment.now),
            "pools": status.pools(load.model, moment, health, steady),
            "overrides": [status.override(one, load.reach, moment.now) for one in moment.overrides],
            "registered": self._registrar.status(),
            "hold": status.hold(self._publisher.overrides.hold(moment.now)),
            "planes": [plane.status() for plane in self._planes],
        }

    def _scene(self) -> Scene:
        load = self._publisher.load
        assert load is not None  # nobody can ask before the first load
        return Scene(load.model, self._publisher.verdicts, load.reach)

    def _probe(self, remembered: Iterable[Vote]) -> Probing:
        """Make the embedded prober; it begins with its votes of before the restart."""
        own = [vote for vote in remembered if vote.prober == self._settings.probe_name]
        heard, changed = self._transitions.heard, self._keeper.votes_changed
        return Probing(self._settings, self._store, remembered=own, heard=heard, changed=changed, board=self._registrar.board)

    def _publish(self, feeds: Sequence[Feed], remembered: Remembered) -> Publisher:
        """Make the publisher; of a shared store it knows what was known before the restart, whether the store is there or not."""
        steady = self._loop.time()
        health = Health(remembered if self._shared else Remembered(), steady)
        ahead = remembered.time - steady if self._shared and remembered.time is not None else None
        return Publisher(self._store, feeds, self._transitions, health=health, ahead=ahead, said=self._keeper.said(), obeyed=self._obeyed)

    def _obeyed(self, said: Overrides) -> None:
        """Keep what operators say, and the verdicts that they hold, for a restart."""
        held, self._held = self._held, said.hold(self._publisher.now) is not None
        if self._held and not held:
            self._spawn(self._keep(self._keeper.keep_held(self._publisher.verdicts)))
        self._spawn(self._keep(self._keeper.keep_words(said)))

    @staticmethod
    async def _keep(work: Awaitable[bool]) -> None:
        await work

    def _votes(self) -> Iterable[Vote]:
        """Return what a restart should begin with: all votes, those of our own prober as they are now."""
        votes = {(vote.target, prober): vote for target, cast in self._publisher.health.votes.items() for prober, vote in cast.items()}
        own = self._probing.prober.votes if self._probing else ()
        return (votes | {(vote.target, vote.prober): vote for vote in own}).values()

    def _leases(self) -> Iterable[tuple[Lease, float]]:
        voters = self._publisher.health.voters(self._loop.time()) or {}
        leases = self._publisher.health.clock.leases
        return [(leases[name], voter.age) for name, voter in voters.items()]

    async def _serve_local(self) -> asyncio.Server | None:
        """Serve `gslb reload`, `gslb status` and overrides; a disk that cannot be written is no reason not to serve DNS."""
        commands: dict[str, local.Command] = {
            "reload": self._reload,
            "status": self._status,
            "override": self._desk.override,
            "hold": self._desk.hold,
            "overrides": self._desk.list,
            "explain": partial(explaining.answer, self._settings.node, self._publisher),
        }
        try:
            return await local.serve(self._settings.control_socket, commands)
        except ListenError as error:
            log.error("no local control: `gslb reload`, `gslb status` and overrides will not work", reason=str(error))
            return None

    async def _serve_vitals(self) -> None:
        """Serve metrics, once the planes have what they need; where that address cannot be had, DNS is not given up for it."""
        endpoint = self._settings.metrics_endpoint
        if endpoint is None:
            return
        await self._served(self._publisher.snapshot.generation)
        from gslb.role import vitals  # noqa: PLC0415  a web server takes 0.3 s to import: not before the first answer

        try:
            self._web = await vitals.serve(Endpoint(*endpoint), self._refresh, lambda: "" if self._listening else "not listening yet")
        except ListenError as error:
            log.error("no metrics are served", reason=str(error))

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
        voters = self._publisher.health.voters(self._loop.time())
        metrics.probers_fresh.set(sum(voter.fresh and not voter.suspect for voter in (voters or {}).values()))
        metrics.verdicts_held.set(sum(verdict.held for verdict in self._publisher.verdicts.values()))
        metrics.log_dropped.set(log.dropped())

    def _hear(self, message: Message, _descriptors: list[int]) -> None:
        """Take what the supervisor says."""
        self._listening = message.get("listening", self._listening)
        if "reload" in message and self._publisher.load:
            self._spawn(self._on_hangup())

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
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor passes it on as a word
    leash = socket.socket(fileno=given.leash)
    pipes = [socket.socket(fileno=int(number)) for number in given.pipes.split(",")]
    try:
        settings = settings_file.load(given.settings, os.environ)
        log.configure(settings.log.level, settings.log.format, role="control")
        make_folder(settings.state_dir)
        gc.disable()  # until the first load is served (`Loads.accepted`): it would walk through half-made zones again and again
        asyncio.run(serve(settings, pipes, leash, probing=given.probing))
    except GslbError as error:
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
