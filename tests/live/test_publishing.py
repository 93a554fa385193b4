"""A fleet that follows published versions: two nameservers, a prober, a real Redis, and an operator who publishes, errs and rolls back."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import dnslib
import pytest

from gslb.bundle import Bundle
from gslb.role import local
from gslb.store import Identity, open_store
from gslb.store.keys import PrivateKey, generate
from gslb.testing.lab import RedisServer, redis_missing

pytestmark = [pytest.mark.live, pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")]

ZONE = """
checks: {{web: {{type: tcp, port: {port}, interval: 1s, timeout: 0.5s, down: 2, ok: 3, up: 1}}}}
pools: {{web: {{policy: failover, check: web, members: [{{address: {address}, check_address: {{{address}: 127.0.0.1}}}}]}}}}
zone: example.com
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: {{pool: web}}
"""
BROKEN = "pools: {web: {policy: nonsense"

Wait = Callable[..., Awaitable[Any]]


class Process:
    """One of the fleet, in a folder of its own."""

    def __init__(self, role: str, folder: Path, settings: dict[str, Any]) -> None:
        self.role, self.folder, self.port = role, folder, 0
        folder.mkdir()
        (folder / "gslb.yaml").write_text(json.dumps(settings))
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "gslb", self.role, "--config", str(self.folder / "gslb.yaml")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def status(self) -> dict[str, Any]:
        return await asyncio.to_thread(partial(local.ask, self.folder / "state" / "control.sock", "status", 20.0))

    async def listens(self) -> bool:
        assert self.process.poll() is None, self.log()
        where = (await self.status())["listening"]
        self.port = int(where[0].rpartition(":")[2]) if where else 0
        return bool(where)

    def ask(self, kind: str) -> str:
        """What a client gets: the address of www, or the serial of the zone."""
        name = "www.example.com" if kind == "A" else "example.com"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(3)
            line.sendto(dnslib.DNSRecord.question(name, kind).pack(), ("127.0.0.1", self.port))
            [rr] = dnslib.DNSRecord.parse(line.recv(4096)).rr
        return str(rr.rdata.times[0]) if kind == "SOA" else str(rr.rdata)


class Fleet:
    """An operator, ann, two nodes and a prober, who trust her and each other."""

    def __init__(self, folder: Path, redis: RedisServer, geodb: Path, port: int) -> None:
        self.folder, self.redis, self.port = folder, redis, port
        lines = {}
        for name in ("ann", "p1", "eve"):
            text, lines[name] = generate(name)
            (folder / f"{name}.key").write_text(text)
            (folder / f"{name}.key").chmod(0o600)
        trust = {"operators": {"ann": {"keys": [lines["ann"]]}}, "probers": {"p1": {"keys": [lines["p1"]]}}}
        (folder / "keys.yaml").write_text(json.dumps(trust))
        (folder / "zones").mkdir()
        self.common = {"store": redis.url, "metrics": {"listen": None}, "fleet": {"follow": True, "keep": 5}, "state_dir": "state"}
        self.geodb = geodb
        mine = {"store": redis.url, "keys": {"trust": "keys.yaml", "operator": "ann.key"}}
        (folder / "gslb.yaml").write_text(json.dumps(mine))
        self.all: list[Process] = []

    def node(self, name: str) -> Process:
        more = {"node": name, "dns": {"listen": ["127.0.0.1:0"], "threads": 1}, "geo": {"database": str(self.geodb)}, "stall_limit": 60}
        return self._add(Process("serve", self.folder / name, self.common | more | {"keys": {"trust": str(self.folder / "keys.yaml")}}))

    def prober(self) -> Process:
        keys = {"trust": str(self.folder / "keys.yaml"), "prober": str(self.folder / "p1.key")}
        return self._add(Process("probe", self.folder / "p1", self.common | {"probe": {"name": "p1", "place": "here"}, "keys": keys}))

    def _add(self, one: Process) -> Process:
        self.all.append(one)
        return one

    def write(self, address: str) -> None:
        (self.folder / "zones" / "example.com.yaml").write_text(ZONE.format(port=self.port, address=address))

    async def gslb(self, *words: str) -> tuple[int, str]:
        """Run a command as the operator would."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gslb", *words, cwd=self.folder, stdout=PIPE, stderr=STDOUT, env={**os.environ, "TZ": "UTC"}
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def forge(self, version: int, signer: str) -> None:
        """Publish a version with a key of one's own, past everything that would not let one."""
        text = (self.folder / f"{signer}.key").read_text().split()
        seed = base64.b64decode(text[-1].rpartition(":")[2])
        store = open_store(self.redis.url, Identity("eve", signers={"operator": PrivateKey(signer, seed)}))
        try:
            await store.publish_bundle(
                Bundle(version, 0.0, "eve", "mine now", {"example.com.yaml": b"zone: example.com\nrecords: {}\n"}), version - 1
            )
        finally:
            await store.close()


