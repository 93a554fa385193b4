"""Published versions in a real Redis: large ones, damaged ones, forged ones, and a store that forgets."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest

from gslb.bundle import Bundle
from gslb.errors import StoreError
from gslb.store import Identity, bundles
from gslb.store.envelope import Header, seal
from gslb.store.keys import PrivateKey, PublicKeys
from gslb.store.redis import layout
from gslb.store.trust import Known, read_public
from gslb.testing.published import version

ANN, BOB, EVE = (PrivateKey(name, bytes([number]) * 32) for number, name in enumerate(("ann", "bob", "eve"), 1))
P = "{gslb}:1:"


def who(name, *trusted, key=None):
    keys = {"operator": {one.name: Known(dict([read_public(one.public)])) for one in trusted}}
    return Identity(name, {"operator": key} if key else {}, PublicKeys(keys))


@pytest.fixture
def operator(opened):
    return opened(identity=who("laptop", ANN, BOB, key=ANN))


@pytest.fixture
def node(opened):
    return opened(identity=who("ns1", ANN, BOB))


async def heard(listener):
    async with asyncio.timeout(20):
        while await anext(listener):
            pass


async def test_a_large_one_travels_in_pieces(operator, node, redis):
    noise = os.urandom(3 * layout.PIECE + 17)
    head = await operator.publish_bundle(Bundle(1, 0.0, "ann", "large", {"noise.zone": noise}), 0)
    assert redis.ask("STRLEN", P + "bundle:" + head.digest) == head.packed > 3 * layout.PIECE
    assert redis.ask("TTL", P + "bundle:" + head.digest) == -1
    assert (await node.bundle(1)).files == {"noise.zone": noise}
    assert {key for key in redis.ask("KEYS", P + "bundle*") if b"new-" in key} == set()


async def test_who_holds_no_operators_key_publishes_nothing(node, opened, redis):
    with pytest.raises(StoreError, match="no operator's key"):
        await node.publish_bundle(version(1), 0)
    with pytest.raises(StoreError, match="nobody would believe operator eve"):
        await opened(identity=who("x", ANN, key=EVE)).publish_bundle(version(1), 0)
    assert (await node.newest()).head is None
    assert redis.ask("EXISTS", P + "bundle", P + "bundles") == 0


@pytest.mark.parametrize("spoil", ["cut", "other", "gone", "longer", "type"])
async def test_damaged_files_are_none(operator, node, redis, spoil):
    await operator.publish_bundle(version(1), 0)
    head = await operator.publish_bundle(version(2), 1)
    key = P + "bundle:" + head.digest
    match spoil:
        case "cut":
            redis.ask("SET", key, redis.ask("GET", key)[:-7])
        case "other":
            redis.ask("COPY", P + "bundle:" + version(1).digest, key, "REPLACE")
        case "gone":
            redis.ask("DEL", key)
        case "longer":
            redis.ask("SETRANGE", key, 40 << 20, "x")
        case "type":
            redis.ask("DEL", key)
            redis.ask("RPUSH", key, "x")
    with pytest.raises(StoreError, match=r"version 2 are|WRONGTYPE"):
        await node.bundle(2)
    assert (await node.newest()).version == 2
    assert (await node.bundle(1)).files == version(1).files
    assert sum(node.refused.values()) == (spoil in {"cut", "other", "longer"})
    if spoil == "gone":
        assert await node.remind_bundle(await operator_kept(operator, head))
        assert (await node.bundle(2)).files == version(2).files


async def operator_kept(operator, head):
    """What a node has on its disk."""
    record = operator.ledger.bundles.record
    return replace(version(2), at=head.at, signed_by="ann", sealed=record)


async def test_a_node_that_listens_hears_of_each_and_believes_no_forgery(operator, node, redis):
    listener = node.changes()
    await node.read()
    first = await operator.publish_bundle(version(1), 0)
    await heard(listener)
    assert (await node.newest()).head == first
    assert (await node.read()).bundle == 1
    forged = seal(Header("bundle", "", "", 2, 0), bundles.content(replace(first, version=2)), EVE)
    for command in (("SET", P + "bundle", forged), ("INCR", P + "n"), ("XADD", P + "hints", "*", "k", "bundle", "w", "eve", "r", forged)):
        redis.ask(*command)
    second = await operator.publish_bundle(version(2), 1)
    await heard(listener)
    assert (await node.newest()).head == second
    assert node.refused == {"signer": 1}
    redis.ask("SET", P + "bundle", seal(Header("bundle", "", "", 1, 0), bundles.content(first), ANN))  # yesterday's
    await node.publish("p", [])
    node.ledger.bundles.take(redis.ask("GET", P + "bundle"))
    assert (await node.newest()).version == 2
    assert "version 1 after version 2" in (await node.newest()).refused


async def test_a_wiped_store_gets_back_what_a_node_has_and_not_what_it_cannot_judge(operator, node, opened, redis):
    await operator.publish_bundle(version(1), 0)
    kept = await node.bundle(1)
    redis.wipe()
    assert await node.remind_bundle(kept)
    assert not await node.remind_bundle(kept)
    assert (await opened(identity=who("ns2", ANN)).bundle(1)).files == version(1).files
    bob = opened(identity=who("desk", ANN, BOB, key=BOB))
    await bob.publish_bundle(version(2), 1)
    young = opened(identity=who("ns3", ANN))  # has not heard of bob
    assert (await young.newest()).head is None
    assert not await young.remind_bundle(kept), "what it cannot verify may be newer than what it has"
    assert "no operator that is known" in (await young.newest()).refused
    assert (await node.newest()).version == 2
    redis.ask("DEL", P + "bundles")
    redis.ask("SET", P + "bundles", "of another type")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await operator.publish_bundle(version(3), 2)
    assert (await opened(identity=who("ns4", ANN, BOB)).newest()).version == 2, "nothing of it was written"


async def test_forged_history_is_passed_over(operator, node, redis):
    first = await operator.publish_bundle(version(1), 0)
    await operator.publish_bundle(version(2), 1)
    for field, record in (("7", b"junk"), ("8", redis.ask("HGET", P + "bundles", "1")), ("9", seal(Header("bundle", "", "", 9, 0), {}, EVE))):
        redis.ask("HSET", P + "bundles", field, record)
    assert [head.version for head in await node.bundles()] == [2, 1]
    assert (await node.bundle(1)).digest == first.digest
    assert set(node.refused) == {"format", "signer"}
