"""The role `gslb probe`: a prober on its own, for a place that has no nameserver, or for one more opinion.

It loads the same files as the nameservers, or follows the same published versions, probes what they name, and writes votes into the shared store;
it answers nobody. SIGHUP loads the files anew, whole or not at all. At SIGTERM it takes its lease back, so that its peers take over at once.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from gslb import __version__, config, log, metrics, targets
from gslb.config import Loaded, report, saved
from gslb.config.report import told
from gslb.config.settings import Settings
from gslb.errors import GslbError, ListenError, StoreError, UsageError
from gslb.role import following, identity
from gslb.role.excuses import Excuses
from gslb.role.keeper import Keeper
from gslb.role.notify_systemd import Systemd
from gslb.role.probing import Probing
from gslb.role.registrar import Registrar
from gslb.store import open_store
from gslb.transport.listen import Endpoint

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

FAREWELL: Final = 3.0  # seconds for taking the lease back, and for the last save
COLLECT: Final = (
    50_000,
    20,
    20,
)  # objects made until the collector looks; with Python's 700 a third of the CPU is its own at 30,000 targets
OWN_FOLDER: Final = "probe"  # in the state directory: a nameserver beside us keeps votes and files of its own


def run(settings: Settings) -> None:
    """Probe until SIGTERM. Raises GslbError."""
    if settings.store.startswith("memory:"):
        raise UsageError("a prober on its own needs a store that others read too, such as store: redis://…; for one machine there is gslb run")
    log.configure(settings.log.level, settings.log.format, role="prober")
    asyncio.run(_run(settings.model_copy(update={"state_dir": settings.state_dir / OWN_FOLDER})))


async def _run(settings: Settings) -> None:
    await ProberRole(settings).run()


class ProberRole:
    """One prober process on its running loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._hangup = asyncio.Event()
        self._systemd = Systemd()
        self._keeper = Keeper(settings.state_dir, lambda: self._probing.prober.votes)
        who = identity.of(settings)
        self._store = open_store(settings.store, who)
        self._following = following.of(settings, self._store, who, brings_back=False)
        self._version = 0  # the published one that is probed
        self._registrar = Registrar(self._store, settings.state_dir, signed=who.signed)
        self._probing = Probing(
            settings,
            self._store,
            remembered=self._keeper.remembered().votes,
            changed=self._keeper.votes_changed,
            board=self._registrar.board,
        )
        self._web: AppRunner | None = None
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Probe until SIGTERM or SIGINT. Raises GslbError where it cannot begin."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        self._loop.add_signal_handler(signal.SIGHUP, self._hangup.set)
        self._loop.set_exception_handler(Excuses(self._loop.time))
        if self._following:
            await self._following.begin(self._stop)
        loaded, present = await asyncio.to_thread(self._first)
        await asyncio.to_thread(self._registrar.begin)
        self._adopt(loaded)
        if present:
            await self._keeper.keep_files(loaded)
        await self._serve_vitals()
        parts = [self._probing.run(), self._registrar.run(self._look_anew), self._keeper.run(), self._reload_on_hangup(), self._settle()]
        if self._following:
            parts += [self._following.run(self._reload, lambda: self._version), self._following.report(self._settings.probe_name)]
        work = [self._start(one) for one in parts]
        log.info("probing", prober=self._settings.probe_name, place=self._settings.probe_place)
        self._systemd.ready()
        await self._stop.wait()
        self._systemd.stopping()
        for task in work:
            task.cancel()
        await asyncio.wait(work)
        await self._end()
        if self._failure:
            raise self._failure

    async def _end(self) -> None:
        """Say farewell, but not for long."""
        if self._web:
            await self._web.cleanup()
        try:
            async with asyncio.timeout(FAREWELL):
                await self._keeper.save()
                await self._probing.leave()
        except TimeoutError:
            log.warning("the store does not answer; the lease runs out by itself")
        await self._store.close()

    def _first(self) -> tuple[Loaded, bool]:
        """Load the files, or (False) the last accepted ones where they are broken: loudly. Raises GslbError where there are none."""
        loaded = self._load()
        if not loaded.fatal:
            return loaded, True
        text = report.text(loaded.problems, loaded.sources)
        last = self._load_last()
        if last is None or last.fatal:
            raise UsageError(text)
        log.error("STARTING FROM THE LAST ACCEPTED FILES: mend the present ones, then send SIGHUP", first=str(loaded.problems[0]))
        return last, False

    def _load(self) -> Loaded:
        if self._following is None:
            return config.load(self._settings.zones, self._settings.geo.networks)
        loaded, version = self._following.load()
        self._version = self._version if loaded.fatal else version
        return loaded

    def _load_last(self) -> Loaded | None:
        """Load what was accepted before the start."""
        if self._following and (last := self._following.load_last()):
            loaded, self._version = last
            return loaded
        try:
            return saved.load_saved(self._settings.state_dir)
        except StoreError as error:
            log.error("the last accepted files cannot be used", reason=str(error))
            return None

    def _adopt(self, loaded: Loaded) -> None:
        """Probe what these files name, and whoever has registered as they allow."""
        self._registrar.heed(loaded.model)
        probes = targets.index(self._registrar.probed).probes
        self._probing.set_targets(probes, loaded.model.checks)
        metrics.build_info.labels(__version__).set(1)
        metrics.reload_ok.set(1)
        metrics.reload_time.set_to_current_time()
        log.info("loaded", targets=len(probes), checks=len(loaded.model.checks))
        if not probes:
            log.warning("no member of any pool has a check: there is nothing to probe")

    async def _look_anew(self) -> None:
        """Probe other members than before: some have come or gone."""
        model = self._registrar.probed
        self._probing.set_targets(targets.index(model).probes, model.checks)

    async def _reload_on_hangup(self) -> None:
        """Load anew at each SIGHUP, whole or not at all, until cancelled."""
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            await self._reload()

    async def _reload(self) -> dict[str, Any]:
        """Load anew, whole or not at all; how that went."""
        loaded = await asyncio.to_thread(self._load)
        if loaded.fatal:
            metrics.reload_ok.set(0)
            log.error("files refused; what was accepted before stays", first=str(loaded.problems[0]), problems=len(loaded.problems))
        else:
            self._adopt(loaded)
            await self._keeper.keep_files(loaded)
        return {"accepted": not loaded.fatal, "problems": told(loaded.problems)}

    async def _settle(self) -> None:
        """Spare the collector what lives as long as the process, once that is there: the timers of all targets."""
        gc.collect()
        gc.set_threshold(*COLLECT)
        gc.freeze()
        await self._probing.prober.first_round.wait()
        gc.freeze()

    async def _serve_vitals(self) -> None:
        """Serve metrics; where that address cannot be had (a nameserver on this machine has it), probing is not given up for it."""
        if self._settings.metrics_endpoint is None:
            return
        from gslb.role import vitals  # noqa: PLC0415  a web server takes 0.3 s to import: not before it is wanted

        def show() -> None:
            metrics.log_dropped.set(log.dropped())

        def ready() -> str:
            return "" if self._probing.prober.first_round.is_set() else "not everything has been looked at yet"

        try:
            self._web = await vitals.serve(Endpoint(*self._settings.metrics_endpoint), show, ready)
        except ListenError as error:
            log.error("no metrics are served", reason=str(error))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside; what fails there ends the prober, to be started anew by whatever watches over it."""
        task = self._loop.create_task(work)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failure = error if isinstance(error, GslbError) else GslbError(f"probing failed by a fault of gslb itself: {error!r}")
            self._stop.set()
