"""Members that register themselves: they join when they are up, and leave with their lease, in what is served."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from gslb import metrics, targets
from gslb.check.prober import Prober
from gslb.config.settings import Settings
from gslb.errors import StoreError
from gslb.role import last_roll, site
from gslb.role.growth import Growth
from gslb.role.loading import Loader
from gslb.role.registrar import Registrar
from gslb.store import MemoryStore, Push
from gslb.verdict import State, Verdict

REGISTER = "    register: {networks: [198.51.100.0/24], site: fra, maximum: 2, keys: [scaler]}\n"
SEVEN = "198.51.100.7"


class Store(MemoryStore):
    """One that can be out of reach, or be another one, and whose clock is moved."""

    def __init__(self):
        super().__init__(lambda: self.time)
        self.time = 1000.0
        self.away = False

    async def pushed(self):
        if self.away:
            raise StoreError("out of reach")
        return await super().pushed()


@pytest.fixture
def growing(settings: Settings, tmp_path: Path, zone_text: str):
    text = zone_text.replace("    policy: failover\n", "    policy: all\n" + REGISTER).replace("checks:", "sites: {fra: {}}\nchecks:")
    assert REGISTER in text
    (tmp_path / "zones" / "example.com.yaml").write_text(text)
    return World(settings)


class World:
    """A control's parts around the registrar; whoever is in `up` has been judged up."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store()
        self.up: set[str] = set()
        self.load = None
        self.registrar = Registrar(self.store, settings.state_dir, signed=True, verdicts=self.verdicts)
        self.growth = Growth(self.registrar, self._adopt)

    async def begin(self):
        files = Loader(self.settings).load()
        await self.growth.first(files)
        await self.growth.adopt(files)

    async def _adopt(self, load):
        self.load = load
        return 1

    def verdicts(self):
        return {target: Verdict(State.UP, 1.0) for target in self.load.index.pools if target.address in self.up}

    async def say(self, address, lease=30.0, by="scaler"):
        return await site.say(self.store, Push(by, address, 0.0, 0.0, pool="web"), lease)

    async def turn(self):
        if await self.registrar.look():
            await self.growth.again()

    @property
    def served(self):
        snapshot = self.load.compiler.compile(self.verdicts(), 1)
        pool = next(pool for pool in snapshot.pools.values() if pool.name == "web")
        return {".".join(map(str, data)) for group in pool.rows[1][0].groups for data in group.rdata}

    @property
    def probed(self):
        return {target.address for target in self.load.index.probes}


async def test_joins_when_it_is_up_and_leaves_with_its_lease(growing):
    await growing.begin()
    growing.up = {"192.0.2.1"}
    await growing.say(SEVEN)
    await growing.turn()
    assert (SEVEN in growing.probed, growing.served) == (True, {"192.0.2.1"})
    assert growing.registrar.status()[0]["state"] == "waiting"
    growing.up |= {SEVEN}
    await growing.turn()
    assert growing.served == {"192.0.2.1", SEVEN}
    assert metrics.registered.labels("web", "joined")._value.get() == 1
    growing.store.time += 20
    await growing.say(SEVEN)
    growing.store.time += 20
    assert not await growing.registrar.look(), "nothing has changed"
    growing.store.time += 11
    await growing.turn()
    assert growing.served == {"192.0.2.1"}
    assert growing.probed == {"192.0.2.1", "192.0.2.2"}


async def test_taken_back(growing):
    await growing.begin()
    growing.up = {"192.0.2.1", SEVEN}
    await growing.say(SEVEN)
    await growing.turn()
    await growing.turn()
    assert SEVEN in growing.served
    growing.store.time += 1
    await growing.say(SEVEN, lease=0.0)
    await growing.turn()
    assert SEVEN not in growing.served


async def test_nobody_goes_while_the_store_is_away_nor_over_a_restart(growing):
    await growing.begin()
    growing.up = {"192.0.2.1", SEVEN}
    await growing.say(SEVEN)
    await growing.turn()
    await growing.turn()
    growing.store.away = True
    growing.store.time += 1000
    await growing.turn()
    assert SEVEN in growing.served
    last_roll.save(growing.settings.state_dir, growing.registrar.roll.values(), time.time())
    again = World(growing.settings)
    again.store.away = True
    again.up = {"192.0.2.1", SEVEN}
    await again.begin()
    assert SEVEN in again.served, "also before the store was ever read"


