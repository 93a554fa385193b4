"""The engine over a real memo: UDP and TCP count apart, names survive swaps, silence is counted, remains are given back."""

from __future__ import annotations

import struct

from gslb.plan import NO_PARTITION, Dynamic, Group, Node, Pick, Pool, Row, RRset, Snapshot, Zone
from gslb.transport.engine import Engine
from gslb.transport.remains import SLICE, Remains

APEX = b"\7example\0"
SOA = RRset(6, 300, (b"\2ns" + APEX + b"\1h" + APEX + bytes(20),))
CLIENT = bytes([192, 0, 2, 7])


def snapshot(generation: int = 1, pool: str = "web", names: int = 0) -> Snapshot:
    row = Row(Pick.FIRST, 1, 30, (Group(1, (b"\xc0\0\2\1",), site="fra"),))
    nodes = {
        APEX: Node((SOA,)),
        b"\3www" + APEX: Node((), Dynamic(5, (1,))),
        b"\3txt" + APEX: Node((RRset(16, 60, tuple(b"\xc8" + bytes([n]) * 200 for n in range(20))),)),
    }
    nodes |= {b"\5%05d" % n + APEX: Node((RRset(1, 60, (n.to_bytes(4, "big"),)),)) for n in range(names)}
    return Snapshot(generation, {APEX: Zone(APEX, SOA, 300, nodes, {})}, {5: Pool(pool, NO_PARTITION, {1: (row,)}, {1: row})}, {})


def question(name: bytes, kind: int = 1) -> bytes:
    return struct.pack("!6H", 0x1234, 0, 1, 0, 0, 0) + name + APEX + struct.pack("!HH", kind, 1)


def told(engine: Engine) -> list[dict]:
    reports: list[dict] = []
    engine.tell(lambda report: not reports.append(report))  # type: ignore[func-returns-value]
    return reports


def test_before_the_first_snapshot_all_is_refused() -> None:
    reply = Engine().udp(question(b"\3www"), CLIENT, 0)
    assert reply is not None
    assert reply[3] & 15 == 5


def test_both_transports_answer_and_only_udp_truncates() -> None:
    engine = Engine()
    engine.swap(snapshot())
    udp, tcp = engine.udp(question(b"\3txt", 16), CLIENT, 0), engine.tcp(question(b"\3txt", 16), CLIENT)
    assert udp is not None
    assert tcp is not None
    assert udp[2] & 2
    assert len(udp) <= 512
    assert not tcp[2] & 2
    assert tcp[7] == 20
    assert engine.tcp(b"\x12\x34\x80\0" + bytes(8), CLIENT) is None  # a response is no question


def test_kinds_of_answers_are_told_once_and_by_their_names() -> None:
    engine = Engine()
    engine.swap(snapshot(1, "web"))
    for _ in range(3):
        engine.udp(question(b"\3www"), CLIENT, 0)
    engine.tcp(question(b"\3www"), CLIENT)
    engine.udp(b"\x12\x34\x80\0" + bytes(8), CLIENT, 0)
    engine.swap(snapshot(2, "web2"))  # the pool's number stays and its name does not
    engine.udp(question(b"\3www"), CLIENT, 0)
    reports = told(engine)
    zone = APEX.hex()
    rows = sorted(row for report in reports for row in report.get("answers", ()))
    assert rows == [
        ["tcp", zone, 0, "web", "", 1, False, "fra", 1],
        ["udp", zone, 0, "web", "", 1, False, "fra", 3],
        ["udp", zone, 0, "web2", "", 1, False, "fra", 1],
    ]
    assert sum(sum(report["dropped"].values()) for report in reports if "dropped" in report) == 1
    assert told(engine) == []
    engine.udp(question(b"\3www"), CLIENT, 0)
    assert [row[-1] for report in told(engine) for row in report["answers"]] == [1]


def test_what_nobody_hears_is_told_later() -> None:
    engine = Engine()
    engine.swap(snapshot())
    engine.udp(question(b"\3www"), CLIENT, 0)
    engine.tell(lambda _report: False)
    engine.udp(question(b"\3www"), CLIENT, 0)
    assert [row[-1] for report in told(engine) for row in report["answers"]] == [2]


def test_rows_that_are_not_compiled_are_wanted() -> None:
    engine = Engine()
    plan = snapshot()
    pool = plan.pools[5]
    engine.swap(plan._replace(pools={5: pool._replace(rows={1: (None,)})}))
    reply = engine.tcp(question(b"\3www"), CLIENT)
    assert reply is not None
    assert reply[7] == 1  # the default row answers meanwhile
    assert {"wanted": [(5, 0, 1)], "generation": 1} in told(engine)
    engine.udp(question(b"\3www"), CLIENT, 0)
    assert {"wanted": [(5, 0, 1)], "generation": 1} in told(engine)


def test_remains_are_given_back_in_slices_and_what_is_shared_is_kept() -> None:
    old, kept = snapshot(1, names=3 * SLICE), snapshot(2, names=10)
    other = b"\5other\0"
    old = old._replace(zones={**old.zones, other: kept.zones[APEX]})
    new = Snapshot(3, {other: kept.zones[APEX]}, {}, {})
    size = len(old.zones[APEX].nodes)
    remains = Remains()
    remains.add(old, new)
    steps = 0
    while remains.step():
        steps += 1
    assert size // SLICE <= steps <= size // SLICE + 4
    assert len(old.zones[APEX].nodes) == 0
    assert len(new.zones[other].nodes) == 13
