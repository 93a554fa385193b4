"""All that decides what is served, wired together: files, store, prober, judge, compiler, and the words of operators.

Part of control, which feeds planes with it, and of the console (`gslb control`), which has none and only looks on. Each part does its work in a
file of its own; here they are connected, begun and ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from gslb import log, metrics
from gslb.config.settings import Settings
from gslb.config.settings_notify import receivers
from gslb.lease import Lease
from gslb.role import following, identity
from gslb.role.growth import Growth
from gslb.role.health import Health
from gslb.role.journal import Journal
from gslb.role.keeper import Keeper
from gslb.role.loading import Load, Loader
from gslb.role.loads import Loads
from gslb.role.neighbours import foremost
from gslb.role.node_report import Reporter
from gslb.role.override_desk import OverrideDesk, Scene
from gslb.role.probing import Probing
from gslb.role.publisher import Publisher
from gslb.role.registrar import Registrar
from gslb.role.traffic import Traffic
from gslb.role.transitions import Transitions
from gslb.role.works import Works
from gslb.store import Overrides, open_store
from gslb.store.last_votes import Remembered
from gslb.transport.pipe import Feed
from gslb.verdict import Vote

FIRST_ROUND: Final = 2.0  # seconds the first answers may wait for the first checks (design 9); a dead site is seldom slower to show
GLANCE: Final = 0.05  # seconds between looks for first votes in a shared store


class Deciding:
    """The parts, by name; `listening`: where the planes of this node answer. Made on the running loop."""

    def __init__(self, settings: Settings, feeds: Sequence[Feed], works: Works, listening: Callable[[], Sequence[str]], *, probing: bool) -> None:
        self.settings = settings
        self.works = works
        self.role = "node"  # what it says that it is
        self.shared = not settings.store.startswith("memory:")
        self._loop = asyncio.get_running_loop()
        self.identity = identity.of(settings)
        self.store = open_store(settings.store, self.identity)
        self.journal = Journal(
            settings.node,
            store=self.store,
            state_dir=settings.state_dir,
            first=lambda: self.role == "node" and foremost(self.publisher.nodes, settings.node, self.publisher.now) == settings.node,
        )
        self.traffic = Traffic()
        self.transitions = Transitions(settings.probe_name, self.journal.tell, node=settings.node)
        self.keeper = Keeper(settings.state_dir, self._votes, leases=self._leases, clock=lambda: self.publisher.now)
        remembered = self.keeper.remembered()
        self.registrar = Registrar(
            self.store,
            settings.state_dir,
            signed=self.identity.signed or not self.shared,
            verdicts=lambda: self.publisher.verdicts,
            frozen=lambda: self.publisher.overrides.hold(self.publisher.now) is not None,
            tell=self.journal.tell,
        )
        self.growth = Growth(self.registrar, self._adopt)
        self.probing = self._probe(remembered.votes) if probing else None
        self.publisher = self._publish(feeds, remembered)
        self.reporter = Reporter(settings.node, self.store, self.publisher, listening, self.said_of_itself)
        self.desk = OverrideDesk(self.store, self.keeper, self.scene)
        self.following = following.of(settings, self.store, self.identity, tell=self.journal.tell, changed=self.reporter.stir)
        self.loads = Loads(Loader(settings, self.following), self.keeper, self.journal.tell)
        self._held = self.publisher.overrides.hold(self.publisher.now) is not None

    async def begin(self) -> None:
        """Load, learn the state (from disk, from the first checks, or for 2 s), and publish for the first time."""
        await asyncio.to_thread(self.journal.remember)
        if self.following:
            await self.following.begin(self.works.stop)
        files = await self.loads.first()
        load = await self.growth.first(files)
        self.publisher.expect(load.index, self.keeper.held)
        for work in (self.publisher.follow, self.publisher.age, self.publisher.fill, self.publisher.keep_time):
            self.works.start(work())
        self.works.start(self.registrar.run(self.growth.again))
        if self.probing:
            self.probing.set_targets(load.index.probes, load.model.checks)
            self.works.start(self.probing.run())
        if load.index.probes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_ROUND):
                    await self._first_news()
        await self.publisher.catch_up()
        await self.growth.adopt(files)
        self.works.start(self.keeper.run())
        self.works.show(self.journal.run)
        if self.shared:
            self.works.show(self.reporter.run)
        self.loads.accepted(files)
        if self.following:
            self.works.start(self.following.run(partial(self.reload, force=True), lambda: self.load.version, self.store.changes()))

    async def reload(self, *, force: bool = False) -> dict[str, Any]:
        """Load anew, whole or not at all, and say how it went."""
        return await self.loads.again(self.growth.adopt, force=force)

    async def end(self) -> None:
        """Keep what a restart should begin with, and let go of the store."""
        await self.keeper.save()
        await self.journal.save()
        await self.store.close()

    def said_of_itself(self) -> dict[str, Any]:
        """Return what other nodes and the console show of this one, beside its inputs."""
        geo = self.load.atlas.oldest_build() or 0
        config = self.following.told() if self.following else {"config": 0, "refused": ""}
        told = {"role": self.role, **config, "reload_ok": not self.loads.refused, "geo": geo}
        return {**told, "notifies": receivers(self.settings.notify), "traffic": self.traffic.brief()}

    def scene(self) -> Scene:
        """Return what operators' words are judged by."""
        return Scene(self.load.model, self.publisher.verdicts, self.load.reach)

    @property
    def load(self) -> Load:
        """What is served now."""
        load = self.publisher.load
        assert load is not None  # nobody can ask before the first load
        return load

    def refresh(self) -> None:
        """Bring gauges up to date before they are shown."""
        metrics.plan_generation.set(self.publisher.snapshot.generation)
        metrics.state_age.set(self._loop.time() - self.publisher.read_at)
        voters = self.publisher.health.voters(self._loop.time())
        metrics.probers_fresh.set(sum(voter.fresh and not voter.suspect for voter in (voters or {}).values()))
        metrics.verdicts_held.set(sum(verdict.held for verdict in self.publisher.verdicts.values()))
        metrics.log_dropped.set(log.dropped())

    async def _first_news(self) -> None:
        """Wait for the first results of our own prober, and for the votes of others, unless their store is out of reach."""
        if self.probing:
            await self.probing.prober.first_round.wait()
        while self.shared and not self.publisher.health.voices:
            await self.publisher.catch_up()
            if self.publisher.why:
                return
            await asyncio.sleep(GLANCE)

    async def _adopt(self, load: Load) -> int:
        await self.publisher.adopt(load)
        if self.probing:
            self.probing.set_targets(load.index.probes, load.model.checks)
        return self.publisher.snapshot.generation

    def _probe(self, remembered: Iterable[Vote]) -> Probing:
        """Make the embedded prober; it begins with its votes of before the restart."""
        own = [vote for vote in remembered if vote.prober == self.settings.probe_name]
        heard, changed = self.transitions.heard, self.keeper.votes_changed
        return Probing(self.settings, self.store, remembered=own, heard=heard, changed=changed, board=self.registrar.board)

    def _publish(self, feeds: Sequence[Feed], remembered: Remembered) -> Publisher:
        """Make the publisher; of a shared store it knows what was known before the restart, whether the store is there or not."""
        steady = self._loop.time()
        health = Health(remembered if self.shared else Remembered(), steady)
        ahead = remembered.time - steady if self.shared and remembered.time is not None else None
        said, judged = self.keeper.said(), self.keeper.votes_changed  # what others vote is kept as soon, for a restart while the store is away
        return Publisher(self.store, feeds, self.transitions, health=health, ahead=ahead, said=said, obeyed=self._obeyed, judged=judged)

    def _obeyed(self, said: Overrides) -> None:
        """Keep what operators say, and the verdicts that they hold, for a restart."""
        held, self._held = self._held, said.hold(self.publisher.now) is not None
        if self._held and not held:
            self.works.start(self._keep(self.keeper.keep_held(self.publisher.verdicts)))
        self.works.start(self._keep(self.keeper.keep_words(said)))

    @staticmethod
    async def _keep(work: Awaitable[bool]) -> None:
        await work

    def _votes(self) -> Iterable[Vote]:
        """Return what a restart should begin with: all votes, those of our own prober as they are now."""
        votes = {(vote.target, prober): vote for target, cast in self.publisher.health.votes.items() for prober, vote in cast.items()}
        own = self.probing.prober.votes if self.probing else ()
        return (votes | {(vote.target, vote.prober): vote for vote in own}).values()

    def _leases(self) -> Iterable[tuple[Lease, float]]:
        voters = self.publisher.health.voters(self._loop.time()) or {}
        leases = self.publisher.health.clock.leases
        return [(leases[name], voter.age) for name, voter in voters.items()]