async def test_nobody_comes_or_goes_while_an_operator_holds_everything(growing):
    held = False
    growing.registrar = Registrar(growing.store, growing.settings.state_dir, signed=True, verdicts=growing.verdicts, frozen=lambda: held)
    growing.growth = Growth(growing.registrar, growing._adopt)
    await growing.begin()
    growing.up = {"192.0.2.1", SEVEN}
    held = True
    await growing.say(SEVEN)
    await growing.turn()
    assert not growing.registrar.roll
    held = False
    await growing.turn()
    await growing.turn()
    held = True
    growing.store.time += 1000
    await growing.turn()
    assert SEVEN in growing.served


async def test_refusals_are_counted_once(growing):
    await growing.begin()
    before = metrics.registrations_refused.labels("registrant")._value.get()
    await growing.say(SEVEN, by="mallory")
    await growing.turn()
    await growing.turn()
    assert metrics.registrations_refused.labels("registrant")._value.get() == before + 1
    assert not growing.registrar.roll


async def test_a_reload_keeps_whom_the_new_files_allow(growing, tmp_path):
    await growing.begin()
    growing.up = {"192.0.2.1", SEVEN}
    await growing.say(SEVEN)
    await growing.turn()
    await growing.turn()
    await growing.growth.adopt(Loader(growing.settings).load())
    assert SEVEN in growing.served
    path = tmp_path / "zones" / "example.com.yaml"
    path.write_text(path.read_text().replace("198.51.100.0/24", "203.0.113.0/24"))
    await growing.growth.adopt(Loader(growing.settings).load())
    assert SEVEN not in growing.served


async def test_a_prober_looks_at_all_on_the_roll(growing):
    registrar = Registrar(growing.store, growing.settings.state_dir, signed=True)
    registrar.heed(Loader(growing.settings).load().model)
    many = [f"198.51.100.{n}" for n in range(1, 6)]
    for address in many:
        await growing.say(address)
    assert await registrar.look()
    assert {target.address for target in targets.index(registrar.probed).probes} == {"192.0.2.1", "192.0.2.2", *many}
    growing.store.time += 31
    assert await registrar.look()
    assert registrar.probed == registrar.served


async def test_files_that_let_nobody_join_cost_no_look(settings):
    world = World(settings)
    await world.begin()
    assert not world.registrar.wanted


@pytest.mark.parametrize("row", [["web"], ["web", "x", "s", 1, 2, "r", 1, True, False], ["web", SEVEN, "s", "1", 2, "r", 1, True, False]])
def test_a_roll_that_is_not_ours_is_no_roll(tmp_path, row):
    last_roll.kept_file.write(tmp_path / last_roll.FILE, "gslb-registered 1", {"saved": time.time(), "roll": [row]}, "")
    entries, problem = last_roll.load(tmp_path, time.time())
    assert (entries, bool(problem)) == ((), True)


def test_an_old_roll_is_not_believed(tmp_path):
    last_roll.save(tmp_path, (), time.time() - 1000)
    assert "ago" in last_roll.load(tmp_path, time.time())[1]


async def test_a_prober_hears_what_sites_say(growing, tmp_path, wait):
    """A push check from the word in the store to the vote."""
    path = tmp_path / "zones" / "example.com.yaml"
    path.write_text(
        path.read_text()
        .replace("{type: tcp, port: 80,", "{type: push, sites: [fra],")
        .replace("interval: 5s, timeout: 2s", "interval: 0.2s, timeout: 0.1s")
    )
    load = Loader(growing.settings).load()
    registrar = Registrar(growing.store, growing.settings.state_dir, signed=False)
    registrar.heed(load.model)
    assert registrar.wanted
    await growing.store.push(Push("fra", "192.0.2.1", 1000.0, 1030.0, check="web"))
    await growing.store.push(Push("fra", "192.0.2.2", 1000.0, 1030.0, check="web", grade=0))
    await registrar.look()
    votes = {}

    async def publish(some):
        votes.update({vote.target.address: vote.state for vote in some})

    prober = Prober("p", publish, board=registrar.board)
    prober.set_targets(load.index.probes)
    task = asyncio.create_task(prober.run())
    await wait(lambda: votes.get("192.0.2.1") is State.UP and votes.get("192.0.2.2") is State.DOWN)
    task.cancel()
