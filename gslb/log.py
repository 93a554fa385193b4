"""Log lines: one per state transition, config change or degraded mode; text on a terminal, JSON elsewhere.

Any floor above may call `info`, `warning`, `error`; the answer path never does, and neither do the pure floors. Lines are
written to standard error by a thread of their own, so that a stuck terminal or a full pipe blocks nobody: what finds
no room is dropped and counted. structlog is loaded with the first line, not with this module.
"""

from __future__ import annotations

import atexit
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import structlog

ROOM: Final = 10_000  # lines waiting for a slow reader: a few megabytes; more would be old news anyway
FLUSH_SECONDS: Final = 2.0  # how long the end of a process may wait for its last lines

_bound: dict[str, Any] = {}
_style: dict[str, str] = {"level": "info", "form": "auto"}


def configure(level: str = "", form: str = "", **fields: Any) -> None:
    """Put these fields (role, pid) on every line of this process; choose the least level, and `text`, `json` or `auto`."""
    _bound.update(fields)
    _style.update({key: value for key, value in (("level", level), ("form", form)) if value})
    _logger.cache_clear()


def debug(event: str, **fields: Any) -> None:
    """Log what only a developer asks for."""
    _logger().debug(event, **_bound, **fields)


def info(event: str, **fields: Any) -> None:
    """Log a change that needs no one."""
    _logger().info(event, **_bound, **fields)


def warning(event: str, **fields: Any) -> None:
    """Log a degraded mode, or what deserves a look."""
    _logger().warning(event, **_bound, **fields)


def error(event: str, **fields: Any) -> None:
    """Log what is broken."""
    _logger().error(event, **_bound, **fields)


def lines(finished: Sequence[str]) -> int:
    """Queue finished lines, of the query log; return how many were taken: half of the room is all they get."""
    return _WRITER.together(finished)


def dropped() -> int:
    """Count lines that found no room since the process began."""
    return _WRITER.dropped


def flush() -> None:
    """Wait, but not for long, until everything logged so far is written."""
    _WRITER.flush()


def prepare() -> None:
    """Load what the first line needs now rather than then: for a process that must never stand still."""
    _logger()


@cache
def _logger() -> structlog.typing.FilteringBoundLogger:
    with _without_rich():
        import structlog  # noqa: PLC0415  40 ms that a command without a log line need not pay

    terminal = _style["form"] == "text" or (_style["form"] == "auto" and sys.stderr.isatty())
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(pad_event_to=40, sort_keys=False, colors=sys.stderr.isatty())
        if terminal
        else structlog.processors.JSONRenderer(default=str)
    )
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal, key="timestamp" if terminal else "ts")
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        _WRITER,
        processors=[structlog.processors.add_log_level, stamp, render],
        wrapper_class=structlog.make_filtering_bound_logger(_style["level"]),
        cache_logger_on_first_use=True,
    )
    return logger


@contextmanager
def _without_rich() -> Iterator[None]:
    """Let what is imported here believe that there is no rich: structlog would load it, 170 ms in every process, for tracebacks never shown."""
    hidden = "rich" not in sys.modules
    if hidden:
        sys.modules["rich"] = None  # type: ignore[assignment]  # what import takes for "not there"
    try:
        yield
    finally:
        if hidden:
            del sys.modules["rich"]


class _Writer:
    """The thread that writes, and the bounded queue before it. Has the methods structlog calls with a finished line."""

    def __init__(self) -> None:
        self.dropped = 0
        self._told = 0
        self._lines: queue.Queue[str | threading.Event] = queue.Queue(ROOM)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def msg(self, line: str) -> None:
        """Queue one line; never waits."""
        if self._thread is None:
            self._begin()
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    debug = info = warning = error = msg

    def together(self, lines: Sequence[str]) -> int:
        """Queue several lines as one; never waits. Return how many were taken: all or none."""
        if self._thread is None:
            self._begin()
        if self._lines.qsize() > ROOM // 2:
            return 0
        self.msg("\n".join(lines))
        return len(lines)

    def flush(self) -> None:
        """Wait until what was queued before is written, or FLUSH_SECONDS are over."""
        if self._thread is None:
            return
        done = threading.Event()
        try:
            self._lines.put(done, timeout=FLUSH_SECONDS)
        except queue.Full:
            return
        done.wait(FLUSH_SECONDS)

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_forever, name="log", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def _write_forever(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            if self.dropped != self._told:
                self._put(f"gslb: {self.dropped - self._told} log lines found no room and were dropped")
                self._told = self.dropped
            self._put(line)

    def _put(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # closed, or nobody reads: logging must not be the reason to stop
            self.dropped += 1


_WRITER: Final = _Writer()
