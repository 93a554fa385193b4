"""What becomes of a load: the first one, and each one that is commanded. Whole or not at all; refused ones change nothing.

Part of control. Problems go to whoever asked, to the log and to the metrics.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from gslb import __version__, log, metrics
from gslb.config import report
from gslb.config.report import told as told  # noqa: PLC0414  those who load say it with our word
from gslb.errors import GslbError, Problem, Severity
from gslb.event import Event, Tell, untold
from gslb.lint import loss
from gslb.model import Model
from gslb.role.keeper import Keeper
from gslb.role.loading import Load, Loader, RefusedError

SETTLE: Final = 2.0  # seconds after a load was accepted until the collector looks at it: first the planes are fed
FEW: Final = 5  # problems that a status shows of a refused load; `gslb check` shows all
NICE: Final = 5  # a third of the others' share where cores are short; much less, and the loop would wait for a lock that a starved thread holds

Adopt = Callable[[Load], Awaitable[int]]  # serve it; returns the generation


class Loads:
    """Loads files when told to, one load at a time."""

    def __init__(self, loader: Loader, keeper: Keeper, tell: Tell = untold) -> None:
        self._loader = loader
        self._tell = tell
        self._keeper = keeper
        self._one = asyncio.Lock()
        self._aside = ThreadPoolExecutor(1, "loader", _yield_to_others)  # for reloads; the first load is what everybody waits for
        self._keeping: asyncio.Task[None] | None = None
        self._next: asyncio.Task[dict[str, Any]] | None = None  # has not begun: whoever asks now may wait for it
        self._running: asyncio.Task[dict[str, Any]] | None = None
        self._forced = False  # by one of those who wait for the next
        self._served: Model | None = None
        self.refused: tuple[Problem, ...] = ()  # why the files that are there now are not served
        self.refused_at = 0.0
        self.warnings: tuple[str, ...] = ()  # what is wrong with what is served though its files are fine
        self.on_last = False  # the files were broken at start: what is served are the last accepted ones

    async def first(self) -> Load:
        """Load the files, or the last accepted ones where they are broken or hold no zone any more: loudly. Raises GslbError where there are none."""
        load = None
        try:
            load = await asyncio.to_thread(self._loader.load)
            if load.model.zones:
                return load
        except RefusedError as error:
            self._refused(error)
            text = report.text(error.problems, error.sources)
        except Exception as error:  # noqa: BLE001  a fault of ours in what is new must not keep what is old from being served
            text = self._failed(error)
        last = await asyncio.to_thread(self._loader.load_last)
        if load is not None and (last is None or not last.model.zones):
            return load
        if last is None:
            raise GslbError(text)
        present = (
            "mend the present ones, then `gslb reload`" if load is None else "the present ones hold no zone; if that is meant: `gslb reload --force`"
        )
        log.error(f"STARTING FROM THE LAST ACCEPTED FILES: {present}")
        self.on_last = True
        return last

    async def again(self, adopt: Adopt, *, force: bool = False) -> dict[str, Any]:
        """Load anew and say how it went. `force`: even where much of what is served would be gone.

        While a load runs, all who ask wait for one more: it begins after they asked, so it sees what they wrote.
        """
        self._forced |= force
        if self._next is None:
            self._next = asyncio.create_task(self._again(adopt))
        return dict(await asyncio.shield(self._next))  # who gives up waiting takes it from nobody else

    async def _again(self, adopt: Adopt) -> dict[str, Any]:
        async with self._one:
            self._running, self._next = self._next, None
            force, self._forced = self._forced, False
            gc.disable()
            try:
                load = await asyncio.get_running_loop().run_in_executor(self._aside, self._loader.load)
                if not force:
                    await asyncio.get_running_loop().run_in_executor(self._aside, self._guard, load)
                generation = await adopt(load)
            except RefusedError as error:
                self._refused(error)
                return {"accepted": False, "problems": told(error.problems), "text": report.text(error.problems, error.sources)}
            except Exception as error:  # noqa: BLE001  as in `first`
                return {"accepted": False, "problems": [], "text": self._failed(error)}
            finally:
                gc.enable()
            self.on_last = False
            self.accepted(load)
        loaded = load.loaded
        return {
            "accepted": True,
            "generation": generation,
            "zones": len(loaded.model.zones),
            "seconds": round(load.seconds, 3),
            "problems": told(loaded.problems),
            "text": report.text(loaded.problems, loaded.sources),
            "warnings": list(warnings(load)),
        }

    def accepted(self, load: Load) -> None:
        """Note a load that is served now, and keep its files."""
        again, self._served = self._served is not None, load.model
        if not self.on_last:
            self.refused = ()
        self.warnings = warnings(load)
        if not self.on_last:
            self._keeping = asyncio.create_task(self._keeper.keep_files(load.loaded))
        asyncio.get_running_loop().call_later(SETTLE, _settle)
        metrics.build_info.labels(__version__).set(1)
        metrics.reload_ok.set(not self.on_last)
        metrics.reload_time.set_to_current_time()
        _count(load.loaded.problems)
        if built := load.atlas.oldest_build():
            metrics.geo_built.set(built)
        for warning in self.warnings:
            log.warning(warning)
        model, seconds = load.model, round(load.seconds, 2)
        if again:
            counts = {"zones": len(model.zones), "pools": len(model.pools), "targets": len(load.index.probes), "warnings": len(load.loaded.problems)}
            self._tell(Event("reload", "files", f"accepted: {counts['zones']} zones, {counts['pools']} pools", time.time(), evidence=counts))
        log.info(
            "loaded",
            zones=len(model.zones),
            pools=len(model.pools),
            targets=len(load.index.probes),
            warnings=len(load.loaded.problems),
            seconds=seconds,
        )

    def refusal(self) -> dict[str, Any]:
        """Say whether the files that are there now are served, and the first problems where they are not."""
        return {"ok": not self.refused, "count": len(self.refused), "problems": told(self.refused[:FEW]), "at": self.refused_at}

    def _guard(self, load: Load) -> None:
        """Raise RefusedError where much of what is served would be gone. What was published was judged when it was."""
        if self._served and not load.version and (lost := loss.refusal(self._served, load.model)):
            raise RefusedError((lost, *load.loaded.problems), load.loaded.sources)

    def _refused(self, error: RefusedError) -> None:
        metrics.reload_ok.set(0)
        _count(error.problems)
        self.refused, self.refused_at = error.problems, time.time()
        first, count = str(error.problems[0]), len(error.problems)
        log.error("files refused; what was accepted before stays", first=first, problems=count)
        told = {"first": first, "problems": count}
        self._tell(Event("reload", "files", f"refused, what was accepted before stays: {first}", time.time(), "error", evidence=told))

    def _failed(self, error: Exception) -> str:
        """Note a load that failed by a fault of our own."""
        metrics.reload_ok.set(0)
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("loading failed; what was accepted before stays", error=repr(error), where=f"{where.filename}:{where.lineno}")
        self._tell(Event("reload", "files", f"loading failed by a fault of gslb itself: {error!r}", time.time(), "error"))
        return f"loading failed by a fault of gslb itself: {error!r}; nothing was changed, please report it\n"


def warnings(load: Load) -> tuple[str, ...]:
    """Say what is wrong with a load though its files are fine."""
    return (*load.warnings, *load.atlas.stale(time.time()))


def _settle() -> None:
    """Spare the collector what a load has left, which lives until the next one."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _yield_to_others() -> None:
    """Let planes and the prober go first: a reload may take its time, an answer may not (Linux: priorities are the threads' own)."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _count(problems: Sequence[Problem]) -> None:
    for severity in Severity:
        metrics.config_problems.labels(severity.value).set(sum(problem.severity is severity for problem in problems))
