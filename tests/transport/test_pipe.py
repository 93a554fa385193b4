"""Plan deltas through a real socket pair: whole, in order, never waiting; reports the other way; and what must be refused."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from gslb.compiler.delta import diff
from gslb.delta import Assembler, Begin, Commit, Slice
from gslb.errors import PlanError
from gslb.plan import EMPTY, NO_PARTITION, Dynamic, Group, Node, Pick, Pool, Row, RRset, Snapshot, Zone
from gslb.transport.deltas import ANEW, PACKET, Deltas, packets
from gslb.transport.pipe import Feed, Intake, decode

APEX = b"\7example\0"
SOA = RRset(6, 300, (b"\0\0" + bytes(20),))


def snapshot(generation: int, names: int, address: bytes = b"\xc0\0\2\1") -> Snapshot:
    nodes = {b"\5%05d" % n + APEX: Node((RRset(1, 60, (n.to_bytes(4, "big"),)),)) for n in range(names)}
    nodes[APEX] = Node((SOA,))
    nodes[b"\3www" + APEX] = Node((), Dynamic(0, (1, 28)))
    row = Row(Pick.WEIGHTED, 1, 30, (Group(1, (address,), site="fra"),))
    pool = Pool("web", NO_PARTITION, {1: (row,)}, {1: row})
    return Snapshot(generation, {APEX: Zone(APEX, SOA, 300, nodes, {})}, {0: pool}, {})


class Collecting:
    """Assembles as an engine does, and keeps every snapshot."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self._assembler = Assembler()

    def reset(self) -> None:
        self._assembler = Assembler()

    def feed(self, message: Slice) -> bool:
        snapshot = self._assembler.feed(message)
        if snapshot is not None:
            self.snapshots.append(snapshot)
        return snapshot is not None


class Ends:
    """Both ends on one loop, and what came out of them."""

    def __init__(self, differ: Callable[[Snapshot, Snapshot], Iterator[Slice]] = diff, buffer: int = 1 << 20) -> None:
        self.control, self.plane = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.control, self.plane):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        self.plane_has = Collecting()
        self.snapshots = self.plane_has.snapshots
        self.swaps = 0
        self.reports: list[dict] = []
        self.errors: list[BaseException] = []
        self.came = asyncio.Condition()
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: self.errors.append(context["exception"]))
        self.feed = Feed(self.control, Deltas(differ), self.reports.append)
        self.intake = Intake(self.plane, self.plane_has, self.swapped)
        self.intake.start()

    def swapped(self) -> None:
        self.swaps += 1
        assert self.swaps == len(self.snapshots)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.001)

    def close(self) -> None:
        self.feed.close()
        self.intake.stop()
        self.control.close()
        self.plane.close()


@pytest.fixture
async def ends():
    both = Ends()
    yield both
    both.close()


async def test_a_snapshot_arrives_equal_and_so_does_the_next(ends: Ends) -> None:
    first, second = snapshot(1, 5000), snapshot(2, 5000, b"\xc0\0\2\2")
    ends.feed.offer(first)
    await ends.until(lambda: ends.snapshots)
    assert ends.snapshots == [first]
    ends.feed.offer(second)
    await ends.until(lambda: len(ends.snapshots) == 2)
    assert ends.snapshots[1] == second
    assert ends.feed.idle
    assert not ends.errors


async def test_offers_while_busy_become_one_delta(ends: Ends) -> None:
    for generation in range(1, 30):
        ends.feed.offer(snapshot(generation, 100 * generation))
    await ends.until(lambda: ends.snapshots and ends.snapshots[-1].generation == 29)
    assert [s.generation for s in ends.snapshots] == [1, 29]
    assert ends.snapshots[-1] == snapshot(29, 2900)


async def test_a_plane_that_does_not_read_costs_control_nothing() -> None:
    ends = Ends(buffer=1 << 16)
    ends.intake.stop()
    for generation in range(1, 20):
        ends.feed.offer(snapshot(generation, 3000))
        await asyncio.sleep(0.005)
    ends.intake.start()  # it reads again: nothing is missing
    await ends.until(lambda: ends.snapshots and ends.snapshots[-1].generation == 19)
    assert ends.snapshots[-1] == snapshot(19, 3000)
    assert not ends.errors
    ends.close()


async def test_a_new_plane_says_hello_and_is_fed_from_nothing(ends: Ends) -> None:
    ends.feed.offer(snapshot(1, 20_000))
    await asyncio.sleep(0.01)  # somewhere in the middle of it
    ends.intake.stop()
    assert not ends.snapshots
    ends.intake = Intake(ends.plane, ends.plane_has, ends.swapped)
    assert ends.intake.lost
    assert ends.intake.report({"hello": 1})
    ends.intake.start()
    await ends.until(lambda: ends.snapshots)
    assert ends.snapshots == [snapshot(1, 20_000)]
    assert ends.reports == [{"hello": 1}]
    assert not ends.errors


