"""The registrar: hears what sites say of themselves, keeps the roll of members that registered themselves, and tells when it has changed.

Part of control and of `gslb probe`, one in each process. It looks into the store only where some pool or check needs it. While the store cannot be
read nobody comes, and nobody goes; nor while an operator holds everything.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gslb import log, metrics
from gslb.check.board import Board
from gslb.check.push import Push
from gslb.errors import StoreError
from gslb.event import Event, Tell, untold
from gslb.model import EMPTY_MODEL, Model
from gslb.registration import Entry, Roll, admit, call, kept, passed
from gslb.role import last_roll
from gslb.store import Store
from gslb.verdict import Verdicts

PERIOD: Final = 1.0  # seconds between looks: a member that leaves is gone that much later
PACE: Final = 10.0  # how much longer than a change took to be served to wait until the next one: a pool that flaps must not keep control busy
SAVE: Final = 30.0  # seconds between saves of the roll while nobody comes or goes: leases go on
SPARE: Final = 4  # a prober looks at so many times the maximum: nameservers may have taken others than it would
LINES: Final = 256  # refusals that get a line in the log

Changed = Callable[[], Awaitable[Any]]  # serve or probe the models anew


class Registrar:
    """Of one process. `signed`: whether who speaks in the store is who they say; registrations count nowhere else. `verdicts`: None where nobody
    judges, as in a prober: there all on the roll have joined. `frozen`: whether an operator holds all answers as they are.
    """

    def __init__(
        self,
        store: Store,
        state_dir: Path,
        *,
        signed: bool,
        verdicts: Callable[[], Verdicts] | None = None,
        frozen: Callable[[], bool] = lambda: False,
        tell: Tell = untold,
    ) -> None:
        self.board = Board()
        self.roll: Roll = MappingProxyType({})
        self._store = store
        self._state_dir = state_dir
        self._signed = signed
        self._verdicts = verdicts
        self._frozen = frozen
        self._say = tell
        self._model = EMPTY_MODEL
        self._refused: frozenset[tuple[tuple[str, str], str]] = frozenset()
        self._lines = 0
        self._pools: set[str] = set()  # whose members are shown in metrics

    def begin(self) -> None:
        """Read the roll of before a restart. Blocking."""
        entries, problem = last_roll.load(self._state_dir, time.time())
        if problem:
            log.warning("registrations from before are not used", reason=problem)
        self.roll = {entry.place: entry for entry in entries}

    def heed(self, model: Model) -> None:
        """Let these files decide from now on, for those on the roll, too."""
        self._model = model
        self.roll = kept(model, self.roll)

    @property
    def wanted(self) -> bool:
        """Whether anything depends on what sites say."""
        return self._open or any(check.type == Push.name for check in self._model.checks.values())

    @property
    def served(self) -> Model:
        """The files' model with the members that have joined."""
        return admit(self._model, [entry for entry in self.roll.values() if entry.joined])

    @property
    def probed(self) -> Model:
        """The files' model with all on the roll."""
        return admit(self._model, self.roll.values())

    async def run(self, changed: Changed) -> None:
        """Look every second, until cancelled."""
        save_at = 0.0
        while True:
            took = 0.0
            if self.wanted and await self.look():
                began, save_at = time.monotonic(), 0.0
                await changed()
                took = time.monotonic() - began
            if self._open and time.monotonic() >= save_at:
                save_at = time.monotonic() + SAVE
                await self._keep()
            await asyncio.sleep(max(PERIOD, PACE * took))

    async def look(self) -> bool:
        """Hear what sites say; whether other members are to be served or probed than before."""
        try:
            said = await self._store.pushed()
        except StoreError:
            return False  # whoever reads votes from the store has said so
        self.board.hear(said)
        if self._frozen():
            return False
        model, before = self._model, self.roll
        inside = passed(model, before, self._verdicts()) if self._verdicts else _all_joined(before)
        self.roll, refused = call(model, inside, said, signed=self._signed, spare=1 if self._verdicts else SPARE)
        self._count({(who, why) for who, why in refused.items()})
        self._tell(before)
        return _gist(before) != _gist(self.roll)

    def status(self) -> list[dict[str, Any]]:
        """Return the roll as plain data."""
        return [
            {"pool": one.pool, "address": one.address, "by": one.registrant, "state": one.state, "weight": one.weight, "until": one.until}
            for one in sorted(self.roll.values(), key=lambda entry: entry.place)
        ]

    @property
    def _open(self) -> bool:
        return any(pool.register for pool in self._model.pools.values())

    def _tell(self, before: Roll) -> None:
        """Log who came, joined and left; count who is there. A prober, which does not know who has joined, leaves that to nameservers."""
        if self._verdicts is None:
            return
        for place, entry in self.roll.items():
            old = before.get(place)
            if old is None or old.state != entry.state:
                log.info(f"member {entry.address} of pool {entry.pool} is {entry.state}", by=entry.registrant)
                self._event(entry, entry.state)
        for place in before.keys() - self.roll.keys():
            log.info(f"member {before[place].address} has left pool {before[place].pool}", by=before[place].registrant)
            self._event(before[place], "left")
        counts = Counter((entry.pool, entry.state) for entry in self.roll.values())
        self._pools |= {entry.pool for entry in self.roll.values()}
        for pool in self._pools:
            for state in ("waiting", "joined", "held"):
                metrics.registered.labels(pool, state).set(counts[pool, state])

    def _event(self, entry: Entry, state: str) -> None:
        subject = f"{entry.pool}/{entry.address}"
        self._say(Event("registration", subject, state, time.time(), by=entry.registrant, key=f"registration/{subject}/{state}"))

    def _count(self, refused: set[tuple[tuple[str, str], str]]) -> None:
        """Count and log refusals, each once for as long as it is repeated."""
        for (registrant, key), why in sorted(refused - self._refused):
            metrics.registrations_refused.labels(why).inc()
            if self._lines < LINES:
                self._lines += 1
                log.warning("a registration is refused", by=registrant, what=key, reason=why)
        self._refused = frozenset(refused)

    async def _keep(self) -> None:
        try:
            await asyncio.to_thread(last_roll.save, self._state_dir, tuple(self.roll.values()), time.time())
        except StoreError as error:
            metrics.state_writes_failed.inc()
            log.warning("registrations are not kept for a restart", reason=str(error))


def _all_joined(roll: Roll) -> Roll:
    return {place: replace(entry, joined=True) for place, entry in roll.items()}


def _gist(roll: Roll) -> dict[tuple[str, str], tuple[int, bool]]:
    def of(entry: Entry) -> tuple[int, bool]:
        return entry.weight, entry.joined

    return {place: of(entry) for place, entry in roll.items()}
