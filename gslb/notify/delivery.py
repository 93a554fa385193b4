"""Delivery of messages to one receiver over HTTPS: a bounded queue, signed requests, and attempts that come later and later.

Run by `gslb.role.notifying`, one for each receiver. A receiver that hangs, fails or says "later" costs its own queue and nobody else.

Every request carries `X-Gslb-Timestamp` and, where there is a key, `X-Gslb-Signature: v1=HEX`, HMAC-SHA256 over timestamp, a dot, and the body;
`X-Gslb-Delivery` is the same for every attempt. No redirect is followed; of the answer nothing is read but its status.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gslb import __version__, log, metrics
from gslb.notify.message import Message
from gslb.notify.shapes import Bodies

ROOM: Final = 100  # requests that wait; past it the oldest goes
ATTEMPTS: Final = 8  # of one request: with the pauses below some ten minutes in which nobody answers
FIRST: Final = 1.0  # seconds until the second attempt, of which a random half is taken; then twice as long each time
LONGEST: Final = 120.0
PATIENCE: Final = 600.0  # seconds that a receiver may ask for with Retry-After


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to post, the same bytes at each attempt."""

    id: str
    body: bytes
    summary: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed. `after`: seconds that the receiver asked for; `final`: another attempt would fail as well."""

    why: str
    after: float = 0.0
    final: bool = False


class Delivery:
    """To one receiver. `given_up(name, why)` is told of what could not be delivered. `pause`: how long to wait after the nth failure."""

    def __init__(
        self,
        name: str,
        shape: Bodies,
        url: Callable[[], str],
        secret: Callable[[], str],
        *,
        signed: bool,
        timeout: float,
        given_up: Callable[[str, str], None],
        pause: Callable[[int], float] | None = None,
    ) -> None:
        self.name = name
        self._shape, self._url, self._secret, self._signed = shape, url, secret, signed
        self._timeout, self._given_up, self._pause = timeout, given_up, pause or backoff
        self._queue: deque[Request] = deque()
        self._news = asyncio.Event()

    def put(self, message: Message) -> None:
        """Queue a message; never waits."""
        try:
            bodies = self._shape(message, self._secret())
        except (OSError, ValueError) as error:
            self._lost("failed", f"its secret cannot be read: {_plain(error)}")
            return
        for number, body in enumerate(bodies):
            if len(self._queue) >= ROOM:
                self._queue.popleft()
                self._lost("dropped", f"more than {ROOM} messages wait for it")
            self._queue.append(Request(f"{message.id}-{number}", body, message.summary))
        metrics.notify_queue.labels(self.name).set(len(self._queue))
        self._news.set()

    async def run(self) -> None:
        """Deliver, until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True) as session:
            while True:
                while not self._queue:
                    self._news.clear()
                    await self._news.wait()
                await self._deliver(session, self._queue.popleft())
                metrics.notify_queue.labels(self.name).set(len(self._queue))

    async def _deliver(self, session: aiohttp.ClientSession, request: Request) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            failure = await self._attempt(session, request)
            if failure is None:
                metrics.notifications.labels(self.name, "sent").inc()
                return
            if failure.final or attempt == ATTEMPTS:
                self._lost("failed", f"{failure.why}{'' if failure.final else f', {attempt} attempts'}: {request.summary}")
                return
            log.info("a notification is not delivered yet", receiver=self.name, reason=failure.why, attempt=attempt)
            await asyncio.sleep(max(failure.after, self._pause(attempt)))

    async def _attempt(self, session: aiohttp.ClientSession, request: Request) -> Failure | None:
        """Post once; None where it was taken."""
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"gslb/{__version__}",
            "X-Gslb-Timestamp": stamp,
            "X-Gslb-Delivery": request.id,
        }
        try:
            if self._signed and (secret := self._secret()):
                headers["X-Gslb-Signature"] = signature(secret, stamp, request.body)
            async with session.post(self._url(), data=request.body, headers=headers, allow_redirects=False) as answer:
                return judged(answer.status, answer.headers.get("Retry-After", ""))
        except TimeoutError:
            return Failure(f"no answer within {self._timeout:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failure(_plain(error))

    def _lost(self, result: str, why: str) -> None:
        metrics.notifications.labels(self.name, result).inc()
        log.warning("a notification is lost", receiver=self.name, reason=why)
        self._given_up(self.name, why)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Sign a body at a time, so that neither can be changed and neither can be used again much later."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def judged(status: int, retry_after: str) -> Failure | None:
    """Say what a status means: 2xx is taken; 408, 429 and 5xx may be tried again; the rest would be refused again."""
    if 200 <= status < 300:
        return None
    after = min(PATIENCE, float(retry_after)) if retry_after.isascii() and retry_after.isdigit() else 0.0
    return Failure(f"it answered {status}", after, final=status < 500 and status not in (408, 429))


def backoff(failures: int) -> float:
    """Return the pause after so many failures."""
    whole = min(LONGEST, FIRST * 2.0 ** (failures - 1))
    return whole * (0.5 + random.random() / 2)  # noqa: S311  to spread attempts, not to hide them


def host_of(url: str) -> str:
    """Return what may be shown of a URL: the rest may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def _plain(error: Exception) -> str:
    """Say an error without what it may repeat: aiohttp puts whole URLs into some."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect to {error.host}: {_plain(error.os_error)}"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # its own words may be asyncio's, with an address in them
    return type(error).__name__
