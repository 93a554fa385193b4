"""Whoever owns the store, and a nameserver's key besides: can make health old, and cannot make it false. Over a real server."""

from __future__ import annotations

import asyncio
import random

import pytest

from gslb.config import settings
from gslb.lease import Lease
from gslb.override import Kind, Level, Override
from gslb.role import identity as role
from gslb.store import ledger as ledgers
from gslb.store.batch import lease_content, votes_content
from gslb.store.envelope import Header, Unsigned, peek, seal
from gslb.store.identity import Identity
from gslb.store.keys import PublicKeys, generate, read_signer
from gslb.store.redis import replica
from gslb.store.trust import Known, read_public
from gslb.verdict import State, Target, Vote

KEY = "{gslb}:1:"
A, B = Target("web", "d1", "192.0.2.1"), Target("web", "d1", "192.0.2.2")
FOREIGN = Target("web", "d1", "203.0.113.66")
DRAIN = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", since=1.0)
PROBERS = ("p1", "p2", "p3")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(replica, "PULSE", 0.1)


@pytest.fixture
def keys(tmp_path):
    """Identities by name: keys of three probers and an operator."""
    signers = {}
    trust = {"prober": {}, "operator": {}}
    for writer, name in (*(("prober", name) for name in PROBERS), ("operator", "ann")):
        private, public = generate(name)
        (tmp_path / name).write_text(private)
        (tmp_path / name).chmod(0o600)
        signers[name] = read_signer(tmp_path / name, name)
        trust[writer][name] = Known(dict([read_public(public)]))

    def identity(node="", *, state=None, **held):
        return Identity(node, {writer: signers[name] for writer, name in held.items()}, PublicKeys(trust), state)

    identity.signers = signers
    return identity


def vote(prober, target, state=State.UP):
    return Vote(target, prober, state, 1.5, reason="status 200")


class Fleet:
    """Three probers, and a nameserver that holds an operator's key."""

    def __init__(self, redis, opened, keys):
        self.redis, self.opened, self.keys = redis, opened, keys
        self.probers = {name: opened(identity=keys(prober=name)) for name in PROBERS}
        self.node = opened(identity=keys("ns1", operator="ann"))
        self.node.changes()
        self.at = 10.0

    async def renew(self):
        self.at += 1.0
        for name, store in self.probers.items():
            await store.renew(Lease(name, "fra", self.at))

    async def begin(self):
        await self.renew()
        for name, store in self.probers.items():
            await store.publish(name, [vote(name, A), vote(name, B)])
        await self.until(lambda state: set(state.votes.get(B, ())) == set(PROBERS), self.node)
        await self.node.say([DRAIN], (await self.node.read()).overrides.version)

    async def until(self, good, *nodes):
        """Renew until it is so at all nodes."""
        async with asyncio.timeout(30):
            while True:
                await self.renew()
                if all([good(await node.read()) for node in nodes]):
                    return
                await asyncio.sleep(0.02)

    async def read_anew(self, node):
        await node._replica.reached(replica.Ticket(None, asyncio.get_running_loop().time()), 3.0)
        return await node.read()

    async def fresh(self, name="ns9"):
        node = self.opened(identity=self.keys(name))
        node.changes()
        await node.read()
        return node


@pytest.fixture
async def fleet(redis, opened, keys):
    one = Fleet(redis, opened, keys)
    await one.begin()
    return one


def strings_and_hashes(redis):
    """Every record in the store: (key, field or None, record)."""
    for name in PROBERS:
        yield KEY + f"lease:{name}", None, redis.ask("GET", KEY + f"lease:{name}")
        flat = redis.ask("HGETALL", KEY + f"votes:{name}")
        for field, record in zip(flat[::2], flat[1::2], strict=True):
            yield KEY + f"votes:{name}", field, record
    yield KEY + "book", None, redis.ask("GET", KEY + "book")


def put(redis, key, field, record):
    redis.ask("HSET", key, field, record) if field else redis.ask("SET", key, record)


async def test_every_record_altered_is_refused(fleet, redis):
    chance = random.Random(7)
    before = await fleet.node.read()
    records = list(strings_and_hashes(redis))
    for key, field, record in records:
        at = chance.randrange(len(record))
        put(redis, key, field, record[:at] + bytes([record[at] ^ 1 << chance.randrange(8)]) + record[at + 1 :])
    state = await fleet.read_anew(fleet.node)
    assert (state.votes, state.overrides) == (before.votes, before.overrides)
    assert sum(fleet.node.refused.values()) == len(records)
    fresh = await fleet.fresh()
    assert not (await fresh.read()).votes


