"""A fleet: nameservers and probers that share nothing but a Redis, and what becomes of answers when that dies, hangs, forgets or lies."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import dnslib
import pytest

from gslb.role import local
from gslb.role.simulated import Simulation
from gslb.store import last_votes
from gslb.store.keys import generate
from gslb.testing.lab import RedisServer, redis_missing
from gslb.verdict import State, Vote

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")

FRA, IAD = "198.51.100.10", "192.0.2.10"
PROBERS = {"p-fra": "fra", "p-iad": "iad", "p-sin": "sin"}

ZONE = """
checks: {{web: {{type: http, port: {port}, path: /healthz, interval: 0.5s, timeout: 0.4s, down: 2, ok: 5, up: 2}}}}
pools:
  web:
    policy: failover
    check: web
    ttl: 30/1
    max_stale: 16s
    members:
      - {{address: 198.51.100.10, check_address: {{198.51.100.10: 127.0.11.1}}}}
      - {{address: 192.0.2.10, check_address: {{192.0.2.10: 127.0.11.2}}}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}}
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: {{pool: web}}
"""

Wait = Callable[..., Awaitable[Any]]


class Process:
    """One nameserver or prober in a folder of its own."""

    def __init__(self, role: str, name: str, folder: Path, settings: dict[str, Any]) -> None:
        self.role, self.name, self.folder, self.port = role, name, folder, 0
        folder.mkdir(exist_ok=True)
        (folder / "gslb.yaml").write_text(json.dumps(settings))
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "gslb", self.role, "--config", str(self.folder / "gslb.yaml")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(20)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def ask(self, command: str = "status", **said: Any) -> dict[str, Any]:
        return await asyncio.to_thread(partial(local.ask, self.folder / "state" / "control.sock", command, 20.0, **said))

    async def listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        where = (await self.ask())["listening"]
        self.port = int(where[0].rpartition(":")[2]) if where else 0
        return bool(where)

    def answer(self) -> tuple[str, ...]:
        """What a client gets."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(20)
            line.sendto(dnslib.DNSRecord.question("www.example.com").pack(), ("127.0.0.1", self.port))
            return tuple(str(rr.rdata) for rr in dnslib.DNSRecord.parse(line.recv(4096)).rr)

    def kept(self) -> tuple[Vote, ...]:
        """What it would begin with if it were started now."""
        return last_votes.load(self.folder / "state", time.time()).votes

    async def judged(self) -> dict[str, Any]:
        """What is known of the first member."""
        member = (await self.ask())["pools"][0]["members"][0]
        return dict(member["addresses"][0]["checks"][0])


class Fleet:
    def __init__(self, folder: Path, redis: RedisServer, port: int, geodb: Path) -> None:
        self.folder, self.redis, self.geodb = folder, redis, geodb
        self.keys: dict[str, dict[str, str]] = {}  # by node or prober; none: nothing is signed
        (folder / "zones").mkdir()
        (folder / "zones" / "example.com.yaml").write_text(ZONE.format(port=port))
        self.all: list[Process] = []

    def sign(self) -> None:
        """Give one prober and one operator, on ns2, a key; nobody else is believed."""
        lines = {}
        for name in ("p-fra", "ann"):
            private, lines[name] = generate(name)
            path = self.folder / f"{name}.key"
            path.write_text(private)
            path.chmod(0o600)
        trust = self.folder / "keys.yaml"
        known = {"probers": {"p-fra": {"place": "fra", "keys": [lines["p-fra"]]}}, "operators": {"ann": {"keys": [lines["ann"]]}}}
        trust.write_text(json.dumps(known))
        own = {"p-fra": {"prober": str(self.folder / "p-fra.key")}, "ns2": {"operator": str(self.folder / "ann.key")}, "ns1": {}}
        self.keys = {name: more | {"trust": str(trust)} for name, more in own.items()}

    def _common(self, name: str) -> dict[str, Any]:
        keys = {"keys": self.keys[name]} if name in self.keys else {}
        return keys | {"store": self.redis.url, "zones": [str(self.folder / "zones")], "state_dir": "state", "metrics": {"listen": None}}

    def node(self, name: str) -> Process:
        more = {"node": name, "dns": {"listen": ["127.0.0.1:0"], "threads": 1}, "geo": {"database": str(self.geodb)}, "stall_limit": 60}
        return self._add(Process("serve", name, self.folder / name, self._common(name) | more))

    def prober(self, name: str) -> Process:
        return self._add(Process("probe", name, self.folder / name, self._common(name) | {"probe": {"name": name, "place": PROBERS[name]}}))

    def _add(self, one: Process) -> Process:
        self.all.append(one)
        return one

    def end(self) -> None:
        for one in self.all:
            one.process.send_signal(signal.SIGCONT)
            if one.process.poll() is None:
                one.process.terminate()
        for one in self.all:
            one.stop(signal.SIGTERM)


