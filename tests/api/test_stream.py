"""The stream: how everything stands, then what changes, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gslb.api import stream as streams
from gslb.api.stream import QUEUE, Reader, Stream
from gslb.verdict import State


async def frames(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    """Read frames by the letter of the HTML standard (9.2.6), as a browser would."""
    found: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if not text:
            if "data" in found:
                yield found
            found = {}
        elif not text.startswith(":"):
            key, _, value = text.partition(": ")
            found[key] = value


async def wait_for(reading: AsyncIterator[dict[str, str]], kind: str, condition: Any = lambda _data: True) -> dict[str, Any]:
    async with asyncio.timeout(30):
        async for frame in reading:
            data = json.loads(frame["data"])
            if frame["event"] == kind and condition(data):
                return {**data, "_id": frame.get("id")}
    raise AssertionError(f"no {kind}")


async def test_it_begins_with_everything_and_tells_what_changes(service: Any) -> None:
    async with service.session.get(f"{service.url}/api/v1/stream") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        reading = frames(answer)
        assert (await wait_for(reading, "status"))["node"] == "test"
        pools = await wait_for(reading, "pools")
        assert pools["whole"]
        assert {one["pool"] for one in pools["items"]} == {"web", "sorry"}
        await service.ask("PUT", "sites/fra/drain", {"reason": "new switches"})
        await service.deciding.publisher.catch_up()
        changed = await wait_for(reading, "pools")
        assert not changed["whole"]
        assert [one["pool"] for one in changed["items"]] == ["web"]
        assert changed["items"][0]["members"][0]["forced"] == "drained"
    async with service.session.get(f"{service.url}/api/v1/stream") as answer:
        reading = frames(answer)
        assert (await wait_for(reading, "overrides"))["overrides"][0]["subject"] == "fra"


async def test_events_that_were_missed_are_told_again(service: Any) -> None:
    async with service.session.get(f"{service.url}/api/v1/stream") as answer:
        reading = frames(answer)
        await wait_for(reading, "pools")
        for prober in ("p1", "p2"):
            await service.vote(prober, State.DOWN, "192.0.2.10")
        told = await wait_for(reading, "event", lambda data: data["kind"] == "verdict")
    await service.ask("PUT", "sites/fra/drain", {"reason": "x"})
    await service.deciding.publisher.catch_up()
    async with service.session.get(f"{service.url}/api/v1/stream", headers={"Last-Event-ID": told["_id"]}) as answer:
        reading = frames(answer)
        again = await wait_for(reading, "event", lambda data: data["kind"] == "override")
        assert again["by"] == "anonymous"
    async with service.session.get(f"{service.url}/api/v1/stream", headers={"Last-Event-ID": "nonsense"}) as answer:
        await wait_for(frames(answer), "status")


async def test_who_reads_nothing_is_cut_and_holds_nobody_up(service: Any) -> None:
    stream = Stream(service.operating)
    async with stream.reading("") as slow, stream.reading("") as quick:
        for number in range(QUEUE + 10):
            stream._tell("event", {"number": number})
            while quick.frames.qsize() > 5:
                quick.frames.get_nowait()
        assert stream.readers == 1
        left = [slow.frames.get_nowait() for _ in range(slow.frames.qsize())]
        assert left[-1] is None
        assert len(left) <= QUEUE
    await stream.close()
    assert stream.readers == 0


async def test_nobody_looks_where_nobody_reads(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "GLANCE", 0.01)
    stream = Stream(service.operating)
    async with stream.reading("") as reader:
        assert isinstance(reader, Reader)
        assert len(stream._tasks) == 2
    assert stream._tasks == []


async def test_however_readers_come_and_are_cut_one_looks(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that come at once, and one that comes while another that was cut has not gone: each would leave tasks that nobody ends."""
    monkeypatch.setattr(streams, "GLANCE", 0.01)
    stream = Stream(service.operating)
    whole = stream._look

    async def look() -> None:
        await asyncio.sleep(0)
        await whole()

    monkeypatch.setattr(stream, "_look", look)
    before = asyncio.all_tasks()

    def at_work() -> list[str]:
        return sorted(task.get_coro().__name__ for task in asyncio.all_tasks() - before if task.get_coro().__qualname__.startswith("Stream."))

    first, second = stream.reading(""), stream.reading("")
    slow, _quick = await asyncio.gather(first.__aenter__(), second.__aenter__())
    await second.__aexit__(None, None, None)
    while slow.put(b""):
        pass
    stream._tell("event", {})
    assert stream.readers == 0
    async with stream.reading("") as third:
        assert at_work() == ["_hear", "_watch"]
        while not third.frames.empty():
            third.frames.get_nowait()
        stream._tell("event", {"number": 1})
        assert third.frames.qsize() >= 1
    await first.__aexit__(None, None, None)
    assert at_work() == []


async def test_a_look_that_fails_is_not_the_last(service: Any, monkeypatch: pytest.MonkeyPatch, wait: Any) -> None:
    monkeypatch.setattr(streams, "GLANCE", 0.01)
    stream = Stream(service.operating)
    looks: list[None] = []

    async def look() -> None:
        looks.append(None)
        if len(looks) == 2:  # the first is that of whoever comes
            raise RecursionError("odd data")

    monkeypatch.setattr(stream, "_look", look)
    async with stream.reading(""):
        await wait(lambda: len(looks) > 3)


async def test_so_many_streams_and_no_more(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.api.server.STREAMS", 1)
    async with service.session.get(f"{service.url}/api/v1/stream") as answer:
        await wait_for(frames(answer), "status")
        status, problem, headers = await service.ask("GET", "stream")
        assert (status, problem["code"], headers["Retry-After"]) == (503, "streams", "10")


async def test_who_takes_nothing_is_cut_in_the_middle(service: Any, monkeypatch: pytest.MonkeyPatch, wait: Any) -> None:
    """Its answer is on its way already: no second one may follow, and it is nobody's fault."""
    monkeypatch.setattr("gslb.api.server.TAKEN", 0.2)
    faults: list[str] = []
    monkeypatch.setattr("gslb.api.server.log.error", lambda text, **_more: faults.append(text))
    stream = service.server._stream
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", service.port))
        reader.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await wait(lambda: stream.readers)
        await wait(lambda: [stream._tell("event", {"x": "y" * 100_000})] and not stream._joined)
        reader.settimeout(20)
        said = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := await asyncio.to_thread(reader.recv, 1 << 20):
                said += piece
    assert said.count(b"HTTP/1.1") == 1
    assert not faults


async def test_a_silent_stream_says_that_it_still_is_one(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.api.server.SILENCE", 0.05)
    async with service.session.get(f"{service.url}/api/v1/stream") as answer, asyncio.timeout(30):
        async for line in answer.content:
            if line == b": still here\n":
                return
