"""The ACL rules of the page: with them everything works, and nobody writes what is another's."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gslb.errors import StoreError
from gslb.event import Event
from gslb.lease import Lease
from gslb.override import Kind, Level, Override
from gslb.store import Identity, NodeReport, Push, open_store
from gslb.testing.lab import RedisServer, redis_missing
from gslb.testing.lab.line import AnsweredError
from gslb.testing.published import version
from gslb.verdict import State, Target, Vote

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing())

PAGE = Path(__file__).parents[3] / "docs/reference/store.md"
NAMES = {"NODE": "ns1", "PROBER": "p1", "SITE": "fra", "PASSWORD": "secret"}
TARGET = Target("web", "d1", "192.0.2.1")
DRAIN = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", since=1.0)


def rules():
    """User → rules, as the page has them."""
    found = {}
    for name, line in re.findall(r"^user (\w+) (.*)$", PAGE.read_text(), re.MULTILINE):
        for word, value in NAMES.items():
            line = re.sub(rf"\b{word}\b", value, line)  # noqa: PLW2901  what is replaced is the line
        found[name] = line
    return found


@pytest.fixture(scope="module")
def guarded():
    with RedisServer(users=rules()) as redis:
        yield redis


@pytest.fixture
def as_user(guarded):
    guarded.wipe()

    @asynccontextmanager
    async def opened(name, node="ns1"):
        store = open_store(guarded.url_of(name, "secret"), Identity(node))
        try:
            yield store
        finally:
            await store.close()

    return opened


async def test_each_does_its_work(guarded, as_user):
    async with as_user("prober", "p1") as prober, as_user("node") as node, as_user("control") as control, as_user("site", "fra") as site:
        listener = node.changes()
        await prober.renew(Lease("p1", "fra", 1.0))
        await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
        await prober.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
        await prober.forget("p1", [TARGET])
        await prober.rewrite("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
        pulse = await prober.renew(Lease("p1", "fra", 2.0))
        assert set(pulse.leases) == {"p1"}
        assert "secret" not in prober.shown
        said = await control.say([DRAIN], 0)
        assert abs(await site.now() - pulse.time) < 5
        await site.push(Push("fra", "192.0.2.7", pulse.time, pulse.time + 30, check="app"))
        assert set((await prober.pushed()).words) == {("fra", "app/192.0.2.7")}
        await node.report(NodeReport("ns1", pulse.time))
        await node.tell([Event("plane", "plane 0", "began", pulse.time)])
        await control.tell([Event("reload", "files", "accepted", pulse.time)])
        first, _second = await node.told("", 10)
        assert [event.kind for event in await control.told(first.id, 10)] == ["reload"]
        assert len(await node.audited("", 10)) == len(await control.audited("", 10)) == 1
        await node.remind([DRAIN])
        await anext(listener)
        state = await node.read()
        assert state.votes[TARGET]["p1"].state is State.DOWN
        assert state.overrides == said
        assert set(state.nodes) == {"ns1"}
        assert set(state.pushes) == {("fra", "app/192.0.2.7")}
        first = await control.publish_bundle(version(1), 0)
        assert (await prober.newest()).head == first
        assert (await prober.bundle(1)).files == version(1).files
        kept = await node.bundle(1)
        guarded.ask("DEL", "{gslb}:1:bundle", "{gslb}:1:bundles", "{gslb}:1:bundle:" + first.digest)
        assert await node.remind_bundle(kept), "a node brings back what was lost"
        await prober.report(NodeReport("probe/p1", pulse.time))
        async with as_user("operator", "laptop") as operator:
            second = await operator.publish_bundle(version(2), 1, keep=1)
            assert [head.version for head in await operator.bundles()] == [2]
            assert (await operator.read()).nodes.keys() == {"ns1", "probe/p1"}
        assert (await control.bundle(2)).digest == second.digest
        guarded.ask("DEL", "{gslb}:1:book")
        assert (await node.remind([DRAIN])).standing(10.0) == (DRAIN,), "a node brings back what was lost"
        await prober.leave("p1")
        assert not (await prober.pulse()).leases


async def test_a_prober_says_nothing_but_its_own_votes(as_user):
    async with as_user("prober", "p1") as prober, as_user("control") as control:
        for forbidden in (
            lambda: prober.say([DRAIN], 0),
            lambda: prober.remind([DRAIN]),
            lambda: prober.publish("p2", [Vote(TARGET, "p2", State.DOWN, 1.0)]),
            lambda: prober.renew(Lease("p2", "iad", 1.0)),
            lambda: prober.leave("p2"),
            lambda: prober.report(NodeReport("ns1", 1.0)),
            lambda: prober.tell([Event("plane", "plane 0", "began", 1.0)]),
            lambda: prober.push(Push("fra", "192.0.2.7", 1.0, 2.0, check="app")),
        ):
            with pytest.raises(StoreError, match="NOPERM"):
                await forbidden()
        await prober.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])  # the same connection is still of use
        state = await control.read()
    assert not state.overrides.words
    assert set(state.votes[TARGET]) == {"p1"}


@pytest.mark.parametrize("user", ["node", "prober", "control", "operator", "site"])
def test_nobody_does_what_only_administrators_do(guarded, user):
    others = {
        "node": ["SET {gslb}:1:lease:p1 x", "HSET {gslb}:1:votes:p1 a0 x", "XADD {gslb}:1:audit * e x", "SET {gslb}:1:node:ns2 x"],
        "prober": [
            "SET {gslb}:1:book x",
            "HSET {gslb}:1:votes:p2 a0 x",
            "SET {gslb}:1:lease:p2 x",
            "HSET {gslb}:1:nonces ns1 x",
            "GETRANGE other 0 1",
            "SET {gslb}:1:bundle x",
        ],
        "operator": ["SET {gslb}:1:lease:p1 x", "SET {gslb}:1:book x", "SET {gslb}:1:node:ns1 x"],
        "control": ["SET {gslb}:1:lease:p1 x", "HSET {gslb}:1:votes:p1 a0 x"],
        "site": ["HSET {gslb}:1:push:iad k x", "SET {gslb}:1:book x", "GET {gslb}:1:book", "HGETALL {gslb}:1:votes:p1"],
    }[user]
    with guarded.line(user, "secret") as line:
        for command in (
            *others,
            "FLUSHALL",
            "KEYS *",
            "EVAL x 0",
            "CONFIG GET *",
            "SHUTDOWN",
            "SET other x",
            "ACL LIST",
            "SCRIPT FLUSH",
        ):
            with pytest.raises(AnsweredError, match=r"NOPERM|no permissions"):
                line.ask(*command.split())


async def test_who_is_not_known_hears_why(guarded):
    store = open_store(guarded.url_of("node", "guess"))
    with pytest.raises(StoreError, match="invalid username-password pair"):
        await store.read()
    await store.close()
