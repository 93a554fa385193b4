"""Noticing that it was oneself who stood still."""

from __future__ import annotations

import asyncio
import time

from gslb.check.heartbeat import PERIOD, Heartbeat
from gslb.check.lateness import Lateness


async def test_a_blocked_loop_is_noticed():
    heart = Heartbeat()
    heart.start()
    try:
        assert heart.stalled(10.0) == 0.0
        assert not heart.behind
        time.sleep(0.4)  # noqa: ASYNC251 - the fault under test
        assert heart.behind
        assert heart.stalled(1.0) >= 0.4 - PERIOD - 0.01, "seen at once, before the beat had its turn"
        await asyncio.sleep(PERIOD)
        assert heart.stalled(1.0) >= 0.4 - PERIOD - 0.01, "and remembered"
        async with asyncio.timeout(30):
            while heart.behind or heart.stalled(0.1):
                await asyncio.sleep(PERIOD)
    finally:
        heart.stop()
    assert heart.stalled(10.0) == 0.0


def test_lateness():
    late = Lateness()
    assert (late.percentile(0.5), late.count) == (0.0, 0)
    for milliseconds in range(1, 101):
        late.add(milliseconds / 1000)
    assert (late.percentile(0.5), late.percentile(0.99), late.percentile(1.0), late.count) == (0.051, 0.1, 0.1, 100)
    for _ in range(5000):
        late.add(0.0)
    assert late.percentile(1.0) == 0.0, "only the latest count"
