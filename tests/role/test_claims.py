"""A state directory and an address belong to one service at a time, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gslb.errors import ListenError, UsageError
from gslb.role import claims
from gslb.testing.ports import free_port
from gslb.transport.listen import Endpoint

HOLD = """
import asyncio, pathlib, sys
from gslb.role import claims
from gslb.transport.listen import Endpoint

async def hold():
    async with claims.taken(pathlib.Path(sys.argv[1]), [Endpoint(sys.argv[2], int(sys.argv[3]))]):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


@contextlib.asynccontextmanager
async def held(state_dir: Path, endpoint: Endpoint) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds both."""
    words = [sys.executable, "-c", HOLD, str(state_dir), endpoint.host, str(endpoint.port)]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"held\n"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("127.0.0.1", free_port())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: lines.append(event))
    return lines


async def take(state_dir: Path | None, *endpoints: Endpoint) -> None:
    async with claims.taken(state_dir, endpoints):
        pass


async def test_who_holds_is_named_and_a_killed_one_holds_nothing(tmp_path: Path, endpoint: Endpoint) -> None:
    async with held(tmp_path / "one", endpoint) as holder:
        with pytest.raises(UsageError, match=rf"/one is in use by another service, pid {holder.pid}: stop it, or give this one its own state_dir"):
            await take(tmp_path / "one")
        for _ in range(3):
            with pytest.raises(ListenError, match=rf"{endpoint} is already in use by another gslb, pid {holder.pid}: stop it, or choose"):
                await take(tmp_path / "two", endpoint)
        await take(tmp_path / "two", Endpoint("127.0.0.2", endpoint.port), Endpoint("127.0.0.1", 0), Endpoint("127.0.0.1", 0))
        holder.kill()
        await holder.wait()
        await take(tmp_path / "one", endpoint)


async def test_of_many_at_once_one_gets_it(endpoint: Endpoint, said: list[str]) -> None:
    hold = asyncio.Event()

    async def one() -> None:
        async with claims.taken(None, [endpoint]):
            await hold.wait()

    tasks = [asyncio.create_task(one()) for _ in range(8)]
    async with asyncio.timeout(30):
        while len(done := [task for task in tasks if task.done()]) < 7:
            await asyncio.sleep(0.01)
    assert all(isinstance(task.exception(), ListenError) for task in done)
    hold.set()
    await asyncio.gather(*(task for task in tasks if task not in done))
    assert not said


async def test_spellings_of_an_address_are_one(endpoint: Endpoint) -> None:
    async with claims.taken(None, [Endpoint("::1", endpoint.port)]):
        with pytest.raises(ListenError, match=f"pid {os.getpid()}"):
            await take(None, Endpoint("0:0:0:0:0:0:0:1", endpoint.port))


async def test_a_name_that_somebody_squats_keeps_nobody_from_serving(endpoint: Endpoint, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PAUSE", 0.001)
    with socket.socket(socket.AF_UNIX) as squatter:
        squatter.bind(f"\0gslb:{endpoint}")
        await take(None, endpoint)
        squatter.listen()
        monkeypatch.setattr("os.geteuid", lambda: 12345)
        await take(None, endpoint)
    assert said == ["an address cannot be claimed: no second service may use it"] * 2


async def test_a_folder_that_cannot_be_locked_keeps_nobody_from_serving(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "state").write_text("a file in the way")
    await take(tmp_path / "state")
    assert said == ["the state directory cannot be locked: no second service may use it"]
