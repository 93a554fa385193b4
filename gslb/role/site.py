"""The role of a site that speaks for itself (`gslb push`, `gslb register`): it writes one word into the shared store, and renews it while it lives.

It reads nothing but the store's clock. A store that is out of reach is tried again; the word stands for as long as its lease.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from gslb import log
from gslb.config.settings import Settings
from gslb.errors import StoreError, UsageError
from gslb.role.identity import LONGEST
from gslb.store import Identity, Push, Store, open_store

LEASE: Final = (3.0, 86_400.0)  # seconds; shorter, and one lost packet ends it; longer, and stores forget it first
SHARE: Final = 3  # a word is said so many times within its lease: two may be lost
RETRY: Final = 1.0  # seconds until a store that is out of reach is tried again


class Times(NamedTuple):
    """How often: until SIGTERM, or `once`; `leave`: only to take back what was said."""

    once: bool = False
    leave: bool = False


def speak(settings: Settings, said: Mapping[str, Any], lease: float, name: str, *, times: Times, told: Callable[[Push], None]) -> None:
    """Say it. `told` is called when the store has it for the first time, and when it was taken back. Raises GslbError."""
    if settings.store.startswith("memory:"):
        raise UsageError("a site speaks in a store that nameservers and probers read too, such as store: redis://…")
    log.configure(settings.log.level, settings.log.format, role="site")
    identity = _identity(settings)
    signer = identity.signers.get("site")
    registrant = name or (signer.name if signer else settings.node)
    if len(registrant) > LONGEST:
        raise UsageError(f"{registrant[:80]!r} is too long for a name in the store, at most {LONGEST} characters")
    word = Push(registrant, at=0.0, until=lease, **said)
    asyncio.run(_run(settings.store, identity, word, times, told))


def _identity(settings: Settings) -> Identity:
    """Read the site's key. Nothing is read from the store, so nobody's has to be known. Raises UsageError."""
    if settings.keys.site is None:
        return Identity(settings.node)
    from gslb.store.keys import read_signer  # noqa: PLC0415  60 ms that a site without a key need not pay

    return Identity(settings.node, {"site": read_signer(settings.keys.site, "")})


async def _run(url: str, identity: Identity, word: Push, times: Times, told: Callable[[Push], None]) -> None:
    store = open_store(url, identity)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await keep_saying(store, word, times, stop, told)
    finally:
        await store.close()


async def keep_saying(store: Store, word: Push, times: Times, stop: asyncio.Event, told: Callable[[Push], None]) -> None:
    """Say a word, whose `until` is the length of its lease, until `stop`; a membership is taken back in the end. Raises StoreError where it is to be
    said once and cannot be.
    """
    lease = word.until
    if times.leave or times.once:
        told(await say(store, word, 0.0 if times.leave else lease))
        return
    why = ""
    first = True
    while not stop.is_set():
        try:
            now = await say(store, word, lease)
            if first or why:
                told(now)
            first, why = False, ""
        except StoreError as error:
            if not why:
                log.warning("the store does not take it; it is tried again", reason=str(error))
            why = str(error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(RETRY, lease / SHARE) if why else lease / SHARE)
    if word.pool:
        told(await say(store, word, 0.0))


async def say(store: Store, word: Push, lease: float) -> Push:
    """Say it as of now, or take it back with a lease of 0. Raises StoreError."""
    now = await store.now()
    dated = replace(word, at=now, until=now + lease)
    await store.push(dated)
    return dated
