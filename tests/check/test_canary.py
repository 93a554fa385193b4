"""The canary and the references, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from dnslib import RR, A, DNSRecord

from gslb.check.canary import Canary, Server
from gslb.check.clock import SystemClock
from gslb.check.references import References
from gslb.model import Check
from gslb.testing.servers import closed_port, listening

NAME = "www.example.com."


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


class Nameserver(asyncio.DatagramProtocol):
    """Answers as `how` says: well, lame (no authority), empty, or not at all."""

    def __init__(self) -> None:
        self.how = "well"
        self.lost = 0  # questions that get no answer
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.line = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = DNSRecord.parse(data)
        self.asked.append(str(question.q.qname))
        if self.how == "silent" or self.lost:
            self.lost = max(0, self.lost - 1)
            return
        reply = question.reply(aa=self.how != "lame")
        if self.how != "empty":
            reply.add_answer(RR(question.q.qname, rdata=A("192.0.2.1"), ttl=30))
        self.line.sendto(reply.pack(), addr)


@asynccontextmanager
async def nameserver() -> AsyncIterator[tuple[Nameserver, int]]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Nameserver, ("127.0.0.1", 0))
    try:
        yield protocol, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def test_each_nameserver_is_asked_and_changes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.check.canary.INTERVAL", 0.02)
    monkeypatch.setattr("gslb.check.canary.TIMEOUT", 0.2)
    told: asyncio.Queue[tuple[Server, bool, str]] = asyncio.Queue()
    async with nameserver() as (good, at), nameserver() as (other, there):
        canary = Canary((NAME, "api.example.com."), [("127.0.0.1", at), ("127.0.0.1", there)], SystemClock(), lambda *what: told.put_nowait(what))
        task = asyncio.create_task(canary.run())
        try:
            async with asyncio.timeout(30):
                assert {(await told.get())[:2], (await told.get())[:2]} == {(Server("127.0.0.1", at), True), (Server("127.0.0.1", there), True)}
                assert set(good.asked) == {NAME, "api.example.com."}
                other.lost, other.asked[:] = 1, []
                while len(other.asked) < 8:
                    await asyncio.sleep(0.01)
                assert told.empty(), "one lost datagram is no news"
                for how, reason in (("lame", "without authority"), ("empty", "0 answers, not 1"), ("silent", "timeout")):
                    other.how = how
                    server, up, said = await told.get()
                    assert (server.port, up) == (there, False)
                    assert reason in said
                    other.how = "well"
                    assert (await told.get())[:2] == (Server("127.0.0.1", there), True)
        finally:
            task.cancel()
            await asyncio.wait([task])
    assert str(Server("::1", 53)) == "[::1]:53"


async def test_nothing_to_ask_is_nothing_to_do() -> None:
    await asyncio.wait_for(Canary((), [("127.0.0.1", 53)], SystemClock(), print).run(), 5)
    await asyncio.wait_for(Canary((NAME,), [], SystemClock(), print).run(), 5)


@pytest.fixture
async def references() -> AsyncIterator[Callable[[], tuple[References, asyncio.Event]]]:
    tasks = []

    def make() -> tuple[References, asyncio.Event]:
        changed = asyncio.Event()
        it = References(SystemClock(), changed.set)
        tasks.append(asyncio.create_task(it.run()))
        return it, changed

    yield make
    for task in tasks:
        task.cancel()
        await asyncio.wait([task])


async def test_references_fail_at_once_and_are_well_after_good_rounds(references: Callable[[], tuple[References, asyncio.Event]]) -> None:
    it, changed = references()
    sure = Check("sure", "tcp", {"port": closed_port()}, 0.05, 0.04, 3, 10, 5, "d")
    it.set([(sure, "127.0.0.1"), (replace(sure, options={}), "127.0.0.1")])
    async with asyncio.timeout(30):
        await changed.wait()
        assert it.failing == "2 of 2 references fail", "one refuses, and one cannot be looked at, which is our own fault"
        changed.clear()
        async with listening(hang_up) as port:
            it.set([(replace(sure, options={"port": port}), "127.0.0.1")])
            await changed.wait()
            assert it.failing == ""
        changed.clear()
        await changed.wait()
        assert it.failing
        it.set([])
        assert not it.failing
