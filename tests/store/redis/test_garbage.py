"""Garbage in every key: what is bad is refused and counted, what is good goes on, and nothing is read without bounds."""

from __future__ import annotations

import asyncio
import random

import pytest

from gslb.event import Event
from gslb.lease import Lease
from gslb.override import Kind, Level, Override
from gslb.store import Identity, NodeReport, Push
from gslb.store.redis import layout, replica
from gslb.testing.lab import Relay
from gslb.verdict import State, Target, Vote

KEY = "{gslb}:1:"
TARGET = Target("web", "d1", "192.0.2.1")
DRAIN = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", since=1.0)

STRINGS = ["id", "n", "lease:p1", "lease:p2", "book", "node:ns1"]
HASHES = ["votes:p1", "votes:p2", "nonces", "push:fra"]
OTHERS = ["hints", "probers", "nodes", "registrants", "audit"]


def spoil_with(kind, chance):
    """Return a command's words after the key that make it anything but what belongs there."""
    octets = chance.randbytes(chance.randrange(1, 400))
    return {
        "string": ("SET", octets),
        "hash": ("HSET", octets, chance.randbytes(200), b"a0", chance.randbytes(500), b"c1", b""),
        "list": ("RPUSH", octets),
        "set": ("SADD", octets, b"\xff\xfe", b"x" * 100_000),
        "stream": ("XADD", "9999999999999-0", octets, octets),
    }[kind]


@pytest.mark.parametrize("key", STRINGS + HASHES + OTHERS)
async def test_garbage_costs_the_key_it_is_in(redis, opened, key, monkeypatch):
    monkeypatch.setattr(replica, "PULSE", 0.1)
    chance = random.Random(key)
    prober, node = opened(identity=Identity("p1")), opened(identity=Identity("ns1"))
    node.changes()
    await prober.renew(Lease("p1", "fra", 1.0))
    await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
    said = await node.say([DRAIN], 0)
    for kind in ("string", "hash", "list", "set", "stream"):
        redis.ask("DEL", KEY + key)
        command, *words = spoil_with(kind, chance)
        redis.ask(command, KEY + key, *words)
        await node._replica.reached(replica.Ticket(None, asyncio.get_running_loop().time()), 20.0)
        state = await node.read()
        assert state.votes == {TARGET: {"p1": Vote(TARGET, "p1", State.UP, 1.0)}}, f"{key} is a {kind}"
        assert state.overrides == said
        fresh = opened(identity=Identity("ns2"))
        fresh.changes()
        assert all(target == TARGET for target in (await fresh.read()).votes), "no target that nobody speaks of"
        assert set((await fresh.read()).overrides.words) <= {DRAIN.key}
    redis.ask("DEL", KEY + key)
    await prober.renew(Lease("p1", "fra", 2.0))
    await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
    async with asyncio.timeout(30):
        while (await node.read()).votes[TARGET]["p1"].state is not State.DOWN:
            await asyncio.sleep(0.02)


async def test_all_keys_at_once_and_writers_go_on(redis, opened):
    """Nobody can write hints any more: what is said is known all the same, a pulse later."""
    redis.ask("SET", KEY + "hints", "garbage")
    redis.ask("SET", KEY + "n", "many")
    redis.ask("SET", KEY + "audit", "garbage")
    prober, node = opened(), opened()
    node.changes()
    await prober.renew(Lease("p1", "fra", 1.0))
    await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
    await prober.renew(Lease("p1", "fra", 2.0))
    async with asyncio.timeout(30):
        while TARGET not in (await node.read()).votes or not node.refused.get("format"):
            await asyncio.sleep(0.05)


