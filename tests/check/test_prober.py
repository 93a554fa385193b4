"""The prober on a false clock (counts, grids, diffs) and on real sockets (nobody waits for a slow target)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from typing import ClassVar

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Observation, Result
from gslb.check.prober import Prober
from gslb.errors import StoreError
from gslb.model import Check
from gslb.store import MemoryStore
from gslb.testing import FalseClock, stall
from gslb.testing.servers import closed_port, listening, trouble
from gslb.verdict import State, Target, Vote

OK = Observation(Result.OK, 0.01, "ok")
FAIL = Observation(Result.FAIL, 0.01, "failed")
BLIND = Observation(Result.UNKNOWN, 0.01, "own fault: blind")


class Scripted:
    """A check type that says what the test wants, by address, and notes when it was asked."""

    name = "scripted"
    says: ClassVar[dict[str, object]]
    asked: ClassVar[list[tuple[float, str]]]
    clock: ClassVar[FalseClock]

    @classmethod
    def build(cls, _definition):
        return cls()

    async def observe(self, address):
        self.asked.append((self.clock.steady(), str(address)))
        says = self.says.get(str(address), OK)
        if callable(says):
            says = await says()
        if isinstance(says, Exception):
            raise says
        return says


class World:
    """A prober on a false clock, and what it published."""

    def __init__(self, **options):
        self.clock = FalseClock()
        self.published: list[tuple[Vote, ...]] = []
        self.forgotten: list[Target] = []
        self.refuse = False
        options.setdefault("jitter", lambda: 0.5)
        self.prober = Prober("p1", self.publish, forget=self.forget, clock=self.clock, **options)
        Scripted.says, Scripted.asked, Scripted.clock = {}, [], self.clock

    async def publish(self, votes):
        if self.refuse:
            raise StoreError("no")
        self.published.append(tuple(votes))

    async def forget(self, targets):
        self.forgotten += targets

    @property
    def votes(self):
        return {vote.target.address: vote for batch in self.published for vote in batch}

    def times(self, address):
        return [at for at, asked in Scripted.asked if asked == address]

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.prober.run())
        await self.clock.settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


def check(digest="d", kind="scripted", **changes):
    return replace(Check("web", kind, {}, interval=5.0, timeout=2.0, down=3, ok=10, up=5, digest=digest), **changes)


def targets(*addresses, digest="d", **changes):
    return {Target("web", digest, address): check(digest, **changes) for address in addresses}


@pytest.fixture(autouse=True)
def _scripted(monkeypatch):
    monkeypatch.setitem(CHECKS, "scripted", Scripted)


# ---- on a false clock ----


async def test_each_target_is_checked_once_an_interval_without_drift():
    world = World()
    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(60.0)
    first, second, *rest = world.times("192.0.2.1")
    assert first == 0.5, "jitter of half a second"
    assert second == first + 5.0 * 0.625, "the second gap spreads the grids"
    assert rest == [second + 5.0 * n for n in range(1, len(rest) + 1)]
    assert len(rest) == 11


@pytest.mark.parametrize(("interval", "count", "within"), [(5.0, 100, 1.0), (0.2, 100, 0.2), (60.0, 2000, 4.0)])
async def test_the_first_round_comes_within_a_second_or_an_interval(interval, count, within):
    """More than 500 take longer, so that the round does not stand in its own way."""
    draws = iter(range(10**6))
    world = World(jitter=lambda: (next(draws) * 0.618034) % 1.0)
    world.prober.set_targets(targets(*(str(ip_address("198.18.0.0") + n) for n in range(count)), interval=interval, timeout=interval / 2))
    async with world.running():
        assert not world.prober.first_round.is_set()
        await world.clock.advance(within)
        assert world.prober.first_round.is_set()
        first = {}
        for at, address in Scripted.asked:
            first.setdefault(address, at)
        assert len(first) == count
        assert max(first.values()) - min(first.values()) > within * 0.9, "and is spread"
        await world.clock.advance(interval * 4)
        last = Counter(int(at / interval * 4) for at, _ in Scripted.asked if at > 3 * interval)
        assert len(last) >= 4, "later rounds are spread over the interval"


async def test_votes_are_published_on_change_only():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    Scripted.says["192.0.2.2"] = FAIL
    async with world.running():
        await world.clock.advance(100.0)
        assert {a: v.state for a, v in world.votes.items()} == {"192.0.2.1": State.UP, "192.0.2.2": State.DOWN}
        assert sum(map(len, world.published)) == 2
        Scripted.says["192.0.2.1"] = FAIL
        await world.clock.advance(15.0)
        assert [v.seconds_to_change for batch in world.published[-3:] for v in batch] == [10.0, 5.0, None]
        assert world.votes["192.0.2.1"].state is State.DOWN
        await world.clock.advance(100.0)
    assert sum(map(len, world.published)) == 5


async def test_a_burst_is_published_in_batches_and_its_first_change_at_once():
    draws = iter(range(10**6))
    world = World(jitter=lambda: (next(draws) * 0.618034) % 1.0)
    addresses = [str(ip_address("198.18.0.0") + n) for n in range(500)]
    world.prober.set_targets(targets(*addresses))
    async with world.running():
        await world.clock.advance(0.004)
        assert sum(map(len, world.published)) == len(world.published) == 1
        await world.clock.advance(1.1)
        assert len(world.votes) == 500
        assert len(world.published) <= 101


async def test_a_faster_interval_while_the_state_may_change_and_for_a_minute_after():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2", interval=10.0, fast_interval=1.0))
    async with world.running():
        await world.clock.advance(30.0)
        assert len(world.times("192.0.2.1")) == 4, "at rest it is the usual one, after the first result too"
        Scripted.says["192.0.2.1"] = FAIL
        await world.clock.advance(12.0)
        failed = [at for at in world.times("192.0.2.1") if at > 30.0]
        assert [b - a for a, b in pairwise(failed)] == [1.0] * (len(failed) - 1)
        assert [v.seconds_to_change for batch in world.published[-3:] for v in batch] == [2.0, 1.0, None], "and a TTL may count on it"
        assert world.votes["192.0.2.1"].state is State.DOWN
        down = world.votes["192.0.2.1"].since - 1_000_000.0
        await world.clock.advance(100.0)
        after = [at for at in world.times("192.0.2.1") if at > down]
        assert [b - a for a, b in pairwise(after)] == [1.0] * 59 + [10.0] * (len(after) - 60)
        assert len(after) > 62
        assert max(b - a for a, b in pairwise(world.times("192.0.2.2"))) == 10.0, "others keep theirs"


async def test_when_everything_fails_only_few_are_in_haste(monkeypatch):
    monkeypatch.setattr("gslb.check.prober._FAST", (2, 0.1))
    world = World()
    addresses = [f"192.0.2.{n}" for n in range(30)]
    world.prober.set_targets(targets(*addresses, interval=10.0, fast_interval=1.0, down=100))
    async with world.running():
        await world.clock.advance(30.0)
        Scripted.says |= dict.fromkeys(addresses, FAIL)
        await world.clock.advance(20.0)
        world.prober.set_targets(targets(*addresses[10:], interval=10.0, fast_interval=1.0, down=100))
        await world.clock.advance(20.0)
        begun = len(Scripted.asked)
        await world.clock.advance(20.0)
        assert len(Scripted.asked) - begun == 2 * 20 + 18 * 2, "two of the twenty left: those that were let go of have made room"


async def test_times_move_with_the_clock_but_not_those_of_before():
    remembered = [Vote(Target("web", "d", "192.0.2.2"), "p1", State.DOWN, 5.0, last_up=4.0)]
    world = World(remembered=remembered)
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    Scripted.says["192.0.2.2"] = BLIND
    async with world.running():
        await world.clock.advance(1.0)
        world.prober.shift(3600.0, since=1_000_000.0)
        await world.clock.settle()
        votes = {vote.target.address: vote for vote in world.published[-1]}
        assert votes["192.0.2.1"].since == 1_000_000.5 + 3600.0
        assert (votes["192.0.2.2"].since, votes["192.0.2.2"].last_up) == (1_000_000.5 + 3600.0, 4.0), "the abstention began now, it was up long ago"
        Scripted.says["192.0.2.2"] = FAIL
        await world.clock.advance(5.0)
        assert world.votes["192.0.2.2"].since == 5.0, "still the outage of before"


async def test_all_is_said_again_when_asked():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    Scripted.says["192.0.2.2"] = FAIL
    async with world.running():
        await world.clock.advance(5.0)
        assert (world.prober.targets, world.prober.down) == (2, 1)
        said = len(world.published)
        world.prober.say_again()
        await world.clock.settle()
        assert {vote.target.address for vote in world.published[said]} == {"192.0.2.1", "192.0.2.2"}


async def test_own_faults_are_abstentions():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    Scripted.says |= {"192.0.2.1": BLIND, "192.0.2.2": RuntimeError("a bug in a plugin")}
    async with world.running():
        await world.clock.advance(100.0)
        assert world.prober.first_round.is_set(), "seen once, whatever came of it"
    assert {a: (v.state.name, v.reason) for a, v in world.votes.items()} == {
        "192.0.2.1": ("UNKNOWN", "own fault: blind"),
        "192.0.2.2": ("UNKNOWN", "own fault: RuntimeError: a bug in a plugin"),
        "192.0.2.3": ("UP", "ok"),
    }
    assert sum(map(len, world.published)) == 3


async def test_a_check_type_that_is_not_installed_here_is_an_own_fault():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", kind="from-a-plugin"))
    async with world.running():
        await world.clock.advance(10.0)
    assert world.votes["192.0.2.1"].reason == "own fault: no check type 'from-a-plugin' here"


async def test_nothing_to_probe_is_a_round():
    world = World()
    world.prober.set_targets({})
    assert world.prober.first_round.is_set()


async def test_a_load_leaves_kept_targets_alone_and_ends_removed_ones():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    Scripted.says["192.0.2.1"] = FAIL
    async with world.running():
        await world.clock.advance(11.0)
        before = list(Scripted.asked)
        world.prober.set_targets(targets("192.0.2.1", "192.0.2.3"))
        await world.clock.advance(20.0)
        after = Scripted.asked[len(before) :]
        assert {address for _, address in after} == {"192.0.2.1", "192.0.2.3"}
        grid = world.times("192.0.2.1")[1:]
        assert [b - a for a, b in pairwise(grid)] == [5.0] * (len(grid) - 1), "its timer did not notice"
        assert world.times("192.0.2.3")[0] == 11.5, "a new one begins at once, with jitter"
    assert world.forgotten == [Target("web", "d", "192.0.2.2")]
    assert {vote.target.address for vote in world.prober.votes} == {"192.0.2.1", "192.0.2.3"}


async def test_counters_survive_a_load():
    world = World()
    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(1.0)
        Scripted.says["192.0.2.1"] = FAIL
        for failures in range(3):
            assert world.votes["192.0.2.1"].state is State.UP, f"after {failures}"
            await world.clock.advance(5.0)
            world.prober.set_targets(targets("192.0.2.1"))
            await world.clock.settle()
    assert world.votes["192.0.2.1"].state is State.DOWN


async def test_an_edited_check_inherits_until_its_first_result():
    world = World()
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    Scripted.says["192.0.2.1"] = FAIL
    async with world.running():
        await world.clock.advance(3.0)
        since = world.votes["192.0.2.1"].since
        Scripted.says |= {"192.0.2.1": OK, "192.0.2.2": BLIND}
        world.prober.set_targets(targets("192.0.2.1", "192.0.2.2", digest="edited"))
        await world.clock.settle()
        assert {v.target.digest for v in world.published[-1]} == {"edited"}
        assert (world.votes["192.0.2.1"].state, world.votes["192.0.2.1"].since) == (State.DOWN, since)
        assert world.votes["192.0.2.2"].state is State.UP
        assert {t.digest for t in world.forgotten} == {"d"}
        await world.clock.advance(1.0)
        assert world.votes["192.0.2.1"].state is State.UP, "the first result counts at once"
        assert world.votes["192.0.2.2"].state is State.UNKNOWN


async def test_a_restart_begins_with_what_was_known():
    remembered = [Vote(Target("web", "d", "192.0.2.1"), "p1", State.DOWN, 5.0), Vote(Target("web", "older", "192.0.2.2"), "p0", State.UP, 6.0)]
    world = World(remembered=remembered)
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    async with world.running():
        assert {a: (v.state, v.since, v.prober, v.target.digest) for a, v in world.votes.items()} == {
            "192.0.2.1": (State.DOWN, 5.0, "p1", "d"),
            "192.0.2.2": (State.UP, 6.0, "p1", "d"),
        }
        assert not Scripted.asked


async def test_a_removed_check_that_comes_back_begins_anew():
    world = World()
    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(1.0)
        world.prober.set_targets({})
        await world.clock.settle()
        world.prober.set_targets(targets("192.0.2.1"))
        assert not world.prober.votes


async def test_a_store_that_refuses_gets_the_newest_votes_later(monkeypatch):
    world = World()
    world.refuse = True
    monkeypatch.setattr("gslb.check.prober._RETRY", (0.001, 0.004))
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    async with world.running():
        await world.clock.advance(1.0)
        Scripted.says["192.0.2.1"] = FAIL
        await world.clock.advance(20.0)
        world.prober.set_targets(targets("192.0.2.1"))
        assert not world.published
        world.refuse = False
        async with asyncio.timeout(30):
            while not world.published or not world.forgotten:
                await asyncio.sleep(0.001)
    assert {a: v.state for a, v in world.votes.items()} == {"192.0.2.1": State.DOWN}
    assert [t.address for t in world.forgotten] == ["192.0.2.2"]


async def test_what_was_missed_is_skipped_and_not_made_up_for():
    """The machine slept for 23 s in the middle of a check: then it goes on, on its grid, one check an interval."""
    world = World()

    async def slow():
        Scripted.says["192.0.2.1"] = OK
        await world.clock.sleep_until(world.clock.steady() + 23.0)
        return OK

    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(4.0)
        Scripted.says["192.0.2.1"] = slow
        await world.clock.advance(60.0)
    grid = world.times("192.0.2.1")[1:]
    late = grid[1] + 23.0
    assert grid[2] == late, "the one that is due now comes at once"
    assert [b - a for a, b in pairwise(grid[3:])] == [5.0] * (len(grid) - 4)
    assert (grid[3] - grid[0]) % 5.0 == 0
    assert 0 < grid[3] - late <= 5.0


async def test_a_vote_refused_does_not_replace_a_newer_one(monkeypatch):
    """The store takes its time to refuse; meanwhile the target went down."""
    monkeypatch.setattr("gslb.check.prober._RETRY", (0.001, 0.004))
    world = World()
    refused = asyncio.Event()
    published = []

    async def publish(votes):
        if not refused.is_set():
            await refused.wait()
            raise StoreError("no")
        published.extend(votes)

    world.prober._publish = publish
    world.prober.set_targets(targets("192.0.2.1", down=1))
    async with world.running():
        await world.clock.advance(1.0)
        Scripted.says["192.0.2.1"] = FAIL
        await world.clock.advance(5.0)
        refused.set()
        async with asyncio.timeout(30):
            while not published:
                await asyncio.sleep(0.001)
    assert [vote.state for vote in published] == [State.DOWN]


async def test_a_target_that_comes_back_before_it_is_forgotten_is_not_forgotten():
    world = World()
    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(1.0)
        world.prober.set_targets({})
        world.prober.set_targets(targets("192.0.2.1"))
        await world.clock.advance(1.0)
    assert not world.forgotten
    assert world.prober.votes


async def test_the_first_round_does_not_wait_for_what_is_not_wanted_any_more():
    world = World()
    Scripted.says["192.0.2.2"] = asyncio.Event().wait
    world.prober.set_targets(targets("192.0.2.1", "192.0.2.2"))
    async with world.running():
        await world.clock.advance(1.0)
        assert not world.prober.first_round.is_set()
        world.prober.set_targets(targets("192.0.2.1"))
        assert world.prober.first_round.is_set()


async def test_no_more_in_flight_than_allowed():
    world = World(concurrency=3, jitter=lambda: 0.0)
    flying, most = 0, 0
    land = asyncio.Event()

    async def wait():
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await land.wait()
        flying -= 1
        return OK

    addresses = [f"192.0.2.{n}" for n in range(20)]
    Scripted.says |= dict.fromkeys(addresses, wait)
    world.prober.set_targets(targets(*addresses))
    async with world.running():
        await world.clock.advance(1.0)
        assert (flying, most) == (3, 3)
        land.set()
        async with asyncio.timeout(30):
            await world.prober.first_round.wait()
    assert most == 3


async def test_everything_seen_is_told():
    heard = []
    world = World(heard=lambda target, seen, before: heard.append((target.address, seen.reason, before and before.state)))
    world.prober.set_targets(targets("192.0.2.1"))
    async with world.running():
        await world.clock.advance(8.0)
    assert heard == [("192.0.2.1", "ok", None), ("192.0.2.1", "ok", State.UP)]


async def test_a_check_that_does_not_keep_its_deadline_is_cut_off(monkeypatch):
    monkeypatch.setattr("gslb.check.once._GRACE", 0.05)
    monkeypatch.setattr("gslb.check.heartbeat.Heartbeat.stalled", lambda _self, _seconds: 0.0)  # whose fault a delay is is not the subject
    world = World()
    Scripted.says["192.0.2.1"] = asyncio.Event().wait
    world.prober.set_targets(targets("192.0.2.1", timeout=0.1))
    async with world.running():
        await world.clock.advance(1.0)
        async with asyncio.timeout(30):
            await world.prober.first_round.wait()
            await world.clock.settle()
    assert (world.votes["192.0.2.1"].state, world.votes["192.0.2.1"].reason) == (State.DOWN, "timeout: 0.1 s over")


# ---- on real sockets ----


async def test_one_hanging_one_trickling_one_resetting_of_300_delay_nobody():
    """297 good targets keep their pace while three others do their worst."""
    seen: Counter[str] = Counter()
    everybody_twice = asyncio.Event()

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    def heard(target, observation, _before):
        seen[f"{target.check} {target.address}"] += 1
        if len(seen) == 300 and min(seen.values()) >= 2:
            everybody_twice.set()

    def web(name, port):
        return Check(name, "http", {"port": port, "expect": {"body": "ok"}}, interval=1.0, timeout=0.9, down=1, ok=1, up=1, digest=name)

    store = MemoryStore()
    async with listening(talk, "0.0.0.0") as good, trouble("hang") as hang, trouble("trickle") as trickle, trouble("reset") as reset:
        wanted = {Target("good", "good", str(ip_address("127.0.20.1") + n)): web("good", good) for n in range(297)}
        for name, port in [("hang", hang), ("trickle", trickle), ("reset", reset)]:
            wanted[Target(name, name, "127.0.0.1")] = web(name, port)
        prober = Prober("p1", lambda votes: store.publish("p1", votes), heard=heard)
        prober.set_targets(wanted)
        task = asyncio.create_task(prober.run())
        watch = stall.Stopwatch()

        async def voted():
            votes = {target: by["p1"] for target, by in (await store.read()).votes.items()}
            return Counter((t.check, v.state.name) for t, v in votes.items())

        try:
            async with asyncio.timeout(100):
                await everybody_twice.wait()
                while await voted() != {("good", "UP"): 297, ("hang", "DOWN"): 1, ("trickle", "DOWN"): 1, ("reset", "DOWN"): 1}:
                    await asyncio.sleep(0.02)  # where the prober itself is late it blames nobody, and looks again
        finally:
            task.cancel()
            await asyncio.wait([task])
    assert prober.lateness.percentile(0.5) < 0.3 + watch.stalled
    good_rounds = [count for name, count in seen.items() if name.startswith("good")]
    assert max(good_rounds) <= 2 * min(good_rounds) + 1, "nobody is starved"


async def test_a_site_that_dies_and_returns():
    """Refused at first sight of it, up again after `up` successes; a real port closed and opened."""
    heard = asyncio.Queue()
    check_of = Check("web", "tcp", {"port": 0}, interval=0.1, timeout=0.09, down=2, ok=3, up=2, digest="d")

    async def publish(votes):
        for vote in votes:
            heard.put_nowait(vote)

    async def until(state):
        async with asyncio.timeout(30):
            while (vote := await heard.get()).state is not state:
                pass
        return vote

    port = closed_port()
    target = Target("web", "d", "127.0.0.1")
    prober = Prober("p1", publish)
    prober.set_targets({target: replace(check_of, options={"port": port})})
    task = asyncio.create_task(prober.run())
    try:
        assert (await until(State.DOWN)).reason == "connection refused"
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
        assert (await until(State.UP)).reason == "connected"
        server.close()
        assert (await until(State.DOWN)).reason == "connection refused"
    finally:
        task.cancel()
        await asyncio.wait([task])


STOPPED = """
import asyncio, sys
from gslb.check.prober import Prober
from gslb.model import Check
from gslb.verdict import Target

