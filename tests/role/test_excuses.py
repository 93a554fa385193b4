"""The same fault is said once in a while, another one at once, and what was left out is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gslb.role import excuses
from gslb.role.excuses import Excuses


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("gslb.log.error", lambda _event, **fields: lines.append(fields))
    return lines


async def test_a_flood_is_two_lines(said: list[dict[str, Any]]) -> None:
    now = 1000.0
    handler = Excuses(lambda: now)
    loop = asyncio.get_running_loop()
    for _ in range(10_000):
        handler(loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")})
    handler(loop, {"message": "another"})
    assert [line["message"] for line in said] == ["socket.accept() out of system resource", "another"]
    now += excuses.PAUSE
    handler(loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")})
    assert said[-1]["times_since_the_last_line"] == 9_999
    assert "Too many open files" in said[-1]["error"]


async def test_what_is_remembered_is_bounded(said: list[dict[str, Any]]) -> None:
    handler = Excuses(lambda: 1000.0)
    for n in range(10 * excuses.KINDS):
        handler(asyncio.get_running_loop(), {"message": str(n)})
        assert len(handler._said) <= excuses.KINDS
    assert len(said) == 10 * excuses.KINDS
