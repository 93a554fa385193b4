"""A bar for work that takes long, on standard error, and only where somebody watches. Loaded when it is first shown, so short work pays nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE: Final = 0.5  # seconds of work that need no bar

Tell = Callable[[str, int, int], None]  # what is done now, how much of how much


@contextmanager
def bar() -> Iterator[Tell]:
    """Give a function that is told how far the work is; it shows that, after a while, on a terminal."""
    shown = _Bar()
    try:
        yield shown.tell
    finally:
        shown.end()


class _Bar:
    def __init__(self) -> None:
        self._from = time.monotonic() + PATIENCE
        self._watched = sys.stderr.isatty()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def tell(self, what: str, done: int, total: int) -> None:
        if not self._watched or (self._progress is None and time.monotonic() < self._from):
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(what, total=total)
        assert self._task is not None
        self._progress.update(self._task, description=what, completed=done, total=total)

    def end(self) -> None:
        if self._progress is not None:
            self._progress.stop()
