"""The stream: what changes, as it changes (server-sent events). One look at the service per second serves all readers, and none costs nothing.

event       data
----------  ---------------------------------------------------------------------------------------------------------
status      the status, when something other than ages and counters is another
pools       `{"items": […], "gone": […], "whole": bool}`: pools that look different; the first time all of them, `whole`
overrides   all that stands, when that is another
traffic     the last sample, once a second
event       one event of the journal; its `id` can be sent as Last-Event-ID to hear those that were missed

Each reader has a bounded queue; one that is too slow for it is cut, and comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from gslb import log
from gslb.api.service import AbsentError, Data, Paging, Rows, Service
from gslb.errors import GslbError

GLANCE: Final = 1.0  # seconds between looks
QUEUE: Final = 256  # frames that wait for a reader: a minute of events at four a second
MISSED: Final = 1000  # events that a reader hears again when it comes back
RESTLESS: Final = frozenset({"age", "lateness", "planes", "at", "time", "began", "now", "traffic", "sequence", "epoch"})  # changes by itself


class Reader:
    """One reader's queue. `end` is set when it is cut off."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    def put(self, data: bytes) -> bool:
        """Give it a frame; False where it has no room."""
        try:
            self.frames.put_nowait(data)
        except asyncio.QueueFull:
            return False
        return True

    def cut(self) -> None:
        """Let it hear no more than what it has."""
        while not self.put_none():
            self.frames.get_nowait()

    def put_none(self) -> bool:
        """Put the end into its queue."""
        try:
            self.frames.put_nowait(None)
        except asyncio.QueueFull:
            return False
        return True


class Stream:
    """Looks at the service while somebody reads, and tells everybody what changed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._readers: set[Reader] = set()
        self._joined = 0  # those, and those who were cut off and have not gone yet
        self._one = asyncio.Lock()  # the first to join looks, the others wait
        self._tasks: list[asyncio.Task[None]] = []
        self._pools: dict[str, bytes] = {}
        self._stamp: object = None
        self._status = b""
        self._overrides = b""
        self._last: dict[str, bytes] = {}  # frames that a new reader begins with

    @property
    def readers(self) -> int:
        """How many there are."""
        return len(self._readers)

    @contextlib.asynccontextmanager
    async def reading(self, last_event: str) -> AsyncIterator[Reader]:
        """Join; the reader's first frames are how everything stands."""
        reader = Reader()
        async with self._one:
            if not self._tasks:
                await self._begin()
            self._readers.add(reader)
            self._joined += 1
        try:
            reader.put(b"retry: 2000\n\n")
            for data in (*self._last.values(), self._all_pools()):
                reader.put(data)
            if last_event:
                await self._missed(reader, last_event)
            yield reader
        finally:
            self._readers.discard(reader)
            self._joined -= 1
            if not self._joined:
                await self._end()

    async def close(self) -> None:
        """Cut everybody off."""
        for reader in self._readers:
            reader.cut()
        await self._end()

    async def _begin(self) -> None:
        self._stamp, self._status, self._overrides, self._pools, self._last = None, b"", b"", {}, {}
        await self._look()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._watch()), loop.create_task(self._hear())]

    async def _end(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(GLANCE)
            try:
                await self._look()
            except GslbError as error:
                log.warning("the stream could not look", reason=str(error))
            except Exception as error:  # noqa: BLE001  one look that fails must not be the last one
                log.error("the stream could not look, by a fault of gslb itself", error=repr(error))

    async def _hear(self) -> None:
        """Pass on what happens."""
        with contextlib.suppress(AbsentError):
            async for event in self._service.happenings():
                self._tell("event", event, event.get("id", ""))

    async def _look(self) -> None:
        """Tell everybody what looks different now."""
        status = await self._service.status()
        if (steady := _steady(status)) != self._status:
            self._status = steady
            self._keep("status", status)
        stamp = self._service.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._tell_pools(await self._service.pools())
            overrides = await self._service.overrides()
            if (steady := _steady(overrides)) != self._overrides:
                self._overrides = steady
                self._keep("overrides", overrides)
        with contextlib.suppress(AbsentError):
            traffic = await self._service.traffic()
            if traffic["samples"]:
                self._keep("traffic", {"step": traffic["step"], "samples": traffic["samples"][-1:]})

    def _tell_pools(self, rows: Rows) -> None:
        now = {row["pool"]: _json(row) for row in rows}
        changed = [data for name, data in now.items() if self._pools.get(name) != data]
        gone = [name for name in self._pools if name not in now]
        first, self._pools = not self._pools, now
        if (changed or gone) and not first:
            self._send(_frame("pools", _pools(changed, gone, whole=False)))

    def _all_pools(self) -> bytes:
        return _frame("pools", _pools(list(self._pools.values()), [], whole=True))

    async def _missed(self, reader: Reader, last_event: str) -> None:
        """Tell a reader that comes back what happened meanwhile, oldest first."""
        with contextlib.suppress(GslbError):
            for event in reversed(await self._service.events(Paging(after=last_event, limit=min(MISSED, QUEUE // 2)))):
                reader.put(_frame("event", _json(event), event.get("id", "")))

    def _keep(self, kind: str, data: Data) -> None:
        """Tell, and begin with it where a new reader comes."""
        self._last[kind] = _frame(kind, _json(data))
        self._send(self._last[kind])

    def _tell(self, kind: str, data: Data, number: str = "") -> None:
        self._send(_frame(kind, _json(data), number))

    def _send(self, data: bytes) -> None:
        for reader in [reader for reader in self._readers if not reader.put(data)]:
            self._readers.discard(reader)
            reader.cut()


def _json(data: Any) -> bytes:
    return json.dumps(data, default=str, separators=(",", ":")).encode()


def _frame(kind: str, data: bytes, number: str = "") -> bytes:
    return b"event: " + kind.encode() + (b"\nid: " + number.encode() if number else b"") + b"\ndata: " + data + b"\n\n"


def _pools(items: list[bytes], gone: list[str], *, whole: bool) -> bytes:
    return b'{"items":[' + b",".join(items) + b'],"gone":' + _json(gone) + b',"whole":' + (b"true" if whole else b"false") + b"}"


def _steady(data: Any) -> bytes:
    """Return what says something new when it differs: without ages and counters, which always do."""
    return _json(_without(data))


def _without(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without(value) for key, value in data.items() if key not in RESTLESS}
    return [_without(one) for one in data] if isinstance(data, list | tuple) else data
