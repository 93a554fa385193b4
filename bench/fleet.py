"""From a prober's vote in Redis to the changed plan on N nodes, all of them and Redis on this machine.

    python -m bench.fleet --nodes 20 --changes 100
    python -m bench.fleet --nodes 2 --deaths 20         a site dies: three probers, interval 1 s, down 2

Each node is a store connection, a ledger, a judge and a compiler of its own, as in control; all of them share one process here, so they wait for
each other more than on machines of their own. The plan's way through the pipe to a plane, and the plane's applying it, come on top (`bench.publish`).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from gslb import config, log, targets
from gslb.compiler import Compiler
from gslb.config import settings
from gslb.geo import atlas
from gslb.lease import Lease
from gslb.plan import Snapshot
from gslb.role.loading import Load
from gslb.role.probing import Probing
from gslb.role.publisher import Publisher
from gslb.role.reach import Reach
from gslb.role.transitions import Transitions
from gslb.store import Identity, open_store
from gslb.testing.lab import RedisServer
from gslb.testing.ports import free_port
from gslb.verdict import State, Vote

ZONE = """
checks: {web: {type: tcp, port: 80, interval: 1s, timeout: 0.5s, down: 2, ok: 3, up: 1}}
pools: {web: {policy: failover, check: web, members: [{address: 127.0.0.1}, {address: 127.0.0.2}]}}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com.}
records:
  '': {type: NS, values: [ns1.example.net., ns2.example.net.]}
  www: {pool: web}
"""


class Plane:
    """Stands for a feed: notes when it is offered another answer; another TTL is none."""

    def __init__(self) -> None:
        self.at = 0.0
        self.offered = asyncio.Event()
        self._answer: object = None

    def offer(self, snapshot: Snapshot) -> None:
        """Take what is to be served now."""
        [pool] = snapshot.pools.values()
        row = pool.rows[1][0]  # A, for everybody
        before, self._answer = self._answer, [group.rdata for group in row.groups] if row else None
        if self._answer != before:
            self.at = time.perf_counter()
            self.offered.set()


def load(folder: Path, port: int) -> Load:
    """Load one small zone without geo data."""
    (folder / "zone.yaml").write_text(ZONE.replace("80", str(port), 1))
    loaded = config.load([folder])
    located = atlas.build((), loaded.model.networks, loaded.model.sites)
    return Load(loaded, targets.index(loaded.model), Compiler(loaded.model, located.locations, located.cut), located, Reach(loaded.model), 0.0)


class Nodes:
    """N nodes that follow one store."""

    def __init__(self, url: str, count: int, folder: Path, port: int) -> None:
        self.planes = [Plane() for _ in range(count)]
        self._stores = [open_store(url, Identity(f"ns{number}")) for number in range(count)]
        self._load = load(folder, port)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> Load:
        """Make them follow; what they serve."""
        for store, plane in zip(self._stores, self.planes, strict=True):
            publisher = Publisher(store, [plane], Transitions("bench"))  # type: ignore[list-item]  # all it needs of a feed
            await publisher.adopt(self._load)
            self._tasks += [asyncio.create_task(work()) for work in (publisher.follow, publisher.age)]
        return self._load

    async def timed(self, change: Callable[[], Awaitable[None]]) -> list[float]:
        """Change something; the seconds until each node's plan has it."""
        for plane in self.planes:
            plane.offered.clear()
        began = time.perf_counter()
        await change()
        await asyncio.wait_for(asyncio.gather(*(plane.offered.wait() for plane in self.planes)), 30)
        return [plane.at - began for plane in self.planes]

    async def close(self) -> None:
        """End them."""
        for task in self._tasks:
            task.cancel()
        for store in self._stores:
            await store.close()


async def votes(url: str, nodes: Nodes, changes: int) -> list[list[float]]:
    """Change one vote again and again."""
    index = (await nodes.start()).index
    prober = open_store(url, Identity("prober"))
    target = min(index.probes, key=lambda one: one.address)

    async def renew() -> None:
        while True:
            await prober.renew(Lease("p", "bench", time.time(), targets=2))
            await asyncio.sleep(1)

    async def say(state: State) -> None:
        await prober.publish("p", [Vote(target, "p", state, time.time())])

    renewing = asyncio.create_task(renew())
    await asyncio.sleep(1)
    await say(State.UP)
    await asyncio.sleep(2)
    found = []
    for number in range(changes):
        found.append(await nodes.timed(partial(say, State.UP if number % 2 else State.DOWN)))
        await asyncio.sleep(0.2)
    renewing.cancel()
    await prober.close()
    return found


async def deaths(url: str, nodes: Nodes, count: int, port: int) -> list[list[float]]:
    """Let a site die again and again, at any moment; three probers look at it every second."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    sites = [await asyncio.start_server(hang_up, host, port) for host in ("127.0.0.1", "127.0.0.2")]
    index = (await nodes.start()).index
    stores, tasks = [], []
    for name in ("fra", "iad", "sin"):
        stores.append(open_store(url, Identity(name)))
        probing = Probing(settings.load(None, {"GSLB_PROBE_NAME": name, "GSLB_PROBE_PLACE": name}), stores[-1])
        probing.set_targets(index.probes)
        tasks.append(asyncio.create_task(probing.run()))

    async def die() -> None:
        sites[0].close()

    async def come_back() -> None:
        sites[0] = await asyncio.start_server(hang_up, "127.0.0.1", port)

    await asyncio.sleep(5)
    found = []
    for _ in range(count):
        await asyncio.sleep(random.uniform(3, 4))  # counters at rest, and any phase of the timers
        found.append(await nodes.timed(die))
        await asyncio.sleep(1)  # until all three have said so
        await nodes.timed(come_back)
    for task in tasks:
        task.cancel()
    for store in stores:
        await store.close()
    return found


async def run(url: str, given: Any, folder: Path) -> list[list[float]]:
    """Measure what was asked for."""
    port = free_port()
    nodes = Nodes(url, given.nodes, folder, port)
    try:
        return await (deaths(url, nodes, given.deaths, port) if given.deaths else votes(url, nodes, given.changes))
    finally:
        await nodes.close()


def main() -> None:
    """Print the distribution over all nodes, and over the last node of each change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--deaths", type=int, default=0)
    given: Any = parser.parse_args()
    log.configure("error", "json", role="bench")
    with RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(redis.url, given, Path(folder)))
    for what, times in (("each node", [one for row in found for one in row]), ("the last node", [max(row) for row in found])):
        cuts = [cut * 1e3 for cut in statistics.quantiles(times, n=100)]
        print(f"{given.nodes} nodes, {len(found)} changes, {what}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