@pytest.fixture
async def fleet(tmp_path: Path, sites: Simulation, geodb: Path) -> AsyncIterator[Fleet]:
    with RedisServer() as redis:
        one = Fleet(tmp_path, redis, next(iter(sites.sites.values())).port, geodb)
        yield one
        redis.thaw() if redis.pid else None
        await asyncio.to_thread(one.end)


@pytest.mark.timeout(300)
async def test_two_nodes_three_probers_and_all_that_befalls_their_store(fleet: Fleet, sites: Simulation, wait: Wait, make_asker: Any) -> None:
    nodes = [fleet.node("ns1"), fleet.node("ns2")]
    probers = [fleet.prober(name) for name in PROBERS]

    async def everywhere(*data: str) -> bool:
        return all(await asyncio.gather(*(asyncio.to_thread(lambda node=node: node.answer() == data) for node in nodes)))

    async def voted(state: str, voices: int) -> bool:
        told = [await node.judged() for node in nodes]
        return all(one["state"] == state and not one["held"] and f"of {voices}" in f"{one['reason']} of 1" for one in told)

    for node in nodes:
        await wait(node.listens, 90)
    await wait(lambda: voted("up", 3))
    await wait(lambda: everywhere(FRA))

    # A site dies: all three say so, and it is down on both nodes.
    await sites.sites["fra"].turn("stop")
    await wait(lambda: everywhere(IAD))
    await wait(lambda: voted("down", 3))
    told = await nodes[0].ask()
    assert {one["name"]: one["place"] for one in told["probers"]} == PROBERS
    assert (told["store"]["reached"], told["store"]["signed"]) == (True, False)
    await wait(lambda: agree(nodes[0]))

    async with make_asker(nodes[0].port) as asker:
        # An operator drains the other one, on one node; both obey, also while the store forgets everything, and have it back afterwards.
        said = await nodes[0].ask("override", verb="drain", level="member", names=["web/192.0.2.10"], reason="test", author="ann", force=True)
        assert said["kept"], said
        await wait(lambda: overridden(nodes))
        before = [node.answer() for node in nodes]
        await asyncio.to_thread(fleet.redis.wipe)
        await wait(lambda: "book" in str(fleet.redis.ask("KEYS", "*")))
        await wait(lambda: voted("down", 3))
        assert [node.answer() for node in nodes] == before
        assert await overridden(nodes)
        await nodes[1].ask("override", verb="undrain", level="member", names=["web/192.0.2.10"], reason="test", author="ann")
        await wait(lambda: not_overridden(nodes))
        assert await everywhere(IAD)

        # The store hangs, for longer than leases last, while the site comes back: nothing changes; then everything does.
        began = time.monotonic()
        fleet.redis.freeze()
        await sites.sites["fra"].turn("ok")
        await asyncio.sleep(8)
        told = await nodes[0].ask()
        assert (told["store"]["reached"], (await nodes[0].judged())["state"]) == (False, "down")
        assert 5 < told["store"]["age"] < 60
        assert {answer.data for answer in asker.since(began)} == {(IAD,)}
        fleet.redis.thaw()
        await wait(lambda: everywhere(FRA))

        # The store dies; a node that starts without it answers as the others do.
        await sites.sites["fra"].turn("stop")
        await wait(lambda: everywhere(IAD))
        await wait(lambda: sum(vote.state is State.DOWN for vote in nodes[1].kept()) > len(PROBERS) / 2)  # on its disk
        began = time.monotonic()
        fleet.redis.kill()
        await asyncio.to_thread(nodes[1].stop, signal.SIGKILL)
        nodes[1].start()
        await wait(nodes[1].listens, 90)
        assert nodes[1].answer() == (IAD,)
        assert (await nodes[1].judged())["state"] == "down"
        fleet.redis.start()
        await wait(lambda: voted("down", 3))
        assert await everywhere(IAD)
        assert {answer.data for answer in asker.since(began)} == {(IAD,)}
    assert asker.lost == 0

    # All probers stop, two at once and the last one frozen: held, then unknown, which is served; never down.
    await sites.sites["fra"].turn("ok")
    await wait(lambda: everywhere(FRA))
    await asyncio.gather(*(asyncio.to_thread(prober.stop, signal.SIGKILL) for prober in probers[:2]))
    probers[2].process.send_signal(signal.SIGSTOP)
    await sites.sites["fra"].turn("stop")
    await wait(lambda: is_held(nodes[0]))
    await wait(lambda: stale(nodes))
    assert await everywhere(FRA)


