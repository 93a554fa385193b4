"""The page about the store, held to the code: what the page says is what is there, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from gslb import bundle
from gslb.event import Event
from gslb.lease import Lease
from gslb.override import Kind, Level, Override
from gslb.store import Identity, NodeReport, Push, event_record
from gslb.store.redis import layout
from gslb.store.redis.layout import Layout
from gslb.testing.published import version
from gslb.verdict import State, Target, Vote

PAGE = Path(__file__).parents[3] / "docs/reference/store.md"
TARGET = Target("web", "d1", "192.0.2.1")


def documented():
    """Key → type, as the page has it."""
    rows = re.findall(r"^\| `([a-z:A-Z]+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    return {"{gslb}:1:" + key: kind for key, kind in rows}


def test_every_key_has_a_row():
    keys = Layout()
    names = {value for name, value in vars(keys).items() if name != "prefix"}
    names |= {keys.lease("PROBER"), keys.votes("PROBER"), keys.node("NODE"), keys.push("SITE"), keys.parcel("DIGEST")}
    assert names == documented().keys()
    assert Layout("prod").lease("p") == "{prod}:1:lease:p"


def test_bounds_are_as_written():
    text = PAGE.read_text()
    assert f"{layout.EVENTS:,} entries of {event_record.LARGEST >> 10} KiB" in text
    for number, unit in (
        (layout.HINTS, " entries"),
        (layout.NAMES, " are read"),
        (layout.NONCES, " are read"),
        (layout.PUSHES, " fields"),
        (layout.VERSIONS, " fields"),
    ):
        assert f"{number:,}{unit}" in text
    assert f"{layout.INLINE >> 10} KiB" in text
    assert f"{layout.LARGEST >> 10} KiB" in text
    assert f"{layout.PARTS} parts, {layout.CHANGES} changes, {layout.HASH >> 20} MiB" in text
    assert f"{layout.AUDIT:,} entries" in text
    assert f"gone after {layout.UPLOADING // 60} min" in text
    assert f"{bundle.PACKED >> 20} MiB; all but the newest {layout.PARCELS >> 20} MiB" in text


async def test_what_is_there_is_on_the_page(redis, opened):
    store = opened(identity=Identity("NODE"))
    await store.publish("PROBER", [Vote(TARGET, "PROBER", State.UP, 1.0)])
    await store.publish("PROBER", [Vote(TARGET, "PROBER", State.DOWN, 2.0)])
    now = (await store.renew(Lease("PROBER", "fra", 1.0))).time
    await store.say([Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", since=now)], 0)
    await store.report(NodeReport("NODE", now))
    await store.tell([Event("plane", "plane 0", "began", now)])
    head = await store.publish_bundle(version(1), 0)
    await store.push(Push("SITE", "192.0.2.7", now, now + 30, check="app"))
    found = {key.decode(): redis.ask("TYPE", key).decode() for key in redis.ask("KEYS", "*")}
    table = documented()
    assert found.pop("{gslb}:1:bundle:" + head.digest) == table.pop("{gslb}:1:bundle:DIGEST")
    assert found == {key: table[key] for key in found}
    assert table.keys() - found.keys() == {"{gslb}:1:nonces"}, "written where records are signed"
    assert set(redis.ask("HKEYS", "{gslb}:1:votes:PROBER")) == {b"a0", b"c2"}
    hints = redis.ask("XRANGE", "{gslb}:1:hints", "-", "+")
    assert [entry[1][1] for entry in hints] == [b"votes", b"votes", b"lease", b"book", b"bundle", b"push"]
    assert int(redis.ask("GET", "{gslb}:1:n")) == len(hints)
    assert redis.ask("XRANGE", "{gslb}:1:audit", "-", "+")[0][1][1].startswith(b'{"time": ')
    for key, seconds in (("votes:PROBER", 86_400), ("lease:PROBER", 86_400), ("node:NODE", 60), ("push:SITE", 86_400)):
        assert seconds - 30 <= redis.ask("TTL", "{gslb}:1:" + key) <= seconds


async def test_a_later_version_may_add(redis, opened):
    """Unknown keys, fields, kinds of hints and fields of hints are passed over, and not refused."""
    store = opened()
    await store.publish("p1", [Vote(TARGET, "p1", State.UP, 1.0)])
    listener = store.changes()
    redis.ask("HSET", "{gslb}:1:votes:p1", "z9", b"of another day")
    redis.ask("SET", "{gslb}:1:weather", "fine")
    redis.ask("INCR", "{gslb}:1:n")
    redis.ask("XADD", "{gslb}:1:hints", "*", "k", "weather", "w", "p1", "x", "y", "r", "?")
    await store.publish("p1", [Vote(TARGET, "p1", State.DOWN, 2.0)])
    assert await anext(listener) in ({TARGET}, frozenset())
    assert (await store.read()).votes[TARGET]["p1"].state is State.DOWN
    assert not store.refused