async def test_records_in_the_place_of_others_are_refused(fleet, redis):
    """Genuine, each of them."""
    before = await fleet.node.read()
    records = list(strings_and_hashes(redis))
    for (key, field, _), (*_, record) in zip(records, records[1:] + records[:1], strict=True):
        put(redis, key, field, record)
    state = await fleet.read_anew(fleet.node)
    assert (state.votes, state.overrides) == (before.votes, before.overrides)
    assert set(fleet.node.refused) <= {"signer", "kind", "replayed"}
    assert sum(fleet.node.refused.values()) == len(records)


@pytest.mark.parametrize("who", ["nobody", "ann", "another prober", "a key of its own"])
async def test_forged_votes_change_nothing_and_bring_no_address(fleet, redis, keys, who, tmp_path):
    """By whoever holds no key, a nameserver's operator's key, another prober's, or a fresh one that claims to be p1's."""
    text, _ = generate("p1")
    (tmp_path / "own").write_text(text)
    signer = {
        "nobody": Unsigned("p1"),
        "ann": keys.signers["ann"],
        "another prober": keys.signers["p2"],
        "a key of its own": read_signer(tmp_path / "own"),
    }[who]
    before = await fleet.node.read()
    epoch = peek(redis.ask("GET", KEY + "lease:p1")).epoch
    nonce = redis.ask("HGET", KEY + "nonces", "ns1").decode()
    lies = votes_content([Vote(target, "p1", State.DOWN, 2.0) for target in (A, B, FOREIGN)])
    for name in ("p1", "p3"):
        lease = Lease(name, "fra", fleet.at + 1, epoch=epoch + 1, sequence=2)
        redis.ask(
            "SET", KEY + f"lease:{name}", seal(Header("lease", "", "", epoch + 1, 1), lease_content(lease, [nonce, nonce.partition(":")[2]]), signer)
        )
        redis.ask("DEL", KEY + f"votes:{name}")
        redis.ask("HSET", KEY + f"votes:{name}", "a0", seal(Header("all", "", "", epoch + 1, 1), lies, signer))
        change = seal(Header("votes", "", "", epoch + 1, 2), lies, signer)
        redis.ask("HSET", KEY + f"votes:{name}", "c2", change)
        redis.ask("XADD", KEY + "hints", "*", "k", "votes", "w", name, "r", change)
        redis.ask("INCR", KEY + "n")
    for node in (fleet.node, await fleet.fresh()):
        state = await fleet.read_anew(node)
        assert FOREIGN not in state.votes
        assert all(one.state is State.UP for by in state.votes.values() for one in by.values())
        assert {"unsigned", "signer"} & set(node.refused)
    assert (await fleet.node.read()).votes == before.votes
    for prober in fleet.probers.values():
        for speaker in prober._probers._speakers.values():
            speaker.unsure = True  # as after its next write whose outcome it does not know
    fresh = await fleet.fresh("ns10")
    await fleet.until(lambda state: state.votes == before.votes, fleet.node, fresh)


async def test_a_nodes_key_writes_overrides_and_nothing_else(fleet, redis, keys):
    """What a stolen operator's key can do is what the operator can, within the files; a prober's key can do none of it."""
    version = (await fleet.node.read()).overrides.version
    row = {"word": "override", "kind": "down", "level": "pool", "site": "", "pool": "web", "member": "", "weight": 1, "author": "x", "reason": "x"}
    content = {"version": version + 10**6, "words": [{**row, "since": 1.0, "expires": None}]}
    redis.ask("SET", KEY + "book", seal(Header("book", "", "", version + 10**6, 0), content, keys.signers["p1"]))
    state = await fleet.read_anew(fleet.node)
    assert state.overrides.version == version
    assert fleet.node.refused == {"signer": 1}
    lease = seal(Header("lease", "", "", version, 1), content, keys.signers["p1"])  # genuine as a lease, and with the content of a book
    redis.ask("SET", KEY + "book", lease)
    assert await fleet.node.remind([], state.overrides.sealed) == state.overrides
    assert redis.ask("GET", KEY + "book") == state.overrides.sealed, "what was there is brought back"


