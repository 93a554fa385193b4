"""What only a shared store can promise: what is said here is known there, at once, whoever loses what in between."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.override import Kind, Level, Override
from gslb.store import Identity, NodeReport, Overrides, OvertakenError
from gslb.store.envelope import Header, Unsigned, peek, seal
from gslb.store.keys import PublicKeys, generate, read_signer
from gslb.store.redis import speaker
from gslb.store.trust import Known, read_public
from gslb.testing import stall
from gslb.testing.lab import RedisServer, Relay
from gslb.verdict import State, Target, Vote

KEY = "{gslb}:1:"
TARGETS = [Target("web", "d1", f"192.0.2.{n}") for n in range(1, 101)]
DRAIN = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", since=1.0)


def vote(number, state=State.UP, prober="p1", since=1.0):
    return Vote(TARGETS[number], prober, state, since)


async def known(node, listener, true, limit=30.0):
    """Wait, hint by hint, until something is true of what a node reads; return that."""
    async with asyncio.timeout(limit):
        while True:
            with suppress(StoreError):
                if true(state := await node.read()):
                    return state
            await anext(listener)


def has(number, state, prober="p1"):
    """Whether a prober's vote on a target is this."""

    def true(found):
        vote = found.votes.get(TARGETS[number], {}).get(prober)
        return vote is not None and vote.state is state

    return true


async def test_a_change_is_known_elsewhere_within_milliseconds(redis, opened):
    prober, node = opened(), opened()
    listener = node.changes()
    await prober.publish("p1", [vote(0), vote(1)])
    await known(node, listener, has(0, State.UP))
    times = []
    for n in range(40):
        state = State.UP if n % 2 else State.DOWN
        watch = stall.Stopwatch()
        await prober.publish("p1", [vote(0, state, since=2.0 + n)])
        await known(node, listener, has(0, state))
        times.append(watch.seconds())
    assert sorted(times)[20] < 0.1
    assert redis.ask("HLEN", KEY + "votes:p1") == 41, "one record each, beside the first"


async def test_everything_is_said_anew_before_there_are_too_many_changes(redis, opened):
    store = opened()
    for n in range(speaker.CHANGES + 10):
        await store.publish("p1", [vote(n % 100, since=float(n))])
    fields = set(redis.ask("HKEYS", KEY + "votes:p1"))
    assert b"a0" in fields
    assert b"c2" not in fields
    assert len(fields) <= speaker.CHANGES
    assert (await store.read()).votes[TARGETS[65]]["p1"].since == 265.0


async def test_many_votes_are_parts(redis, opened, monkeypatch):
    prober, node = opened(), opened()
    node.changes()
    many = [Vote(Target("web", "d1", f"10.0.{n // 250}.{n % 250}"), "p1", State.UP, 1.0) for n in range(1300)]
    await prober.rewrite("p1", many)
    assert set(redis.ask("HKEYS", KEY + "votes:p1")) == {b"a0", b"a1", b"a2"}
    async with asyncio.timeout(30):
        while len((await node.read()).votes) < 1300:
            await asyncio.sleep(0.01)
    assert sorted(peek(record).part for record in redis.ask("HVALS", KEY + "votes:p1")) == [0, 1, 2]
    assert redis.ask("XREVRANGE", KEY + "hints", "+", "-")[0][1] == [b"k", b"votes", b"w", b"p1"], "too large to travel in a hint"
    monkeypatch.setattr(speaker, "PARTS", 2)
    with pytest.raises(StoreError, match="votes on 1300 targets: one prober may hold 1024"):
        await prober.rewrite("p1", many)


async def test_what_cannot_be_written_is_a_store_error(opened):
    store = opened()
    await store.publish("p1", [vote(0)])
    for words in (vote(1, since=float("nan")), vote(1, since=float("inf"))):
        with pytest.raises(StoreError, match="this cannot be written into the store"):
            await store.publish("p1", [words])
    with pytest.raises(StoreError, match="this cannot be written"):
        await store.renew(Lease("p1", "fra", float("nan")))
    await store.rewrite("p1", [vote(0), vote(2)])
    assert set((await store.read()).votes) == {TARGETS[0], TARGETS[2]}


async def test_after_a_wipe_everything_is_there_again(redis, opened):
    prober, node = opened(identity=Identity("p1")), opened(identity=Identity("ns1"))
    listener = node.changes()
    first = await prober.renew(Lease("p1", "fra", 1.0))
    await prober.publish("p1", [vote(0), vote(1)])
    said = await node.say([DRAIN], 0)
    before = await node.read()
    redis.wipe()
    second = await prober.renew(Lease("p1", "fra", 2.0))
    assert second.run != first.run
    assert redis.ask("HLEN", KEY + "votes:p1") == 1
    async with asyncio.timeout(30):
        state = await known(node, listener, lambda state: state.run == second.run)
    assert state.votes == before.votes
    assert state.overrides == said, "no news"
    assert not redis.ask("EXISTS", KEY + "book")
    assert (await node.remind(said.words.values())).words == said.words
    assert (await opened().read()).overrides.words == said.words


