"""One look, whatever the check type does, and what all checks have: slow answers and inverted results."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Observation, Result
from gslb.check.once import look, weigh
from gslb.testing.servers import closed_port, trouble

HERE = ip_address("127.0.0.1")
OK = Observation(Result.OK, 0.5, "connected", 80)
FAIL = Observation(Result.FAIL, 0.5, "connection refused")
BLIND = Observation(Result.UNKNOWN, 0.5, "own fault: permission denied")


@pytest.mark.parametrize(
    ("seen", "changes", "expected"),
    [
        (OK, {}, OK),
        (OK, {"invert": True}, Observation(Result.FAIL, 0.5, "inverted: connected")),
        (FAIL, {"invert": True}, Observation(Result.OK, 0.5, "inverted: connection refused")),
        (BLIND, {"invert": True, "degraded_above": 0.1}, BLIND),
        (OK, {"degraded_above": 0.5}, OK),
        (OK, {"degraded_above": 0.25}, replace(OK, reason="connected, slow: 500 ms")),
        (replace(OK, seconds=1.5), {"degraded_above": 1.0}, Observation(Result.OK, 1.5, "connected, slow: 1500 ms", 50)),
        (replace(OK, seconds=2.1), {"degraded_above": 1.0}, Observation(Result.OK, 2.1, "connected, slow: 2100 ms", 1)),
        (FAIL, {"degraded_above": 0.1}, FAIL),
    ],
)
def test_weighing(define, seen, changes, expected):
    assert weigh(replace(define("tcp", 2.0, port=1), **changes), seen) == expected


async def test_inverted_on_real_sockets(define):
    """A port that must be closed."""
    shut = replace(define("tcp", port=closed_port()), invert=True)
    seen = await look(CHECKS["tcp"].build(shut), shut, HERE)
    assert (seen.result, seen.reason) == (Result.OK, "inverted: connection refused")
    async with trouble("hang") as port:
        open_ = replace(define("tcp", port=port), invert=True)
        seen = await look(CHECKS["tcp"].build(open_), open_, HERE)
    assert (seen.result, seen.reason) == (Result.FAIL, "inverted: connected")


async def test_broken_types(define, monkeypatch):
    monkeypatch.setattr("gslb.check.once._GRACE", 0.02)

    class Broken:
        async def observe(self, _address):
            raise KeyError("x" * 500)

    class Endless:
        async def observe(self, _address):
            await asyncio.Event().wait()

    seen = await look(Broken(), define("tcp"), HERE)
    assert (seen.result, len(seen.reason)) == (Result.UNKNOWN, 160)
    seen = await look(Endless(), define("tcp", 0.02), HERE)
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.02 s over")
