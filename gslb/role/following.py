"""A node or prober that follows: its files are those of the newest version that an operator has published in the store.

Used by control and by `gslb probe`, which ask for files where they would else read folders. A version is loaded whole or not at all; forward only;
what is refused changes nothing, and is said. What is served is kept on disk: the node starts from it without the store, and brings it back to a store
that was wiped. Who publishes is in `bundle_desk`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from gslb import __version__, log, metrics
from gslb.bundle import Bundle, Head, Newest
from gslb.config import Loaded, bundled, saved
from gslb.config.settings import Settings
from gslb.errors import Problem, StoreError, UsageError, Where
from gslb.event import Event, Tell, untold
from gslb.model import EMPTY_MODEL
from gslb.role.neighbours import PROBERS
from gslb.store import Hint, Identity, NodeReport, Store, last_bundle
from gslb.store.envelope import RefusedError, peek

POLL: Final = 1.0  # seconds between looks; where hints are heard a version is here at once, and this is how soon what failed is tried again
AGAIN: Final = 30.0  # seconds until a store that did not take a version back is told again, and at most between reads of damaged files
REPORT: Final = 5.0  # seconds between a prober's reports

Again = Callable[[], Awaitable[Mapping[str, Any]]]  # load what is wanted; `accepted`, and `problems` where it is not


class Following:
    """One follower. `wanted` is what is loaded next, `served` what was last.

    `brings_back`: whether it may write to the store (a prober may not). `changed` is called when `told` says something else.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        who: Identity,
        *,
        tell: Tell = untold,
        brings_back: bool = True,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        if not settings.store.startswith("memory:") and not who.signed:
            raise UsageError("fleet.follow needs keys.trust: without it whoever can write into the store would write the zones")
        self.wanted: Bundle | None = None
        self.served: Bundle | None = None
        self._node, self._dir = settings.node, settings.state_dir
        self._store, self._who, self._tell = store, who, tell
        self._brings_back, self._changed = brings_back, changed
        self._stirred = asyncio.Event()
        self._newest = Newest()
        self._refused: tuple[Head | None, str] = (None, "")  # the version that was refused, and why
        self._unfit: Bundle | None = None  # what was wanted and does not load: its number may be that of what is served
        self._read_at, self._pause = 0.0, POLL  # when files that could not be read are read again, and how long after that
        self._reminded = ""  # the run of the store that was told what is served
        self._replaced = ""  # what stood in its place when it was told so last
        self._kept: Bundle | None = None  # as on the disk

    def told(self) -> dict[str, Any]:
        """Say which version is run, and why not the newest one."""
        refused = self._newest.refused or self._refused[1]
        served = self.served.version if self.served else 0
        return {"follows": True, "config": served, "newest": max(self._newest.version, served), "refused": refused[:400]}

    # --- what loads

    def load(self, before: Loaded | None = None) -> tuple[Loaded, int]:
        """Load what is wanted, in whatever thread; and which version that is."""
        wanted = self.wanted
        if wanted is None:
            problem = Problem("F011", "nothing has been published that could be served here", Where("fleet.follow"), "publish: gslb publish DIR")
            return Loaded(EMPTY_MODEL, (problem,), {}), 0
        loaded = bundled.load(wanted.files, wanted.version, before=before)
        self._unfit = wanted if loaded.fatal else None
        return loaded, wanted.version

    def load_last(self) -> tuple[Loaded, int] | None:
        """Load the version that was served before the start; None where there is none."""
        return (bundled.load(self._kept.files, self._kept.version), self._kept.version) if self._kept else None

    # --- what follows

    async def begin(self, stop: asyncio.Event) -> None:
        """Find what to start from: the newest version, or the one on disk where the store is out of reach.

        Where there is none at all it waits for one, or until `stop` is set: then the process ends, for it has nothing to do. Raises SystemExit.
        """
        found = await asyncio.to_thread(last_bundle.load, self._dir)
        if found.problem:
            log.error("the version that was served before is lost", reason=found.problem)
        self._kept = self.wanted = found.bundle
        await self._look()
        if self.wanted is None and not await asyncio.to_thread((self._dir / saved.FILE).exists):
            log.warning("nothing has been published yet: there is nothing to serve", advice="gslb publish DIR")
            while self.wanted is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await stop.wait()
                        raise SystemExit(0)
                await self._look()

    async def run(self, again: Again, version: Callable[[], int], hints: AsyncIterator[Hint] | None = None) -> None:
        """Follow until cancelled. `version`: which one is served; `hints`: of changes in the store, None where it is asked again and again."""
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self._keep_there())
            await self._settle(version())
            if self.wanted is not None and self.served is not self.wanted:
                await self._load(again, version)  # it was refused at the start: say why
            while await _news(hints):
                if await self._look():
                    await self._load(again, version)
                await self._settle(version())
            keeping.cancel()

    async def report(self, name: str) -> None:
        """Say in the store how a prober stands, until cancelled; a nameserver says it with the rest of its report."""
        said: dict[str, Any] = {}
        due = 0.0
        while True:
            if self.told() != said or time.monotonic() >= due:
                with contextlib.suppress(StoreError):  # it is for show, and comes again
                    said, due = self.told(), time.monotonic() + REPORT
                    extra = {"role": "prober", **said}
                    await self._store.report(NodeReport(f"{PROBERS}{name}"[:64], await self._store.now(), __version__, extra=extra))
            self._stirred.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._stirred.wait()

    async def _look(self) -> bool:
        """Look for a newer version, and read it; whether there is one to be loaded."""
        if time.monotonic() < self._read_at:
            return False
        try:
            self._newest = await self._store.newest()
            head = self._newest.head
            if head is None or self._known(head) or self._older(head):
                return False
        except StoreError:
            return False  # nothing is known of newer ones: what is served stays
        try:
            bundle = await self._store.bundle(head.version)
        except StoreError as error:
            self._read_at, self._pause = time.monotonic() + self._pause, min(2 * self._pause, AGAIN)  # they may be large
            self._refuse(head, str(error))
            return False
        self._pause = POLL
        self.wanted = bundle
        return True

    def _known(self, head: Head) -> bool:
        return self.wanted is not None and (head.version, head.digest) == (self.wanted.version, self.wanted.digest)

    def _older(self, head: Head) -> bool:
        """Whether it is older than what is served, or kept, and the key that signed that is still believed."""
        mine = self.served or self._kept
        if mine is None or head.version >= mine.version:
            return False
        try:
            said = peek(mine.sealed) if mine.sealed else None
        except RefusedError:
            return False
        return said is None or not self._who.signed or self._who.keyring.trusts("operator", said.signer, said.key)

    async def _load(self, again: Again, version: Callable[[], int]) -> None:
        wanted = self.wanted
        assert wanted is not None  # who calls has looked
        answer = await again()
        if answer["accepted"] or (version() == wanted.version and wanted is not self._unfit):
            return
        problems = [one for one in answer["problems"] if one["severity"] == "error"]
        first = f"{problems[0]['where']}: {problems[0]['code']} {problems[0]['message']}" if problems else str(answer.get("text", "")).strip()
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        self._refuse(wanted.head(), first + more)

    async def _settle(self, version: int) -> None:
        """Note what is served now, and keep it for a restart."""
        fit = (one for one in (self.wanted, self._kept) if one is not self._unfit)
        now = next((one for one in fit if one is not None and one.version == version), None)
        if now is None or now is self.served:
            return
        self.served = now
        if now is self.wanted:
            self._refused = None, ""
        metrics.config_version.set(version)
        log.info("a published version is served", version=version, by=now.author, message=now.message)
        self._say(version, f"serves version {version}" + (f": {now.message}" if now.message else ""), "info")
        if now is not self._kept:
            await self._keep(now)

    async def _keep(self, version: Bundle) -> None:
        try:
            await asyncio.to_thread(last_bundle.save, self._dir, version)
            self._kept = version
        except StoreError as error:
            metrics.state_writes_failed.inc()
            log.warning("the version cannot be kept for a restart; serving is not affected", reason=str(error))

    def _refuse(self, head: Head, why: str) -> None:
        """Note that a version changes nothing here; said and counted once."""
        if self._refused == (head, why):
            return
        self._refused = head, why
        metrics.config_refused.inc()
        log.error("a published version is refused; what was served goes on being served", version=head.version, reason=why)
        self._say(head.version, f"version {head.version} is refused: {why}", "error")

    def _say(self, version: int, what: str, level: str) -> None:
        key = f"config/{self._node}/{version}/{level}"
        self._stirred.set()
        self._changed()
        self._tell(Event("config", f"version {version}", what[:400], time.time(), level=level, node=self._node, key=key))

    async def _keep_there(self) -> None:
        """Bring back to the store what is served, whenever it is lost there, until cancelled."""
        while self._brings_back:
            if self.served is not None:
                try:
                    await self._bring_back(self.served)
                except StoreError as error:
                    if self._reminded:
                        log.warning("the published version is not in the store, and cannot be brought back", reason=str(error))
                    await asyncio.sleep(AGAIN)
            await asyncio.sleep(POLL)

    async def _bring_back(self, served: Bundle) -> None:
        """Give it back to a store that is another one than before, or where something else has been put in its place. Raises StoreError."""
        run = (await self._store.pulse()).run
        if run == self._reminded and self._newest.refused in {"", self._replaced}:
            return
        if self._reminded:
            await asyncio.sleep(random.uniform(0, POLL))  # noqa: S311  no secret; others have it too: who comes first spares them the work
        if await self._store.remind_bundle(served):
            log.warning("the published version was not in the store any more; it is there again", version=served.version)
        self._reminded, self._replaced = run, self._newest.refused


async def _news(hints: AsyncIterator[Hint] | None) -> bool:
    """Wait until something may have changed; False where nothing more will."""
    if hints is None:
        await asyncio.sleep(POLL)
        return True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL):
            try:
                while await anext(hints):  # a hint of votes alone is none of a version
                    pass
            except StopAsyncIteration:
                return False
    return True


def of(settings: Settings, store: Store, who: Identity, **more: Any) -> Following | None:
    """Make a follower where the settings ask for one. Raises UsageError."""
    if settings.fleet.follow and settings.store.startswith("memory:"):
        raise UsageError("fleet.follow needs a store that others write too, such as store: redis://…; for one machine there are files")
    return Following(settings, store, who, **more) if settings.fleet.follow else None
