"""From votes and overrides to what the planes serve: judges, compiles what changed, offers the result to every feed.

Part of control. The first change goes out at once, later ones are gathered for PAUSE seconds. A load brings a new compiler; it
compiles beside, in a thread, while verdicts go on changing what is served now. What only the clock changes (overrides that expire, schedules,
ramps) is compiled when its time comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from gslb import log
from gslb.errors import StoreError
from gslb.judge import carry
from gslb.moment import Moment
from gslb.override import next_expiry
from gslb.plan import EMPTY, Snapshot
from gslb.role.health import Health
from gslb.role.loading import Load
from gslb.role.neighbours import PROBER, role
from gslb.role.transitions import Transitions
from gslb.store import Hint, NodeReport, Overrides, Pulse, State, Store
from gslb.targets import Index
from gslb.transport.pipe import Feed
from gslb.verdict import Target, Verdict, Verdicts

PAUSE: Final = 0.05  # seconds between publications: a burst of verdicts becomes few generations, and nobody waits longer
PULSE: Final = 1.0  # seconds between looks at the store's clock and at who lives: a prober that died is noticed that much later
REJUDGE: Final = 10  # pulses between looks at everything: verdicts age without a vote changing (`max_stale`)
REMIND: Final = 30.0  # seconds until a store that did not take what operators said is told again
SLICE: Final = 1000  # targets that are judged at once; longer, and a vote that came meanwhile would wait

NOTHING: Final = Index({}, {}, {})
Wanted = tuple[int, int, int]  # pool, region, type


class Publisher:
    """What is served now, and why. Everything here happens on control's loop, compiling a load aside.

    `health`: what is known of before the start; `said`: what operators said before it. `obeyed` is told when they say something else, `judged` when
    there are other verdicts.
    """

    def __init__(
        self,
        store: Store,
        feeds: Sequence[Feed],
        transitions: Transitions,
        *,
        health: Health | None = None,
        ahead: float | None = None,
        said: Overrides = Overrides(),  # noqa: B008  a constant
        obeyed: Callable[[Overrides], None] = lambda _said: None,
        judged: Callable[[], None] = lambda: None,
    ) -> None:
        self.snapshot: Snapshot = EMPTY
        self.health = health or Health()
        self.overrides = said
        self.load: Load | None = None
        self.index = NOTHING
        self.nodes: Mapping[str, NodeReport] = {}  # what other nameservers say of themselves
        self.probers_said: Mapping[str, NodeReport] = {}  # what probers that follow published versions say, by `probe/NAME`
        self.why = ""  # why the store is out of reach; "" while it is not
        self._store = store
        self._feeds = feeds
        self._transitions = transitions
        self._obeyed = obeyed
        self._judged = judged
        self._loop = asyncio.get_running_loop()
        self.read_at = self._loop.time()  # when the store was in touch last, on the loop's clock
        self._ahead = time.time() - self._loop.time() if ahead is None else ahead  # the store's clock less the loop's; a guess until it was read
        self._reminded = ""  # the run that was reminded of what operators said
        self._remind_at = 0.0
        self._served = Moment()  # what `snapshot` was made of
        self._generation = 0
        self._wanted: set[Wanted] = set()
        self._stirred = asyncio.Event()
        self._moved = asyncio.Event()  # the next edge may be another one
        self._changes = store.changes()  # from now on: a shared store begins to follow, and asks probers to prove themselves

    @property
    def verdicts(self) -> Verdicts:
        """What is judged now."""
        return self.health.verdicts

    @property
    def now(self) -> float:
        """The store's time."""
        return self._loop.time() + self._ahead

    @property
    def moment(self) -> Moment:
        """All that rows depend on now, beside the load."""
        return Moment(self.verdicts, self.now, self.overrides.standing(self.now))

    def expect(self, index: Index, held: Callable[[], Verdicts]) -> None:
        """Judge for these files from now on; where operators hold all verdicts, begin with those that were held before the start."""
        self.index = index
        self.health.judge_these(index.quorums, index.pools)
        if self.overrides.hold(self.now):
            self.health.verdicts = carry(held(), index.pools)

    async def adopt(self, load: Load) -> None:
        """Serve this load from now on, with the verdicts and overrides of this moment."""
        verdicts = carry(self.verdicts, load.index.pools)
        moment = self.moment._replace(verdicts=verdicts)
        compiling = load.compiler.compile
        snapshot = await asyncio.to_thread(
            compiling, verdicts, self._generation + 1, now=moment.now, overrides=moment.overrides, served=self.snapshot
        )
        self.health.judge_these(load.index.quorums, load.index.pools)
        meanwhile = self.verdicts
        self._generation += 1  # what was published meanwhile came before this one
        self.load, self.index = load, load.index
        self.snapshot = snapshot._replace(generation=self._generation)
        self._served = moment
        self._update([target for target, verdict in meanwhile.items() if verdicts.get(target) != verdict])
        self._transitions.loaded()
        self._transitions.pools(load, load.model.pools, meanwhile, self.snapshot)
        self._offer()
        if self.health.reached and not self.why:
            await self.catch_up()  # others may have voted on what is new here

    async def catch_up(self, only: Hint | None = None) -> None:
        """Judge, or hold verdicts while the store cannot be read."""
        try:
            await self.judge(only)
        except StoreError as error:
            self._lost(str(error))

    async def judge(self, only: Hint | None = None) -> None:
        """Judge anew from the store: all targets, or those of a hint, and publish what changed. Raises StoreError."""
        state = await self._store.read()
        if state.run != self._reminded and self._loop.time() >= self._remind_at:
            state = await self._remind(state)
        self.nodes = {name: one for name, one in state.nodes.items() if role(one) != PROBER}
        self.probers_said = {name: one for name, one in state.nodes.items() if role(one) == PROBER}
        self._reached(state)
        self._transitions.neighbours.nodes(self.nodes, self.now)
        self._obey(self._standing(state))
        targets = list(only or self.health.all())
        for first in range(0, max(1, len(targets)), SLICE):
            if first:
                await asyncio.sleep(0)
            some = self._free(targets[first : first + SLICE])
            self._publish(self.health.judge(some, self.now, self._loop.time(), everything=not only))

    async def _remind(self, state: State) -> State:
        """Tell a store that is new to us what operators said, for it may have forgotten. Raises StoreError where it cannot be read afterwards."""
        try:
            await self._store.remind(self.overrides.words.values(), self.overrides.sealed)
        except StoreError as error:
            self._remind_at = self._loop.time() + REMIND
            log.warning("overrides from before are not in the store", reason=str(error))
            return state
        self._reminded = state.run
        return await self._store.read()

    def _standing(self, state: State) -> Overrides:
        """Return what operators say: what the store has, unless it has forgotten all and could not be told."""
        forgotten = state.run != self._reminded and not state.overrides.words
        return self.overrides if forgotten else state.overrides

    def _reached(self, store: State | Pulse) -> bool:
        """Note that the store is in touch; whether everything is to be judged anew."""
        self.read_at = self._loop.time()
        self._ahead = store.time - self.read_at
        back, self.why = bool(self.why), ""
        if back:
            self._transitions.neighbours.store_back()
        anew = self.health.hear(store, self.read_at) or back
        self._transitions.neighbours.probers(self.health.voters(self.read_at), self.health.clock.leases, self.now)
        return anew

    def _lost(self, why: str) -> None:
        """Note that the store cannot be read, and say so once; what then changes is published."""
        if not self.why:
            self._transitions.neighbours.store_lost(why)
        self.why = why
        self._obey(self.overrides)
        if self.overrides.hold(self.now) is None:
            self._publish(self.health.stand(self.now, self._loop.time()))

    def want(self, wanted: Iterable[Wanted]) -> None:
        """Compile rows that a plane was asked for and does not have, with the next publication."""
        self._wanted.update(wanted)
        self._stirred.set()

    async def fill(self) -> None:
        """Compile wanted rows, until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            wanted, self._wanted = self._wanted, set()
            if self.load:
                self._generation += 1
                _verdicts, now, overrides = self._served  # as the rows beside them were made
                self.snapshot = self.load.compiler.fill(self.snapshot, wanted, self.verdicts, self._generation, now=now, overrides=overrides)
                self._offer()
            await asyncio.sleep(PAUSE)

    async def follow(self) -> None:
        """Judge whenever votes or overrides change, until cancelled."""
        async for hint in self._changes:
            await self.catch_up(hint)
            await asyncio.sleep(PAUSE)

    async def age(self) -> None:
        """Look at the store's clock and at who lives every second, and at everything from time to time, until cancelled."""
        pulses = 0
        while True:
            await asyncio.sleep(PULSE)
            pulses += 1
            try:
                anew = self._reached(await self._store.pulse())
            except StoreError as error:
                self._lost(str(error))
                continue
            if anew or pulses % REJUDGE == 0 or self.health.stirred(self._loop.time()):
                await self.catch_up()

    async def keep_time(self) -> None:
        """Publish what the clock changes when its time comes, until cancelled."""
        while True:
            self._moved.clear()
            edge = self._next_edge()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if edge is None else max(PAUSE, edge - self.now)):
                    await self._moved.wait()
                    continue
            held = self.overrides.hold(self._served.now) is not None
            self._obey(self.overrides)
            if held and self.overrides.hold(self.now) is None:
                await self.catch_up()
            elif self._update(()):
                self._offer()

    def _free(self, targets: Sequence[Target]) -> Iterable[Target]:
        """Return those that may be judged: all, or while verdicts are held those that have none yet."""
        if self.overrides.hold(self.now) is None:
            return targets
        quorums = self.index.quorums
        return [target for target in targets if not any(key in self.verdicts for key in quorums.get(target, (target,)))]

    def _publish(self, changed: Mapping[Target, Verdict | None]) -> None:
        """Tell what changed (with what was before), and serve it; what the clock and operators have changed, too."""
        for target, was in changed.items():
            now = self.verdicts[target]
            if was is None or was.state is not now.state:
                self._transitions.target(target, was, now, self.index.pools.get(target, ()), self.health.votes_on(target))
        if changed:
            self._judged()
        if self._update(changed):
            self._offer()

    def _obey(self, overrides: Overrides) -> None:
        """Take what operators say from now on, and tell what is new and what is over."""
        if overrides.version != self.overrides.version or overrides.words != self.overrides.words:
            self._obeyed(overrides)
        self.overrides = overrides
        self._transitions.overrides(overrides, self.now)
        self._moved.set()

    def _update(self, changed: Iterable[Target]) -> bool:
        """Compile the pools that these targets, overrides or the clock have changed; False where no row is another."""
        if self.load is None:
            return False
        pools = self.index.pools
        ours = [target for target in changed if target in pools]
        moment, before = self.moment, self.snapshot
        after = self.load.compiler.update(
            before, ours, self.verdicts, self._generation + 1, now=moment.now, overrides=moment.overrides, was=self._served
        )
        self._served = moment
        self._moved.set()
        differing = {pool.name for number, pool in after.pools.items() if pool is not before.pools[number]}
        if differing:
            self._generation += 1
            self.snapshot = after
        self._transitions.pools(self.load, differing.union(*(pools[target] for target in ours)), self.verdicts, self.snapshot)
        return bool(differing)

    def _next_edge(self) -> float | None:
        """When rows or verdicts change though nobody says anything."""
        hold = self.overrides.hold(self._served.now)
        edges = [next_expiry(self._served.overrides, self._served.now), hold.expires if hold else None]
        if self.load:
            edges.append(self.load.compiler.next_edge(self._served))
        return min((edge for edge in edges if edge is not None), default=None)

    def _offer(self) -> None:
        for feed in self._feeds:
            feed.offer(self.snapshot)
