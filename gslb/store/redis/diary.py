"""What happened and who did what, in the store: the streams `events` and `audit`, written and read over the link.

Used by the store. Unsigned and for show; a bad entry is passed over and counted, and nobody is told by a hint: readers look every second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gslb.event import Audit, Event
from gslb.store import event_record
from gslb.store.diary import place
from gslb.store.envelope import RefusedError
from gslb.store.reader import Place
from gslb.store.redis import layout
from gslb.store.redis.connection import Command, Wire
from gslb.store.redis.layout import Layout
from gslb.store.redis.writer import Writer

T = TypeVar("T")


class Diary:
    """Both streams of one store. `refuse` is told of what is no entry."""

    def __init__(self, keys: Layout, writer: Writer, refuse: Callable[[RefusedError, Place], None]) -> None:
        self._keys, self._writer, self._refuse = keys, writer, refuse

    async def tell(self, events: Sequence[Event]) -> None:
        """Write events; the oldest ones go. Raises StoreError."""
        key = self._keys.events
        commands: list[Command] = [("XADD", key, "MAXLEN", "~", layout.EVENTS, "*", "e", event_record.write(event)) for event in events]
        await self._writer.write(commands)

    async def told(self, after: str, limit: int) -> Sequence[Event]:
        """Return what was told after that id, oldest first; after "": the newest ones. Raises StoreError."""
        key = self._keys.events
        if not after:
            return self._read(list(reversed(await self._ask("XREVRANGE", key, "+", "-", "COUNT", limit))), "event", event_record.read)
        place(after)
        for _ in range(1 + layout.EVENTS // limit):  # past entries that are none: they must not hide those behind them
            answer = await self._ask("XREAD", "COUNT", limit, "STREAMS", key, after)
            entries = answer[0][1] if answer else []
            if (found := self._read(entries, "event", event_record.read)) or len(entries) < limit:
                return found
            after = entries[-1][0].decode()
        return []

    async def audited(self, before: str, limit: int) -> Sequence[Audit]:
        """Return who did what before that id, newest first; before "": the newest. Raises StoreError."""
        if before:
            place(before)
        end = f"({before}" if before else "+"
        return self._read(await self._ask("XREVRANGE", self._keys.audit, end, "-", "COUNT", limit), "audit", event_record.audit)

    async def _ask(self, *command: Any) -> Any:
        async def work(wire: Wire) -> Any:
            return await wire.ask(*command)

        return await self._writer.link.use(work)

    def _read(self, entries: Any, kind: str, read: Callable[[bytes, str], T]) -> list[T]:
        """Read entries of a stream; those that are none are passed over."""
        found = []
        for name, fields in entries:
            try:
                found.append(read(dict(zip(fields[::2], fields[1::2], strict=False)).get(b"e", b""), name.decode()))
            except RefusedError as error:
                self._refuse(error, Place(kind, ""))
        return found
