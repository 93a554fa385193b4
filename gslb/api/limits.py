"""What bounds one caller and all of them: requests per second, octets of bodies and answers, streams. Everything here is counted, nothing waits."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from aiohttp import web

from gslb.api.problem import ProblemError

RATE: Final = 50.0  # requests per second of one token or address, in the long run: ten dashboards; a loop that went wild is more
BURST: Final = 200.0  # at once: a dashboard loads all it needs, a script drains fifty members
CALLERS: Final = 10_000  # buckets that are remembered; those unused longest are forgotten, and begin full
SLOW: Final = 10.0  # seconds for a body to come
READING: Final = 64 << 20  # octets of bodies of all callers at once
WRITING: Final = 32 << 20  # octets of answers that are on their way to all callers at once
SMALL: Final = 64 << 10  # octets of an answer that is always given: the kernel takes it whole
ANSWERED: Final = 120.0  # seconds for an operation to be done; a reload of a million names takes fewer
TAKEN: Final = 60.0  # seconds for a caller to take its answer
CONNECTIONS: Final = 500
OF_ONE: Final = 200  # connections of one address: a proxy's pool; one flooder leaves room for others
STREAMS: Final = 100


class Rates:
    """One bucket per caller."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self._rate, self._burst = rate, burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller → tokens left, when

    def take(self, caller: str, now: float) -> float:
        """Take one; 0 where there was one, else seconds until there is one."""
        left, at = self._left.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        enough = left >= 1
        self._left[caller] = (left - 1 if enough else left, now)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return 0.0 if enough else (1 - left) / self._rate


class Room:
    """Octets that may be held at once."""

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self.held = 0

    def take(self, octets: int) -> bool:
        """Hold so many more; False where there is no room."""
        if self.held + octets > self._octets:
            return False
        self.held += octets
        return True

    def give(self, octets: int) -> None:
        """Hold so many less."""
        self.held -= octets


class Bodies:
    """Reads bodies: of bounded size, in bounded time, and of bounded size together."""

    def __init__(self) -> None:
        self._room = Room(READING)

    async def read(self, request: web.Request, largest: int) -> bytes:
        """Return the body. Raises ProblemError."""
        if (request.content_length or 0) > largest:
            raise _too_large(largest)
        held, pieces = 0, []
        try:
            async with asyncio.timeout(SLOW):
                async for piece in request.content.iter_any():
                    if held + len(piece) > largest:
                        raise _too_large(largest)
                    if not self._room.take(len(piece)):
                        raise ProblemError(503, "busy", "too many bodies at once: try again", headers={"Retry-After": "1"})
                    held += len(piece)
                    pieces.append(piece)
        except TimeoutError:
            raise ProblemError(408, "slow", f"the body did not come within {SLOW:.0f} s") from None
        finally:
            self._room.give(held)
        return b"".join(pieces)


def _too_large(largest: int) -> ProblemError:
    return ProblemError(413, "too_large", f"the body is larger than {largest >> 10} KiB")
