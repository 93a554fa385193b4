"""`gslb probe` as processes on a real Redis: they vote, share, take over, reload, and leave in good order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gslb.store import State as Stored
from gslb.store import Store, keys, open_store
from gslb.testing.lab import RedisServer, redis_missing
from gslb.testing.servers import listening
from gslb.verdict import State

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")

SITES = [f"127.0.12.{n}" for n in range(1, 13)]


def zones(port: int, sites: list[str]) -> str:
    members = ", ".join(f"{{address: {site}}}" for site in sites)
    return f"""
checks: {{web: {{type: tcp, port: {port}, interval: 0.4s, timeout: 0.3s, down: 2, up: 2}}}}
pools: {{web: {{policy: all, check: web, members: [{members}]}}}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com.}}
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: {{pool: web}}
"""


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


class Fleet:
    """Prober processes of one folder of zones, and a store to look into."""

    def __init__(self, folder: Path, redis: RedisServer, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.redis = redis
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    def sign(self, *names: str) -> None:
        """Give these probers keys, and everybody the list of them."""
        lines = []
        for name in names:
            private, public = keys.generate(name)
            (self.folder / f"{name}.key").write_text(private)
            (self.folder / f"{name}.key").chmod(0o600)
            lines.append(f"  {name}: {{place: fra, keys: ['{public}']}}")
        (self.folder / "keys.yaml").write_text("\n".join(["probers:", *lines, ""]))

    async def start(self, name: str, place: str = "fra") -> asyncio.subprocess.Process:
        settings = self.folder / f"{name}.yaml"
        own = f"probe: {{name: {name}, place: {place}, copies: 1}}\n"
        if (self.folder / f"{name}.key").exists():
            own += f"keys: {{prober: {name}.key, trust: keys.yaml}}\n"
        settings.write_text(f"store: {self.redis.url}\n{own}state_dir: state-{name}\nmetrics: {{listen: null}}\nlog: {{format: text}}\n")
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gslb", "probe", "--config", str(settings), stdout=log, stderr=log, env=os.environ | {"GSLB_DEBUG": "1"}
            )
        return self.processes[name]

    async def until(self, holds: Callable[[Stored], object]) -> Stored:
        """Wait for what the store must show."""
        try:
            async with asyncio.timeout(80):
                while not holds(state := await self.store.read()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            logs = "\n".join(f"{path.name}: {path.read_text()}" for path in self.folder.glob("*.log"))
            raise AssertionError(f"{state}\n{logs}") from None
        return state

    async def end(self) -> None:
        for process in self.processes.values():
            if process.returncode is None:
                process.kill()
                await process.wait()
            process._transport.close()


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Fleet]]]:
    @asynccontextmanager
    async def make() -> AsyncIterator[Fleet]:
        with RedisServer() as redis:
            store = open_store(redis.url)
            it = Fleet(tmp_path, redis, store)
            try:
                yield it
            finally:
                await it.end()
                await store.close()

    async with make() as it:
        yield it


def shared(state: Stored) -> bool:
    """Each looks at its part only, and says so in its lease: the first to start has all of them until it hears of the other."""
    one, two = state.leases["p1"].targets, state.leases["p2"].targets
    return 0 < one < 12 > two > 0 and len(by(state, "p1")) < 12 > len(by(state, "p2"))


def by(state: Stored, name: str) -> dict[str, State]:
    return {target.address: votes[name].state for target, votes in state.votes.items() if name in votes}


async def test_a_life_of_probers(fleet: Fleet) -> None:
    """Two that sign share; one is killed and the other takes over; files change; the site dies; the last one leaves, and nothing of it stays."""
    fleet.sign("p1", "p2")
    (fleet.folder / "zones").mkdir()
    file = fleet.folder / "zones" / "example.com.yaml"
    async with listening(hang_up, "0.0.0.0") as port:
        file.write_text(zones(port, SITES))
        one, two = await fleet.start("p1"), await fleet.start("p2")
        both = dict.fromkeys(SITES, State.UP)
        await fleet.until(lambda s: len(s.leases) == 2 and shared(s) and by(s, "p1") | by(s, "p2") == both)
        two.kill()
        await two.wait()
        state = await fleet.until(lambda s: by(s, "p1") == both and s.leases["p1"].targets == 12)
        assert state.leases["p1"].at - state.leases["p2"].at > 5.0, "not before its lease has run out"
        file.write_text("pools: {")
        one.send_signal(signal.SIGHUP)
        file.write_text(zones(port, SITES[:3]))
        one.send_signal(signal.SIGHUP)
        await fleet.until(lambda s: set(by(s, "p1")) == set(SITES[:3]))
    await fleet.until(lambda s: by(s, "p1") == dict.fromkeys(SITES[:3], State.DOWN) and s.leases["p1"].down == 3)
    one.terminate()
    assert await one.wait() == 0
    state = await fleet.store.read()
    assert "p1" not in state.leases
    assert not by(state, "p1")


async def test_broken_files_at_the_start(fleet: Fleet) -> None:
    """Without files from before there is nothing to begin with; with them it begins, and says so. A wiped store is told everything again."""
    (fleet.folder / "zones").mkdir()
    file = fleet.folder / "zones" / "example.com.yaml"
    file.write_text("pools: {")
    assert await (await fleet.start("p1")).wait() == 2
    assert "example.com.yaml:2:1: Y001" in (fleet.folder / "p1.log").read_text()
    async with listening(hang_up, "0.0.0.0") as port:
        file.write_text(zones(port, SITES[:2]))
        process = await fleet.start("p1")
        await fleet.until(lambda s: len(by(s, "p1")) == 2)
        fleet.redis.wipe()
        await fleet.until(lambda s: len(by(s, "p1")) == 2)
        process.terminate()
        await process.wait()
        file.write_text("pools: {")
        await fleet.start("p1")
        await fleet.until(lambda s: by(s, "p1") == dict.fromkeys(SITES[:2], State.UP))
    assert "STARTING FROM THE LAST ACCEPTED FILES" in (fleet.folder / "p1.log").read_text()
