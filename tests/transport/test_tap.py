"""The tap, from sockets to readers, for each engine: what is told, how much of it, and that answering does not mind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import pytest

from gslb import __version__, log
from gslb.compiler.delta import whole
from gslb.plan import NO_PARTITION, Dynamic, Group, Node, Pick, Pool, Row, RRset, Snapshot, Zone
from gslb.testing.dnstap import CONTENT_TYPE, START, STOP, Reader
from gslb.transport import engines
from gslb.transport import tap as tap_module
from gslb.transport.connections import Connections
from gslb.transport.exchange import DNSTAP, LOG, UDP, Decision, Exchange
from gslb.transport.frames import control
from gslb.transport.listen import Endpoint, Pair, bind
from gslb.transport.telling import Telling
from gslb.transport.watch import Watch, watch

LIMIT = 30.0
APEX = b"\7example\0"
SOA = RRset(6, 300, (b"\2ns" + APEX + b"\1h" + APEX + bytes(20),))
ROW = Row(Pick.FIRST, 1, 30, (Group(1, (b"\xc0\0\2\1",), None, "fra", 7),))
BACKUP = ROW._replace(reason='backup:"so\\rry"\n\u00e4')
NODES = {
    APEX: Node((SOA,)),
    b"\3www" + APEX: Node((), Dynamic(1, (1,), 60)),
    b"\5sorry" + APEX: Node((), Dynamic(2, (1,), 60)),
    b"\6static" + APEX: Node((RRset(1, 60, (b"\xc0\0\2\2",)),)),
}
POOLS = {1: Pool("web", NO_PARTITION, {1: (ROW,)}, {1: ROW}), 2: Pool("spare", NO_PARTITION, {1: (BACKUP,)}, {1: BACKUP})}
SNAPSHOT = Snapshot(1, {APEX: Zone(APEX, SOA, 300, NODES, {})}, POOLS, {})


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not met():
            await asyncio.sleep(0.005)


@dataclass
class Answering:
    engine: engines.Engine
    watch: Watch
    pair: Pair

    @property
    def sums(self) -> dict[str, Any]:
        assert self.watch.tap
        return self.watch.tap.sums()

    async def ask(
        self, name: str, *, tcp: bool = False, host: str = "127.0.0.1", subnet: str = "", count: int = 1
    ) -> tuple[dns.message.Message, int]:
        """Ask, and return the last answer and the port that asked."""
        options = [dns.edns.ECSOption(subnet, 24)] if subnet else []
        query = dns.message.make_query(name, "A", use_edns=bool(subnet), options=options)
        query.id = 4711
        reply, port = await asyncio.to_thread(_ask, query.to_wire(), (host, self.pair.endpoint.port), tcp, count)
        return dns.message.from_wire(reply), port


def _ask(query: bytes, where: tuple[str, int], tcp: bool, count: int) -> tuple[bytes, int]:
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.connect(where)
        for _ in range(count):
            sock.sendall(len(query).to_bytes(2) + query if tcp else query)
            reply = sock.recv(4096)
        return reply[2:] if tcp else reply, sock.getsockname()[1]


@contextlib.asynccontextmanager
async def answering(name: str, telling: Telling, host: str = "127.0.0.1") -> AsyncIterator[Answering]:
    loop = asyncio.get_running_loop()
    engine = engines.make(name)
    looking = watch(telling, name, lambda _: True, max_udp=1232, ecs=True)
    assert looking
    assert looking.tap
    engine.watch(looking)
    for message in whole(SNAPSHOT):
        engine.feed(message)
    pair = bind(Endpoint(host, 0))
    engine.listen([pair.udp])
    connections = Connections(engine, loop.time, watch=looking)
    server = await loop.create_server(connections.protocol, sock=pair.tcp)
    running = loop.create_task(looking.tap.run())
    try:
        yield Answering(engine, looking, pair)
    finally:
        server.close()
        engine.stop(1)
        await looking.tap.finish()
        running.cancel()
        await connections.finish(1)
        pair.close()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the query log writes."""
    taken: list[dict[str, Any]] = []

    def take(finished: list[str]) -> int:
        taken.extend(map(json.loads, finished))
        return len(finished)

    monkeypatch.setattr(log, "lines", take)
    return taken


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
async def test_all_that_dnstap_can_tell(engine_name: str, host: str, tmp_path: Path, decode: Any, has_ipv6: None, *, tcp: bool) -> None:
    before = time.time_ns()
    telling = Telling(node="ns1-fra", socket=str(tmp_path / "tap"), sample=1.0)
    with Reader(tmp_path / "tap") as reader:
        async with answering(engine_name, telling, host) as one:
            near = {"0.0.0.0": "127.0.0.9", "::": "::1"}.get(host, host)
            reply, port = await one.ask("WWW.example", tcp=tcp, host=near)
            ports = port, one.pair.endpoint.port
            await until(lambda: reader.count == 2)
        asked, answered = map(decode, reader.frames)
    for told in (asked, answered):
        assert (told.identity, told.version, told.type) == (b"ns1-fra", f"gslb {__version__}".encode(), 1)
        assert json.loads(told.extra) == {"pool": "web", "site": "fra", "reason": "chosen"}
        message = told.message
        family = socket.AF_INET6 if ":" in near else socket.AF_INET
        assert (message.socket_family, message.socket_protocol) == (2 if ":" in near else 1, 2 if tcp else 1)
        assert socket.inet_ntop(family, message.response_address) == near
        assert socket.inet_ntop(family, message.query_address) == ("::1" if ":" in near else "127.0.0.1")
        assert (message.query_port, message.response_port) == ports
        assert before <= message.query_time_sec * 10**9 + message.query_time_nsec <= time.time_ns()
        assert message.query_zone == APEX
    assert asked.message.type == 1
    assert dns.message.from_wire(asked.message.query_message).question == reply.question
    assert not asked.message.HasField("response_message")
    assert answered.message.type == 2
    assert dns.message.from_wire(answered.message.response_message) == reply
    assert not answered.message.HasField("query_message")
    query_time = answered.message.query_time_sec * 10**9 + answered.message.query_time_nsec
    assert query_time <= answered.message.response_time_sec * 10**9 + answered.message.response_time_nsec <= time.time_ns()


