"""From `gslb publish` to the changed plan on N nodes that follow; what broken versions do there; and from `gslb rollback` to the old plan.

    python -m bench.publish_fleet --nodes 20 --versions 10 --names 1000

The commands are processes, as an operator starts them; Redis is a real one. Each node is a store connection, a ledger, a follower, a loader and a
compiler of its own, as in control; all of them share one process here, so that they wait for each other: on machines of their own each has the time
of one. No geo data are loaded. The plan's way through the pipe to a plane comes on top (`bench.publish`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.fleet import Plane
from gslb import log
from gslb.bundle import Bundle
from gslb.config import settings as settings_file
from gslb.role import identity
from gslb.role.following import Following
from gslb.role.keeper import Keeper
from gslb.role.loading import Load, Loader
from gslb.role.loads import Loads
from gslb.role.publisher import Publisher
from gslb.role.transitions import Transitions
from gslb.store import Identity, open_store
from gslb.store.keys import generate, read_signer
from gslb.testing.lab import RedisServer

ZONE: Final = """zone: example.com
pools: {web: {policy: failover, members: [{address: ADDRESS}]}}
records:
  '': {type: NS, values: [ns1.example.net., ns2.example.net.]}
  www: {pool: web}
"""
LIMIT: Final = 120.0  # seconds for anything
QUIET: Final = 3.0  # seconds in which a version that is refused must change nothing


class Node:
    """One that follows. `plane.at`: when it was offered another answer."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        environ = {
            "GSLB_NODE": name,
            "GSLB_STORE": url,
            "GSLB_STATE_DIR": str(folder / name),
            "GSLB_FLEET_FOLLOW": "true",
            "GSLB_KEYS_TRUST": str(folder / "keys.yaml"),
            "GSLB_GEO_DATABASE": str(folder / "no.mmdb"),
        }
        settings = settings_file.load(None, environ)
        who = identity.of(settings)
        self.plane = Plane()
        self._store = open_store(url, who)
        self.publisher = Publisher(self._store, [self.plane], Transitions("bench"))  # type: ignore[list-item]  # all it needs of a feed
        self.following = Following(settings, self._store, who)
        self._loads = Loads(Loader(settings, self.following), Keeper(settings.state_dir, tuple))
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Serve the version that is there, and follow."""
        await self.following.begin(asyncio.Event())
        await self._adopt(await self._loads.first())
        run = self.following.run(self._again, self._version, self._store.changes())
        self._tasks = [asyncio.create_task(work) for work in (run, self.publisher.follow(), self.publisher.age())]

    async def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._store.close()

    async def _again(self) -> Mapping[str, Any]:
        return await self._loads.again(self._adopt, force=True)

    async def _adopt(self, load: Load) -> int:
        await self.publisher.adopt(load)
        return self.publisher.snapshot.generation

    def _version(self) -> int:
        return self.publisher.load.version if self.publisher.load else 0


class Operator:
    """Publishes by the command, and knows how to do what that would refuse."""

    def __init__(self, folder: Path, url: str, names: int) -> None:
        self._folder, self._url, self._names = folder, url, names
        lines = {}
        for name in ("ann", "eve"):
            text, lines[name] = generate(name)
            (folder / f"{name}.key").write_text(text)
            (folder / f"{name}.key").chmod(0o600)
        (folder / "keys.yaml").write_text(json.dumps({"operators": {"ann": {"keys": [lines["ann"]]}}}))
        (folder / "gslb.yaml").write_text(json.dumps({"store": url, "keys": {"trust": "keys.yaml", "operator": "ann.key"}}))
        (folder / "zones").mkdir()

    def zone(self, number: int) -> str:
        """Write a zone whose pool has another address each time."""
        more = "".join(f"  n{one}: {{type: A, value: 192.0.2.{one % 250}}}\n" for one in range(self._names))
        return ZONE.replace("ADDRESS", f"198.51.{number // 250}.{number % 250 + 1}") + more

    async def command(self, *words: str) -> tuple[dict[str, Any], float, float]:
        """Run `gslb …`; what it says, and when it began and returned."""
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gslb", *words, "--wait", "0", "--output", "json",
            cwd=self._folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        out, err = await process.communicate()
        try:
            return json.loads(out), began, time.perf_counter()
        except ValueError:
            raise SystemExit(f"gslb {' '.join(words)}: {err.decode()}") from None

    async def publish(self, number: int) -> tuple[dict[str, Any], float, float]:
        """Publish a version with another address."""
        (self._folder / "zones" / "example.com.yaml").write_text(self.zone(number))
        return await self.command("publish", "zones", "--message", f"address {number}")

    async def smuggle(self, what: str, redis: RedisServer) -> None:
        """Put a bad version into the store, past the command."""
        name = "eve" if what == "signed by a stranger" else "ann"
        store = open_store(self._url, Identity("x", {"operator": read_signer(self._folder / f"{name}.key")}))
        newest = await store.newest()
        text = "pools: {web: [" if what == "files that do not load" else self.zone(200)
        bundle = Bundle(newest.version + 1, 0.0, name, what, {"example.com.yaml": text.encode()})
        if what == "files cut short":
            bundle = replace(bundle, sealed=b"there already")  # so that nothing is uploaded
            key = "{gslb}:1:bundle:" + bundle.digest
            redis.ask("SET", key, "cut")
        await store.publish_bundle(bundle, newest.version)
        await store.close()


async def timed(nodes: Sequence[Node], command: Any) -> tuple[dict[str, Any], list[float], list[float], list[float]]:
    """Run a command; per node the seconds from its start, from the moment the store had it, and from its return, to the changed plan."""
    for node in nodes:
        node.plane.offered.clear()
    said, began, returned = await command()
    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*(node.plane.offered.wait() for node in nodes))
    print(f"    {said['version']}: the command took {returned - began:.2f} s", file=sys.stderr)
    written = said["at"] - time.time() + time.perf_counter()
    return said, *([node.plane.at - since for node in nodes] for since in (began, written, returned))


async def spoilt(nodes: Sequence[Node], operator: Operator, redis: RedisServer) -> None:
    """Put each kind of bad version into the store, and see that nobody serves another answer."""
    for what in ("files that do not load", "signed by a stranger", "files cut short"):
        for node in nodes:
            node.plane.offered.clear()
        served = [node.following.told()["config"] for node in nodes]
        await operator.smuggle(what, redis)
        async with asyncio.timeout(LIMIT):
            while not all(node.following.told()["refused"] for node in nodes):  # noqa: ASYNC110  it is a bench
                await asyncio.sleep(0.05)
        await asyncio.sleep(QUIET)
        changed = sum(node.plane.offered.is_set() for node in nodes)
        kept = sum(before == node.following.told()["config"] for before, node in zip(served, nodes, strict=True))
        print(f"{what}: refused by {len(nodes)} of {len(nodes)}, another answer on {changed}, the version from before on {kept}")
        print(f"    e.g. {nodes[0].following.told()['refused'][:140]}")
        said, _, _ = await operator.command("rollback", "1" if what == "signed by a stranger" else "2", "--force")
        await until_served(nodes, said["version"])
        print(f"    published over: version {said['version']} on {len(nodes)} of {len(nodes)}")


async def until_served(nodes: Sequence[Node], version: int) -> None:
    """Wait until all serve a version."""
    async with asyncio.timeout(LIMIT):
        while any(node.following.told()["config"] < version for node in nodes):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.05)


async def run(redis: RedisServer, given: Any, folder: Path) -> None:
    """Measure, and print."""
    operator = Operator(folder, redis.url, given.names)
    await operator.publish(0)
    nodes = [Node(f"ns{number}", folder, redis.url) for number in range(given.nodes)]
    await asyncio.gather(*(node.start() for node in nodes))
    await until_served(nodes, 1)
    for what in ("publish", "rollback"):
        rows: list[list[list[float]]] = []
        own, commands = time.process_time(), _commands()
        for number in range(1, given.versions + 1):
            step = partial(operator.publish, number) if what == "publish" else partial(operator.command, "rollback", str(number))
            said, *times = await timed(nodes, step)
            rows.append(times)
            await until_served(nodes, said["version"])
        own, commands = (time.process_time() - own) / given.versions / given.nodes, (_commands() - commands) / given.versions
        print(f"{what}: CPU of each node {own * 1e3:.0f} ms, of the command {commands:.2f} s")
        for name, since in (("the command's start", 0), ("its being in the store", 1)):
            show(what, name, [row[since] for row in rows])
    await spoilt(nodes, operator, redis)
    await asyncio.gather(*(node.close() for node in nodes))


def _commands() -> float:
    """Count the CPU seconds of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(what: str, since: str, rows: list[list[float]]) -> None:
    """Print how long it took each node, and the last one."""
    every, last = [one for row in rows for one in row], [max(row) for row in rows]
    print(
        f"{what}, from {since}: each node p50 {statistics.median(every) * 1e3:.0f} ms; "
        f"the last node p50 {statistics.median(last) * 1e3:.0f} ms, most {max(last) * 1e3:.0f} ms"
    )


def main() -> None:
    """Publish to a fleet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--versions", type=int, default=10)
    parser.add_argument("--names", type=int, default=1000)
    given: Any = parser.parse_args()
    log.configure("critical", "json", role="bench")
    with RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        print(f"{given.nodes} nodes, {given.versions} versions, {given.names} names, load {os.getloadavg()[0]:.1f}")
        asyncio.run(run(redis, given, Path(folder)))


if __name__ == "__main__":
    main()
