"""The memory store: the contract of every store, and what only it can promise."""

from __future__ import annotations

import asyncio

import pytest

from gslb.errors import StoreError
from gslb.store import STORES, MemoryStore, open_store
from gslb.testing import check_store
from gslb.verdict import State, Target, Vote

TARGET = Target("web", "d", "192.0.2.1")


async def test_the_contract():
    async def make():
        return MemoryStore()

    await check_store(make)


async def test_every_store_by_its_url():
    for scheme in STORES:
        await open_store(f"{scheme}://").close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:secret@127.0.0.1/0", "redis:// stores come later: use memory:// and let each node probe for itself"),
        ("rediss://h", "rediss:// stores come later: use memory:// and let each node probe for itself"),
        ("etcd://u:secret@h", "no store for etcd:// URLs: known are memory://"),
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
