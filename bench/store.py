"""What a shared store costs: python bench/store.py [targets] [probers] [nodes] [seconds].

A real redis-server, signed votes. Probers (one process) hold all targets; then nothing changes but leases, and then one target in a hundred changes
its state every second, seen by all probers. Said of it: a node's first full read and a later one, its memory and CPU, octets per second
through the server in both directions, and the time from a prober's write to a node's hint.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from gslb import metrics
from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.store import Identity, Store, open_store
from gslb.store.keys import PublicKeys, generate, read_signer
from gslb.store.trust import Known, read_public
from gslb.testing.lab import RedisServer
from gslb.verdict import State, Target, Vote

CHECKS = 20
MARK = "one change by itself"
SETTLED = 3.0  # seconds for the first proofs


def memory() -> float:
    """Megabytes of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def reading() -> tuple[float, float]:
    """How often everything was read here, and how many seconds that took in all."""
    found = {sample.name: sample.value for family in metrics.store_snapshot_seconds.collect() for sample in family.samples}
    return found["gslb_store_snapshot_seconds_count"], found["gslb_store_snapshot_seconds_sum"]


def targets(count: int) -> list[Target]:
    """As many targets as wanted, of some checks."""
    return [Target(f"check-{n % CHECKS}", f"{n % CHECKS:032x}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(count)]


async def follow(url: str, name: str, trust: dict[str, dict[str, Known]], pipe: Connection, count: int) -> None:
    """Be a node: tell when all votes are known, then hear of changes until told to stop."""
    store = open_store(url, Identity(name, {}, PublicKeys(trust)))
    before, begun, worked = memory(), time.monotonic(), time.process_time()
    listener = store.changes()
    while True:
        with contextlib.suppress(StoreError):  # not yet all read
            if len((await store.read()).votes) == count:
                break
        await anext(listener)
    known = time.monotonic() - begun
    pipe.send((memory() - before, known, time.process_time() - worked, reading()))
    await asyncio.to_thread(pipe.recv)
    pipe.send(reading())
    times: list[float] = []
    used = [time.process_time()]

    async def listen() -> None:
        async for hint in listener:
            now = time.time()
            votes = (await store.read()).votes
            times.extend(now - vote.since for target in hint for vote in votes[target].values() if vote.reason == MARK)

    listening = asyncio.create_task(listen())
    while not await asyncio.to_thread(pipe.poll, 1000):
        pass
    while pipe.recv():
        used.append(time.process_time())
        await asyncio.to_thread(pipe.poll, 1000)
    used.append(time.process_time())
    listening.cancel()
    pipe.send((used, sorted(times), memory()))
    await store.close()


def node(*arguments: object) -> None:
    """Run a node in a process of its own."""
    asyncio.run(follow(*arguments))  # type: ignore[arg-type]  # as `main` gives them


def identities(names: list[str]) -> tuple[dict[str, Identity], dict[str, dict[str, Known]]]:
    """Make keys for all probers."""
    signers, known = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            private, public = generate(name)
            path = Path(folder) / name
            path.write_text(private)
            path.chmod(0o600)
            signers[name] = read_signer(path, name)
            key, octets = read_public(public)
            known[name] = Known({key: octets})
    trust: dict[str, dict[str, Known]] = {"prober": known, "operator": {}, "site": {}}
    return {name: Identity("", {"prober": signer}, PublicKeys(trust)) for name, signer in signers.items()}, trust


def traffic(redis: RedisServer) -> tuple[int, int]:
    """Octets into the server and out of it so far."""
    facts = dict(line.split(b":", 1) for line in redis.ask("INFO", "stats").splitlines() if b":" in line)
    return int(facts[b"total_net_input_bytes"]), int(facts[b"total_net_output_bytes"])


async def fill(stores: dict[str, Store], all_targets: list[Target]) -> None:
    """Let each prober say all its votes."""
    begun = time.monotonic()
    for name, store in stores.items():
        await store.renew(Lease(name, "fra", time.time()))
        await store.rewrite(name, [Vote(target, name, State.UP, 1.0, reason="status 200") for target in all_targets])
    print(f"all votes written    {(time.monotonic() - begun) / len(stores):.3f} s each prober")


async def renewing(stores: dict[str, Store], count: int) -> None:
    """Keep all leases."""
    while True:
        for name, store in stores.items():
            await store.renew(Lease(name, "fra", time.time(), targets=count))
        await asyncio.sleep(1.0)


async def reads(redis: RedisServer, pipes: list[Connection]) -> None:
    """Tell of the first node's first full read, and of another of what it knows."""
    grown, known, worked, first = (await asyncio.gather(*(asyncio.to_thread(pipe.recv) for pipe in pipes)))[0]
    print(f"node knows all       {known:.2f} s after its start, with the wait for a lease that answers its challenge")
    print(f"full read, new       {first[1] / first[0]:.2f} s, with verifying and parsing; {worked:.2f} s of CPU with all that a start needs")
    print(f"node's memory        + {grown:.0f} MB")
    redis.ask("INCR", "{gslb}:1:n")  # as if a hint had been lost: everything is read again
    await asyncio.sleep(SETTLED)
    for pipe in pipes:
        pipe.send(True)
    again = (await asyncio.gather(*(asyncio.to_thread(pipe.recv) for pipe in pipes)))[0]
    print(f"full read, unchanged {(again[1] - first[1]) / (again[0] - first[0]) * 1000:.0f} ms")


async def phase(what: str, share: int, seconds: int, redis: RedisServer, stores: dict[str, Store], all_targets: list[Target]) -> None:
    """Let so many targets change every second, and tell what that takes."""
    before, begun = traffic(redis), time.monotonic()
    for second in range(seconds):
        at = second * share % len(all_targets)
        state = State.DOWN if second % 2 else State.UP
        for name, store in stores.items():
            await store.publish(name, [Vote(target, name, state, time.time(), reason="timed out") for target in all_targets[at : at + share]])
        await asyncio.sleep(max(0.0, begun + second + 1 - time.monotonic()))
    took = time.monotonic() - begun
    into, out = ((late - early) / took / 1000 for late, early in zip(traffic(redis), before, strict=True))
    print(f"{what:20} {into:.1f} kB/s into the server, {out:.1f} kB/s out of it")


async def main(count: int = 10_000, probers: int = 5, nodes: int = 1, seconds: int = 20) -> None:
    """Measure, and say it."""
    who, trust = identities([f"p{n}" for n in range(probers)])
    all_targets, pipes = targets(count), []
    print(f"{count} targets x {probers} probers, {nodes} nodes, signed")
    with RedisServer() as redis:
        stores = {name: open_store(redis.url, identity) for name, identity in who.items()}
        await fill(stores, all_targets)
        print(f"in the server        {redis.ask('MEMORY', 'USAGE', '{gslb}:1:votes:p0', 'SAMPLES', 0) * probers / 1e6:.2f} MB")
        task = asyncio.create_task(renewing(stores, count))
        for n in range(nodes):
            ours, theirs = multiprocessing.Pipe()
            multiprocessing.get_context("spawn").Process(target=node, args=(redis.url, f"ns{n}", trust, theirs, count), daemon=True).start()
            pipes.append(ours)
        await reads(redis, pipes)
        for what, share in (("quiet", 0), ("1 % change a second", max(1, count // 100))):
            for pipe in pipes:
                pipe.send(True)
            await phase(what, share, seconds, redis, stores, all_targets)
        for pipe in pipes:
            pipe.send(True)
        for n in range(200):
            await stores["p0"].publish("p0", [Vote(all_targets[n], "p0", State.UNKNOWN, time.time(), reason=MARK)])
            await asyncio.sleep(0.02)
        for pipe in pipes:
            pipe.send(False)
        told = await asyncio.gather(*(asyncio.to_thread(pipe.recv) for pipe in pipes))
        used, _, total = told[0]
        quiet, busy = (used[2] - used[1]) / seconds, (used[3] - used[2]) / seconds
        print(f"node's CPU           {quiet:.1%} of a core quiet, {busy:.1%} with changes; {total:.0f} MB in all")
        times = sorted(at for _, found, _ in told for at in found)
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(f"write to hint        p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms ({len(times)} changes, one by one, on all nodes)")
        task.cancel()
        for store in stores.values():
            await store.close()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
