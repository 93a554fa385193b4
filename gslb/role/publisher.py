"""From votes to what the planes serve: judges, compiles what changed, offers the result to every feed.

Part of control. The first change goes out at once, later ones are gathered for PAUSE seconds. A load brings a new compiler; it
compiles beside, in a thread, while verdicts go on changing what is served now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from gslb import log
from gslb.errors import StoreError
from gslb.judge import carry, judge_all
from gslb.plan import EMPTY, Snapshot
from gslb.role.loading import Load
from gslb.role.transitions import Transitions
from gslb.store import Hint, Store
from gslb.targets import Index
from gslb.transport.pipe import Feed
from gslb.verdict import Target, Verdicts

PAUSE: Final = 0.05  # seconds between publications: a burst of verdicts becomes few generations, and nobody waits longer
REJUDGE: Final = 10.0  # seconds between looks at everything: verdicts age without a vote changing (`max_stale`)

NOTHING: Final = Index({}, {})
Wanted = tuple[int, int, int]  # pool, region, type


class Publisher:
    """What is served now, and why. Everything here happens on control's loop, compiling a load aside."""

    def __init__(self, store: Store, feeds: Sequence[Feed], transitions: Transitions) -> None:
        self.snapshot: Snapshot = EMPTY
        self.verdicts: Verdicts = {}
        self.load: Load | None = None
        self.index = NOTHING
        self.read_at = 0.0  # when the store was last read, on the loop's clock
        self._store = store
        self._feeds = feeds
        self._transitions = transitions
        self._generation = 0
        self._wanted: set[Wanted] = set()
        self._stirred = asyncio.Event()

    async def adopt(self, load: Load) -> None:
        """Serve this load from now on, with the verdicts of this moment."""
        verdicts = carry(self.verdicts, load.index.probes)
        snapshot = await asyncio.to_thread(load.compiler.compile, verdicts, self._generation + 1)
        meanwhile = carry(self.verdicts, load.index.probes)
        self._generation += 1  # what was published meanwhile came before this one
        self.load, self.index = load, load.index
        self.snapshot, self.verdicts = snapshot._replace(generation=self._generation), meanwhile
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
        self.read_at = asyncio.get_running_loop().time()
        before = self.verdicts
        self.verdicts, changed = judge_all(state.votes, before, state.time, only or None)
        for target in changed:
            was, now = before.get(target), self.verdicts[target]
            if was is None or was.state is not now.state:
                self._transitions.target(target, was, now, self.index.pools.get(target, ()))
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
                self.snapshot = self.load.compiler.fill(self.snapshot, wanted, self.verdicts, self._generation)
                self._offer()
            await asyncio.sleep(PAUSE)

    async def follow(self) -> None:
        """Judge whenever votes change, until cancelled."""
        changes = self._store.changes()
        async for hint in changes:
            await self.catch_up(hint)
            await asyncio.sleep(PAUSE)

    async def age(self) -> None:
        """Look at everything from time to time, until cancelled."""
        while True:
            await asyncio.sleep(REJUDGE)
            await self.catch_up()

    def _update(self, changed: Iterable[Target]) -> bool:
        """Compile the pools that these targets can change; False where there are none."""
        if self.load is None:
            return False
        pools = self.index.pools
        ours = [target for target in changed if target in pools]
        if ours:
            self._generation += 1
            self.snapshot = self.load.compiler.update(self.snapshot, ours, self.verdicts, self._generation)
            self._transitions.pools(self.load, {pool for target in ours for pool in pools[target]}, self.verdicts, self.snapshot)
        return bool(ours)

    def _offer(self) -> None:
        for feed in self._feeds:
            feed.offer(self.snapshot)