async def test_votes_that_were_lost_are_said_anew_with_the_next_change(redis, opened):
    store = opened()
    await store.publish("p1", [vote(0), vote(1)])
    redis.ask("DEL", KEY + "votes:p1")
    await store.publish("p1", [vote(2)])
    assert set(redis.ask("HKEYS", KEY + "votes:p1")) == {b"a0"}
    assert set((await store.read()).votes) == set(TARGETS[:3])


async def test_a_restarted_server_is_another_run_and_loses_nothing(opened):
    with RedisServer(tcp=True) as redis:
        prober, node = opened(redis.url), opened(redis.url)
        listener = node.changes()
        await prober.renew(Lease("p1", "fra", 1.0))
        await prober.publish("p1", [vote(0)])
        first = await known(node, listener, has(0, State.UP))
        redis.restart()
        async with asyncio.timeout(30):
            while True:
                with suppress(StoreError):
                    if (await prober.renew(Lease("p1", "fra", 2.0))).run != first.run:
                        break
                await asyncio.sleep(0.05)
            state = await known(node, listener, lambda state: state.run != first.run and state.leases["p1"].at == 2.0)
        assert state.votes == first.votes


async def test_an_outcome_that_is_not_known_is_made_good(redis, opened):
    """The server has done it, and the answer is lost: said twice is the same as once."""
    with Relay(redis.address) as relay:
        store = opened(relay.url)
        await store.publish("p1", [vote(0), vote(1)])
        relay.delay(0.7)
        writing = asyncio.ensure_future(store.publish("p1", [vote(0, State.DOWN, since=2.0)]))
        async with asyncio.timeout(30):
            while redis.ask("HLEN", KEY + "votes:p1") < 2:  # until it is done
                await asyncio.sleep(0.01)
        relay.refuse()
        with pytest.raises(StoreError):
            await writing
        relay.heal()
        async with asyncio.timeout(30):
            while True:
                with suppress(StoreError):
                    await store.publish("p1", [vote(0, State.DOWN, since=2.0)])
                    break
                await asyncio.sleep(0.02)
    assert set(redis.ask("HKEYS", KEY + "votes:p1")) == {b"a0"}
    votes = (await opened().read()).votes
    assert (votes[TARGETS[0]]["p1"].state, votes[TARGETS[1]]["p1"].state) == (State.DOWN, State.UP)


async def test_names_that_say_nothing_are_forgotten(redis, opened):
    redis.ask("SADD", KEY + "probers", "long-gone", "p2")
    redis.ask("HSET", KEY + "votes:p2", "a0", b"something")
    redis.ask("SADD", KEY + "nodes", "ns9")
    store = opened()
    store.changes()
    await store.renew(Lease("p1", "fra", 1.0))
    await store.renew(Lease("p1", "fra", 2.0))
    assert set(redis.ask("SMEMBERS", KEY + "probers")) == {b"p1", b"p2"}
    await store.report(NodeReport("ns1", 1.0))
    await store._replica._read_nodes(store._writer.link._wire)
    assert set(redis.ask("SMEMBERS", KEY + "nodes")) == {b"ns1"}


async def test_who_leaves_is_gone_at_once_everywhere(redis, opened):
    prober, node, peer = opened(), opened(), opened()
    listener = node.changes()
    for name, store in (("p1", prober), ("p2", peer)):
        await store.renew(Lease(name, "fra", 1.0))
        await store.publish(name, [vote(0, prober=name)])
    assert set((await peer.renew(Lease("p2", "fra", 2.0))).leases) == {"p1", "p2"}
    await known(node, listener, lambda state: set(state.leases) == set(state.votes.get(TARGETS[0], ())) == {"p1", "p2"})
    await prober.leave("p1")
    assert set((await peer.renew(Lease("p2", "fra", 3.0))).leases) == {"p2"}, "who shares targets takes over at once"
    await known(node, listener, lambda state: set(state.leases) == set(state.votes[TARGETS[0]]) == {"p2"})
    await prober.renew(Lease("p1", "fra", 4.0))
    await prober.publish("p1", [vote(0)])
    await known(node, listener, has(0, State.UP, "p1"))  # and may come back


async def test_words_that_overtake_each_other_are_no_attack(redis, opened):
    """Two who speak at once: each knows its own words before it hears those that were first."""
    one, other = opened(identity=Identity("ns1")), opened(identity=Identity("ns2"))
    one.changes()
    other.changes()
    await one.read()
    await other.read()
    for n in range(30):
        store = one if n % 2 else other
        with suppress(OvertakenError):
            await store.say([DRAIN], store.ledger.overrides.version)
    listener = one.changes()
    last = await opened().read()
    await known(one, listener, lambda state: state.overrides == last.overrides)
    assert not one.refused
    assert not other.refused


