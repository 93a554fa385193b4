"""The journal: what happened here and, through the store, on other nodes; for the timeline, `gslb events`, and whoever is notified.

Part of every role that serves or controls. Telling never waits: the newest LIMIT events are kept in memory, the newest KEPT of them on disk for a
restart, and what concerns others is written into the store when that can be reached. Nothing is ever decided by what stands here.

Nodes judge alike, so most of what one tells the others tell too. What everybody sees (EVERYBODYS) only one node writes into the store, and an event
with the same key is the same happening: from another node within SAME seconds, or with the same time.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from gslb import log, metrics
from gslb.errors import StoreError
from gslb.event import Event
from gslb.store import event_record, kept_file
from gslb.store.diary import place

LIMIT: Final = 10_000  # events in memory: some megabytes; at most some 200, where somebody floods the store
KEPT: Final = 2_000  # events on disk: what a restart shows
WAITING: Final = 2_000  # events that wait for a store that is away; older ones others will have told
BATCH: Final = 200  # events written or read at once
LOOK: Final = 1.0  # seconds between looks at what others told
SAVE: Final = 10  # looks between saves; an event that a crash takes is in the store, and in the log
SLOW: Final = 500  # events that a listener may be behind
SAME: Final = 15.0  # seconds within which two nodes see the same thing: a lease's end, and a pulse late
EVERYBODYS: Final = frozenset({"verdict", "pool", "member", "override", "hold", "prober", "node", "registration"})
FILE: Final = "events"
_MAGIC: Final = "gslb-events 1"


class Teller(Protocol):
    """What the journal needs of a store."""

    async def tell(self, events: Sequence[Event]) -> None:
        """Write events."""
        ...

    async def told(self, after: str, limit: int) -> Sequence[Event]:
        """Return what was told after that id."""
        ...


class Journal:
    """Of one process. `store` None: nobody else's. `first`: whether this node tells others what everybody sees."""

    def __init__(
        self,
        node: str,
        *,
        store: Teller | None = None,
        state_dir: Path | None = None,
        first: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._node, self._store, self._path = node, store, state_dir / FILE if state_dir else None
        self._first, self._clock = first, clock
        self._events: deque[Event] = deque(maxlen=LIMIT)
        self._keys: OrderedDict[str, Event] = OrderedDict()
        self._out: deque[Event] = deque(maxlen=WAITING)
        self._listeners: set[_Listener] = set()
        self._last = (0, 0)
        self._after = ""  # the last one read from the store
        self._dirty = self._failing = self._denied = False

    def tell(self, event: Event) -> None:
        """Note an event of this node, and let others know; never waits."""
        at = min(max(event.at or self._clock(), 0.0), event_record.LAST)  # since when something is so may be a prober's word, who may say anything
        noted = self._take(replace(event, node=event.node or self._node, at=at))
        if noted is None:
            return
        metrics.events.labels(noted.kind, noted.level).inc()
        if self._store and (noted.kind not in EVERYBODYS or self._first()):
            self._out.append(noted)

    def page(self, *, after: str = "", before: str = "", limit: int = 100, kinds: Collection[str] = frozenset(), subject: str = "") -> list[Event]:
        """Return events between two ids, newest first; of some kinds, on one subject. Raises StoreError for what is no id."""
        begin = bisect_right(self._events, place(after), key=_place) if after else 0
        end = bisect_left(self._events, place(before), key=_place) if before else len(self._events)
        some = islice(reversed(self._events), len(self._events) - end, max(len(self._events) - begin, 0))
        wanted = (event for event in some if (not kinds or event.kind in kinds) and (not subject or event.subject == subject))
        return list(islice(wanted, limit))

    async def listen(self) -> AsyncIterator[Event]:
        """Hear of every event from now on. Who is slow loses old ones, and is told how many."""
        with self._listening() as listener:
            while True:
                yield await listener.next(self._lost)

    async def run(self) -> None:
        """Tell others and hear them, and save from time to time, until cancelled."""
        looks = 0
        while True:
            if self._store:
                await self._exchange(self._store)
            looks += 1
            if looks % SAVE == 0:
                await self.save()
            await asyncio.sleep(LOOK)

    def remember(self) -> None:
        """Read what was kept before the restart. Blocking."""
        content, problem = kept_file.read(self._path, _MAGIC) if self._path else (None, "")
        if problem:
            log.warning("events from before are not shown", reason=problem)
        for row in content if isinstance(content, list) else []:
            try:
                event = event_record.of_data(row)
                self._last = max(self._last, place(event.id))
                self._note(event)
            except (ValueError, TypeError, LookupError, StoreError):
                continue
        self._dirty = False

    async def save(self) -> None:
        """Keep the newest for a restart; a disk that does not take them costs a metric and one line."""
        if not self._dirty or self._path is None:
            return
        self._dirty = False
        rows = [event_record.as_data(event) for event in list(self._events)[-KEPT:]]
        try:
            await asyncio.to_thread(kept_file.write, self._path, _MAGIC, rows, "events")
        except StoreError as error:
            metrics.state_writes_failed.inc()
            if not self._failing:
                log.warning("events are not kept for a restart", reason=str(error))
            self._failing = True
        else:
            self._failing = False

    async def _exchange(self, store: Teller) -> None:
        """Write what waits, and take in what others wrote. A store that is away is said elsewhere, one that forbids it once."""
        try:
            while self._out:
                some = [self._out[number] for number in range(min(BATCH, len(self._out)))]
                await store.tell(some)
                for event in some:
                    if self._out and self._out[0] is event:  # else it was pushed out meanwhile
                        self._out.popleft()
            while found := await store.told(self._after, BATCH):
                self._after = found[-1].id
                for event in found:
                    self._take(event)
                if len(found) < BATCH:
                    break
        except StoreError as error:
            if "NOPERM" in str(error) and not self._denied:
                self._denied = True
                log.warning("events are not shared with other nodes", reason=str(error), hint="the ACL rules of the store have a stream `events` now")

    def _take(self, event: Event) -> Event | None:
        """Note an event; None where it is known."""
        known = self._keys.get(event.key) if event.key else None
        if known and (known.at == event.at or (known.node != event.node and abs(known.at - event.at) <= SAME)):
            return None
        now = int(self._clock() * 1000)
        self._last = (now, 0) if now > self._last[0] else (self._last[0], self._last[1] + 1)
        name = f"{self._last[0]}-{self._last[1]}"
        event = replace(event, id=name, key=event.key or f"{event.kind}/{event.node}/{name}")
        self._note(event)
        for listener in self._listeners:
            listener.put(event)
        return event

    def _note(self, event: Event) -> None:
        self._events.append(event)
        self._keys[event.key] = event
        self._keys.move_to_end(event.key)
        while len(self._keys) > LIMIT:
            self._keys.popitem(last=False)
        self._dirty = True

    @contextmanager
    def _listening(self) -> Iterator[_Listener]:
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _lost(self, count: int) -> Event:
        what = f"{count} events were left out here: too many came at once"
        return Event("notify", "events", what, self._clock(), "warning", node=self._node, id=f"{self._last[0]}-{self._last[1]}")


def _place(event: Event) -> tuple[int, int]:
    return place(event.id)


class _Listener:
    """One who listens, and how far behind."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque(maxlen=SLOW)
        self._lost = 0
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        self._lost += len(self._waiting) == SLOW
        self._waiting.append(event)
        self._news.set()

    async def next(self, lost: Callable[[int], Event]) -> Event:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        if self._lost:
            count, self._lost = self._lost, 0
            return lost(count)
        return self._waiting.popleft()
