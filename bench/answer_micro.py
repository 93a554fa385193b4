"""CPU microseconds per query of the Python engine, in one process, without sockets.

    .venv/bin/python bench/answer_micro.py

A loop over prepared queries through `Memo.reply`, the best of several rounds; the cost of the loop itself is taken off.
"""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from gslb import model, names, plan
from gslb.answer import Memo
from gslb.compiler.zones import compile_zone

RUNS = 300_000
APEX = names.from_text("example.com.")


def soa() -> model.RRset:
    data = names.from_text("ns1.example.com.") + names.from_text("host.example.com.") + bytes(16) + (60).to_bytes(4)
    return model.RRset(6, 3600, (data,))


def snapshot(rng: random.Random) -> plan.Snapshot:
    records = {
        APEX: model.NameData((soa(),)),
        names.from_text("static.example.com."): model.NameData((model.RRset(1, 300, (b"\xc0\0\2\1",)),)),
        names.from_text("www.example.com."): model.NameData((), model.PoolRef("web")),
        names.from_text("*.any.example.com."): model.NameData((), model.PoolRef("web")),
        names.from_text("sticky.example.com."): model.NameData((), model.PoolRef("sticky")),
        names.from_text("svc.example.com."): model.NameData(hinted=(model.Hinted(65, 300, b"\0\1\0\0\1\0\3\2h2", "web"),)),
    }
    rows = tuple(
        plan.Row(plan.Pick.WEIGHTED, 1, 30, tuple(plan.Group(w + 1, (bytes((192, 0, region % 256, w)),)) for w in range(4))) for region in range(200)
    )
    pool = plan.Pool("web", 0, {1: rows}, {1: rows[0]})
    # As in the shipped database one edge in sixteen is finer than /24, and one region follows another.
    edges = {rng.getrandbits(32) & (-1 if rng.random() < 1 / 16 else -256) for _ in range(RUNS)} - {0}
    starts = array("I", [0, *sorted(edges)])
    regions = array("H", [rng.randrange(200) for _ in starts])
    six = sorted({(rng.getrandbits(61) | 1 << 61) & -256 for _ in range(RUNS)})
    partition = plan.Partition(
        starts, regions, array("Q", [0, *six]), array("Q", bytes(8 * (len(six) + 1))), array("H", [rng.randrange(200) for _ in range(len(six) + 1)])
    )
    groups = tuple(plan.Group(w + 1, (bytes((192, 0, 2, w)),), None, "", rng.getrandbits(64)) for w in range(8))
    sticks = (plan.Row(plan.Pick.STICKY, 1, 30, groups, sticky=plan.Sticky(1, 24, 56)),) * 200
    sticky = plan.Pool("sticky", 0, {1: sticks}, {1: sticks[0]})
    zone = compile_zone(model.Zone(APEX, records), {"web": 1, "sticky": 2})
    return plan.Snapshot(1, {APEX: zone}, {1: pool, 2: sticky}, {0: partition})


def query(name: str, rtype: int, opt: bytes = b"") -> bytes:
    return b"\x12\x34\1\0\0\1\0\0\0\0\0" + (b"\1" if opt else b"\0") + names.from_text(name) + rtype.to_bytes(2) + b"\0\1" + opt


def subnet(family: int, source: int, octets: bytes) -> bytes:
    return b"\0\x08" + (4 + len(octets)).to_bytes(2) + family.to_bytes(2) + bytes((source, 0)) + octets


def edns(option: bytes = b"") -> bytes:
    return b"\0\0\x29\x04\xd0\0\0\0\0" + len(option).to_bytes(2) + option


def measure(name: str, memo: Memo, queries: Sequence[bytes], clients: Sequence[bytes], draws: Sequence[int]) -> None:
    best = 1e9
    for _ in range(5):
        begin = process_time()
        for packet, client, draw in zip(queries, clients, draws, strict=True):
            memo.reply(packet, client, draw)
        middle = process_time()
        for _packet, _client, _draw in zip(queries, clients, draws, strict=True):
            pass
        best = min(best, (middle - begin - (process_time() - middle)) / len(queries))
    print(f"{name:34} {best * 1e6:6.2f} us")


def main() -> None:
    rng = random.Random(1)
    memo = Memo(snapshot(rng))
    count = 40_000  # more than the memo keeps: what is new stays a miss in every round
    one = [b"\x7f\0\0\1"] * count
    many = [rng.randbytes(4) for _ in range(count)]
    draws = [rng.getrandbits(64) for _ in range(count)]
    measure("static hit", memo, [query("static.example.com.", 1)] * count, one, draws)
    measure("static hit, EDNS", memo, [query("static.example.com.", 1, edns())] * count, one, draws)
    measure(
        "static hit, random ECS /24", memo, [query("static.example.com.", 1, edns(subnet(1, 24, rng.randbytes(3)))) for _ in range(count)], one, draws
    )
    measure("dynamic hit, one client", memo, [query("www.example.com.", 1)] * count, one, draws)
    measure("dynamic hit, random clients", memo, [query("www.example.com.", 1)] * count, many, draws)
    measure(
        "dynamic hit, random ECS /24", memo, [query("www.example.com.", 1, edns(subnet(1, 24, rng.randbytes(3)))) for _ in range(count)], one, draws
    )
    six = [query("www.example.com.", 1, edns(subnet(2, 56, (1 << 61 | rng.getrandbits(61)).to_bytes(8)[:7]))) for _ in range(count)]
    measure("dynamic hit, random ECS /56", memo, six, one, draws)
    measure("sticky hit of 8, one client", memo, [query("sticky.example.com.", 1)] * count, one, draws)
    measure("sticky hit of 8, random clients", memo, [query("sticky.example.com.", 1)] * count, many, draws)
    measure("hints hit, random clients", memo, [query("svc.example.com.", 65)] * count, many, draws)
    cookies = [query("www.example.com.", 1, edns(b"\0\x0a\0\x08" + rng.randbytes(8))) for _ in range(count)]
    measure("known question, random cookies", memo, cookies, one, draws)
    randoms = [query(f"{rng.getrandbits(64):x}.example.com.", 1, edns()) for _ in range(count)]
    measure("miss: random names, NXDOMAIN", memo, randoms, one, draws)
    measure("miss: random names, dynamic", memo, [query(f"{rng.getrandbits(64):x}.any.example.com.", 1, edns()) for _ in range(count)], one, draws)
    measure("miss: outside", memo, [query(f"{rng.getrandbits(64):x}.example.org.", 1, edns()) for _ in range(count)], one, draws)


if __name__ == "__main__":
    main()
