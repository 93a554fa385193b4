"""The contract of every store, held by Redis: with and without somebody who listens, and whatever the way to it."""

from __future__ import annotations

import pytest

from gslb.store import open_store
from gslb.testing import check_store
from gslb.testing.lab import redis_missing

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing())


async def test_the_contract(redis):
    async def make():
        redis.wipe()
        return open_store(redis.url)

    await check_store(make)


async def test_the_contract_while_it_is_followed(redis):
    async def make():
        redis.wipe()
        store = open_store(redis.url)
        store.changes()
        return store

    await check_store(make)
