"""exec checks with real programs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from gslb.check.exec import Exec
from gslb.check.observation import Result
from gslb.testing import check_silent

HERE = ip_address("127.0.0.1")
SHELL = "/bin/sh"


async def look(define, *command, timeout=30.0, address=HERE):  # noqa: ASYNC109 - the check's own
    return await Exec.build(define("exec", timeout, command=list(command))).observe(address)


async def script(define, text, **options):
    return await look(define, SHELL, "-c", text, **options)


@pytest.mark.parametrize(
    ("text", "result", "reason", "grade"),
    [
        ("echo 'OK - all fine | load=1'; echo more", Result.OK, "OK - all fine", 100),
        ("true", Result.OK, "exit code 0", 100),
        ("echo WARNING - slow; exit 1", Result.OK, "WARNING - slow, degraded", 50),
        ("echo CRITICAL - dead; exit 2", Result.FAIL, "CRITICAL - dead", 100),
        ("exit 2", Result.FAIL, "exit code 2", 100),
        ("echo UNKNOWN - no idea; exit 3", Result.UNKNOWN, "own fault: exit code 3: UNKNOWN - no idea", 100),
        ("exit 127", Result.UNKNOWN, "own fault: exit code 127", 100),
        ("kill -9 $$", Result.UNKNOWN, "own fault: exit code -9", 100),
        ("printf 'no \\377 text'", Result.OK, "no � text", 100),
        ("echo loud >&2; exit 2", Result.FAIL, "exit code 2", 100),
        ("head -c 5000 /dev/zero | tr '\\0' x", Result.OK, "x" * 160, 100),
        ("head -c 500000 /dev/zero | tr '\\0' x; exit 2", Result.FAIL, "x" * 160, 100),
        ("cat; echo end of input", Result.OK, "end of input", 100),
    ],
)
async def test_codes_and_words(define, text, result, reason, grade):
    seen = await script(define, text)
    assert (seen.result, seen.reason, seen.grade) == (result, reason, grade)


async def test_the_address_is_told(define):
    seen = await look(define, "/bin/echo", "-H", "{address}", "[{address}]:80", address=ip_address("2001:db8::1"))
    assert seen.reason == "-H 2001:db8::1 [2001:db8::1]:80"
    assert (await script(define, 'echo "$GSLB_ADDRESS"')).reason == "127.0.0.1"


async def test_no_shell_looks_at_arguments(define):
    assert (await look(define, "/bin/echo", "$(id); `id` > /tmp/x")).reason == "$(id); `id` > /tmp/x"


async def test_the_environment_is_clean(define, monkeypatch):
    monkeypatch.setenv("GSLB_STORE", "redis://:secret@host/")
    seen = await look(define, sys.executable, "-S", "-c", "import os; print(sorted(os.environ), os.getcwd())")
    assert "secret" not in seen.reason
    names = seen.reason.partition("]")[0].removeprefix("[").replace("'", "").split(", ")
    assert set(names) - {"LC_CTYPE"} == {"GSLB_ADDRESS", "LANG", "PATH"}
    assert seen.reason.endswith("] /")


async def test_no_descriptor_of_ours_is_passed_on(define):
    extra = fcntl.fcntl(0, fcntl.F_DUPFD, 50)  # far from those that shells open for themselves
    os.set_inheritable(extra, True)
    seen = await script(define, "echo /proc/$$/fd/*")
    os.close(extra)
    assert "/fd/0 " in seen.reason
    assert f"/fd/{extra}" not in seen.reason


async def test_the_deadline_kills_the_whole_session(define, tmp_path):
    """The program, its child, and its child's child: none outlives the look."""
    pids = tmp_path / "pids"
    seen = await script(define, f"echo $$ >> {pids}; (sh -c 'echo $$ >> {pids}; sleep 60' & sleep 60)", timeout=1.5)
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 1.5 s over while running sh")
    assert 1.5 <= seen.seconds < 10.0
    numbers = [int(word) for word in pids.read_text().split()]
    assert len(numbers) == 2
    async with asyncio.timeout(20):
        while any(alive(number) for number in numbers):
            await asyncio.sleep(0.01)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # dead, and its parent (init, or whoever stands for it here) has yet to look


async def test_a_daemon_left_behind_does_not_hold_us(define, tmp_path):
    pids = tmp_path / "pids"
    seen = await script(define, f"sleep 60 & echo $! > {pids}; echo started")
    assert (seen.result, seen.reason) == (Result.OK, "started")
    assert seen.seconds < 20.0
    async with asyncio.timeout(20):
        while alive(int(pids.read_text())):
            await asyncio.sleep(0.01)


async def test_a_program_that_writes_for_ever(define):
    seen = await script(define, "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done")
    assert (seen.result, seen.reason) == (Result.FAIL, "writes without end")


@pytest.mark.parametrize("path", ["/nowhere/check_x", "/etc/passwd", "/"])
async def test_what_cannot_be_run_is_our_fault(define, path):
    seen = await look(define, path)
    assert seen.result is Result.UNKNOWN
    assert seen.reason.startswith(f"own fault: {path}: ")


async def test_it_keeps_the_contract(define):
    await check_silent(lambda timeout: Exec.build(define("exec", timeout, command=[SHELL, "-c", "sleep 60"])))


@pytest.mark.parametrize(("command", "found"), [(["/bin/true", "a b"], []), (["true"], ["H015"]), (["/bin/true", "a\0"], ["H015"]), ([], [])])
def test_problems(command, found):
    assert [c.code for c in Exec.problems({"command": command})] == found
