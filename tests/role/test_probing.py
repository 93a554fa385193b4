"""Probers with leases on one store and one false clock: they share, take over, doubt themselves, and survive the store's troubles."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar, Self

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Observation, Result
from gslb.check.share import HANDOVER
from gslb.config.settings import Settings
from gslb.errors import StoreError
from gslb.lease import LASTS, Lease
from gslb.model import Address, Check
from gslb.role.probing import Probing
from gslb.store import MemoryStore, Pulse
from gslb.testing import FalseClock
from gslb.verdict import State, Target, Vote

OK = Observation(Result.OK, 0.01, "ok")
FAIL = Observation(Result.FAIL, 0.01, "failed")
WEB = Check("web", "scripted", {}, interval=5.0, timeout=2.0, down=2, ok=10, up=2, digest="d")
REFERENCE = replace(WEB, id="sure", digest="sure", interval=2.5)
ADDRESSES = [f"192.0.2.{n}" for n in range(1, 31)]


class Scripted:
    """A check type that says what the test wants, by who asks and address."""

    name = "scripted"
    says: ClassVar[Callable[[str], Observation]]

    @classmethod
    def build(cls, _definition: Check) -> Self:
        return cls()

    async def observe(self, address: Address) -> Observation:
        return Scripted.says(str(address))


class Skewed(FalseClock):
    """A machine whose wall clock is wrong."""

    def __init__(self, true: FalseClock, seconds: float) -> None:
        self._true, self._seconds = true, seconds

    def wall(self) -> float:
        return self._true.wall() + self._seconds

    def steady(self) -> float:
        return self._true.steady()

    async def sleep_until(self, steady: float) -> None:
        await self._true.sleep_until(steady)


class Store(MemoryStore):
    """A memory store that can be out of reach, or be another one, and counts what it is told."""

    def __init__(self, clock: FalseClock) -> None:
        super().__init__(clock.wall)
        self.away = False
        self.run = "r1"
        self.rewritten: list[tuple[str, int]] = []

    def _open(self) -> None:
        super()._open()
        if self.away:
            raise StoreError("out of reach")

    async def rewrite(self, prober: str, votes: Any) -> None:
        self.rewritten.append((prober, len(votes)))
        await super().rewrite(prober, votes)

    async def pulse(self) -> Pulse:
        return replace(await super().pulse(), run=self.run)

    def wipe(self, run: str) -> None:
        self._votes.clear()
        self._leases.clear()
        self.run = run


class World:
    """A store and its probers."""

    def __init__(self) -> None:
        self.clock = FalseClock()
        self.store = Store(self.clock)
        self.probers: dict[str, Probing] = {}
        self._stack = AsyncExitStack()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        Scripted.says = lambda _address: OK

    async def start(self, name: str, place: str = "fra", skew: float = 0.0, remembered: tuple[Vote, ...] = (), **probe: Any) -> Probing:
        settings = Settings.model_validate({"node": name, "probe": {"name": name, "place": place, **probe}})
        probing = Probing(settings, self.store, clock=Skewed(self.clock, skew), remembered=remembered)
        probing.set_targets({Target("web", "d", address): WEB for address in ADDRESSES}, {"web": WEB, "sure": REFERENCE})
        self.probers[name] = probing
        self._tasks[name] = asyncio.create_task(probing.run())
        await self.clock.settle()
        return probing

    async def stop(self, name: str, *, leave: bool) -> None:
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        if leave:
            await self.probers.pop(name).leave()

    async def holders(self) -> Counter[str]:
        """How many votes each address has."""
        return Counter({target.address: len(by) for target, by in (await self.store.read()).votes.items()})

    async def votes(self, name: str) -> Mapping[str, Vote]:
        return {target.address: by[name] for target, by in (await self.store.read()).votes.items() if name in by}

    async def suspects(self) -> dict[str, str]:
        return {name: lease.suspect for name, lease in (await self.store.read()).leases.items() if lease.suspect}


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setitem(CHECKS, "scripted", Scripted)
    monkeypatch.setattr("gslb.check.prober._RETRY", (0.001, 0.001))
    it = World()
    yield it
    for name in list(it._tasks):
        await it.stop(name, leave=False)


@asynccontextmanager
async def soon() -> AsyncIterator[None]:
    async with asyncio.timeout(30):
        yield


# ---- leases ----


async def test_the_lease_stands_before_the_first_vote(world: World) -> None:
    seen = []
    publish, rewrite = world.store.publish, world.store.rewrite

    async def note(prober: str, votes: Any, *, then: Any) -> None:
        seen.append(prober in world.store._leases)
        await then(prober, votes)

    world.store.publish = lambda prober, votes: note(prober, votes, then=publish)
    world.store.rewrite = lambda prober, votes: note(prober, votes, then=rewrite)
    await world.start("p1", remembered=(Vote(Target("web", "d", ADDRESSES[0]), "p1", State.UP, 5.0),))
    await world.clock.advance(3.0)
    assert seen
    assert all(seen)
    lease = (await world.store.read()).leases["p1"]
    assert (lease.place, lease.targets, lease.down, lease.suspect, lease.lasts) == ("fra", 30, 0, "", LASTS)
    assert lease.at == pytest.approx(world.clock.wall(), abs=1.01)


async def test_votes_that_are_not_of_this_life_are_taken_away_by_the_first_write(world: World) -> None:
    await world.store.publish("p1", [Vote(Target("gone", "d", "192.0.2.99"), "p1", State.UP, 5.0)])
    await world.start("p1")
    await world.clock.advance(3.0)
    assert set(await world.votes("p1")) == set(ADDRESSES)
    assert len(world.store.rewritten) == 1, "and only changes are written from then on"


async def test_without_a_lease_nothing_is_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.role.probing.FIRST", 0.01)
    renew = world.store.renew

    async def refuse(_lease: Lease) -> Pulse:
        raise StoreError("no")

    world.store.renew = refuse
    probing = await world.start("p1")
    async with soon():
        while not probing.prober.targets:
            await asyncio.sleep(0.005)
    await world.clock.advance(5.0)
    assert len(probing.prober.votes) == 30
    assert not await world.holders()
    world.store.renew = renew
    await world.clock.advance(2.0)
    assert len(await world.holders()) == 30


@pytest.mark.parametrize("steps", range(6))
async def test_an_end_that_comes_with_the_first_lease_is_heeded(world: World, steps: int) -> None:
    """However many steps of the loop lie between the two."""
    renew, go = world.store.renew, asyncio.Event()

    async def late(lease: Lease) -> Pulse:
        await go.wait()
        return await renew(lease)

    world.store.renew = late
    await world.start("p1")
    go.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    task = world._tasks["p1"]
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert task.cancelled()


async def test_clocks_an_hour_apart_write_the_same_times(world: World) -> None:
    Scripted.says = lambda address: FAIL if address == ADDRESSES[0] else OK
    for name, skew in (("slow", -3600.0), ("right", 0.0), ("fast", 3600.0)):
        await world.start(name, place=name, skew=skew)
    assert all(lease.at == world.clock.wall() for lease in (await world.store.read()).leases.values()), "not one moment in the future"
    await world.clock.advance(10.0)
    state = await world.store.read()
    assert all(lease.at == pytest.approx(state.time, abs=1.01) for lease in state.leases.values())
    for by in state.votes.values():
        assert len(by) == 3
        assert all(vote.since == pytest.approx(1_000_000.0, abs=2.0) for vote in by.values())
    assert all(set(probing._peers.alive) == set(world.probers) - {name} for name, probing in world.probers.items())


async def test_a_store_that_comes_late_dates_what_was_seen_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Probed with its own clock, an hour fast; what it remembers from before the restart has the store's time already."""
    monkeypatch.setattr("gslb.role.probing.FIRST", 0.01)
    world.store.away = True
    Scripted.says = lambda address: FAIL if address == ADDRESSES[0] else OK
    await world.start("p1", skew=3600.0, remembered=(Vote(Target("web", "d", ADDRESSES[0]), "p1", State.DOWN, 999_000.0),))
    async with soon():
        while not world.probers["p1"].prober.targets:
            await asyncio.sleep(0.005)
    await world.clock.advance(10.0)
    world.store.away = False
    await world.clock.advance(2.0)
    votes = await world.votes("p1")
    assert len(votes) == 30
    assert votes.pop(ADDRESSES[0]).since == 999_000.0
    assert all(1_000_000.0 <= vote.since <= 1_000_002.0 for vote in votes.values())


