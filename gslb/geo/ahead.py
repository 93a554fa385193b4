"""Reads databases before they are wanted: in a thread, while the process that will want them still imports the rest of itself.

Begun by control as soon as its settings are known; `geo.read` takes what was read, once. Unpacking, half of a first start's work, leaves the
interpreter to others. Never reads twice: a database that is asked for otherwise, or later, is read then.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Final

from gslb.geo.mmdb import Database

_reading: Final[dict[str, Future[list[Database]]]] = {}


def begin(what: str, read: Callable[[], list[Database]]) -> None:
    """Begin to read in a thread; `what` tells one state of the files from another."""
    future: Future[list[Database]] = Future()
    _reading[what] = future
    Thread(target=_work, args=(future, read), name="geo", daemon=True).start()


def taken(what: str) -> list[Database] | None:
    """Wait for what was begun, and hand it over; None where it was not. Raises what reading raised. The rest is forgotten."""
    future = _reading.pop(what, None)
    _reading.clear()
    return future.result() if future else None


def _work(future: Future[list[Database]], read: Callable[[], list[Database]]) -> None:
    try:
        future.set_result(read())
    except BaseException as error:  # noqa: BLE001  it is raised where the databases are wanted
        future.set_exception(error)
