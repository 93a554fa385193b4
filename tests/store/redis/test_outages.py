"""A store that dies, hangs, forgets, moves, refuses or is out of reach: what is known stands, nobody waits, and nothing needs a restart."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, nullcontext, suppress

import pytest
import trustme

from gslb import metrics
from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.store import open_store
from gslb.store.redis import replica
from gslb.store.redis.link import BACKOFF, Backoff
from gslb.testing import check_store, stall
from gslb.testing.lab import Cluster, RedisServer, Relay, Sentinel, redis_missing
from gslb.verdict import State, Target, Vote

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing())

KEY = "{gslb}:1:"
TARGET = Target("web", "d1", "192.0.2.1")


@asynccontextmanager
async def fleet(url, prober_url=""):
    """One prober that has voted UP, and one node that knows it."""
    prober, node = open_store(prober_url or url), open_store(url)
    try:
        listener = node.changes()
        await prober.renew(Lease("p1", "fra", 1.0))
        await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
        await seen(node, State.UP)
        yield prober, node, listener
    finally:
        await prober.close()
        await node.close()


async def seen(node, state, limit=30.0):
    """Wait until a node reads this vote."""
    async with asyncio.timeout(limit):
        while True:
            with suppress(StoreError):
                vote = (await node.read()).votes.get(TARGET, {}).get("p1")
                if vote and vote.state is state:
                    return
            await asyncio.sleep(0.01)


async def said(prober, state, since, limit=30.0):
    """Say it until the store has taken it; how long that took."""
    watch = stall.Stopwatch()
    async with asyncio.timeout(limit):
        while True:
            with suppress(StoreError):
                await prober.publish("p1", [Vote(TARGET, "p1", state, since)])
                return watch.seconds()
            await asyncio.sleep(0.02)


async def out_of_reach(node, limit=30.0):
    """Wait until a node says that the store is out of reach; how long that took, and what it says."""
    watch = stall.Stopwatch()
    async with asyncio.timeout(limit):
        while True:
            try:
                await node.read()
            except StoreError as error:
                return watch.seconds(), str(error)
            await asyncio.sleep(0.01)


async def test_killed_and_started_again():
    with RedisServer(tcp=True) as redis:
        async with fleet(redis.url) as (prober, node, _):
            redis.kill()
            after, why = await out_of_reach(node)
            assert after < replica.OUT_OF_TOUCH + 2.0
            assert "out of reach" in why
            watch = stall.Stopwatch()
            for _ in range(20):
                with pytest.raises(StoreError):
                    await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            assert watch.seconds() < 5.0, "nobody waits for what is away: twenty deadlines would be 40 s"
            assert metrics.store_up._value.get() == 0
            redis.start()
            assert await said(prober, State.DOWN, 2.0) < BACKOFF[1] + 3.0
            await seen(node, State.DOWN)
            assert metrics.store_up._value.get() == 1


async def test_frozen_and_thawed():
    with RedisServer() as redis:
        async with fleet(redis.url) as (prober, node, _):
            redis.freeze()
            watch = stall.Stopwatch()
            with pytest.raises(StoreError, match=r"no answer within 2 s|does not answer"):
                await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            assert watch.seconds() < 4.0
            assert (await out_of_reach(node))[0] < replica.OUT_OF_TOUCH + 2.0
            redis.thaw()
            await said(prober, State.DOWN, 2.0)
            await seen(node, State.DOWN)


async def test_cut_off_by_the_network():
    """Connections stand and nothing arrives; then every one is reset."""
    with RedisServer() as redis, Relay(redis.address) as relay:
        async with fleet(relay.url, redis.url) as (prober, node, listener):
            relay.silence()
            await out_of_reach(node)
            await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            relay.heal()
            await seen(node, State.DOWN)
            relay.reset()
            await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 3.0)])
            await seen(node, State.UP)
            relay.delay(0.3)
            await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 4.0)])
            await seen(node, State.DOWN)
            assert await anext(listener) is not None


async def test_hints_that_are_lost_are_noticed():
    with RedisServer() as redis:
        async with fleet(redis.url) as (prober, node, _):
            before = metrics.store_snapshots.labels("gap")._value.get()
            redis.ask("INCR", KEY + "n")  # counted, and not there: as good as trimmed before anybody read it
            async with asyncio.timeout(30):
                while metrics.store_snapshots.labels("gap")._value.get() == before:
                    await asyncio.sleep(0.02)
            redis.ask("DEL", KEY + "hints")
            redis.ask("XADD", KEY + "hints", "1-1", "k", "x", "w", "y")
            rolled = metrics.store_snapshots.labels("rolled back")._value.get()
            async with asyncio.timeout(30):
                while metrics.store_snapshots.labels("rolled back")._value.get() == rolled:
                    await asyncio.sleep(0.02)
            await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            await seen(node, State.DOWN)


async def test_failed_over_by_sentinel():
    with Sentinel(password="lab") as sentinel:
        async with fleet(sentinel.url) as (prober, node, _):
            first = await node.read()
            old = sentinel.primary
            old.kill()
            begun = time.monotonic()
            sentinel.wait_for_another(old)
            elected = stall.Stopwatch()
            await said(prober, State.DOWN, 2.0)
            await seen(node, State.DOWN)
            assert (await node.read()).run != first.run
            assert elected.seconds() < 8.0, f"after an election of {elected.began - begun:.1f} s"
            old.start()  # as a primary of its own: nobody follows it there
            await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 3.0)])
            await seen(node, State.UP)


async def test_a_primary_that_becomes_a_replica_is_left():
    with Sentinel() as sentinel:
        async with fleet(sentinel.url) as (prober, node, _):
            sentinel.fail_over()
            await said(prober, State.DOWN, 2.0)
            await seen(node, State.DOWN)
            assert sentinel.primary.ask("EXISTS", KEY + "votes:p1")


async def test_sentinels_that_are_dead_or_know_nothing_are_passed_over():
    with RedisServer(tcp=True) as redis, Sentinel() as sentinel:
        hosts = f"127.0.0.1:1,127.0.0.1:{redis.port},127.0.0.1:{sentinel.watchers[0].port}"
        store = open_store(f"redis+sentinel://{hosts}/gslb")
        assert (await store.pulse()).run
        await store.close()
        store = open_store(sentinel.url.replace("/gslb/", "/other/"))
        with pytest.raises(StoreError, match="knows no service 'other'"):
            await store.pulse()
        await store.close()


async def test_a_cluster_and_its_slot_on_the_move():
    with Cluster() as cluster:

        async def make():
            for server in cluster.servers:
                server.wipe()
            return open_store(cluster.url)

        await check_store(make)
        async with fleet(cluster.url) as (prober, node, _):
            owner = cluster.owner(KEY)
            to = next(one for one in cluster.servers if one is not owner)
            cluster.begin_move(KEY, to)
            with pytest.raises(StoreError, match=r"ASK|TRYAGAIN|MOVED"):
                await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            cluster.end_move(KEY, to)
            await said(prober, State.DOWN, 2.0)
            await seen(node, State.DOWN)
            assert to.ask("EXISTS", KEY + "votes:p1")


async def test_no_memory_is_said_and_survived():
    with RedisServer(options={"maxmemory-policy": "noeviction"}) as redis:
        async with fleet(redis.url) as (prober, node, _):
            before = metrics.store_reconnects._value.get()
            redis.ask("CONFIG", "SET", "maxmemory", 1)
            with pytest.raises(StoreError, match="OOM command not allowed"):
                await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            await seen(node, State.UP)
            redis.ask("CONFIG", "SET", "maxmemory", 0)
            await said(prober, State.DOWN, 2.0)
            assert metrics.store_reconnects._value.get() == before, "the connection was kept"
            await seen(node, State.DOWN)


async def test_rights_that_are_taken_and_given_back():
    with RedisServer(users={"all": "on >secret ~* &* +@all"}) as redis:
        async with fleet(redis.url_of("all", "secret")) as (prober, node, _):
            redis.set_user("all", "on >secret ~* &* +@all -xread -hset")
            with pytest.raises(StoreError, match="NOPERM"):
                await said_once(prober)
            redis.set_user("all", "on >other ~* &* +@all")
            redis.ask("CLIENT", "KILL", "USER", "all")
            await out_of_reach(node)
            redis.set_user("all", "on >secret ~* &* +@all")
            await said(prober, State.DOWN, 2.0)
            await seen(node, State.DOWN)


async def said_once(prober):
    for _ in range(50):
        await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
        await asyncio.sleep(0.01)


async def test_a_replica_takes_no_votes(redis, opened):
    with RedisServer(tcp=True) as primary, RedisServer() as other:
        other.replicate(primary)
        with pytest.raises(StoreError, match="READONLY"):
            await opened(other.url).publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])


async def test_over_tls_with_certificates_of_both():
    with RedisServer(tls="clients", password="lab") as redis:
        async with fleet(redis.url) as (prober, node, _):
            await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
            await seen(node, State.DOWN)
        store = open_store(redis.url.partition("&cert")[0])
        with pytest.raises(StoreError, match=r"(?i)certificate|ssl|alert|closed|reset"):
            await store.pulse()
        await store.close()
        store = open_store(redis.url.replace("/ca.pem", "/none.pem"))
        with pytest.raises(StoreError, match=r"certificates: .*none\.pem"):
            await store.pulse()
        await store.close()
        store = open_store(f"rediss://default:lab@127.0.0.1:{redis.port}")
        with pytest.raises(StoreError, match=r"(?i)certificate verify failed"):
            await store.pulse()
        await store.close()


async def test_the_named_authority_is_believed_and_no_other(tmp_path, monkeypatch):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with RedisServer(tls=True) as redis:
        monkeypatch.setenv("SSL_CERT_FILE", str(redis.folder / "ca.pem"))
        for url, believed in ((f"rediss://127.0.0.1:{redis.port}", True), (f"rediss://127.0.0.1:{redis.port}?ca={tmp_path}/other.pem", False)):
            store = open_store(url)
            with nullcontext() if believed else pytest.raises(StoreError, match=r"(?i)certificate verify failed"):
                await store.pulse()
            await store.close()


async def test_a_store_that_never_was_says_so_at_once(tmp_path):
    store = open_store(f"unix://{tmp_path}/none.sock")
    listener = store.changes()
    watch = stall.Stopwatch()
    for use in (
        store.read,
        store.pulse,
        lambda: store.renew(Lease("p1", "fra", 1.0)),
        lambda: store.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)]),
    ):
        with pytest.raises(StoreError, match=r"No such file|out of reach"):
            await use()
    assert watch.seconds() < 4.0
    waiting = asyncio.ensure_future(anext(listener))
    await store.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


def test_pauses_grow_and_are_bounded():
    backoff = Backoff(jitter=lambda: 1.0)
    pauses = [backoff.failed() for _ in range(12)]
    assert pauses[0] == 0.0
    assert pauses[1] < 0.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == BACKOFF[1]
    backoff.worked()
    assert backoff.failed() == 0.0
    assert Backoff(jitter=lambda: 0.0).failed() == 0.0
