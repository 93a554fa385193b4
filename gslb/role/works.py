"""What a process does beside: tasks that run until it ends.

Used by control and by the console. A part that fails is logged. What decides answers ends the process with it, and whoever watches over that starts
it anew; what only shows and tells begins again by itself, for nobody may lose health checks over a line in a history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from gslb import log
from gslb.role.excuses import place

REST: Final = 10.0  # seconds until what failed and only shows begins again


class Works:
    """Tasks of one process. `stop` is set where one fails; `failed` says so."""

    def __init__(self, process: str, stop: asyncio.Event) -> None:
        self._process = process
        self.stop = stop
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def show(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run what only shows or tells beside, again and again where it fails."""
        self.start(self._shown(make))

    async def _shown(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await make()
            except Exception as error:  # noqa: BLE001  whatever it is, what decides answers goes on
                log.error("a part that only shows and tells failed; it begins again", error=repr(error), where=place(error))
                await asyncio.sleep(REST)
            else:
                return

    def cancel(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error(f"a part of {self._process} failed; {self._process} ends, to be started anew", error=repr(error), where=place(error))
            self.failed = True
            self.stop.set()
