"""What bounds callers: slow, huge and endless requests end in an answer or a closed connection, soon; nothing of them stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gslb.api import connection, limits
from gslb.api.limits import Rates, Room
from gslb.testing import http_flood

PUT = b"PUT /api/v1/hold HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be as strict as ever, ten times as fast."""
    monkeypatch.setattr(limits, "SLOW", 1.0)
    monkeypatch.setattr("gslb.api.writing.TAKEN", 1.0)
    monkeypatch.setattr(connection, "OPTIONS", {**connection.OPTIONS, "keepalive_timeout": 1.0})
    monkeypatch.setattr(http_flood, "PATIENCE", 30.0)
    monkeypatch.setattr(http_flood, "DRIP", 0.1)


async def raw(service: Any, sent: bytes) -> bytes:
    """Send octets, and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(sent)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.usefixtures("impatient")
async def test_bad_clients_are_all_got_rid_of(service: Any) -> None:
    service.server._door._rates = Rates(1e9, 1e9)
    kinds = tuple(kind for kind in http_flood.KINDS if kind is not http_flood.deaf)
    ends = await http_flood.flood(service.port, 60, 60, kinds)
    assert not [end for end in ends if end.endswith("kept")], ends
    assert ends["slow_body: answer 408"] == 10
    assert sum(count for end, count in ends.items() if end.startswith("huge_body: ")) == 10
    assert (await service.ask("GET", "whoami"))[0] == 200
    assert service.server._reader._bodies._room.held == 0


@pytest.mark.usefixtures("impatient")
async def test_who_does_not_read_is_cut(service: Any, wait: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service.server._door._rates = Rates(1e9, 1e9)
    monkeypatch.setattr(http_flood, "PATIENCE", 60.0)
    server = service.server._runner.server
    crowd = asyncio.create_task(http_flood.flood(service.port, 10, 10, (http_flood.deaf,)))
    await wait(lambda: len(server.connections) == 10)
    await wait(lambda: len(server.connections) == 0)  # though all of them are still there
    assert not crowd.done()
    crowd.cancel()
    assert service.server._writer._room.held == 0
    assert (await service.ask("GET", "whoami"))[0] == 200


async def test_answers_on_their_way_are_bounded(service: Any) -> None:
    service.server._writer._room = Room(1000)
    status, problem, _ = await service.ask("GET", "openapi.json")
    assert (status, problem["code"]) == (503, "busy")
    assert (await service.ask("GET", "whoami"))[0] == 200


async def test_bodies_are_bounded(service: Any) -> None:
    headers = b"PUT /api/v1/sites/fra/drain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    assert b" 413 " in (await raw(service, headers + b"Content-Length: 1048577\r\n\r\n"))[:20]
    large = b'{"reason": "' + b"x" * 1_048_600 + b'"}'
    chunked = headers + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(large) + large + b"\r\n0\r\n\r\n"
    assert b" 413 " in (await raw(service, chunked))[:20]
    gzip = headers + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    assert b" 415 " in (await raw(service, gzip))[:20]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b" 400 "),
        (b"GET / HTTP/9.9\r\n\r\n", b" 400 "),
        (b"GET /api/v1/status HTTP/1.1\r\n\r\n", b" 400 "),
        (b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b" 4"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 431 "),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000 + b"\r\n\r\n", b" 431 "),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 200 + b"\r\n", b" 4"),
        (b"PUT /api/v1/hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", b" 400 "),
        (b"PUT /api/v1/hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", b" 400 "),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", b" 400 "),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", b" 400 "),
        (PUT + b"Transfer-Encoding: gzip\r\n\r\n{}", b" 4"),
        (PUT + b"Content-Length: 2\r\nExpect: the-unexpected\r\n\r\n{}", b" 4"),
        (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 4"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b" 421 "),
        (b"GET //evil.example/%2e%2e/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 404 "),
        (b"GET /api/v1/pools/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 404 "),
        (b"GET /api/v1/pools/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 404 "),
        (b"GET /api/v1/pools?q=%ff HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \xff\r\n\r\n", b" "),
        (b"GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", b" 4"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b" 400 "),
    ],
)
async def test_what_is_no_http_ends_in_a_problem(service: Any, sent: bytes, status: bytes) -> None:
    answer = await raw(service, sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    assert answer.startswith(b"HTTP/1."), answer
    assert status in answer[:20], answer[:300]
    assert b"application/problem+json" in answer or answer[9:12] == b"200"
    assert b"aiohttp" not in answer.lower()
    assert b"python" not in answer.lower()


async def test_so_many_connections_and_no_more(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OF_ONE", 3)
    opened = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(6)]
    async with asyncio.timeout(30):
        closed = [await reader.read(1) for reader, _ in opened[3:]]
    assert closed == [b""] * 3
    for _, writer in opened:
        writer.close()


def test_a_bucket_fills_again() -> None:
    rates = Rates(rate=2.0, burst=3.0)
    assert [rates.take("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert rates.take("b", 0.0) == 0.0
    assert rates.take("a", 0.5) == 0.0
    assert rates.take("a", 0.5) > 0
    assert [rates.take("a", 100.0) for _ in range(4)][-1] > 0


def test_callers_are_forgotten_in_the_end() -> None:
    rates = Rates()
    for number in range(limits.CALLERS + 50):
        rates.take(str(number), 0.0)
    assert len(rates._left) == limits.CALLERS
