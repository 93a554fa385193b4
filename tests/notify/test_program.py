"""The program that announces a node: when it is run, with what, and what becomes of one that fails or never ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gslb.notify import program
from gslb.notify.program import Program


@pytest.fixture
def script(tmp_path):
    """A program that writes down its arguments, and does what it is told besides."""
    log = tmp_path / "log"

    def make(more=""):
        path = tmp_path / "hook"
        path.write_text(f'#!/bin/sh\necho "$@ [$GSLB_STATE] [$GSLB_REASON] [$SECRET]" >> {log}\n{more}\n')
        path.chmod(0o755)
        return str(path)

    make.lines = lambda: log.read_text().splitlines() if log.exists() else []
    return make


@pytest.fixture
def start(run, monkeypatch):
    monkeypatch.setattr(program, "LOOK", 0.01)
    monkeypatch.setenv("SECRET", "of the service")

    def make(command, why, timeout=5.0):
        lost = []
        one = Program(
            "bgp",
            [command, "10.0.0.1/32; touch x"],
            "ns1",
            lambda: why[0],
            timeout=timeout,
            given_up=lambda *said: lost.append(said),
            pause=lambda _n: 0.01,
        )
        one.lost = lost
        run(one.run())
        return one

    return make


async def until(ready):
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.005)


async def test_it_is_run_when_the_node_becomes_ready_and_ceases_to_be(script, start):
    why = ["not listening yet"]
    one = start(script(), why)
    await asyncio.sleep(0.1)
    assert script.lines() == [], "a node that was never ready is not withdrawn: another process may have announced it"
    why[0] = ""
    await until(lambda: len(script.lines()) == 1)
    why[0] = "no plane answers"
    await until(lambda: len(script.lines()) == 2)
    why[0] = ""
    await until(lambda: one._told == "ready" and len(script.lines()) == 3)
    await one.end()
    assert script.lines() == [
        "10.0.0.1/32; touch x ready [ready] [] []",
        "10.0.0.1/32; touch x unready [unready] [no plane answers] []",
        "10.0.0.1/32; touch x ready [ready] [] []",
        "10.0.0.1/32; touch x unready [unready] [the service stops] []",
    ]


async def test_one_that_fails_is_said_once_and_tried_again(script, start):
    one = start(script("echo no such peer >&2; exit 3"), [""])
    await until(lambda: len(script.lines()) >= 3)
    assert len(one.lost) == 1
    assert "ready: exit code 3: no such peer; it is tried again" in one.lost[0][1]
    script()
    await until(lambda: one._told == "ready")


async def test_one_that_never_ends_is_killed_with_all_its_children(script, start, tmp_path):
    pids = tmp_path / "pids"
    one = start(script(f"sleep 300 & echo $! >> {pids}; wait"), [""], timeout=0.5)
    await until(lambda: one.lost)
    assert "not done within 0.5 s" in one.lost[0][1]
    child = int(pids.read_text().split()[0])

    def gone():
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"

    await until(gone)


async def test_one_that_writes_without_end_is_not_stopped_by_it(script, start):
    one = start(script("head -c 1000000 /dev/zero >&2"), [""])
    await until(lambda: one._told == "ready")


async def test_no_such_program(start):
    one = start("/no/such/program", [""])
    await until(lambda: one.lost)
    assert "No such file or directory" in one.lost[0][1]


async def test_one_that_may_have_announced_us_withdraws_us(script, start):
    """It announced and then hung, or was killed while it did: nobody knows, so an unready node is withdrawn."""
    why = [""]
    one = start(script('[ "$GSLB_STATE" = unready ] || sleep 60'), why, timeout=0.3)
    await until(lambda: one.lost)
    why[0] = "no plane answers"
    await until(lambda: script.lines() and "[unready]" in script.lines()[-1])
    await until(lambda: not one._announced)
    before = len(script.lines())
    await one.end()
    assert len(script.lines()) == before, "withdrawn once, not again"


async def test_a_service_that_stops_while_it_is_announced_is_withdrawn(script, run):
    one = Program("bgp", [script('[ "$GSLB_STATE" = unready ] || sleep 60')], "ns1", lambda: "", timeout=60.0, given_up=lambda *_said: None)
    running = asyncio.create_task(one.run())
    await until(script.lines)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await one.end()
    assert script.lines()[-1] == "unready [unready] [the service stops] []"
