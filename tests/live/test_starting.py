"""Starts that go wrong: two services at once, and a stop before anything is served."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from gslb.testing.ports import free_port

pytestmark = pytest.mark.live


async def first_to_end(*services: Any) -> tuple[Any, Any]:
    """Who ended, and who did not."""
    ends = {asyncio.create_task(service.process.wait()): service for service in services}
    done, pending = await asyncio.wait(ends, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == len(pending) == 1
    [over], [alive] = done, pending
    alive.cancel()
    return ends[over], ends[alive]


async def test_of_two_started_together_one_serves(start: Any, tmp_path: Path, wait: Any) -> None:
    port = free_port()
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    services = await asyncio.gather(*(start(folder=folder, planes=1, ready=False, listen=f"127.0.0.1:{port}") for folder in folders))
    refused, serving = await first_to_end(*services)
    assert refused.process.returncode == 1
    said = (refused.folder / "log").read_text()
    assert said == (
        f"gslb: 127.0.0.1:{port} is already in use by another gslb, pid {serving.process.pid}: stop it, or choose another port with dns.listen\n"
    )
    assert not list((refused.folder / "state").iterdir())
    await wait(lambda: serving.logged("listening"))


async def test_a_second_service_leaves_the_state_of_the_first_alone(start: Any, tmp_path: Path) -> None:
    first = await start(planes=1)
    accepted = tmp_path / "state" / "accepted"
    kept = accepted.stat().st_ino, accepted.read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    second = await start(folder=other, planes=1, ready=False, listen=f"127.0.0.1:{free_port()}", state_dir=str(tmp_path / "state"))
    assert await asyncio.wait_for(second.process.wait(), 60) == 2
    said = (other / "log").read_text()
    assert said == (
        f"gslb: {tmp_path / 'state'} is in use by another service, pid {first.process.pid}: stop it, or give this one its own state_dir\n"
    )
    assert (accepted.stat().st_ino, accepted.read_bytes()) == kept
    assert (await first.ask("status"))["node"] == "test"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_while_children_import_is_quiet(start: Any, wait: Any, number: signal.Signals) -> None:
    service = await start(ready=False)
    children = await wait(lambda: (found := service.children("gslb.role"))[1:] and found)
    os.kill(service.process.pid, number)
    assert await asyncio.wait_for(service.process.wait(), 60) == 0
    said = (service.folder / "log").read_text()
    assert not service.logged("listening")  # the stop is heard at once, not when all is loaded
    assert "Traceback" not in said
    assert "exception" not in said.lower()
    assert not set(children) & set(map(int, filter(str.isdigit, os.listdir("/proc"))))  # noqa: PTH208  numbers, not paths


async def test_systemd_is_told_when_it_answers_and_when_it_ends(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        service = await start(planes=1)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            said = (await loop.sock_recv(manager, 1000)).decode()
            assert said.splitlines() == ["READY=1", f"MAINPID={service.process.pid}", f"STATUS=answers at 127.0.0.1:{service.port}"]
            service.process.terminate()
            assert await loop.sock_recv(manager, 1000) == b"STOPPING=1"
            assert await service.process.wait() == 0


async def test_a_node_answers_until_it_is_withdrawn(start: Any, tmp_path: Path, wait: Any) -> None:
    """The program that withdraws it takes its time, and clients come until it is done."""
    port, hook = free_port(), tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\nsleep 1\ndig +short +time=3 +tries=1 @127.0.0.1 -p {port} www.example.com A > {tmp_path}/$1\n")
    hook.chmod(0o755)
    service = await start(planes=1, listen=f"127.0.0.1:{port}", notify=[{"name": "bgp", "type": "exec", "command": [str(hook)]}])
    await wait(lambda: service.logged("the program was told"))
    assert await service.stop() == 0
    assert (tmp_path / "unready").read_text().strip() == (tmp_path / "ready").read_text().strip() != ""