# ---- sharing ----


async def test_three_in_one_place_take_over_from_one_that_stops(world: World) -> None:
    for name in ("p1", "p2", "p3"):
        await world.start(name, copies=1)
    await world.clock.advance(HANDOVER + 3.0)
    assert await world.holders() == dict.fromkeys(ADDRESSES, 1)
    sizes = {name: len(await world.votes(name)) for name in world.probers}
    assert min(sizes.values()) >= 4, sizes
    lost = set(await world.votes("p2"))
    await world.stop("p2", leave=False)
    await world.clock.advance(LASTS - 1.1)
    assert set(world.probers["p1"].prober._probes) & {Target("web", "d", a) for a in lost} == set(), "its lease still stands"
    await world.clock.advance(4.0)
    state = await world.store.read()
    taken = {t.address for t, by in state.votes.items() if set(by) - {"p2"}}
    assert taken == set(ADDRESSES)


async def test_one_that_leaves_is_replaced_at_once_and_one_that_joins_leaves_no_gap(world: World) -> None:
    await world.start("p1", copies=1)
    await world.clock.advance(3.0)
    await world.start("p2", copies=1)
    for _ in range(20):
        await world.clock.advance(0.5)
        assert set(await world.holders()) == set(ADDRESSES), "every target has a vote all the time"
    assert await world.holders() == dict.fromkeys(ADDRESSES, 1)
    await world.stop("p2", leave=True)
    assert not await world.votes("p2")
    assert "p2" not in (await world.store.read()).leases
    await world.clock.advance(2.1)
    assert set(await world.votes("p1")) == set(ADDRESSES)


