"""Who is connected by TCP: the limits of a plane, in all and per client, and the end of the idle.

One table per plane, ordered by the last whole query, so that the one to close is always the first. When all places are
taken, the connection that has been idle longest makes room for a new one (RFC 7766 section 6.2.3): a crowd of sleepers
cannot keep others out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gslb.transport.stream import Engine, Stream
from gslb.transport.watch import Watch

SWEEP_SECONDS: Final = 0.5  # how often the idle are looked for; so a limit is kept within half a second


@dataclass(frozen=True, slots=True)
class Limits:
    """What one plane allows.

    `total`: below the usual 1,024 file descriptors, with room for the rest. `per_client`: a resolver needs one or two
    (RFC 7766 section 6.2.2); many may share an address. `idle`: seconds without a whole query.
    """

    total: int = 800
    per_client: int = 50
    idle: float = 10.0


@dataclass(slots=True)
class Tally:
    """Connections by fate, since the plane began."""

    accepted: int = 0
    refused: int = 0
    idle: int = 0
    evicted: int = 0


class Connections:
    """All TCP connections of a plane."""

    def __init__(self, engine: Engine, clock: Callable[[], float], limits: Limits | None = None, watch: Watch | None = None) -> None:
        """Serve with this engine; `clock` is monotonic, in seconds; `watch` looks on."""
        self._engine = engine
        self._clock = clock
        self.limits = limits or Limits()
        self.watch = watch
        self.tally = Tally()
        self._last: OrderedDict[Stream, float] = OrderedDict()  # least recently used first
        self._of_client: dict[bytes, int] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._last)

    def protocol(self) -> Stream:
        """Make the protocol of a new connection: the factory for `loop.create_server`."""
        return Stream(self._engine, self)

    def admit(self, stream: Stream) -> bool:
        """Take a new connection in; False where its client has its share already."""
        if self._of_client.get(stream.client, 0) >= self.limits.per_client:
            self.tally.refused += 1
            return False
        if len(self._last) >= self.limits.total:
            self.tally.evicted += 1
            next(iter(self._last)).cut()
        self.tally.accepted += 1
        self._last[stream] = self._clock()
        self._empty.clear()
        self._of_client[stream.client] = self._of_client.get(stream.client, 0) + 1
        return True

    def touch(self, stream: Stream) -> None:
        """Note a whole query: the idle time begins anew."""
        if stream in self._last:
            self._last[stream] = self._clock()
            self._last.move_to_end(stream)

    def forget(self, stream: Stream) -> None:
        """Give the place free; harmless when done already."""
        if self._last.pop(stream, None) is None:
            return
        left = self._of_client[stream.client] - 1
        if left:
            self._of_client[stream.client] = left
        else:
            del self._of_client[stream.client]
        if not self._last:
            self._empty.set()

    def sweep(self) -> None:
        """Close those that have been idle too long: they asked nothing, or do not read what they asked for."""
        limit = self._clock() - self.limits.idle
        for stream, last in list(self._last.items()):
            if last > limit:
                break
            self.tally.idle += 1
            stream.cut()

    async def sweep_forever(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep()

    async def finish(self, grace: float) -> None:
        """End every connection: answers already written go out, nothing more is read; who has not read by then is cut off."""
        for stream in list(self._last):
            stream.finish()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), grace)
        for stream in list(self._last):
            stream.cut()
