"""What a node says of itself: to other nodes through the store, and of the store to `gslb status`.

Part of control. Nobody decides by it; a report that cannot be written comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from gslb import __version__
from gslb.errors import StoreError
from gslb.role import digest
from gslb.role.publisher import Publisher
from gslb.store import NodeReport, Store

LOOK: Final = 1.0  # seconds between looks at whether anything has changed
EVERY: Final = 5.0  # seconds between reports where nothing changes


class Reporter:
    """Reports on one publisher. `listening`: where planes listen; `extra`: what is shown of the node beside its inputs."""

    def __init__(
        self, node: str, store: Store, publisher: Publisher, listening: Callable[[], Sequence[str]], extra: Callable[[], dict[str, Any]] = dict
    ) -> None:
        self._node, self._store, self._publisher, self._listening, self._extra = node, store, publisher, listening, extra
        self._loop = asyncio.get_running_loop()
        self._stirred = asyncio.Event()

    def report(self) -> NodeReport:
        """Say of ourselves what others may want to compare."""
        publisher, load = self._publisher, self._publisher.load
        assert load is not None  # nobody asks before the first load
        said = publisher.overrides.standing(publisher.now)
        return NodeReport(
            self._node,
            publisher.now,
            __version__,
            digest.of_all(load.digest, publisher.verdicts, load.index.pools, [one.key for one in said]),
            load.digest,
            publisher.snapshot.generation,
            sum(voter.fresh for voter in (publisher.health.voters(self._loop.time()) or {}).values()),
            tuple(self._listening()),
            self._extra(),
        )

    def stir(self) -> None:
        """Look at once whether anything has changed: somebody waits for it."""
        self._stirred.set()

    async def run(self) -> None:
        """Tell others how we stand: now and then, and soon after that has changed, until cancelled."""
        seen: object = None
        told, due = ("", "", ""), 0.0
        while True:
            publisher, run, past = self._publisher, self._publisher.health.clock.run, self._loop.time() >= due
            refused = str(self._extra().get("refused", "")) if publisher.load else ""
            before, seen = seen, (publisher.load, run, publisher.overrides, publisher.verdicts, refused)
            if publisher.load and not publisher.why and (past or seen != before):
                report = self.report()
                if past or (report.digest, run, refused) != told:
                    with contextlib.suppress(StoreError):  # it is for show, and comes again
                        await self._store.report(report)
                        told, due = (report.digest, run, refused), self._loop.time() + EVERY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._stirred.wait()
            self._stirred.clear()

    def store(self, *, shared: bool, signed: bool) -> dict[str, Any]:
        """Say how the store stands; what a store says of itself beside the protocol is shown where it does."""
        publisher = self._publisher
        return {
            "url": getattr(self._store, "shown", "shared" if shared else "memory://"),
            "shared": shared,
            "reached": publisher.health.reached and not publisher.why,
            "why": publisher.why,
            "age": round(self._loop.time() - publisher.read_at, 1),
            "run": publisher.health.clock.run,
            "signed": signed,
            "refused": dict(getattr(self._store, "refused", {})),
        }