@pytest.fixture
async def fleet(tmp_path: Path, geodb: Path) -> AsyncIterator[Fleet]:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    site = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    with RedisServer() as redis:
        one = Fleet(tmp_path, redis, geodb, site.sockets[0].getsockname()[1])
        yield one
        for process in one.all:
            process.process.terminate()
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in one.all))
    site.close()


@pytest.mark.timeout(300)
async def test_a_fleet_follows_what_is_published_and_nothing_else(fleet: Fleet, wait: Wait) -> None:
    nodes, prober = [fleet.node("ns1"), fleet.node("ns2")], fleet.prober()

    def everywhere(address: str, serial: int) -> bool:
        return all((node.ask("A"), node.ask("SOA")) == (address, str(serial)) for node in nodes)

    # Nothing is published yet: nobody serves, and nobody gives up.
    await wait(lambda: all("nothing has been published yet" in one.log() for one in (*nodes, prober)), 90)
    fleet.write("198.51.100.1")
    code, said = await fleet.gslb("publish", "zones", "--message", "the first")
    assert (code, "version 1" in said) == (0, True), said
    for node in nodes:
        await wait(node.listens, 90)
    await wait(lambda: everywhere("198.51.100.1", 1), 30)
    await wait(lambda: "loaded" in prober.log(), 30)

    # A second one is served by all when the command returns; the prober has it too.
    fleet.write("198.51.100.2")
    code, said = await fleet.gslb("publish", "zones", "--message", "another address", "--output", "json")
    assert json.loads(said)["version"] == 2, said
    await wait(lambda: all_run(fleet, 2), 60)
    assert everywhere("198.51.100.2", 2)
    await wait(lambda: agree(nodes[0]), 60)

    # Broken files do not even reach the store.
    (fleet.folder / "zones" / "example.com.yaml").write_text(BROKEN)
    code, said = await fleet.gslb("publish", "zones", "--message", "oops")
    assert (code, "Y001" in said) == (1, True), said
    # What somebody else signed is in the store, and changes nothing.
    await fleet.forge(3, "eve")
    await wait(lambda: refused(nodes, "signer"), 30)
    assert everywhere("198.51.100.2", 2)
    code, said = await fleet.gslb("rollback", "1")
    assert (code, "not believed here" in said) == (1, True), said
    fleet.write("198.51.100.4")
    code, said = await fleet.gslb("publish", "zones", "--message", "over the forged one", "--wait", "0", "--force")
    assert code in {0, 3}, said
    await wait(lambda: everywhere("198.51.100.4", 3), 30)

    # A rollback is a new version, and is there within a second.
    began = time.monotonic()
    code, said = await fleet.gslb("rollback", "1", "--output", "json")
    took = json.loads(said)["seconds"]
    assert (json.loads(said)["version"], json.loads(said)["based_on"]) == (4, 1), said
    await wait(lambda: everywhere("198.51.100.1", 4), 30)
    print(f"rolled back: {took:.2f} s until all had said so, the whole command {time.monotonic() - began:.2f} s")

    # The store is wiped: answers stay, and the nodes bring the newest version back; a node starts without any store.
    fleet.redis.wipe()
    await wait(lambda: fleet.redis.ask("EXISTS", "{gslb}:1:bundle"), 30)
    code, said = await fleet.gslb("config", "list", "--output", "json")
    assert [one["version"] for one in json.loads(said)["versions"]] == [4]
    await asyncio.to_thread(nodes[1].stop)
    fleet.redis.kill()
    nodes[1].start()
    await wait(nodes[1].listens, 90)
    await wait(lambda: everywhere("198.51.100.1", 4), 30)


async def all_run(fleet: Fleet, version: int) -> bool:
    """Whether both nodes and the prober say that they run it."""
    _, said = await fleet.gslb("config", "list", "--output", "json")
    return {one["node"]: one["config"] for one in json.loads(said)["nodes"]} == dict.fromkeys(("ns1", "ns2", "probe/p1"), version)


async def agree(node: Process) -> bool:
    """Whether it knows of both nameservers, and of no prober among them, and that they serve the same."""
    return [(one["node"], one["same"]) for one in (await node.status())["nodes"]] == [("ns1", True), ("ns2", True)]


async def refused(nodes: list[Process], reason: str) -> bool:
    return all([reason in (await node.status())["store"]["refused"] for node in nodes])
