"""A plane as a process: fed, handed sockets, drained; and left alone by its supervisor."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest

from gslb.compiler.delta import diff
from gslb.plan import Node, RRset, Snapshot, Zone
from gslb.role import leash
from gslb.role.leash import Leash
from gslb.role.options import Options
from gslb.role.plane import affordable
from gslb.role.supervisor import make_pipe
from gslb.testing import engines
from gslb.transport.connections import Limits
from gslb.transport.deltas import Deltas
from gslb.transport.listen import Endpoint, Pair, bind
from gslb.transport.pipe import Feed

APEX = b"\7example\0"
SOA = RRset(6, 300, (b"\2ns" + APEX + b"\1h" + APEX + bytes(20),))


def snapshot(generation: int, address: bytes) -> Snapshot:
    nodes = {APEX: Node((SOA, RRset(2, 300, (b"\2ns" + APEX,)))), b"\1a" + APEX: Node((RRset(1, 60, (address,)),))}
    return Snapshot(generation, {APEX: Zone(APEX, SOA, 300, nodes, {})}, {}, {})


START = 30.0  # seconds that a new Python may take on a busy machine
FLOOD = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect(("127.0.0.1", int(sys.argv[1])))
query = bytes.fromhex("1234000000010000000000000161076578616d706c650000010001")
while True:
    try:
        sock.send(query)
    except OSError:
        pass
"""


