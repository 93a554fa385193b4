"""The contract of a check type, as one call."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from gslb.check.observation import Check, Observation, Result
from gslb.model import Address
from gslb.testing import stall
from gslb.testing.servers import TROUBLES, closed_port, trouble

_HERE: Final = IPv4Address("127.0.0.1")
_SLACK: Final = 1.0  # seconds, by a stopwatch that knows how busy the machine is; a check without a deadline is later


async def check_check(make: Callable[[int, float], Check], *, passes: frozenset[str] = frozenset()) -> None:
    """Hold a check type to its contract: total deadline, clean cancelling, no exception, nothing left open.

    `make(port, timeout)` builds the check for 127.0.0.1. `passes`: the TROUBLES that are none for this type
    (a plain TCP connection to a server that hangs is still a connection).
    """
    for how in TROUBLES:
        async with trouble(how) as port:
            before = _open_files()
            seen = await _in_time(make(port, 0.5), 0.5)
            assert seen.result is (Result.OK if how in passes else Result.FAIL), f"{how}: {seen}"
            await _nothing_left(before, how)
            await _cancels(make(port, 30.0), how)
            await _nothing_left(before, f"{how}, cancelled")
    watch = stall.Stopwatch()
    seen = await _in_time(make(closed_port(), 30.0), 30.0)
    assert seen.result is Result.FAIL, f"closed port: {seen}"
    assert watch.seconds() < 0.5, "a refused connection is known at once"


async def check_silent(make: Callable[[float], Check], address: Address = _HERE) -> None:
    """Hold a check type that needs no TCP server to the same contract, where nothing ever answers: `make(timeout)` builds such a check."""
    before = _open_files()
    seen = await _in_time(make(0.5), 0.5, address)
    assert seen.result is Result.FAIL, seen
    await _nothing_left(before, "silence")
    await _cancels(make(30.0), "silence", address)
    await _nothing_left(before, "silence, cancelled")


async def _in_time(check: Check, timeout: float, address: Address = _HERE) -> Observation:  # noqa: ASYNC109 - it is the check that keeps it
    watch = stall.Stopwatch()
    async with stall.timeout(timeout + _SLACK):
        seen = await check.observe(address)
    assert seen.reason, "a reason is always given"
    assert "\n" not in seen.reason, "in one line"
    assert len(seen.reason) <= 160, "and a short one"
    assert 0 <= seen.seconds <= timeout + _SLACK + watch.stalled
    assert 0 <= seen.grade <= 100
    return seen


async def _cancels(check: Check, how: str, address: Address = _HERE) -> None:
    task = asyncio.create_task(check.observe(address))
    for _ in range(20):  # somewhere in the middle: not at a moment that suits the check
        await asyncio.sleep(0.001)
    task.cancel()
    async with stall.timeout(_SLACK):
        done, _ = await asyncio.wait([task])
    for one in done:
        assert one.cancelled() or isinstance(one.result(), Observation), f"{how}: {one}"


async def _nothing_left(before: int, how: str) -> None:
    """Wait until the files opened by the check, and the server's ends of them, are gone."""
    async with stall.timeout(_SLACK):
        while _open_files() > before:
            gc.collect()
            await asyncio.sleep(0.005)
    assert _open_files() <= before, f"{how}: left open"


def _open_files() -> int:
    listing = Path(f"/proc/{os.getpid()}/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0
