"""Reference targets: addresses that always work, looked at to find out whether this prober can see.

Run by `gslb.role.probing` beside the prober. They get no votes and no counters: one look at each makes a round, and a round in which half of
them fail makes a suspicion (`gslb.check.suspicion`), before the counters of real targets have come to believe in an outage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from gslb.check.clock import Clock
from gslb.check.observation import Result
from gslb.check.once import look_as
from gslb.check.suspicion import Suspicion, blind
from gslb.model import Check


class References:
    """`changed` is called when they begin to fail, and when they are well again; `programs`: whether checks of type exec may run here."""

    def __init__(self, clock: Clock, changed: Callable[[], None], *, programs: bool = False) -> None:
        self._clock = clock
        self._changed = changed
        self._programs = programs
        self._suspicion = Suspicion()
        self._looks: Sequence[tuple[Check, str]] = ()
        self._some = asyncio.Event()

    @property
    def failing(self) -> str:
        """Why this prober should not be believed, "" = they are well."""
        return self._suspicion.reason

    def set(self, looks: Sequence[tuple[Check, str]]) -> None:
        """Look at these addresses, each by its check, from the next round on."""
        self._looks = looks
        if looks:
            self._some.set()
        else:
            self._some.clear()
            self._suspicion = Suspicion()

    async def run(self) -> None:
        """Make one round an interval (the shortest of the checks), until cancelled."""
        due = self._clock.steady()
        while True:
            await self._some.wait()
            looks = self._looks
            failed = sum(await asyncio.gather(*(self._fails(check, address) for check, address in looks)))
            if looks is self._looks and self._suspicion.round(blind(failed, len(looks))):
                self._changed()
            due = max(due + min(check.interval for check, _ in looks), self._clock.steady())
            await self._clock.sleep_until(due)

    async def _fails(self, check: Check, address: str) -> bool:
        """Look once; what this prober cannot look at fails too, for it is a question of its own eyes."""
        seen = await look_as(check, ip_address(address), programs=self._programs)
        return seen.result is not Result.OK
