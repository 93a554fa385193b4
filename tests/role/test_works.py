"""What runs beside: what decides ends the process when it fails, what only shows begins again."""

from __future__ import annotations

import asyncio

import pytest

from gslb.role import works
from gslb.role.works import Works


async def test_what_decides_ends_the_process() -> None:
    stop = asyncio.Event()
    beside = Works("control", stop)

    async def fails() -> None:
        raise RuntimeError("lost its mind")

    beside.start(fails())
    async with asyncio.timeout(20):
        await stop.wait()
    assert beside.failed


async def test_what_only_shows_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "REST", 0.001)
    stop, again, tries = asyncio.Event(), asyncio.Event(), []
    beside = Works("control", stop)

    async def fails_twice() -> None:
        tries.append(1)
        if len(tries) <= 2:
            raise RuntimeError("a line that cannot be shown")
        again.set()
        await asyncio.Event().wait()

    beside.show(fails_twice)
    async with asyncio.timeout(20):
        await again.wait()
    assert not stop.is_set()
    assert not beside.failed
    beside.cancel()
