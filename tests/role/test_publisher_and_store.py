"""The publisher and a store that is away, forgets, and refuses: what operators said stands, and is brought back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.override import Hold, Kind, Level, Override, Word
from gslb.role.health import Health
from gslb.role.publisher import Publisher
from gslb.role.transitions import Transitions
from gslb.store import MemoryStore, Overrides, Pulse
from gslb.store import State as Stored
from gslb.store.last_votes import Remembered
from gslb.targets import Index
from gslb.verdict import State, Target, Verdict, Vote

ONE = Target("web", "d", "192.0.2.1")
INDEX = Index({}, {ONE: frozenset({ONE})}, {ONE: frozenset()})
WORD = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="switches", since=1.0)


class Shared(MemoryStore):
    """A store that lives elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.run, self.away, self.refuses = "one", False, False
        self.sealed: list[bytes] = []

    def wipe(self) -> None:
        self.run += "!"
        self._overrides = Overrides()

    async def remind(self, words: Iterable[Word], sealed: bytes = b"") -> Overrides:
        if self.refuses:
            raise StoreError("no permission")
        self.sealed.append(sealed)
        return await super().remind(words, sealed)

    async def pulse(self) -> Pulse:
        if self.away:
            raise StoreError("refused")
        return replace(await super().pulse(), run=self.run)

    async def read(self) -> Stored:
        if self.away:
            raise StoreError("refused")
        return replace(await super().read(), run=self.run)


@pytest.fixture
def make() -> Callable[..., Any]:
    def make(store: Shared, said: Overrides = Overrides(), **more: Any) -> Publisher:  # noqa: B008  a constant
        publisher = Publisher(store, [], Transitions("p"), said=said, **more)
        publisher.expect(INDEX, lambda: {ONE: Verdict(State.UP, 5.0, reason="held")})
        return publisher

    return make


async def test_what_operators_said_stands_without_the_store_and_is_brought_back(make: Callable[..., Publisher]) -> None:
    store, kept = Shared(), list[Overrides]()
    store.away = True
    publisher = make(store, Overrides(0, {WORD.key: WORD}, b"sealed"), obeyed=kept.append)
    await publisher.catch_up()
    assert publisher.why == "refused"
    assert publisher.overrides.standing(publisher.now) == (WORD,)
    store.away = False
    await publisher.catch_up()
    assert (publisher.why, store.sealed) == ("", [b"sealed"])
    assert (await store.read()).overrides.standing(time.time()) == (WORD,)
    store.wipe()
    await publisher.catch_up()
    assert (await store.read()).overrides.standing(time.time()) == (WORD,)
    await publisher.catch_up()
    assert len(store.sealed) == 2  # once for each run
    assert [list(said.words) for said in kept] == [[WORD.key]]  # the version is another than the disk's
    store.wipe()
    store.refuses = True
    await publisher.catch_up()
    await publisher.catch_up()
    assert publisher.overrides.standing(publisher.now) == (WORD,)


async def test_a_hold_from_before_is_held_before_the_store_is_there(make: Callable[..., Publisher]) -> None:
    store, hold = Shared(), Hold("ann", "move", 1.0)
    store.away = True
    publisher = make(store, Overrides(0, {hold.key: hold}))
    assert publisher.verdicts[ONE].reason == "held"
    store.away = False
    await store.renew(Lease("p", "fra", time.time()))
    await store.publish("p", [Vote(ONE, "p", State.DOWN, 900.0)])
    await publisher.catch_up()
    assert publisher.verdicts[ONE].state is State.UP


async def test_votes_of_before_the_start_are_judged_at_once_and_a_dead_prober_is_noticed(
    make: Callable[..., Publisher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gslb.role.publisher.PULSE", 0.01)
    store = Shared()
    store.away = True
    steady = asyncio.get_running_loop().time()
    now = time.time()
    votes = tuple(Vote(ONE, name, State.DOWN, 900.0) for name in "pq")
    health = Health(Remembered(votes, leases=tuple((Lease(name, name, now), 0.5) for name in "pq")), steady)
    publisher = make(store, health=health)
    await publisher.catch_up()
    assert publisher.verdicts[ONE].state is State.DOWN
    store.away = False
    for name in "pq":
        await store.renew(Lease(name, name, time.time(), lasts=0.5))
        await store.publish(name, [Vote(ONE, name, State.UP, 901.0)])
    pulses = asyncio.create_task(publisher.age())
    async with asyncio.timeout(30):
        while publisher.verdicts[ONE].state is not State.UP:
            await asyncio.sleep(0.01)
        while not publisher.verdicts[ONE].held:  # their leases ran out, and nobody said anything
            await asyncio.sleep(0.01)
    assert publisher.verdicts[ONE].state is State.UP
    pulses.cancel()
