"""From a prober's vote in Redis to the changed plan on N nodes, all of them and Redis on this machine.

    python -m bench.fleet --nodes 20 --changes 100

Each node is a store connection, a ledger, a judge and a compiler of its own, as in control; all of them share one process here, so they wait for
each other more than on machines of their own. The plan's way through the pipe to a plane, and the plane's applying it, come on top (`bench.publish`).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from gslb import config, log, targets
from gslb.compiler import Compiler
from gslb.geo import atlas
from gslb.lease import Lease
from gslb.plan import Snapshot
from gslb.role.loading import Load
from gslb.role.publisher import Publisher
from gslb.role.reach import Reach
from gslb.role.transitions import Transitions
from gslb.store import Identity, open_store
from gslb.testing.lab import RedisServer
from gslb.verdict import State, Vote

ZONE = """
checks: {web: {type: tcp, port: 80}}
pools: {web: {policy: failover, check: web, members: [{address: 192.0.2.1}, {address: 192.0.2.2}]}}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com.}
records:
  '': {type: NS, values: [ns1.example.net., ns2.example.net.]}
  www: {pool: web}
"""


class Plane:
    """Stands for a feed: notes when it is offered a plan."""

    def __init__(self) -> None:
        self.at = 0.0
        self.offered = asyncio.Event()

    def offer(self, _snapshot: Snapshot) -> None:
        self.at = time.perf_counter()
        self.offered.set()


def load(folder: Path) -> Load:
    """Load one small zone without geo data."""
    (folder / "zone.yaml").write_text(ZONE)
    loaded = config.load([folder])
    located = atlas.build((), loaded.model.networks, loaded.model.sites)
    return Load(loaded, targets.index(loaded.model), Compiler(loaded.model, located.locations, located.cut), located, Reach(loaded.model), 0.0)


async def run(url: str, nodes: int, changes: int, folder: Path) -> list[list[float]]:
    """Change one vote again and again; for each change the seconds until each node's plan had it."""
    made, planes, tasks = [], [], []
    for number in range(nodes):
        plane = Plane()
        publisher = Publisher(open_store(url, Identity(f"ns{number}")), [plane], Transitions("bench"))  # type: ignore[list-item]  # all it needs
        await publisher.adopt(load(folder))
        tasks += [asyncio.create_task(work()) for work in (publisher.follow, publisher.age)]
        made.append(publisher)
        planes.append(plane)
    prober = open_store(url, Identity("prober"))
    index = made[0].index
    target = min(index.probes, key=lambda one: one.address)

    async def say(state: State) -> None:
        await prober.publish("p", [Vote(target, "p", state, time.time())])

    async def renew() -> None:
        while True:
            await prober.renew(Lease("p", "bench", time.time(), targets=2))
            await asyncio.sleep(1)

    tasks.append(asyncio.create_task(renew()))
    await asyncio.sleep(1)
    await say(State.UP)
    await asyncio.sleep(2)
    found = []
    for number in range(changes):
        for plane in planes:
            plane.offered.clear()
        began = time.perf_counter()
        await say(State.UP if number % 2 else State.DOWN)
        await asyncio.wait_for(asyncio.gather(*(plane.offered.wait() for plane in planes)), 30)
        found.append([plane.at - began for plane in planes])
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    for publisher in made:
        await publisher._store.close()  # noqa: SLF001  the bench is the owner
    await prober.close()
    return found


def main() -> None:
    """Print the distribution over all nodes, and over the last node of each change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--changes", type=int, default=100)
    given: Any = parser.parse_args()
    log.configure("error", "json", role="bench")
    with RedisServer() as redis, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(redis.url, given.nodes, given.changes, Path(folder)))
    for what, times in (("each node", [one for row in found for one in row]), ("the last node", [max(row) for row in found])):
        cuts = [cut * 1e3 for cut in statistics.quantiles(times, n=100)]
        print(f"{given.nodes} nodes, {given.changes} changes, {what}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
