"""The memory store: the contract of every store, and what only it can promise."""

from __future__ import annotations

import asyncio

import pytest

from gslb.errors import StoreError
from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.store import STORES, MemoryStore, NodeReport, Push, open_store
from gslb.store.state import REMEMBERED
from gslb.testing import check_store
from gslb.verdict import State, Target, Vote

TARGET = Target("web", "d", "192.0.2.1")


async def test_the_contract():
    async def make():
        return MemoryStore()

    await check_store(make)


async def test_every_store_by_its_url():
    for scheme in STORES:
        host, service = ("/run/none", "") if scheme == "unix" else ("host", "/service" if "sentinel" in scheme else "")
        await open_store(f"{scheme}://{host}{service}").close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:secret@127.0.0.1/none", "the database in the URL is no number"),
        ("redis://u:secret@", "the URL names no host"),
        ("etcd://u:secret@h", "no store for etcd:// URLs: known are memory://, redis://, rediss://, unix://"),
        ("memory", "no store for :// URLs: known are memory://"),
    ],
)
def test_no_such_store(url, message):
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


async def test_a_slow_listener_costs_one_set_of_targets():
    store = MemoryStore()
    slow = store.changes()
    for n in range(1000):
        await store.publish("p1", [Vote(TARGET, "p1", State.UP, float(n))])
    assert await anext(slow) == {TARGET}
    waiting = asyncio.ensure_future(anext(slow))
    await asyncio.sleep(0)
    assert not waiting.done()
    await store.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_its_clock_is_an_argument():
    assert (await MemoryStore(clock=lambda: 12.5).read()).time == 12.5


async def test_who_leaves_is_forgotten():
    store = MemoryStore()
    listener = store.changes()
    await listener.aclose()
    assert not store._listeners
    with pytest.raises(StopAsyncIteration):
        await anext(listener)


async def test_what_has_long_been_over_is_let_go_and_what_has_not_is_kept():
    now = [1000.0]
    store = MemoryStore(clock=lambda: now[0])
    short = Override(Kind.DRAIN, Level.SITE, site="fra", since=1000.0, expires=1010.0)
    gone, always = Withdrawal("pool/web/state", since=1000.0), Override(Kind.UP, Level.POOL, pool="api", since=1000.0)
    await store.say([short, gone, always], 0)
    now[0] = 1000.0 + REMEMBERED
    state = await store.say([Hold(since=now[0])], 1)
    assert state.words.keys() == {short.key, always.key, "hold"}
    assert state.standing(now[0]) == (always,)
    now[0] += 20
    assert (await store.say([], 2)).words.keys() == {always.key, "hold"}


async def test_nodes_and_pushes_are_forgotten_in_time():
    clock = FalseTime(1000.0)
    store = MemoryStore(clock)
    await store.report(NodeReport("ns1", 1000.0))
    await store.push(Push("fra", "192.0.2.1", 1000.0, 1030.0, check="app"))
    clock.now += 29
    assert len((await store.read()).nodes) == len((await store.read()).pushes) == 1
    clock.now += 1
    assert not (await store.read()).pushes
    clock.now += 30
    assert not (await store.read()).nodes


class FalseTime:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now