async def test_three_opinions_where_there_is_one_place_and_one_each_where_there_are_three(world: World) -> None:
    for name in ("p1", "p2", "p3"):
        await world.start(name)
    await world.clock.advance(10.0)
    assert await world.holders() == dict.fromkeys(ADDRESSES, 3)
    await world.start("x", place="ams")
    await world.start("y", place="nyc")
    await world.clock.advance(15.0)
    assert await world.holders() == dict.fromkeys(ADDRESSES, 3), "one of each place"
    assert len(await world.votes("x")) == len(await world.votes("y")) == 30
    assert len(await world.votes("p1")) < 20


async def test_a_reload_is_divided_anew(world: World) -> None:
    for name in ("p1", "p2"):
        await world.start(name, copies=1)
    await world.clock.advance(12.0)
    more = [f"198.51.100.{n}" for n in range(1, 21)]
    for probing in world.probers.values():
        probing.set_targets({Target("web", "d", address): WEB for address in more})
    await world.clock.advance(3.0)
    assert await world.holders() == dict.fromkeys(more, 1)


# ---- the store's troubles ----


async def test_while_the_store_is_away_shares_stay_and_votes_are_kept(world: World) -> None:
    for name in ("p1", "p2"):
        await world.start(name, copies=1)
    await world.clock.advance(12.0)
    shares = {name: set(await world.votes(name)) for name in world.probers}
    world.store.away = True
    Scripted.says = lambda _address: FAIL
    await world.clock.advance(120.0)
    assert {name: {t.address for t in probing.prober._probes} for name, probing in world.probers.items()} == shares
    world.store.away = False
    await world.clock.advance(3.0)
    async with soon():
        for name, share in shares.items():
            while {a: v.state for a, v in (await world.votes(name)).items()} != dict.fromkeys(share, State.DOWN):
                await asyncio.sleep(0.002)


async def test_a_new_store_is_told_everything(world: World) -> None:
    for name in ("p1", "p2"):
        await world.start(name, copies=1)
    await world.clock.advance(12.0)
    shares = {name: set(await world.votes(name)) for name in world.probers}
    world.store.rewritten.clear()
    world.store.wipe("r2")
    await world.clock.advance(2.0)
    assert {name: set(await world.votes(name)) for name in world.probers} == shares, "nobody took over what was not lost"
    assert sorted(world.store.rewritten) == sorted((name, len(share)) for name, share in shares.items())


# ---- doubt ----


async def test_failing_references_make_a_suspect_until_they_are_well_again(world: World) -> None:
    for name in ("p1", "p2"):
        await world.start(name, copies=1, **({"references": {"sure": ["198.51.100.1", "198.51.100.2"]}} if name == "p1" else {}))
    await world.clock.advance(12.0)
    assert not await world.suspects()
    Scripted.says = lambda address: FAIL if address == "198.51.100.1" else OK
    await world.clock.advance(0.6)
    assert await world.suspects() == {"p1": "1 of 2 references fail"}, "told at once, between two renewals"
    await world.clock.advance(4.0)
    assert set(await world.votes("p2")) == set(ADDRESSES), "nobody relies on a suspect"
    assert len(await world.votes("p1")) < 30, "which goes on with what it had"
    Scripted.says = lambda _address: OK
    await world.clock.advance(4.9)
    assert await world.suspects(), "two good rounds are not enough"
    await world.clock.advance(1.1)
    assert not await world.suspects()


async def test_one_prober_cut_off_from_the_sites_suspects_itself(world: World) -> None:
    cut: set[str] = set()
    for name in ("p1", "p2", "p3"):
        await world.start(name, place=name)
    await world.clock.advance(10.0)

    async def observe(self: Scripted, _address: Address) -> Observation:
        name = asyncio.current_task().get_coro().cr_frame.f_locals["self"].name  # type: ignore[union-attr]  # the prober whose look this is
        return FAIL if name in cut else OK

    Scripted.observe, plain = observe, Scripted.observe
    try:
        cut.add("p1")
        await world.clock.advance(11.0)
        votes = await world.votes("p1")
        assert {vote.state for vote in votes.values()} == {State.DOWN}
        assert (await world.suspects()).keys() == {"p1"}
        cut.clear()
        await world.clock.advance(20.0)
        assert not await world.suspects()
        cut |= {"p1", "p2"}
        await world.clock.advance(12.0)
        for _ in range(20):  # whoever saw it first doubted itself, for three good rounds at most
            if not await world.suspects():
                break
            await world.clock.advance(1.0)
        assert not await world.suspects(), "what two see is an outage"
    finally:
        Scripted.observe = plain


async def test_a_reference_by_a_check_that_is_not_there_is_left_out(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.start("p1", references={"other": ["198.51.100.1"]})
    await world.clock.advance(10.0)
    assert not await world.suspects()
