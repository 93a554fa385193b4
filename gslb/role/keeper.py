"""Keeps what a restart should begin with: the last votes, the words of operators and the last accepted files, in the state directory.

Part of control. Everything is written in threads and by rename; a full or read-only disk costs a metric and a log line, never an answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from gslb import log, metrics
from gslb.config import Loaded, saved
from gslb.errors import StoreError
from gslb.override import Word
from gslb.store import last_overrides, last_votes
from gslb.verdict import Target, Verdict, Verdicts, Vote

PAUSE: Final = 1.0  # seconds between saves of votes: what is lost in a crash is learnt again in one check's interval


class Keeper:
    """Saves votes some time after they changed."""

    def __init__(self, state_dir: Path, votes: Callable[[], Iterable[Vote]]) -> None:
        self._dir = state_dir
        self._votes = votes
        self._dirty = asyncio.Event()
        self._failing = False

    def votes_changed(self) -> None:
        """Save soon."""
        self._dirty.set()

    async def run(self) -> None:
        """Save after changes, until cancelled."""
        while True:
            await self._dirty.wait()
            await asyncio.sleep(PAUSE)
            self._dirty.clear()
            await self.save()

    async def save(self) -> None:
        """Save now; what fails is said once and counted each time."""
        try:
            await asyncio.to_thread(last_votes.save, self._dir, tuple(self._votes()), time.time())
        except StoreError as error:
            metrics.state_writes_failed.inc()
            if not self._failing:
                log.warning("state cannot be saved; serving is not affected", reason=str(error))
            self._failing = True
        else:
            self._failing = False

    async def keep_words(self, words: Iterable[Word]) -> bool:
        """Save what operators said, now; False where a restart would forget it."""
        return await self._written(partial(last_overrides.save, self._dir, tuple(words)))

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

    def remembered(self) -> tuple[Vote, ...]:
        """Read the votes of before the restart."""
        found = last_votes.load(self._dir, time.time())
        if found.problem:
            log.warning("no state from before", reason=found.problem)
        return found.votes

    def words(self) -> tuple[Word, ...]:
        """Read what operators said before the restart."""
        found = last_overrides.load(self._dir)
        if found.problem:
            log.error("overrides from before are lost", reason=found.problem)
        return found.words

    def held(self) -> dict[Target, Verdict]:
        """Read the verdicts that a hold froze, however long ago."""
        found = last_votes.load(self._dir, time.time(), math.inf, last_votes.HELD)
        if found.problem:
            log.error("the verdicts of the hold are lost: what checks say first is held instead", reason=found.problem)
        return {v.target: Verdict(v.state, v.since, v.grade, v.last_up, reason=v.reason, changed=v.changed) for v in found.votes}