async def test_what_is_too_large_is_not_read(redis, opened):
    """Ten megabytes in each key, by somebody who may write them: readers take the bounds and no more."""
    many = b"x" * (10 << 20)
    redis.ask("SADD", KEY + "probers", *(b"p%d" % n for n in range(20_000)))
    redis.ask("SADD", KEY + "nodes", *(b"n%d" % n for n in range(20_000)))
    redis.ask("SADD", KEY + "registrants", "fra", "iad")
    for key in ("book", "lease:p1", "node:n1", "id", "n"):
        redis.ask("SET", KEY + key, many)
    redis.ask("HSET", KEY + "votes:p1", "a0", many, "a1", many)
    redis.ask("HSET", KEY + "votes:p2", *(word for n in range(600) for word in (f"c{n}", "x")))
    redis.ask("HSET", KEY + "push:fra", *(word for n in range(layout.PUSHES + 1) for word in (f"k{n}", "x")))
    redis.ask("HSET", KEY + "nonces", *(word for n in range(20_000) for word in (f"n{n}", "1:abc")))
    with Relay(redis.address) as relay:
        store = opened(relay.url)
        await store.read()
        assert relay.received < 3 << 20
        assert {"size", "format"} <= store.refused.keys() | {"format"}
        relay.received = 0
        await store.renew(Lease("p1", "fra", 1.0))
        assert relay.received < 3 << 20


@pytest.mark.parametrize("seed", range(3))
async def test_hints_may_be_anything(redis, opened, seed):
    """Whatever is written into the stream: who follows goes on, and believes nothing of it."""
    chance = random.Random(seed)
    node, prober = opened(), opened()
    node.changes()
    await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
    await node.read()
    kinds = [b"votes", b"lease", b"book", b"push", b"", b"\xff", b"x" * 1000]
    with redis.line() as line:
        for _ in range(300):
            words = [chance.choice([b"k", b"w", b"f", b"r", chance.randbytes(3)]) for _ in range(chance.randrange(1, 5))]
            said = [word for name in words for word in (name, chance.choice([*kinds, b"p1", b"p2", chance.randbytes(chance.randrange(300))]))]
            line.ask("MULTI")
            line.ask("INCR", KEY + "n")
            line.ask("XADD", KEY + "hints", "*", *said)
            line.ask("EXEC")
    await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
    async with asyncio.timeout(30):
        while not (by := (await node.read()).votes.get(TARGET)) or by["p1"].state is not State.DOWN:
            await asyncio.sleep(0.02)
    state = await node.read()
    assert set(state.votes) == {TARGET}
    assert not state.overrides.words
    assert not state.pushes


async def test_answers_that_are_corrupted_are_no_answers(redis, opened):
    """A middlebox that changes octets: the store may be out of reach for that; what is believed stays as it was."""
    with Relay(redis.address) as relay:
        node, prober = opened(relay.url), opened()
        node.changes()
        await prober.renew(Lease("p1", "fra", 1.0))
        await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
        async with asyncio.timeout(30):
            while TARGET not in (await node.read()).votes:
                await asyncio.sleep(0.01)
        relay.corrupt()
        for n in range(30):
            await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 2.0 + n)])
            await asyncio.sleep(0.02)
            assert set(node.ledger.state(1.0, "").votes) == {TARGET}
        relay.heal()
        async with asyncio.timeout(30):
            while node._replica.why or (await node.read()).votes[TARGET]["p1"].since != 31.0:
                await asyncio.sleep(0.02)


async def test_reports_and_pushes_that_lie_are_not_shown(redis, opened):
    store = opened(identity=Identity("ns1"))
    now = (await store.pulse()).time
    await store.report(NodeReport("ns1", now))
    await store.push(Push("fra", "192.0.2.7", now, now + 30, check="app"))
    redis.ask("SADD", KEY + "nodes", "ns2")
    redis.ask("SET", KEY + "node:ns2", redis.ask("GET", KEY + "node:ns1"))
    redis.ask("SADD", KEY + "registrants", "iad")
    redis.ask("HSET", KEY + "push:iad", "app/192.0.2.7", redis.ask("HGET", KEY + "push:fra", "app/192.0.2.7"))
    state = await store.read()
    assert (set(state.nodes), set(state.pushes)) == ({"ns1"}, {("fra", "app/192.0.2.7")})
    assert sum(store.refused.values()) == 2


async def test_events_that_are_none_do_not_hide_those_behind_them(redis, opened):
    store = opened()
    await store.tell([Event("plane", "plane 0", "began", 1.0)])
    (first,) = await store.told("", 10)
    for n in range(25):
        redis.ask("XADD", KEY + "events", "*", "e", b"\xff" if n % 2 else b"{}")
    assert list(await store.told(first.id, 10)) == []
    await store.tell([Event("plane", "plane 0", "ended", 2.0)])
    assert [event.what for event in await store.told(first.id, 10)] == ["ended"]
