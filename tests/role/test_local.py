"""The local socket: private, replaced when stale, never shared, and clear about what is wrong."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gslb.errors import ListenError, UsageError
from gslb.role import local


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    async def greet(request: local.Request) -> local.Answer:
        return {"hello": request.get("whom", "there")}

    at = tmp_path / "control.sock"
    server = await local.serve(at, {"greet": greet})
    yield at
    server.close()


async def test_a_command_is_answered(path: Path) -> None:
    assert await asyncio.to_thread(local.ask, path, "greet") == {"hello": "there"}
    assert await asyncio.to_thread(local.ask, path, "greet", 5.0, whom="you", seconds=7200) == {"hello": "you"}
    assert "known: greet" in (await asyncio.to_thread(local.ask, path, "dance"))["error"]


def test_it_is_for_this_user_only(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_rubbish_and_silence_harm_nobody(path: Path) -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    for rubbish in (b"\n", b"[1]\n", b"\xff\xfe\n", b"x" * 200_000 + b"\n", b'{"do": {}}\n', b"[" * 50_000 + b"\n"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            await asyncio.to_thread(sock.connect, str(path))
            try:
                await asyncio.to_thread(sock.sendall, rubbish)
                await asyncio.to_thread(sock.recv, 1000)
            except OSError:
                pass  # cut off in the middle of it
    assert await asyncio.to_thread(local.ask, path, "greet") == {"hello": "there"}
    assert not faults


async def test_two_services_cannot_share_one(path: Path) -> None:
    with pytest.raises(UsageError, match="another service uses"):
        await local.serve(path, {})
    assert await asyncio.to_thread(local.ask, path, "greet") == {"hello": "there"}


async def test_what_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    at = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(at))
    with pytest.raises(UsageError, match="no control process answers"):
        local.ask(at, "status")
    server = await local.serve(at, {})
    assert "error" in await asyncio.to_thread(local.ask, at, "status")
    server.close()


async def test_no_service_and_no_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no service runs here"):
        local.ask(tmp_path / "none.sock", "status")
    with pytest.raises(ListenError, match="cannot listen on"):
        await local.serve(tmp_path / "missing" / "x.sock", {})


async def test_a_command_that_fails_is_told_and_the_next_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("gslb.log.error", lambda event, **_fields: said.append(event))

    async def fail(_request: local.Request) -> local.Answer:
        raise ZeroDivisionError

    async def refuse(_request: local.Request) -> local.Answer:
        raise UsageError("there is no site 'fro'")

    server = await local.serve(tmp_path / "x.sock", {"fail": fail, "refuse": refuse})
    assert await asyncio.to_thread(local.ask, tmp_path / "x.sock", "refuse") == {"error": "there is no site 'fro'"}
    for _ in range(2):
        assert "ZeroDivisionError" in (await asyncio.to_thread(local.ask, tmp_path / "x.sock", "fail"))["error"]
    assert said == ["a local command failed"] * 2
    server.close()


async def test_what_others_wrote_only_stands_there(tmp_path: Path) -> None:
    """Reasons are what targets answered, and events anybody's who may write into the store: a terminal must not obey them."""

    async def tell(_request: local.Request) -> local.Answer:
        return {"\x1bc": ["\x1b]0;owned\x07", "\x9b2J", "a\ud800b", "\u202egnp.exe", "Grüße\tan\n東京 😀", 1, None]}

    server = await local.serve(tmp_path / "control.sock", {"tell": tell})
    answer = await asyncio.to_thread(local.ask, tmp_path / "control.sock", "tell")
    assert answer == {"�c": ["�]0;owned�", "�2J", "a�b", "�gnp.exe", "Grüße\tan\n東京 😀", 1, None]}
    server.close()
