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
            Program("some_child", [how], [], silence=2.5),
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
    await asyncio.sleep(3.2)
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


async def test_children_are_no_part_of_the_terminals_group(make: Any, wait: Callable[..., Any]) -> None:
    child, told, _codes = make("busy")
    life = asyncio.create_task(child.live())
    await wait(lambda: told)
    assert os.getpgid(told[0]) == told[0] != os.getpgid(0)  # Ctrl-C reaches the supervisor only
    await child.stop()
    await life


async def test_who_is_told_to_stop_while_it_is_started_ends(make: Any) -> None:
    child, _told, codes = make("busy")
    life = asyncio.create_task(child.live())
    await asyncio.sleep(0)  # it is being started: there is no process yet
    await child.stop()
    await asyncio.wait_for(life, 60)
    assert codes == [-signal.SIGTERM]
    assert child.restarts == 0


async def test_a_pause_before_a_new_start_has_a_limit(make: Any, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("gslb.log.error", lambda _event, **fields: pauses.append(fields["pause"]))
    monkeypatch.setattr(child_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(child_module, "LONGEST_PAUSE", 0.03)
    child, _told, _codes = make("crash")
    life = asyncio.create_task(child.live())
    await wait(lambda: len(pauses) >= 4)
    await child.stop()
    await life
    assert pauses[:4] == [0.01, 0.02, 0.03, 0.03]


class Clock:
    """The running loop's clock, which can jump as it does where a machine was suspended."""

    def __init__(self) -> None:
        self.jumped = 0.0

    def time(self) -> float:
        return asyncio.get_running_loop().time() + self.jumped


async def test_a_suspended_machine_is_not_the_childs_fault(make: Any, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[signal.Signals] = []
    monkeypatch.setattr("gslb.log.error", lambda _event, **_fields: None)
    monkeypatch.setattr(child_module, "LOOK", 0.05)
    child, _told, _codes = make("busy")
    clock = Clock()
    monkeypatch.setattr(child, "_loop", clock)
    monkeypatch.setattr(child, "signal", killed.append)
    child._heard = True
    child._beat = clock.time()
    watch = asyncio.create_task(child._watch())
    await asyncio.sleep(0.01)  # it looks for the first time, and sleeps
    clock.jumped = 3600.0
    await asyncio.sleep(0.2)
    assert not killed
    await wait(lambda: killed)  # but silence goes on counting: 2.5 s of it
    watch.cancel()