async def test_yesterdays_store_before_a_new_node_and_a_running_one(fleet, redis, keys):
    """All keys as they were when both sites were down; no prober is running any more, and the store is whole, genuine and old."""
    for name, store in fleet.probers.items():
        await store.publish(name, [vote(name, A, State.DOWN), vote(name, B, State.DOWN)])
    await fleet.until(lambda state: all(one.state is State.DOWN for one in state.votes[A].values()), fleet.node)
    names = [key for key in redis.ask("KEYS", KEY + "*") if b"nonces" not in key]
    recorded = {key: redis.ask("DUMP", key) for key in names}
    for name, store in fleet.probers.items():
        await store.publish(name, [vote(name, A), vote(name, B)])
    await fleet.until(lambda state: all(one.state is State.UP for one in state.votes[A].values()), fleet.node)
    before = await fleet.read_anew(fleet.node)
    for key, value in recorded.items():
        redis.ask("RESTORE", key, 0, value, "REPLACE")
    state = await fleet.read_anew(fleet.node)
    assert (state.votes, state.overrides) == (before.votes, before.overrides)
    assert fleet.node.refused["replayed"] >= 3
    fresh = await fleet.fresh()
    for _ in range(3):
        state = await fleet.read_anew(fresh)
        assert (dict(state.votes), dict(state.leases)) == ({}, {})
    again = {name: fleet.opened(identity=keys(prober=name)) for name in PROBERS}
    fleet.probers = again
    await fleet.renew()
    for name, store in again.items():
        await store.publish(name, [vote(name, A), vote(name, B)])
    await fleet.until(
        lambda state: {name: one.state for name, one in state.votes.get(A, {}).items()} == dict.fromkeys(PROBERS, State.UP), fresh, fleet.node
    )


async def test_a_key_is_replaced_while_everything_runs(redis, opened, tmp_path, monkeypatch):
    """By `keys.yaml` alone: no nameserver is started anew, and no moment without votes."""
    monkeypatch.setattr(ledgers, "KEYS", 0.05)
    lines = {}
    for key in ("old", "new"):
        text, lines[key] = generate("p1")
        (tmp_path / f"{key}.key").write_text(text)
        (tmp_path / f"{key}.key").chmod(0o600)

    def trust(*keys):
        listed = ", ".join(f"'{lines[key]}'" for key in keys)
        (tmp_path / "next").write_text(f"probers: {{p1: {{place: fra, keys: [{listed}]}}}}\n" if keys else "probers: {}\n")
        (tmp_path / "next").replace(tmp_path / "keys.yaml")

    def process(name, **held):
        given = {"GSLB_STORE": redis.url, "GSLB_NODE": name, "GSLB_STATE_DIR": str(tmp_path / name), "GSLB_KEYS_TRUST": str(tmp_path / "keys.yaml")}
        return opened(identity=role.of(settings.load(tmp_path / "gslb.yaml", given | held)))

    (tmp_path / "gslb.yaml").touch()
    trust("old")
    node = process("ns1")
    node.changes()
    prober = process("p1", GSLB_KEYS_PROBER=str(tmp_path / "old.key"))
    at = 10.0

    async def until(good):
        nonlocal at
        async with asyncio.timeout(30):
            while not good(await node.read()):
                at += 1
                await prober.renew(Lease("p1", "fra", at))
                await asyncio.sleep(0.02)

    await prober.renew(Lease("p1", "fra", at))
    await prober.publish("p1", [vote("p1", A)])
    await until(lambda state: A in state.votes)
    prober = process("p1", GSLB_KEYS_PROBER=str(tmp_path / "new.key"))
    await prober.renew(Lease("p1", "fra", at))
    await prober.publish("p1", [vote("p1", A, State.DOWN)])
    state = await node._replica.reached(replica.Ticket(None, asyncio.get_running_loop().time()), 3.0) or await node.read()
    assert state.votes[A]["p1"].state is State.UP
    assert node.refused["signer"] >= 1
    trust("old", "new")
    await until(lambda state: state.votes[A]["p1"].state is State.DOWN)
    trust("new")
    at += 1
    await prober.publish("p1", [vote("p1", A), vote("p1", B)])
    await until(lambda state: B in state.votes)
    trust()
    await until(lambda state: not state.votes and not state.leases)
