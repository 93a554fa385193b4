"""tcp checks against real servers."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Result
from gslb.check.tcp import READ_LIMIT
from gslb.testing import check_check
from gslb.testing.servers import TROUBLES, closed_port, listening, trouble

HERE = ip_address("127.0.0.1")


async def look(definition):
    return await CHECKS["tcp"].build(definition).observe(HERE)


async def test_a_connection_is_all_a_plain_check_wants(define):
    await check_check(lambda port, timeout: CHECKS["tcp"].build(define("tcp", timeout, port=port)), passes=frozenset(TROUBLES))


async def test_with_a_word_to_wait_for_it_keeps_the_contract(define):
    await check_check(lambda port, timeout: CHECKS["tcp"].build(define("tcp", timeout, port=port, send="PING\r\n", expect="+PONG")))


async def test_a_word_said_and_a_word_heard(define):
    async def talk(reader, writer):
        if await reader.readline() == b"PING\r\n":
            for part in (b"+PO", b"NG\r\n"):  # in two segments: it is still one word
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)

    async with listening(talk) as port:
        assert (await look(define("tcp", port=port, send="PING\r\n", expect="+PONG"))).reason == "expected text heard"
        seen = await look(define("tcp", port=port, send="QUIT\r\n", expect="+PONG"))
    assert (seen.result, seen.reason) == (Result.FAIL, "closed without a word")


async def test_a_greeting(define):
    async def talk(_reader, writer):
        writer.write("220 mail ✓\r\n".encode())

    async with listening(talk) as port:
        assert (await look(define("tcp", port=port, expect="mail ✓"))).result is Result.OK
        seen = await look(define("tcp", port=port, expect="221"))
    assert (seen.result, seen.reason) == (Result.FAIL, "closed before the expected text")


@pytest.mark.parametrize("late", [False, True])
async def test_only_so_much_is_read(define, late):
    async def talk(_reader, writer):
        writer.write(b"." * (READ_LIMIT - 4 + late) + b"here" + b"." * 100)
        await writer.drain()
        await asyncio.Event().wait()

    async with listening(talk) as port:
        seen = await look(define("tcp", port=port, expect="here"))
    assert seen.reason == ("expected text not in the first 64 KiB" if late else "expected text heard")


@pytest.mark.parametrize(
    ("how", "reason"),
    [("hang", "timeout: 0.3 s over while waiting for the expected text"), ("reset", "connection reset by peer"), ("shut", "closed without a word")],
)
async def test_reasons(define, how, reason):
    async with trouble(how) as port:
        seen = await look(define("tcp", 0.3, port=port, send="hello", expect="hello"))
    assert (seen.result, seen.reason) == (Result.FAIL, reason)


async def test_a_refused_connection(define):
    seen = await look(define("tcp", port=closed_port()))
    assert (seen.result, seen.reason) == (Result.FAIL, "connection refused")


def test_problems():
    problems = CHECKS["tcp"].problems
    assert not list(problems({"port": 25, "send": "x" * 4096, "expect": 7}))
    assert [(c.code, c.path) for c in problems({"send": "é" * 2049})] == [("H009", ("send",))]