async def test_a_new_control_begins_anew_in_the_middle_of_the_olds_delta(ends: Ends) -> None:
    ends.feed.offer(snapshot(7, 20_000))
    await asyncio.sleep(0.01)
    ends.feed.close()
    ends.feed = Feed(ends.control, Deltas(diff), ends.reports.append)
    ends.feed.offer(snapshot(1, 300))
    await ends.until(lambda: ends.snapshots)
    await ends.until(lambda: ends.feed.idle)
    assert ends.snapshots[-1] == snapshot(1, 300)
    assert not ends.errors


async def test_a_refused_delta_keeps_the_last_snapshot_and_asks_for_a_new_beginning() -> None:
    broken = iter([True])

    def faulty(old: Snapshot, new: Snapshot) -> Iterator[Slice]:
        slices = list(diff(old, new))
        if old.generation and next(broken, False):
            del slices[1]
        return iter(slices)

    ends = Ends(faulty)
    ends.feed.offer(snapshot(1, 100))
    await ends.until(lambda: ends.snapshots)
    ends.feed.offer(snapshot(2, 200))
    await ends.until(lambda: ends.errors)
    assert isinstance(ends.errors[0], PlanError)
    assert ends.intake.lost
    assert len(ends.snapshots) == 1
    ends.intake.report({"hello": 1})
    await ends.until(lambda: len(ends.snapshots) == 2)
    assert ends.snapshots[-1] == snapshot(2, 200)
    ends.close()


async def test_what_was_on_its_way_is_not_sent_before_a_new_beginning() -> None:
    ends = Ends(buffer=1 << 14)
    ends.intake.stop()
    ends.feed.offer(snapshot(1, 20_000))
    await ends.until(lambda: ends.feed._unsent is not None)  # the pipe is full
    ends.feed.start_anew()
    while ready(ends.plane):
        last = ends.plane.recv(PACKET + 1)
    assert not last[0] & ANEW
    await ends.until(lambda: ready(ends.plane))
    assert ends.plane.recv(PACKET + 1)[0] & ANEW
    ends.close()


def ready(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], 0)[0])


async def test_reports_are_dropped_when_nobody_reads() -> None:
    ends = Ends(buffer=1 << 14)
    ends.feed.close()
    told = [ends.intake.report({"n": n, "pad": "x" * 1000}) for n in range(1000)]
    assert told[0]
    assert not told[-1]
    assert not ends.intake.report({"too long": "x" * 70_000})
    ends.close()


def test_a_long_word_is_cut_into_packets_and_the_first_of_all_says_anew() -> None:
    made = list(packets(diff(EMPTY, snapshot(1, 50_000)), anew=True))
    assert [p[0] for p in made].count(7) + [p[0] for p in made].count(5) == 1
    assert all(len(p) <= PACKET + 1 for p in made)
    huge = Slice(0, Begin(0, 10**200_000))  # some 83,000 octets
    assert [p[0] for p in packets(iter([huge]), anew=False)] == [1, 2]


def test_a_delta_is_made_once_for_all_planes_and_forgotten_when_sent() -> None:
    made = []

    def counting(old: Snapshot, new: Snapshot) -> Iterator[Slice]:
        for one in diff(old, new):
            made.append(one)
            yield one

    deltas = Deltas(counting)
    plan = snapshot(1, 5000)
    first, second = deltas.packets(EMPTY, plan), deltas.packets(EMPTY, plan)
    ahead = [next(first) for _ in range(3)]
    assert len(made) == 3
    assert list(second) == ahead + list(first)
    whole = len(made)
    del first, second
    gc.collect()
    list(deltas.packets(EMPTY, plan))
    assert len(made) == 2 * whole


class Evil:
    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def __reduce__(self) -> tuple:
        return self.parts


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Evil(os.system, ("true",))),
        pickle.dumps(Evil(eval, ("1",))),
        pickle.dumps(Slice(0, Evil(getattr, (1, "real")))),
        pickle.dumps(Evil(Snapshot, (1, {}, {}, {}))),
        b"\x80\x05cgslb.plan\nFinal\n.",
        b"\x80\x05cgslb.delta.words\nSlice.__new__\n.",
        b"rubbish",
        b"",
        pickle.dumps(Commit(1)),
        pickle.dumps(3),
    ],
)
def test_only_slices_of_known_words_are_read(data: bytes) -> None:
    with pytest.raises(PlanError):
        decode(data)
