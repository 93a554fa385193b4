"""Keeps what a restart should begin with: the last votes, the words of operators and the last accepted files, in the state directory.

Part of control. Everything is written in threads and by rename; a full or read-only disk costs a metric and a log line, never an answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gslb import log, metrics
from gslb.config import Loaded, saved
from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.store import Overrides, last_overrides, last_votes
from gslb.verdict import Target, Verdict, Verdicts, Vote

PAUSE: Final = 1.0  # seconds between saves of votes: what is lost in a crash is learnt again in one check's interval
SHARE: Final = 20  # times as long as a save took is waited at least: many votes take seconds of a slow disk, and change all the time
EVERY: Final = 120.0  # seconds between saves where nothing changes: what is older than `last_votes.MAX_AGE` would not be believed

Leases = Iterable[tuple[Lease, float]]


class Keeper:
    """Saves votes some time after they changed. `leases`: of those who cast them, with ages; `clock`: the store's, for the votes."""

    def __init__(
        self,
        state_dir: Path,
        votes: Callable[[], Iterable[Vote]],
        *,
        leases: Callable[[], Leases] = tuple,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dir = state_dir
        self._votes, self._leases, self._clock = votes, leases, clock
        self._dirty = asyncio.Event()
        self._failing = False
        self._words: Overrides | None = None  # as on the disk

    def votes_changed(self) -> None:
        """Save soon."""
        self._dirty.set()

    async def run(self) -> None:
        """Save after changes, and from time to time, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):  # not wait_for: it may swallow being cancelled (before Python 3.12)
                    await self._dirty.wait()
            await asyncio.sleep(PAUSE)
            self._dirty.clear()
            began = time.monotonic()
            await self.save()
            await asyncio.sleep(max(0.0, SHARE * (time.monotonic() - began) - PAUSE))

    async def save(self) -> None:
        """Save now; what fails is said once and counted each time."""
        votes, leases, clock = tuple(self._votes()), tuple(self._leases()), self._clock()
        try:
            await asyncio.to_thread(partial(last_votes.save, self._dir, votes, time.time(), leases=leases, time=clock))
        except StoreError as error:
            metrics.state_writes_failed.inc()
            if not self._failing:
                log.warning("state cannot be saved; serving is not affected", reason=str(error))
            self._failing = True
        else:
            self._failing = False

    async def keep_words(self, said: Overrides) -> bool:
        """Save what operators said, now; False where a restart would forget it."""
        if self._words is not None and (self._words.words, self._words.sealed) == (said.words, said.sealed):
            return True
        kept = await self._written(partial(last_overrides.save, self._dir, tuple(said.words.values()), said.sealed))
        self._words = said if kept else None
        return kept

    async def keep_held(self, verdicts: Verdicts) -> bool:
        """Save the verdicts that a hold freezes: a restart must not thaw them."""
        frozen = [Vote(target, last_votes.HELD, v.state, v.since, v.grade, None, v.reason, v.last_up, v.changed) for target, v in verdicts.items()]
        return await self._written(partial(last_votes.save, self._dir, frozen, time.time(), last_votes.HELD))

    async def _written(self, save: Callable[[], None]) -> bool:
        try:
            await asyncio.to_thread(save)
        except StoreError as error:
            metrics.state_writes_failed.inc()
            log.warning("overrides would not survive a restart", reason=str(error))
            return False
        return True

    async def keep_files(self, loaded: Loaded) -> None:
        """Keep accepted files for a start with broken ones."""
        try:
            await asyncio.to_thread(saved.save, self._dir, loaded)
        except StoreError as error:
            metrics.state_writes_failed.inc()
            log.warning("the accepted files cannot be kept; serving is not affected", reason=str(error))

    def remembered(self) -> last_votes.Remembered:
        """Read the votes of before the restart."""
        found = last_votes.load(self._dir, time.time())
        if found.problem:
            log.warning("no state from before", reason=found.problem)
        return found

    def said(self) -> Overrides:
        """Read what operators said before the restart."""
        found = last_overrides.load(self._dir)
        if found.problem:
            log.error("overrides from before are lost", reason=found.problem)
        return Overrides(0, MappingProxyType({word.key: word for word in found.words}), found.sealed)

    def held(self) -> dict[Target, Verdict]:
        """Read the verdicts that a hold froze, however long ago."""
        found = last_votes.load(self._dir, time.time(), math.inf, last_votes.HELD)
        if found.problem:
            log.error("the verdicts of the hold are lost: what checks say first is held instead", reason=found.problem)
        return {v.target: Verdict(v.state, v.since, v.grade, v.last_up, reason=v.reason, changed=v.changed) for v in found.votes}
