"""A child is started again when it ends, killed when it falls silent, and ended when told."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gslb.role import child as child_module
from gslb.role.child import Child, Program

BODY = """
import argparse, json, os, signal, socket, sys, time
parser = argparse.ArgumentParser(); parser.add_argument("--leash", type=int); parser.add_argument("how")
given = parser.parse_args()
if given.how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
leash = socket.socket(fileno=given.leash)
leash.send(json.dumps({"pid": os.getpid()}).encode())
if given.how == "crash":
    sys.exit(3)
while given.how != "silent":
    leash.send(b'{"beat": 1}')
    time.sleep(0.05)
time.sleep(60)
"""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "some_child.py").write_text(BODY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    told: list[int] = []
    codes: list[int] = []

    def build(how: str) -> tuple[Child, list[int], list[int]]:
        one = Child(
            "child",
            Program("some_child", [how], [], silence=1.5),
            lambda _child, message: told.append(message["pid"]),
            lambda _child, code: codes.append(code),
        )
        return one, told, codes

    return build


async def test_a_crash_is_followed_by_a_new_start(make: Any, wait: Callable[..., Any]) -> None:
    child, told, codes = make("crash")
    life = asyncio.create_task(child.live())
    await wait(lambda: len(told) >= 3)
    await child.stop()
    await life
    assert set(codes) <= {3, -signal.SIGTERM}
    assert len(set(told)) == len(told)
    assert child.restarts >= 2


async def test_the_silent_are_killed_and_the_busy_are_not(make: Any, wait: Callable[..., Any]) -> None:
    silent, told, codes = make("silent")
    life = asyncio.create_task(silent.live())
    await wait(lambda: codes)
    assert codes[0] == -signal.SIGKILL
    await silent.stop()
    await life
    told.clear()
    codes.clear()
    busy, _, _ = make("busy")
    life = asyncio.create_task(busy.live())
    await wait(lambda: told)
    await asyncio.sleep(2.2)
    assert codes == []
    await busy.stop()
    await life
    assert codes == [-signal.SIGTERM]
    assert busy.pid is None


async def test_who_does_not_end_when_asked_is_killed(make: Any, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "DRAIN", 0.3)
    child, told, codes = make("deaf")
    life = asyncio.create_task(child.live())
    await wait(lambda: told)
    await child.stop()
    await life
    assert codes == [-signal.SIGKILL]


def test_ends_are_described() -> None:
    assert child_module.describe(-9) == "killed by SIGKILL"
    assert child_module.describe(1) == "exit code 1"