def heard(target, seen, before):
    print(seen.result, seen.reason, flush=True)

async def publish(votes):
    pass

async def main():
    prober = Prober("p1", publish, heard=heard, jitter=lambda: 0.0)
    check = Check("web", "tcp", {"port": int(sys.argv[1]), "expect": "never"}, 3.0, 1.0, 1, 1, 1, "d")
    prober.set_targets({Target("web", "d", "127.0.0.1"): check})
    await prober.run()

asyncio.run(main())
"""


async def test_a_prober_that_was_stopped_does_not_blame_the_targets():
    """SIGSTOP in the middle of a check, past its deadline: the time-out after SIGCONT is the prober's own."""
    connected = asyncio.Event()

    async def talk(reader, _writer):
        connected.set()
        await reader.read()

    async with listening(talk) as port:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", STOPPED, str(port), stdout=subprocess.PIPE)
        try:
            async with asyncio.timeout(30.0):
                await connected.wait()
                os.kill(process.pid, signal.SIGSTOP)
                await asyncio.sleep(1.5)  # past the check's deadline of 1 s: what is under test
                os.kill(process.pid, signal.SIGCONT)
                line = (await process.stdout.readline()).decode().strip()
                assert line == "unknown own fault: the prober stood still meanwhile"
                line = (await process.stdout.readline()).decode().strip()
                assert line == "fail timeout: 1 s over while waiting for the expected text", "and then it looks again"
        finally:
            process.kill()
            await process.wait()
            process._transport.close()


async def test_programs_run_only_where_the_settings_say_so():
    command = Check("run", "exec", {"command": ["/bin/echo", "fine"]}, 5.0, 2.0, 3, 10, 5, "e")
    votes = {}
    for allowed in (False, True):

        async def publish(batch, allowed=allowed):
            votes[allowed] = batch[0]

        prober = Prober("p1", publish, programs=allowed, jitter=lambda: 0.0)
        prober.set_targets({Target("run", "e", "127.0.0.1"): command})
        task = asyncio.create_task(prober.run())
        async with asyncio.timeout(30):
            while allowed not in votes:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
    assert (votes[False].state, votes[False].reason) == (State.UNKNOWN, "own fault: programs may not run here: probe: {exec: true}")
    assert (votes[True].state, votes[True].reason) == (State.UP, "fine")
