"""The contract suites catch what breaks the contract: a suite that lets everything through proves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Observation, Result
from gslb.errors import StoreError
from gslb.model import Check
from gslb.store import KEEP, MemoryStore, State
from gslb.testing import FalseClock, check_check, check_store
from gslb.testing.published import OF_VERSIONS
from gslb.testing.servers import trouble


@dataclass
class Sound:
    """Wants to hear PONG."""

    port: int
    timeout: float

    async def observe(self, address):
        options = {"port": self.port, "expect": "PONG"}
        return await CHECKS["tcp"].build(Check("c", "tcp", options, 5.0, self.timeout, 1, 1, 1, "d")).observe(address)


class Raises(Sound):
    async def observe(self, address):
        seen = await super().observe(address)
        if seen.reason.startswith("connection reset"):
            raise ConnectionResetError
        return seen


class NoDeadline(Sound):
    async def observe(self, address):
        self.timeout *= 100
        return await super().observe(address)


class Believes(Sound):
    async def observe(self, address):
        seen = await super().observe(address)
        return Observation(Result.OK, seen.seconds, seen.reason) if "timeout" in seen.reason else seen


class Leaks(Sound):
    kept: ClassVar[list[object]] = []

    async def observe(self, address):
        self.kept.append(await asyncio.open_connection(str(address), self.port))
        return await super().observe(address)


class Clings(Sound):
    async def observe(self, address):
        try:
            return await super().observe(address)
        except asyncio.CancelledError:
            await asyncio.sleep(60)
            raise


class Mute(Sound):
    async def observe(self, address):
        seen = await super().observe(address)
        return Observation(seen.result, seen.seconds, "")


async def test_a_sound_check_passes():
    await check_check(Sound)


@pytest.mark.parametrize("kind", [Raises, NoDeadline, Believes, Leaks, Clings, Mute])
async def test_unsound_checks_do_not(kind):
    with pytest.raises((AssertionError, OSError)):  # a TimeoutError is an OSError
        await check_check(kind)
    for _, writer in getattr(kind, "kept", ()):
        writer.transport.abort()


class Forgetful(MemoryStore):
    async def publish(self, prober, votes):
        await super().publish(prober, votes[-1:])


class Shared(MemoryStore):
    async def read(self):
        state = await super().read()
        return State(self._votes, state.time)


class Silent(MemoryStore):
    def _tell(self, hint):
        pass


class Credulous(MemoryStore):
    async def publish(self, prober, votes):
        for vote in votes:
            await super().publish(vote.prober, [vote])


class Half(MemoryStore):
    async def publish(self, prober, votes):
        for vote in votes:
            await super().publish(prober, [vote])


class Undead(MemoryStore):
    async def close(self):
        pass


class Hoards(MemoryStore):
    async def forget(self, prober, targets):
        pass


class Additive(MemoryStore):
    async def rewrite(self, prober, votes):
        await self.publish(prober, votes)


class Lingers(MemoryStore):
    async def leave(self, prober):
        self._leases.pop(prober, None)
        self._tell(frozenset())


class Discreet(MemoryStore):
    async def renew(self, lease):
        self._leases[lease.prober] = lease
        return await self.pulse()


class Careless(MemoryStore):
    async def publish_bundle(self, bundle, after, keep=KEEP):
        return await super().publish_bundle(bundle, (await self.newest()).version, keep)


class Hasty(MemoryStore):
    async def publish_bundle(self, bundle, after, keep=KEEP):
        self._bundles[bundle.version] = bundle.head(), bundle
        return await super().publish_bundle(bundle, after, keep)


class Attic(MemoryStore):
    async def publish_bundle(self, bundle, after, keep=KEEP):
        return await super().publish_bundle(bundle, after, 1000)


class Partial(MemoryStore):
    async def bundle(self, version):
        found = await super().bundle(version)
        return replace(found, files=dict(list(found.files.items())[:-1]))


class Nostalgic(MemoryStore):
    async def remind_bundle(self, bundle):
        self._bundles = {bundle.version: (bundle.head(), bundle)}
        return True


@pytest.mark.parametrize("kind", [Careless, Hasty, Attic, Partial, Nostalgic])
async def test_stores_that_are_careless_with_versions_do_not_pass(kind):
    async def pass_all():
        for law in OF_VERSIONS:
            store = kind()
            try:
                await law(store)
            finally:
                await store.close()

    with pytest.raises((AssertionError, StoreError)):
        await pass_all()


@pytest.mark.parametrize("kind", [Forgetful, Shared, Silent, Credulous, Half, Undead, Hoards, Additive, Lingers, Discreet])
async def test_unsound_stores_do_not_pass(kind, monkeypatch):
    monkeypatch.setattr("gslb.testing.stores._LIMIT", 0.2)

    async def make():
        return kind()

    with pytest.raises((AssertionError, TimeoutError)):
        await check_store(make)


async def test_the_false_clock_wakes_sleepers_in_order():
    clock = FalseClock(wall=100.0)
    woken = []

    async def sleeper(at):
        await clock.sleep_until(at)
        woken.append((at, clock.steady(), clock.wall()))

    tasks = [asyncio.create_task(sleeper(at)) for at in (3.0, 1.0, 2.0, 9.0, -1.0)]
    await clock.advance(3.0)
    assert woken == [(-1.0, 0.0, 100.0), (1.0, 1.0, 101.0), (2.0, 2.0, 102.0), (3.0, 3.0, 103.0)]
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_task_that_never_sleeps_is_told(monkeypatch):
    monkeypatch.setattr("gslb.testing.clock._LIMIT", 100)
    clock = FalseClock()

    async def restless():
        while True:
            await clock.sleep_until(0.0)
            await asyncio.sleep(0)

    task = asyncio.create_task(restless())
    with pytest.raises(AssertionError, match="never come to rest"):
        await clock.advance(1.0)
    task.cancel()


async def test_troubled_servers_stop():
    async with trouble("flood") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readexactly(1000)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.transport.abort()
