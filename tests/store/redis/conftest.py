"""One server for all tests that need no more than an empty one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gslb.store import NOBODY, open_store
from gslb.testing.lab import RedisServer, redis_missing


@pytest.fixture(scope="session")
def server() -> Iterator[RedisServer]:
    if why := redis_missing():
        pytest.skip(why)
    with RedisServer(options={"enable-debug-command": "yes"}) as redis:
        yield redis


@pytest.fixture
def redis(server):
    """A server that is empty and well."""
    server.wipe()
    yield server
    server.ask("CONFIG", "SET", "maxmemory", 0)


@pytest.fixture
async def opened(redis):
    """Open stores of the server, and close them all in the end."""
    stores = []

    def make(url=None, identity=NOBODY):
        store = open_store(url or redis.url, identity)
        stores.append(store)
        return store

    yield make
    for store in stores:
        await store.close()
