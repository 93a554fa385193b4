"""What a service of Type=notify tells systemd, heard at a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.role.notify_systemd import Systemd


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


async def heard(manager: socket.socket) -> str:
    async with asyncio.timeout(20):
        return (await asyncio.get_running_loop().sock_recv(manager, 1000)).decode()


async def test_ready_alive_and_ending(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    systemd = Systemd()
    systemd.ready("answers at 192.0.2.53:53")
    assert await heard(manager) == f"READY=1\nMAINPID={os.getpid()}\nSTATUS=answers at 192.0.2.53:53"
    assert [await heard(manager) for _ in range(3)] == ["WATCHDOG=1"] * 3
    systemd.stopping()
    while (last := await heard(manager)) == "WATCHDOG=1":
        pass
    assert last == "STOPPING=1"


async def test_children_do_not_speak_for_us(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    Systemd()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


async def test_a_watchdog_of_somebody_else_is_not_answered(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    systemd = Systemd()
    systemd.ready()
    systemd.stopping()
    assert await heard(manager) == f"READY=1\nMAINPID={os.getpid()}"
    assert await heard(manager) == "STOPPING=1"


async def test_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"gslb-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name)
        sock.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        Systemd().ready()
        assert (await heard(sock)).startswith("READY=1")


async def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    systemd = Systemd()
    systemd.ready()
    systemd.stopping()