@pytest.mark.timeout(300)
async def test_signed_words_outlive_a_wipe_and_a_restart_though_nobody_there_could_sign_them(fleet: Fleet, sites: Simulation, wait: Wait) -> None:
    fleet.sign()
    nodes = [fleet.node("ns1"), fleet.node("ns2")]
    fleet.prober("p-fra")
    fleet.prober("p-iad")  # has no key: what it writes is refused
    for node in nodes:
        await wait(node.listens, 90)
    await sites.sites["fra"].turn("stop")
    await wait(lambda: down_by(nodes[0], "p-fra"))
    told = (await nodes[0].ask())["store"]
    assert told["signed"]
    assert told["refused"].keys() <= {"unsigned", "signer"}
    assert told["refused"]
    drain = {"verb": "drain", "level": "member", "names": ["web/192.0.2.10"], "reason": "test", "author": "ann", "force": True}
    assert "no operator's key" in str(await nodes[0].ask("override", **drain))
    assert (await nodes[1].ask("override", **drain))["kept"]
    await wait(lambda: overridden(nodes))
    await asyncio.to_thread(nodes[1].stop)
    await wait((nodes[0].folder / "state" / "overrides").exists)
    await asyncio.to_thread(nodes[0].stop)
    await asyncio.to_thread(fleet.redis.wipe)
    nodes[0].start()
    await wait(nodes[0].listens, 90)
    await wait(lambda: overridden(nodes[:1]))
    await wait(lambda: "book" in str(fleet.redis.ask("KEYS", "*")))
    await wait(lambda: down_by(nodes[0], "p-fra"))


async def down_by(node: Process, prober: str) -> bool:
    """Whether the first member is down by the vote of this prober, and of nobody else."""
    told = await node.judged()
    return told["state"] == "down" and not told["held"] and [vote["prober"] for vote in told["votes"]] == [prober]


async def agree(node: Process) -> bool:
    told = (await node.ask())["nodes"]
    return len(told) == 2 and all(one["same"] for one in told)


async def overridden(nodes: list[Process]) -> bool:
    return all([len((await node.ask())["overrides"]) == 1 for node in nodes])


async def not_overridden(nodes: list[Process]) -> bool:
    return not any([(await node.ask())["overrides"] for node in nodes])


async def is_held(node: Process) -> bool:
    told = await node.judged()
    return bool(told["held"] and told["state"] == "up")


async def stale(nodes: list[Process]) -> bool:
    return all([(await node.judged())["state"] == "unknown" for node in nodes])