async def test_odd_words_and_refusals_are_told_the_same_by_both_engines(engine_name: str, tmp_path: Path, decode: Any) -> None:
    telling = Telling(node="n\u00fc", socket=str(tmp_path / "tap"), sample=1.0, messages="responses")
    with Reader(tmp_path / "tap") as reader:
        async with answering(engine_name, telling) as one:
            for name in ("sorry.example", "static.example", "nothing.example", "elsewhere.test"):
                await one.ask(name)
                await one.ask(name, tcp=True)
            await until(lambda: reader.count == 8)
    told = sorted((decode(frame) for frame in reader.frames), key=lambda one: one.message.socket_protocol)
    assert {one.identity for one in told} == {"n\u00fc".encode()}
    assert [one.message.query_zone for one in told] == 2 * [APEX, APEX, APEX, b""]
    extra = json.dumps({"pool": "spare", "site": "fra", "reason": BACKUP.reason}, ensure_ascii=False, separators=(",", ":"))
    assert [one.extra.decode() for one in told] == 2 * [extra, "", "", '{"reason":"outside"}']


@pytest.mark.skipif(not shutil.which("dnstap-read"), reason="dnstap-read (of bind9) is not installed")
async def test_a_stranger_reads_it(engine_name: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.tap"
    with Reader(tmp_path / "tap") as reader:
        async with answering(engine_name, Telling(node="ns1", socket=str(tmp_path / "tap"), sample=1.0)) as one:
            await one.ask("www.example")
            await until(lambda: reader.count == 2)
    frames = b"".join(len(frame).to_bytes(4) + frame for frame in reader.frames)
    path.write_bytes(control(START, CONTENT_TYPE) + frames + control(STOP))  # a file is a stream without the handshake
    process = await asyncio.create_subprocess_exec("dnstap-read", str(path), stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    asked, answered = said.decode().splitlines()
    assert " AQ 127.0.0.1:" in asked
    assert " AR 127.0.0.1:" in answered
    assert asked.endswith("www.example/IN/A")
    assert answered.endswith("www.example/IN/A")


async def test_half_of_the_queries_is_half_of_them(engine_name: str, tmp_path: Path) -> None:
    telling = Telling(socket=str(tmp_path / "tap"), sample=0.5, messages="queries", extra=False)
    with Reader(tmp_path / "tap") as reader:
        async with answering(engine_name, telling) as one:
            await one.ask("www.example", count=2000)
            await until(lambda: one.sums["dnstap"]["messages"] > 850)
            await asyncio.sleep(4 * tap_module.TICK)
    assert 850 < reader.count < 1150  # six standard deviations


async def test_no_reader_at_all_costs_no_answer(engine_name: str, tmp_path: Path) -> None:
    async with answering(engine_name, Telling(socket=str(tmp_path / "nobody"), sample=1.0)) as one:
        reply, _ = await one.ask("www.example", count=3000)
        assert str(reply.answer[0][0]) == "192.0.2.1"
        assert one.sums["dnstap"]["connected"] == 0


async def test_a_stalled_reader_costs_messages_that_are_counted_and_no_answer(
    engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gslb.transport.frames.QUEUE", 50_000)
    with Reader(tmp_path / "tap", stalled=True) as reader:
        async with answering(engine_name, Telling(socket=str(tmp_path / "tap"), sample=1.0)) as one:
            await until(lambda: one.sums["dnstap"]["connected"])
            await one.ask("www.example", count=6000)
            await until(lambda: sum(one.sums["dnstap"]["dropped"].values()) > 0)
            reader.flow()
            await until(lambda: reader.count + sum(one.sums["dnstap"]["dropped"].values()) == 12_000)
            assert one.sums["dnstap"]["messages"] == reader.count


async def test_the_query_log_tells_without_telling_on_anybody(engine_name: str, lines: list[dict[str, Any]]) -> None:
    async with answering(engine_name, Telling(node="ns1", log=1.0)) as one:
        await one.ask("WWW.example", subnet="198.51.100.0")
        await one.ask("nothing.example", tcp=True)
        await until(lambda: len(lines) == 2)
        assert one.sums == {"query_log": {"lines": 2, "dropped": 0}}
    common = {"event": "query", "type": "A", "client": "127.0.0.0/24", "zone": "example.", "node": "ns1", "engine": engine_name}
    for line in lines:
        assert line.pop("ts").endswith("Z")
        assert 0 <= line.pop("latency_us") < 1e6
    answer = {"name": "www.example.", "ecs": "198.51.100.0/24", "proto": "udp", "rcode": "NOERROR", "pool": "web", "site": "fra", "reason": "chosen"}
    assert lines == [common | answer, common | {"name": "nothing.example.", "proto": "tcp", "rcode": "NXDOMAIN"}]


async def test_more_lines_than_there_is_time_for_are_dropped_and_counted(
    engine_name: str, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "lines", lambda _finished: 0)
    async with answering(engine_name, Telling(log=1.0)) as one:
        await one.ask("www.example", count=500)
        await until(lambda: one.sums["query_log"]["dropped"] == 500)
        assert one.sums["query_log"]["lines"] == 0


async def test_both_are_fed_by_one_record(engine_name: str, tmp_path: Path, lines: list[dict[str, Any]], decode: Any) -> None:
    with Reader(tmp_path / "tap") as reader:
        async with answering(engine_name, Telling(socket=str(tmp_path / "tap"), sample=1.0, messages="responses", log=1.0, clients="full")) as one:
            await one.ask("static.example")
            await until(lambda: reader.count == 1 and lines)
    [line], [told] = lines, map(decode, reader.frames)
    assert line["client"] == "127.0.0.1"
    assert line["ts"].endswith(f"{told.message.query_time_nsec // 1000:06}Z")


async def test_a_fault_in_telling_stops_neither_answers_nor_telling(engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [1]

    def put(*_: object) -> None:
        if broken:
            raise RuntimeError("boom")

    monkeypatch.setattr("gslb.transport.frames.Sender.put", put)
    said: list[str] = []
    monkeypatch.setattr(log, "error", lambda event, **_: said.append(event))
    async with answering(engine_name, Telling(socket=str(tmp_path / "nobody"), sample=1.0)) as one:
        await one.ask("www.example")
        await until(lambda: said)
        broken.clear()
        await one.ask("www.example")


def test_a_flood_between_two_turns_is_not_kept_beyond_its_room() -> None:
    tap = tap_module.Tap(Telling(socket="/nowhere", sample=1.0, log=1.0), "python")
    for wants in (DNSTAP, LOG, DNSTAP | LOG):
        seen = Exchange(wants, UDP, bytes(4), 1, bytes(4), 53, 0, 1, bytes(12), bytes(12), Decision())
        for _ in range(tap_module.ROOM):
            tap.note(seen)
    assert tap.sums()["dnstap"]["dropped"]["busy"] == 2 * tap_module.ROOM
    assert tap.sums()["query_log"]["dropped"] == 2 * tap_module.ROOM
