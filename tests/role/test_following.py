"""One follower: what it loads, what it refuses, what it keeps, and what it starts from."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from gslb.bundle import Bundle
from gslb.config import settings as settings_file
from gslb.errors import StoreError, UsageError
from gslb.role.following import Following, of
from gslb.role.loads import told
from gslb.store import Identity, MemoryStore, last_bundle

ZONE = "zone: example.com\nrecords:\n  '': {{type: NS, values: [ns1.example.net.]}}\n  www: {{type: A, value: 192.0.2.{number}}}\n"


def version(number, text=""):
    return Bundle(number, 0.0, "ann", f"the {number}th", {"example.com.yaml": (text or ZONE.format(number=number)).encode()})


class Node:
    """What loads, in place of control."""

    def __init__(self, folder, store):
        settings = settings_file.load(None, {"GSLB_STATE_DIR": str(folder), "GSLB_FLEET_FOLLOW": "true", "GSLB_NODE": "ns1"})
        self.events = []
        self.store = store
        self.following = Following(settings, store, Identity("ns1"), tell=self.events.append)
        self.version, self.loads = 0, []
        self.stop = asyncio.Event()

    async def again(self):
        loaded, number = await asyncio.to_thread(self.following.load)
        self.loads.append(number)
        if not loaded.fatal:
            self.version = number
        return {"accepted": not loaded.fatal, "problems": told(loaded.problems), "text": ""}

    @contextlib.asynccontextmanager
    async def running(self):
        hints = self.store.changes()
        await self.following.begin(self.stop)
        loaded, number = self.following.load()
        if loaded.fatal and (last := self.following.load_last()):
            loaded, number = last
        self.version = number
        task = asyncio.create_task(self.following.run(self.again, lambda: self.version, hints))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def shows(self, **wanted):
        async with asyncio.timeout(20):
            while not wanted.items() <= self.following.told().items():
                await asyncio.sleep(0.01)


@pytest.fixture
async def store():
    one = MemoryStore()
    yield one
    await one.close()


async def test_it_follows_and_keeps(store, tmp_path):
    await store.publish_bundle(version(1), 0)
    node = Node(tmp_path, store)
    async with node.running():
        await node.shows(config=1, newest=1, refused="", follows=True)
        await store.publish_bundle(version(2), 1)
        await node.shows(config=2, newest=2, refused="")
        async with asyncio.timeout(20):
            while last_bundle.load(tmp_path).bundle != await store.bundle(2):
                await asyncio.sleep(0.01)
    assert node.loads == [2], "the first one was loaded by whoever started"
    assert [(one.kind, one.subject, one.level) for one in node.events] == [("config", "version 1", "info"), ("config", "version 2", "info")]


async def test_what_does_not_load_changes_nothing_and_the_next_one_does(store, tmp_path):
    await store.publish_bundle(version(1), 0)
    node = Node(tmp_path, store)
    async with node.running():
        await store.publish_bundle(version(2, "records: nonsense"), 1)
        await node.shows(config=1, newest=2)
        async with asyncio.timeout(20):
            while "example.com.yaml:1" not in node.following.told()["refused"]:
                await asyncio.sleep(0.01)
        assert last_bundle.load(tmp_path).bundle.version == 1
        await store.publish_bundle(version(3), 2)
        await node.shows(config=3, refused="")
    assert [one.level for one in node.events] == ["info", "error", "info"]


async def test_a_start_with_a_broken_newest_one_is_from_the_last_and_says_so(store, tmp_path):
    last_bundle.save(tmp_path, version(1))
    await store.publish_bundle(version(2, "records: nonsense"), 0)
    node = Node(tmp_path, store)
    async with node.running():
        await node.shows(config=1, newest=2)
        async with asyncio.timeout(20):
            while not node.following.told()["refused"]:
                await asyncio.sleep(0.01)


async def test_a_start_without_the_store_is_from_the_disk_and_a_store_that_forgot_is_told(tmp_path):
    last_bundle.save(tmp_path, version(4))
    away = MemoryStore()
    node = Node(tmp_path, away)
    await away.close()
    await node.following.begin(node.stop)
    assert node.following.load()[1] == 4
    empty = MemoryStore()
    other = Node(tmp_path, empty)
    async with other.running(), asyncio.timeout(20):
        while (await empty.newest()).version != 4:
            await asyncio.sleep(0.01)
    await empty.close()


async def test_older_than_what_is_served_is_a_replay(store, tmp_path):
    last_bundle.save(tmp_path, version(4))
    await store.publish_bundle(version(3), 0)
    node = Node(tmp_path, store)
    async with node.running():
        await node.shows(config=4)
        async with asyncio.timeout(20):
            while (await store.newest()).version != 4:
                await asyncio.sleep(0.01)
    assert node.loads == []


async def test_another_version_of_the_same_number_is_another_one(store, tmp_path):
    """A store that was wiped begins to count anew; a refused version of the number that is served is neither served nor kept."""
    mine = version(1)
    last_bundle.save(tmp_path, mine)
    await store.publish_bundle(version(1, "records: nonsense"), 0)
    node = Node(tmp_path, store)
    async with node.running():
        async with asyncio.timeout(20):
            while not node.following.told()["refused"]:
                await asyncio.sleep(0.01)
        assert node.following.served.digest == mine.digest
        assert last_bundle.load(tmp_path).bundle.digest == mine.digest, "else the next start has nothing to begin with"


async def test_files_that_cannot_be_read_are_tried_again(store, tmp_path, monkeypatch):
    await store.publish_bundle(version(1), 0)
    node = Node(tmp_path, store)
    async with node.running():
        whole, fetch = asyncio.Event(), store.bundle

        async def damaged(number):
            if not whole.is_set():
                raise StoreError(f"the files of version {number} are damaged: cut short")
            return await fetch(number)

        monkeypatch.setattr(store, "bundle", damaged)
        await store.publish_bundle(version(2), 1)
        await node.shows(config=1, newest=2, refused="the files of version 2 are damaged: cut short")
        whole.set()
        await node.shows(config=2, refused="")


async def test_whoever_waits_for_a_first_version_can_be_told_to_end(store, tmp_path):
    node = Node(tmp_path, store)
    beginning = asyncio.create_task(node.following.begin(node.stop))
    await asyncio.sleep(0)
    await store.publish_bundle(version(1), 0)
    async with asyncio.timeout(20):
        await beginning
    assert node.following.load()[1] == 1
    other = Node(tmp_path / "other", MemoryStore())
    other.stop.set()
    with pytest.raises(SystemExit) as ended:
        await other.following.begin(other.stop)
    assert ended.value.code == 0


def test_following_needs_to_know_whom(tmp_path):
    settings = settings_file.load(None, {"GSLB_STORE": "redis://127.0.0.1:1", "GSLB_STATE_DIR": str(tmp_path)})
    with pytest.raises(UsageError, match=r"keys\.trust"):
        Following(settings, MemoryStore(), Identity("ns1"))
    alone = settings_file.load(None, {"GSLB_FLEET_FOLLOW": "true"})
    with pytest.raises(UsageError, match="a store that others write"):
        of(alone, MemoryStore(), Identity("ns1"))
    assert of(settings, MemoryStore(), Identity("ns1")) is None


async def test_a_prober_says_what_it_runs(store, tmp_path):
    await store.publish_bundle(version(1), 0)
    node = Node(tmp_path, store)
    async with node.running():
        await node.shows(config=1)
        reporting = asyncio.create_task(node.following.report("p1"))
        async with asyncio.timeout(20):
            while "probe/p1" not in (reports := (await store.read()).nodes):
                await asyncio.sleep(0.01)
        reporting.cancel()
    assert {"role": "prober", "config": 1, "refused": ""}.items() <= reports["probe/p1"].extra.items()
    assert replace(reports["probe/p1"], at=0.0, extra={}).digest == ""
