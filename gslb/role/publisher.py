"""From votes and overrides to what the planes serve: judges, compiles what changed, offers the result to every feed.

Part of control. The first change goes out at once, later ones are gathered for PAUSE seconds. A load brings a new compiler; it
compiles beside, in a thread, while verdicts go on changing what is served now. What only the clock changes (overrides that expire, schedules,
ramps) is compiled when its time comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from gslb import log
from gslb.errors import StoreError
from gslb.judge import carry, judge_all
from gslb.moment import Moment
from gslb.override import next_expiry
from gslb.plan import EMPTY, Snapshot
from gslb.role.loading import Load
from gslb.role.transitions import Transitions
from gslb.store import Hint, Overrides, State, Store
from gslb.targets import Index
from gslb.transport.pipe import Feed
from gslb.verdict import Target, Verdicts

PAUSE: Final = 0.05  # seconds between publications: a burst of verdicts becomes few generations, and nobody waits longer
REJUDGE: Final = 10.0  # seconds between looks at everything: verdicts age without a vote changing (`max_stale`)

NOTHING: Final = Index({}, {}, {})
Wanted = tuple[int, int, int]  # pool, region, type


class Publisher:
    """What is served now, and why. Everything here happens on control's loop, compiling a load aside."""

    def __init__(self, store: Store, feeds: Sequence[Feed], transitions: Transitions) -> None:
        self.snapshot: Snapshot = EMPTY
        self.verdicts: Verdicts = {}
        self.overrides = Overrides()
        self.load: Load | None = None
        self.index = NOTHING
        self.read_at = 0.0  # when the store was last read, on the loop's clock
        self._store = store
        self._feeds = feeds
        self._transitions = transitions
        self._loop = asyncio.get_running_loop()
        self._ahead = time.time() - self._loop.time()  # the store's clock less the loop's; our own until the store was read
        self._served = Moment()  # what `snapshot` was made of
        self._generation = 0
        self._wanted: set[Wanted] = set()
        self._stirred = asyncio.Event()
        self._moved = asyncio.Event()  # the next edge may be another one

    @property
    def now(self) -> float:
        """The store's time."""
        return self._loop.time() + self._ahead

    @property
    def moment(self) -> Moment:
        """All that rows depend on now, beside the load."""
        return Moment(self.verdicts, self.now, self.overrides.standing(self.now))

    async def adopt(self, load: Load) -> None:
        """Serve this load from now on, with the verdicts and overrides of this moment."""
        verdicts = carry(self.verdicts, load.index.pools)
        moment = self.moment._replace(verdicts=verdicts)
        compiling = load.compiler.compile
        snapshot = await asyncio.to_thread(
            compiling, verdicts, self._generation + 1, now=moment.now, overrides=moment.overrides, served=self.snapshot
        )
        meanwhile = carry(self.verdicts, load.index.pools)
        self._generation += 1  # what was published meanwhile came before this one
        self.load, self.index = load, load.index
        self.snapshot, self.verdicts = snapshot._replace(generation=self._generation), meanwhile
        self._served = moment
        self._update([target for target, verdict in meanwhile.items() if verdicts.get(target) != verdict])
        self._transitions.loaded()
        self._transitions.pools(load, load.model.pools, meanwhile, self.snapshot)
        self._offer()

    async def catch_up(self, only: Hint | None = None) -> None:
        """Judge, or hold all verdicts while the store cannot be read."""
        try:
            await self.judge(only)
        except StoreError as error:
            log.warning("the store cannot be read; verdicts are held", reason=str(error))

    async def judge(self, only: Hint | None = None) -> None:
        """Judge anew from the store: all targets, or those of a hint, and publish what changed. Raises StoreError."""
        state = await self._store.read()
        self.read_at = self._loop.time()
        self._ahead = state.time - self.read_at
        before = self.verdicts
        self.verdicts, changed = judge_all(state.votes, before, state.time, self._to_judge(state, only), quorums=self.index.quorums)
        for target in changed:
            was, now = before.get(target), self.verdicts[target]
            if was is None or was.state is not now.state:
                self._transitions.target(target, was, now, self.index.pools.get(target, ()))
        self._obey(state.overrides)
        if self._update(changed):
            self._offer()

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
        changes = self._store.changes()
        async for hint in changes:
            await self.catch_up(hint)
            await asyncio.sleep(PAUSE)

    async def age(self) -> None:
        """Look at everything from time to time, until cancelled."""
        while True:
            await asyncio.sleep(REJUDGE)
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

    def _to_judge(self, state: State, only: Hint | None) -> Iterable[Target] | None:
        """Return whom to judge, None = all; while verdicts are held only those that have none yet."""
        if state.overrides.hold(state.time) is None:
            return only or None
        quorums = self.index.quorums
        return [target for target in only or state.votes if not any(key in self.verdicts for key in quorums.get(target, (target,)))]

    def _obey(self, overrides: Overrides) -> None:
        """Take what operators say from now on, and tell what is new and what is over."""
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
