"""The reference as a program: worlds and answers over a pipe, for fuzzers that are written in another language.

`core/fuzz` starts it as `python -m gslb.testing.twin.reference`. Requests and replies are octets behind their length (4 octets, big-endian):

    W seed (8)                                            → the world's plan, a delta from nothing: JSON, octets in hexadecimal
    A seed (8) draw (8) udp max_udp (2) ecs size client query → the answer, as `told` writes it

With `--seeds FOLDER` it writes cases to begin with, in the form that the fuzzers read, and ends.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gslb.answer import Drop, Env, NeedRow, Reply, answer
from gslb.compiler.delta import whole
from gslb.plan import Snapshot
from gslb.testing.engines import Outcome
from gslb.testing.twin.packets import Asked, Packets
from gslb.testing.twin.worlds import World

SEEDS = 2000  # cases to begin with
WORLDS = 32  # as many as the fuzzers load


def serve() -> None:
    """Answer requests until there are no more."""
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    while size := incoming.read(4):
        request = incoming.read(int.from_bytes(size))
        seed = int.from_bytes(request[1:9])
        said = words(seed) if request[:1] == b"W" else told(_answered(seed, request[9:]))
        outgoing.write(len(said).to_bytes(4) + said)
        outgoing.flush()


@cache
def plan(seed: int) -> Snapshot:
    """Make a world's first plan."""
    return World(seed).plan()


def words(seed: int) -> bytes:
    """Write a plan as the words of its delta: for each its name, and its fields."""
    return json.dumps([[type(word).__name__, _plain(word)] for _, word in whole(plan(seed))]).encode()


def told(outcome: Outcome) -> bytes:
    """Write an outcome, so that two engines' can be compared."""
    match outcome:
        case Drop(reason):
            return b"D" + reason.encode()
        case NeedRow(pool, region, kind, reply):
            return b"N" + pool.to_bytes(4) + region.to_bytes(2) + kind.to_bytes(2) + told(reply)
        case Reply(wire, meta):
            number = b"" if meta.pool is None else meta.pool.to_bytes(4)
            texts = (meta.zone or b"", number, meta.reason.encode(), meta.site.encode())
            head = bytes((meta.rcode, meta.truncated)) + meta.type.to_bytes(2)
            return b"R" + head + b"".join(len(one).to_bytes(2) + one for one in texts) + wire


def case(seed: int, asked: Asked) -> bytes:
    """Write a case as the fuzzers read it."""
    query, client, env = asked
    return bytes((seed % WORLDS, env.udp | env.ecs << 1)) + env.max_udp.to_bytes(2) + env.draw.to_bytes(8) + bytes((len(client),)) + client + query


def _answered(seed: int, rest: bytes) -> Outcome:
    env = Env(int.from_bytes(rest[:8]), bool(rest[8]), int.from_bytes(rest[9:11]), bool(rest[11]))
    size = rest[12]
    return answer(plan(seed), rest[13 + size :], rest[13 : 13 + size], env)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(WORLDS):
        packets = Packets(seed, plan(seed))
        for _ in range(SEEDS // WORLDS):
            octets = case(seed, packets.one())
            (folder / sha256(octets).hexdigest()[:16]).write_bytes(octets)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m gslb.testing.twin.reference", description=__doc__)
    parser.add_argument("--seeds", type=Path)
    if folder := parser.parse_args().seeds:
        _write_seeds(folder)
    else:
        serve()