class Started:
    """One plane process, with this test as its supervisor and control."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.told: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.process: asyncio.subprocess.Process
        self.leash: Leash
        self.feed: Feed

    async def start(self, options: Options, files: int = 0) -> None:
        ours, theirs = leash.pair()
        self.control, plane = make_pipe()
        arguments = ["--leash", str(theirs.fileno()), "--pipe", str(plane.fileno()), "--options", options.as_text()]
        command = [sys.executable, "-m", "gslb.role.plane", *arguments]
        if files:
            command = ["sh", "-c", f'ulimit -n {files} && exec "$0" "$@"', *command]
        self.process = await asyncio.create_subprocess_exec(*command, pass_fds=(theirs.fileno(), plane.fileno()))
        theirs.close()
        plane.close()
        self.leash = Leash(ours, lambda message, _: self.told.append(message), lambda: None)
        self.feed = Feed(self.control, Deltas(diff), self.reports.append)

    async def ask(self) -> str:
        query = dns.message.make_query("a.example", "A")
        reply = await dns.asyncquery.udp(query, "127.0.0.1", port=self.pair.endpoint.port, timeout=20)
        return str(reply.answer[0][0])

    def hand_out(self, core: int | None = None) -> None:
        self.leash.send({"sockets": str(self.pair.endpoint), "thread": 0, "of": 1, "core": core}, self.pair)

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.feed.close()
        self.leash.close()
        self.control.close()
        self.pair.close()


@pytest.fixture
async def plane(engine_name: str) -> AsyncIterator[Started]:
    one = Started(bind(Endpoint("127.0.0.1", 0)))
    await one.start(Options(engine=engine_name, tcp=Limits(10, 5, 5.0)))
    yield one
    await one.close()


async def test_loads_before_it_answers_and_tells_what_it_did(plane: Started, wait: Callable[..., Any]) -> None:
    await wait(lambda: any("hello" in report for report in plane.reports))
    await wait(lambda: any("beat" in word for word in plane.told))
    assert not any("loaded" in word for word in plane.told)
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out()
    assert await plane.ask() == "192.0.2.1"
    plane.feed.offer(snapshot(2, b"\xc0\0\2\2"))
    await wait(lambda: {"applied": 2} in plane.reports)
    assert await plane.ask() == "192.0.2.2"
    [rows] = await wait(lambda: [r["answers"] for r in plane.reports if "answers" in r])
    protocol, zone, rcode, pool, *_rest, count = rows[0]
    assert (protocol, bytes.fromhex(zone), rcode, pool, count) == ("udp", APEX, 0, None, 2)
    assert [word for word in plane.told if "loaded" in word] == [{"loaded": 1}]


async def test_a_signal_drains_it(plane: Started, wait: Callable[..., Any]) -> None:
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out()
    assert await plane.ask() == "192.0.2.1"
    reader, writer = await asyncio.open_connection(*plane.pair.endpoint)
    query = dns.message.make_query("a.example", "A").to_wire()
    writer.write(len(query).to_bytes(2, "big") + query)
    assert (await asyncio.wait_for(reader.read(2), START)) != b""
    plane.process.terminate()
    assert await asyncio.wait_for(plane.process.wait(), START) == 0
    await reader.read()  # closed, not reset
    writer.close()
    sums = [report for report in plane.reports if "udp" in report]
    await wait(lambda: [report for report in plane.reports if "udp" in report][-1]["udp"]["sent"] == 1)
    assert sums


async def test_a_flood_does_not_keep_it_from_ending(plane: Started, wait: Callable[..., Any]) -> None:
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out()
    assert await plane.ask() == "192.0.2.1"
    flood = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, str(plane.pair.endpoint.port))
    try:
        await wait(lambda: any(report["udp"]["received"] > 2000 for report in plane.reports if "udp" in report))
        plane.process.terminate()
        assert await asyncio.wait_for(plane.process.wait(), START) == 0
    finally:
        flood.kill()
        await flood.wait()


async def test_few_descriptors_lock_nobody_out(engine_name: str, wait: Callable[..., Any]) -> None:
    plane = Started(bind(Endpoint("127.0.0.1", 0)))
    await plane.start(Options(engine=engine_name, tcp=Limits(800, 800, 60.0)), files=64)
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out()
    sleepers = [await asyncio.open_connection(*plane.pair.endpoint) for _ in range(150)]
    query = dns.message.make_query("a.example", "A")
    for _ in range(3):
        assert (await dns.asyncquery.tcp(query, "127.0.0.1", port=plane.pair.endpoint.port, timeout=20)).answer
    await wait(lambda: any(report["tcp"]["accepted"] >= 150 for report in plane.reports if "tcp" in report))
    assert max(report["tcp"]["open"] for report in plane.reports if "tcp" in report) <= 16
    for _, writer in sleepers:
        writer.close()
    await plane.close()


def test_what_can_be_afforded(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr("gslb.log.warning", lambda _event, **fields: said.append(fields))
    limits = Limits(800, 50, 10.0)
    assert affordable(limits, 1000) == limits
    assert not said
    assert [affordable(limits, files).total for files in (999, 400, 64, 3)] == [799, 200, 16, 1]
    assert [fields["connections"] for fields in said] == [799, 200, 16, 1]
    assert affordable(limits, 64) == Limits(16, 50, 10.0)


async def test_it_ends_with_its_supervisor(plane: Started, wait: Callable[..., Any]) -> None:
    await wait(lambda: plane.told)
    plane.leash.close()
    assert await asyncio.wait_for(plane.process.wait(), START) == 0


async def test_it_serves_on_without_control(plane: Started, wait: Callable[..., Any]) -> None:
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out()
    plane.feed.close()
    for _ in range(3):
        await asyncio.sleep(0.5)  # reports find no reader meanwhile
        assert await plane.ask() == "192.0.2.1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_it_becomes_another_user(engine_name: str) -> None:
    one = Started(bind(Endpoint("127.0.0.1", 0)))
    await one.start(Options(user="nobody", engine=engine_name))
    try:
        async with asyncio.timeout(START):
            while not any("beat" in word for word in one.told):
                await asyncio.sleep(0.01)
        status = status_of(str(one.process.pid))
        assert len(set(status["Uid"].split())) == 1
        assert status["Uid"].split()[0] != "0"
        assert "0" not in status["Groups"].split()
        one.feed.offer(snapshot(1, b"\xc0\0\2\1"))
        async with asyncio.timeout(START):
            while {"loaded": 1} not in one.told:
                await asyncio.sleep(0.01)
        one.hand_out()
        assert await one.ask() == "192.0.2.1"
        users = {status_of(f"{one.process.pid}/task/{task.name}")["Uid"] for task in Path(f"/proc/{one.process.pid}/task").iterdir()}  # noqa: ASYNC240
        assert users == {status["Uid"]}  # every thread of it
    finally:
        await one.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_missing_user_is_said() -> None:
    one = Started(bind(Endpoint("127.0.0.1", 0)))
    await one.start(Options(user="no-such-user"))
    try:
        assert await asyncio.wait_for(one.process.wait(), START) == 2
        async with asyncio.timeout(START):
            while not one.told:
                await asyncio.sleep(0.01)
        assert one.told[0]["fatal"].startswith("there is no user 'no-such-user'")
    finally:
        await one.close()


async def test_it_keeps_to_the_core_it_is_given(plane: Started, engine_name: str, wait: Callable[..., Any]) -> None:
    core = max(os.sched_getaffinity(0))
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out(core)
    assert await plane.ask() == "192.0.2.1"
    tasks = {path.read_text().strip(): int(path.parent.name) for path in Path(f"/proc/{plane.process.pid}/task").glob("*/comm")}  # noqa: ASYNC240
    answers = plane.process.pid if engine_name == "python" else tasks["gslb-udp-0"]
    assert os.sched_getaffinity(answers) == {core}


async def test_it_ends_rather_than_leave_sockets_without_an_answer(plane: Started, wait: Callable[..., Any]) -> None:
    plane.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in plane.told)
    plane.hand_out(core=1023)  # which is not there
    assert await asyncio.wait_for(plane.process.wait(), START) == 1


@pytest.mark.skipif(bool(engines.native_missing()), reason=engines.native_missing())
async def test_threads_have_sockets_of_their_own(wait: Callable[..., Any]) -> None:
    one = Started(bind(Endpoint("127.0.0.1", 0)))
    more = [bind(one.pair.endpoint) for _ in range(2)]
    await one.start(Options(engine="native"))
    one.feed.offer(snapshot(1, b"\xc0\0\2\1"))
    await wait(lambda: {"loaded": 1} in one.told)
    for _ in range(2):  # a second time, as to a plane that was started again while sockets were handed out
        for number, pair in enumerate((one.pair, *more)):
            one.leash.send({"sockets": str(pair.endpoint), "thread": number, "of": 1, "core": None}, pair)
    for _ in range(60):
        assert await one.ask() == "192.0.2.1"
    threads = await wait(lambda: next((r["threads"] for r in one.reports if "threads" in r and sum(t["sent"] for t in r["threads"]) == 60), None))
    assert [thread["number"] for thread in threads] == [0, 1, 2]
    assert all(thread["sent"] > 0 for thread in threads)
    for pair in more:
        pair.close()
    await one.close()


def status_of(pid: str) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def test_options_survive_their_text() -> None:
    options = Options(user="x", engine="native", sockets=9, max_udp=1400, ecs=False, tcp=Limits(1, 2, 3.5), log_level="error")
    assert Options.from_text(options.as_text()) == options
