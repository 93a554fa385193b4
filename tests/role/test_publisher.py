"""Votes become rows: at once, gathered afterwards, and across loads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gslb import metrics
from gslb.config.settings import Settings
from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.plan import Snapshot
from gslb.role.loading import Loader, RefusedError
from gslb.role.publisher import PAUSE, Publisher
from gslb.role.transitions import Transitions
from gslb.store import MemoryStore
from gslb.testing import stall
from gslb.verdict import State, Verdicts, Vote


class Offered:
    """Stands for a feed: keeps what it is offered, and when."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.times: list[float] = []
        self.judged: list[Verdicts] = []

    def offer(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self.times.append(time.monotonic())

    def addresses(self, name: str = "web") -> set[bytes]:
        pool = next(pool for pool in self.snapshots[-1].pools.values() if pool.name == name)
        return {data for group in pool.rows[1][0].groups for data in group.rdata}


ONE, TWO = b"\xc0\0\2\1", b"\xc0\0\2\2"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[Any]:
    store, feed = MemoryStore(), Offered()
    publisher = Publisher(store, [feed], Transitions("p"), judged=lambda: feed.judged.append(publisher.verdicts))  # type: ignore[list-item]  # all that it needs of a feed
    loader = Loader(settings)
    load = loader.load()
    await publisher.adopt(load)
    task = asyncio.create_task(publisher.follow())
    await asyncio.sleep(0)
    targets = {target.address: target for target in load.index.probes}

    async def vote(**states: State) -> None:
        votes = [Vote(targets[address.replace("_", ".")[1:]], "p", state, time.time()) for address, state in states.items()]
        await store.publish("p", votes)

    yield publisher, feed, vote, loader
    task.cancel()


async def test_a_verdict_is_published_at_once_and_touches_only_its_pool(world: Any, wait: Callable[..., Any]) -> None:
    _publisher, feed, vote, _loader = world
    assert feed.addresses() == {ONE}
    before = feed.snapshots[-1]
    watch = stall.Stopwatch()
    await vote(_192_0_2_1=State.DOWN)
    await wait(lambda: len(feed.snapshots) == 2)
    assert watch.seconds(feed.times[-1]) < PAUSE
    assert feed.addresses() == {TWO}
    after = feed.snapshots[-1]
    assert after.generation == before.generation + 1
    assert after.zones is before.zones
    assert after.partitions is before.partitions
    other = next(number for number, pool in before.pools.items() if pool.name == "other")
    assert after.pools[other] is before.pools[other]


async def test_a_burst_becomes_few_generations(world: Any, wait: Callable[..., Any]) -> None:
    _publisher, feed, vote, _loader = world
    for n in range(40):
        await vote(_192_0_2_1=State.DOWN if n % 2 else State.UP, _192_0_2_2=State.UP if n % 2 else State.DOWN)
        if n % 8 == 7:  # five bursts, each of which ends otherwise than the one before
            dead = State.DOWN if n % 16 == 7 else State.UP
            await vote(_192_0_2_1=dead)
            await wait(lambda dead=dead: feed.addresses() == {TWO if dead is State.DOWN else ONE})
    await wait(lambda: feed.addresses() == {TWO})
    assert 6 <= len(feed.snapshots) <= 16
    gaps = [b - a for a, b in zip(feed.times[1:], feed.times[2:], strict=False)]
    assert min(gaps) >= PAUSE * 0.9


async def test_all_down_answers_all(world: Any, wait: Callable[..., Any]) -> None:
    _publisher, feed, vote, _loader = world
    await vote(_192_0_2_1=State.DOWN, _192_0_2_2=State.DOWN)
    await wait(lambda: len(feed.snapshots) == 2)
    assert feed.addresses() == {ONE, TWO}


async def test_a_load_keeps_verdicts_and_never_goes_back(world: Any, wait: Callable[..., Any], settings: Settings, zone_text: str) -> None:
    publisher, feed, vote, loader = world
    await vote(_192_0_2_1=State.DOWN)
    await wait(lambda: feed.addresses() == {TWO})
    file = settings.zones[0] / "example.com.yaml"
    file.write_text(zone_text.replace("{address: 192.0.2.2}", "{address: 192.0.2.2}, {address: 192.0.2.3}"))
    await publisher.adopt(loader.load())
    assert feed.addresses() == {TWO}
    await vote(_192_0_2_2=State.DOWN)
    await wait(lambda: feed.addresses() == {b"\xc0\0\2\3"})
    generations = [snapshot.generation for snapshot in feed.snapshots]
    assert generations == sorted(set(generations))


async def test_verdicts_that_change_while_a_load_compiles_are_in_it(world: Any, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, feed, vote, loader = world
    load = loader.load()
    compiling = load.compiler.compile

    compiled, go = threading.Event(), threading.Event()

    def slow(*args: Any, **more: Any) -> Snapshot:
        made = compiling(*args, **more)
        compiled.set()
        go.wait(60)
        return made

    monkeypatch.setattr(load.compiler, "compile", slow)
    adopting = asyncio.create_task(publisher.adopt(load))
    await wait(compiled.is_set)
    await vote(_192_0_2_1=State.DOWN)
    await wait(lambda: feed.addresses() == {TWO})  # by the old load, while the new one compiles
    assert not adopting.done()
    go.set()
    await adopting
    assert publisher.load is load
    assert feed.addresses() == {TWO}


async def test_generations_only_rise_where_rows_are_filled_while_a_load_compiles(
    world: Any, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, feed, _vote, loader = world
    load = loader.load()
    compiling = load.compiler.compile
    go = threading.Event()

    def slow(*args: Any, **more: Any) -> Snapshot:
        made = compiling(*args, **more)
        go.wait(60)
        return made

    monkeypatch.setattr(load.compiler, "compile", slow)
    adopting = asyncio.create_task(publisher.adopt(load))
    filling = asyncio.create_task(publisher.fill())
    publisher.want([(next(iter(feed.snapshots[-1].pools)), 0, 1)])
    await wait(lambda: len(feed.snapshots) == 2)
    go.set()
    await adopting
    filling.cancel()
    first, filled, adopted = (snapshot.generation for snapshot in feed.snapshots)
    assert first < filled < adopted


async def test_wanted_rows_are_filled_and_rubbish_is_left_out(world: Any, wait: Callable[..., Any]) -> None:
    publisher, feed, _vote, _loader = world
    filling = asyncio.create_task(publisher.fill())
    publisher.want([(99, 0, 1), (next(iter(feed.snapshots[-1].pools)), 70_000, 1)])
    await wait(lambda: len(feed.snapshots) == 2)
    assert feed.snapshots[1].pools == feed.snapshots[0].pools
    filling.cancel()


async def test_broken_files_raise_with_the_place_and_change_nothing(world: Any, settings: Settings) -> None:
    _publisher, feed, _vote, loader = world
    (settings.zones[0] / "example.com.yaml").write_text("pools: {web: {policy: nearst}}")
    with pytest.raises(RefusedError) as raised:
        loader.load()
    assert raised.value.problems[0].where.line == 1
    assert len(feed.snapshots) == 1


def test_unreadable_geo_data_do_not_refuse_zones(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "geo.mmdb"
    broken.write_bytes(b"rubbish")
    geo = settings.geo.model_copy(update={"database": broken})
    load = Loader(settings.model_copy(update={"geo": geo})).load()
    assert len(load.model.zones) == 1
    assert load.atlas.oldest_build() is None
    assert len(load.warnings) == 1
    assert load.warnings[0].startswith("geo data cannot be read; every client is at an unknown place: policies use their default: ")


async def test_what_changes_no_row_is_not_published(world: Any) -> None:
    publisher, feed, vote, _loader = world
    await vote(_192_0_2_1=State.UP, _192_0_2_2=State.UP)
    await asyncio.sleep(0)
    await publisher.catch_up()
    assert len(publisher.verdicts) == 2
    assert len(feed.snapshots) == 1
    told = len(feed.judged)
    assert told
    await publisher.catch_up()
    assert len(feed.judged) == told
    await vote(_192_0_2_2=State.DOWN)
    await publisher.catch_up()
    assert len(feed.snapshots) == 1  # the first of a failover is up: nobody was given the second
    assert len(feed.judged) == told + 1  # but a restart must know


def drain(publisher: Publisher, address: str = "192.0.2.1", seconds: float | None = None) -> Override:
    expires = None if seconds is None else publisher.now + seconds
    return Override(Kind.DRAIN, Level.MEMBER, pool="web", member=address, author="ann", reason="switches", since=publisher.now, expires=expires)


async def test_an_override_is_obeyed_at_once_and_touches_only_its_pools(world: Any, wait: Callable[..., Any]) -> None:
    publisher, feed, vote, _loader = world
    await vote(_192_0_2_1=State.UP, _192_0_2_2=State.UP)
    before = feed.snapshots[-1]
    word = drain(publisher)
    said = await publisher._store.say([word], 0)
    await wait(lambda: feed.addresses() == {TWO})
    after = feed.snapshots[-1]
    other = next(number for number, pool in before.pools.items() if pool.name == "other")
    assert after.pools[other] is before.pools[other]
    assert after.zones is before.zones
    assert metrics.REGISTRY.get_sample_value("gslb_overrides", {"kind": "drain", "level": "member"}) == 1
    await publisher._store.say([Withdrawal(word.key, since=publisher.now)], said.version)
    await wait(lambda: feed.addresses() == {ONE})
    assert metrics.REGISTRY.get_sample_value("gslb_overrides", {"kind": "drain", "level": "member"}) is None


async def test_an_override_ends_when_it_said_it_would(world: Any, wait: Callable[..., Any], settings: Settings) -> None:
    publisher, feed, _vote, loader = world
    clock = asyncio.create_task(publisher.keep_time())
    watch = stall.Stopwatch()
    await publisher._store.say([drain(publisher, seconds=1.2)], 0)
    await wait(lambda: feed.addresses() == {TWO})
    await publisher.adopt(loader.load())  # a load in between keeps it, and its end
    assert feed.addresses() == {TWO}
    await wait(lambda: feed.addresses() == {ONE})
    assert feed.times[-1] - watch.began >= 1.15
    assert watch.seconds(feed.times[-1]) <= 1.5
    clock.cancel()


async def test_a_hold_freezes_verdicts_and_lets_go_when_it_expires(world: Any, wait: Callable[..., Any]) -> None:
    publisher, feed, vote, _loader = world
    clock = asyncio.create_task(publisher.keep_time())
    await vote(_192_0_2_1=State.UP)
    await wait(lambda: publisher.verdicts)
    await publisher._store.say([Hold("ann", "probers are moved", publisher.now, publisher.now + 1.5)], 0)
    await vote(_192_0_2_1=State.DOWN, _192_0_2_2=State.DOWN)
    await wait(lambda: len(publisher.verdicts) == 2)  # the second had no verdict: its first one is taken, and held
    await publisher.catch_up()
    assert feed.addresses() == {ONE}
    assert metrics.REGISTRY.get_sample_value("gslb_hold") == 1
    await vote(_192_0_2_2=State.UP)
    await wait(lambda: feed.addresses() == {TWO})
    assert metrics.REGISTRY.get_sample_value("gslb_hold") == 0
    clock.cancel()
