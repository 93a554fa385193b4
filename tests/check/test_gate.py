"""Checks start as long as they can be attended to."""

from __future__ import annotations

import asyncio
import resource
import time

from gslb.check import gate
from gslb.check.gate import Gate, allowed


class Pulse:
    behind = False


async def inside(entrance, leave):
    async with entrance:
        await leave.wait()


async def entered(entrance, count):
    async with asyncio.timeout(30):
        while entrance.inside < count:
            await asyncio.sleep(0.001)
    for _ in range(20):  # turns in which one more could slip in
        await asyncio.sleep(0)
    return entrance.inside


async def test_at_most_the_limit_and_slowly_while_behind(monkeypatch):
    monkeypatch.setattr(gate, "_PAUSE", 3600.0)
    pulse, leave = Pulse(), asyncio.Event()
    pulse.behind = True
    entrance = Gate(pulse, 100)
    tasks = [asyncio.create_task(inside(entrance, leave)) for _ in range(150)]
    assert await entered(entrance, 32) == 32
    tasks[32].cancel()  # one that waits
    pulse.behind = False
    assert await entered(entrance, 100) == 100
    leave.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entrance.inside == 0


async def test_while_behind_they_still_enter(monkeypatch):
    """Thirty-two targets that hang must not keep the others out."""
    monkeypatch.setattr(gate, "_PAUSE", 0.001)
    pulse, leave = Pulse(), asyncio.Event()
    pulse.behind = True
    entrance = Gate(pulse, 100)
    tasks = [asyncio.create_task(inside(entrance, leave)) for _ in range(60)]
    assert await entered(entrance, 60) == 60
    leave.set()
    await asyncio.gather(*tasks)


async def test_the_rate_is_kept_though_turns_of_the_loop_are_long(monkeypatch):
    """400 checks a second on a machine that gives us a turn every 20 ms: not 50 a second, but at least what is needed."""
    monkeypatch.setattr(gate, "_FEW", 0)
    pulse = Pulse()
    pulse.behind = True
    entrance = Gate(pulse, 1000)
    entrance.expect(400.0)
    leave = asyncio.Event()
    tasks = [asyncio.create_task(inside(entrance, leave)) for _ in range(1000)]
    began = time.monotonic()
    while entrance.inside < 400:
        time.sleep(0.02)  # noqa: ASYNC251 - that is the point
        await asyncio.sleep(0)
        assert time.monotonic() - began < 3.0
    assert time.monotonic() - began >= 400 / (2 * 400) * 0.9, "and no more than twice that"
    leave.set()
    pulse.behind = False
    await asyncio.gather(*tasks)


async def test_who_gives_up_waiting_takes_nothing_along(monkeypatch):
    monkeypatch.setattr(gate, "_PAUSE", 3600.0)
    pulse, leave = Pulse(), asyncio.Event()
    entrance = Gate(pulse, 40)
    tasks = [asyncio.create_task(inside(entrance, leave)) for _ in range(35)]
    await entered(entrance, 35)
    pulse.behind = True
    waiting = [asyncio.create_task(inside(entrance, leave)) for _ in range(20)]
    assert await entered(entrance, 35) == 35
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    pulse.behind = False
    more = [asyncio.create_task(inside(entrance, leave)) for _ in range(5)]
    assert await entered(entrance, 40) == 40
    leave.set()
    await asyncio.gather(*tasks, *more)


def test_half_of_the_descriptors(monkeypatch):
    for soft, limit in [(20, 64), (1024, 512), (10**6, 4096), (resource.RLIM_INFINITY, 4096)]:
        monkeypatch.setattr(resource, "getrlimit", lambda _which, soft=soft: (soft, soft))
        assert allowed() == limit


async def test_slots_go_round_in_order_and_are_not_lost_with_who_gives_up():
    entrance = Gate(Pulse(), 1)
    entered = []
    go = asyncio.Event()

    async def enter(name):
        async with entrance:
            entered.append(name)
            await go.wait()

    tasks = {name: asyncio.create_task(enter(name)) for name in "abcd"}
    await asyncio.sleep(0)
    assert entered == ["a"]
    tasks["b"].cancel()
    go.set()
    await asyncio.wait([tasks["a"], tasks["b"]])
    await asyncio.wait(tasks.values())
    assert entered == ["a", "c", "d"]
    go.clear()
    first, second, third = (asyncio.create_task(enter(name)) for name in "efg")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])  # its slot has been handed to the second, which has not run yet
    second.cancel()
    await asyncio.wait([second])
    go.set()
    await asyncio.wait([third])
    assert entered[-1] == "g"
    assert entrance.inside == 0


async def test_who_waits_costs_nothing(monkeypatch):
    """A full gate with a thousand before it, and nobody behind: not one turn of the loop is theirs."""
    pulse, leave = Pulse(), asyncio.Event()
    entrance = Gate(pulse, 40)
    looked = 0
    look_again = entrance._look_again

    def count():
        nonlocal looked
        looked += 1
        look_again()

    monkeypatch.setattr(entrance, "_look_again", count)
    tasks = [asyncio.create_task(inside(entrance, leave)) for _ in range(1000)]
    assert await entered(entrance, 40) == 40
    await asyncio.sleep(0.1)
    assert looked == 0
    leave.set()
    await asyncio.gather(*tasks)
    assert entrance.inside == 0
