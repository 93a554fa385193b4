"""What a process does beside: tasks that run until it ends, and that end it where one of them fails.

Used by control and by the console. A part that fails is logged; whoever watches over the process starts it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from gslb import log
from gslb.role.excuses import place


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