# --- signed


@pytest.fixture
def keys(tmp_path):
    """Make an identity that holds some keys and believes all of them."""
    signers, trust = {}, {"prober": {}, "operator": {}, "site": {}}
    for writer, name in (("prober", "p1"), ("prober", "p2"), ("operator", "ann")):
        private, public = generate(name)
        (tmp_path / name).write_text(private)
        (tmp_path / name).chmod(0o600)
        signers[name] = read_signer(tmp_path / name, name)
        known, octets = read_public(public)
        trust[writer][name] = Known({known: octets})

    def identity(node, *, state=None, **held):
        return Identity(node, {writer: signers[name] for writer, name in held.items()}, PublicKeys(trust), state)

    return identity


async def test_a_new_node_believes_within_a_renewal(redis, opened, keys):
    prober = opened(identity=keys("", prober="p1"))
    await prober.renew(Lease("p1", "fra", 1.0))
    await prober.publish("p1", [vote(0)])
    node = opened(identity=keys("ns1"))
    listener = node.changes()
    assert not (await node.read()).votes, "nothing of it is proven to be of now"
    async with asyncio.timeout(30):
        while not redis.ask("HLEN", KEY + "nonces"):
            await asyncio.sleep(0.01)
    await prober.renew(Lease("p1", "fra", 2.0))
    state = await known(node, listener, has(0, State.UP))
    assert set(state.votes[TARGETS[0]]) == set(state.leases) == {"p1"}
    await prober.publish("p1", [vote(0, State.DOWN, since=2.0)])
    await known(node, listener, has(0, State.DOWN))
    assert not node.refused


async def test_recorded_votes_and_forged_ones_are_not_believed(redis, opened, keys):
    prober, node = opened(identity=keys("", prober="p1")), opened(identity=keys("ns1"))
    node.changes()
    await prober.renew(Lease("p1", "fra", 1.0))
    await prober.publish("p1", [vote(0)])
    forged = seal(Header("votes", "", "", 1 << 50, 1), {"checks": [], "votes": [], "gone": []}, Unsigned("p1"))
    recorded = redis.ask("GET", KEY + "lease:p1")
    await node.read()
    await prober.renew(Lease("p1", "fra", 2.0))
    redis.ask("HSET", KEY + "votes:p1", "c9", forged)
    redis.ask("SET", KEY + "lease:p1", recorded)
    redis.ask("INCR", KEY + "n")  # a counter that is wrong lets everything be read again
    async with asyncio.timeout(30):
        while {"unsigned", "replayed"} - node.refused.keys():
            await asyncio.sleep(0.05)
    state = await node.read()
    assert state.votes[TARGETS[0]]["p1"].state is State.UP
    assert state.leases["p1"].at == 2.0


async def test_a_node_without_an_operators_key_brings_the_signed_book_back_and_writes_none(redis, opened, keys):
    control, node = opened(identity=keys("ns1", operator="ann")), opened(identity=keys("ns2"))
    said = await control.say([DRAIN], 0)
    kept = await node.read()
    assert (kept.overrides, kept.overrides.sealed) == (said, redis.ask("GET", KEY + "book"))
    with pytest.raises(StoreError, match="this node holds no operator's key"):
        await node.say([], said.version)
    redis.wipe()
    fresh = opened(identity=keys("ns3"))
    assert not (await fresh.remind([DRAIN])).words, "words alone prove nothing"
    assert await fresh.remind([DRAIN], said.sealed) == said
    assert redis.ask("GET", KEY + "book") == said.sealed
    newer = await control.say([], said.version)
    assert await fresh.remind([], said.sealed) == newer, "an older book replaces nothing"


async def test_names_and_keys_belong_together(opened, keys):
    store = opened(identity=keys("", prober="p1"))
    with pytest.raises(StoreError, match="the prober's key held here is that of p1, not of p2"):
        await store.publish("p2", [vote(0, prober="p2")])
    with pytest.raises(StoreError, match="holds no prober's key"):
        await opened(identity=keys("ns1")).renew(Lease("p1", "fra", 1.0))


async def test_marks_outlive_a_restart(redis, opened, keys, tmp_path):
    state = tmp_path / "state"
    control, node = opened(identity=keys("ns1", operator="ann")), opened(identity=keys("ns2", state=state))
    listener = node.changes()
    first = await control.say([DRAIN], 0)
    second = await control.say([], first.version)
    async with asyncio.timeout(30):
        await known(node, listener, lambda state: state.overrides == second)
    await node.close()
    redis.ask("SET", KEY + "book", first.sealed)
    again = opened(identity=keys("ns2", state=state))
    assert (await again.read()).overrides == Overrides()
    assert again.refused == {"replayed": 1}
