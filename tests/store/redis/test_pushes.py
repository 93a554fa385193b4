"""What sites say of themselves, through a real server: signed by them, read by those who need nothing else, forged by nobody."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from gslb import registration
from gslb.errors import StoreError
from gslb.model import Check, Member, Model, Policy, Pool, Registration
from gslb.role import site
from gslb.store import Identity, Push, keys
from gslb.store.envelope import Header, Unsigned, seal
from gslb.store.keys import PublicKeys
from gslb.store.push_record import content
from gslb.store.trust import Known, read_public
from gslb.testing.lab import redis_missing

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")

WORD = Push("fra", "198.51.100.7", 0.0, 0.0, pool="web", site="fra", weight=3)
KEY = "web/198.51.100.7"


@pytest.fixture
def signers(tmp_path):
    """Private keys of the sites fra and iad, and whoever knows that of fra alone."""
    found = {}
    for name in ("fra", "iad"):
        private, public = keys.generate(name)
        path = tmp_path / f"{name}.key"
        path.write_text(private)
        path.chmod(0o600)
        found[name] = keys.read_signer(path, name), dict([read_public(public)])
    reader = Identity("ns1", keyring=PublicKeys({"site": {"fra": Known(found["fra"][1])}}))
    return {name: Identity(name, {"site": signer}) for name, (signer, _) in found.items()} | {"reader": reader}


async def test_a_site_is_heard_over_the_link_and_by_a_replica(opened):
    writer, reader, node = opened(), opened(), opened()
    hints = node.changes()
    said = await site.say(writer, WORD, 30.0)
    assert abs(said.at - (await writer.now())) < 5
    for store in (reader, node, writer):
        pushed = await store.pushed()
        assert dict(pushed.words) == {("fra", KEY): said}
        assert abs(pushed.time - said.at) < 5
        assert pushed.run == (await store.pulse()).run
    await anext(hints)
    await site.say(writer, WORD, 0.0)
    assert not (await reader.pushed()).words


async def test_signed_or_not_at_all(opened, redis, signers):
    reader = opened(identity=signers["reader"])
    good = await site.say(opened(identity=signers["fra"]), WORD, 30.0)
    assert dict((await reader.pushed()).words) == {("fra", KEY): good}
    await site.say(opened(identity=signers["iad"]), replace(WORD, registrant="iad"), 30.0)
    forged = replace(good, address="203.0.113.9", at=good.at + 1, until=good.until + 1)
    record = seal(Header("push", "", "", int(forged.at * 1000), 1), content(forged), Unsigned("fra"))
    redis.ask("HSET", "{gslb}:1:push:fra", forged.key, record)
    redis.ask("HSET", "{gslb}:1:push:fra", "rubbish", b"\xff" * 100)
    assert dict((await reader.pushed()).words) == {("fra", KEY): good}
    assert sum(reader.refused.values()) >= 3
    with pytest.raises(StoreError, match="that of fra"):
        await site.say(opened(identity=signers["fra"]), replace(WORD, registrant="iad"), 30.0)


async def test_a_wiped_store_takes_nothing_back_before_the_lease_ends(opened, redis):
    reader, node = opened(), opened()
    await node.read()  # whoever reads all gives a store its id
    said = await site.say(opened(), WORD, 30.0)
    before = await reader.pushed()
    redis.wipe()
    await node.read()
    after = await reader.pushed()
    assert after.run != before.run
    assert dict(after.words) == {("fra", KEY): said}


async def test_no_key_brings_an_address_from_elsewhere(opened, signers):
    """From a signed word in the store to the roll: the files decide."""
    check = Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d")
    allowed = Registration((ip_network("198.51.100.0/24"),), 1, ("fra",), Member("", (), "fra", checks=("web",)))
    own = Member("own", (ip_address("192.0.2.1"),), "fra", checks=("web",))
    model = Model({}, {"web": check}, {"web": Pool("web", (own,), Policy((), "all"), 0, 60, 10, register=allowed)}, {})
    writer, reader = opened(identity=signers["fra"]), opened(identity=signers["reader"])
    await site.say(writer, replace(WORD, address="203.0.113.9"), 30.0)
    roll, refused = registration.call(model, {}, await reader.pushed(), signed=True)
    assert (dict(roll), set(refused.values())) == ({}, {"address"})
    for last in (7, 8):
        await site.say(writer, replace(WORD, address=f"198.51.100.{last}"), 30.0)
    roll, refused = registration.call(model, {}, await reader.pushed(), signed=True)
    assert (len(roll), set(refused.values())) == (1, {"address", "full"})
