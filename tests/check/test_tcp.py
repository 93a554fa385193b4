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
        assert (await look(define("tcp", port=port, expect=220))).result is Result.OK, "a number is its text"
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
    [("hang", "timeout: 0.8 s over while waiting for the expected text"), ("reset", "connection reset by peer"), ("shut", "closed without a word")],
)
async def test_reasons(define, how, reason):
    async with trouble(how) as port:
        seen = await look(define("tcp", 0.8, port=port, send="hello", expect="hello"))
    assert (seen.result, seen.reason) == (Result.FAIL, reason)


async def test_a_refused_connection(define):
    seen = await look(define("tcp", port=closed_port()))
    assert (seen.result, seen.reason) == (Result.FAIL, "connection refused")


def test_problems():
    problems = CHECKS["tcp"].problems
    assert not list(problems({"port": 25, "send": "x" * 4096, "expect": "7"}))
    assert [(c.code, c.path) for c in problems({"send": "é" * 2049})] == [("H009", ("send",))]


# ---- patterns ----


async def test_a_pattern_across_pieces(define):
    async def talk(_reader, writer):
        for part in (b"220 ma", "il ✓".encode()[:4], "il ✓".encode()[4:], b" ESMTP ready\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with listening(talk) as port:
        assert (await look(define("tcp", port=port, expect={"regex": "^220 .* ✓ ESMTP"}))).reason == "expected text heard"
        assert (await look(define("tcp", port=port, expect={"regex": r"ready\s*\Z"}))).result is Result.OK, "known only at the end"
        seen = await look(define("tcp", port=port, expect={"regex": "^250"}))
    assert (seen.result, seen.reason) == (Result.FAIL, "closed before the expected text")


async def test_a_pattern_keeps_the_contract(define):
    options = {"send": "PING", "expect": {"regex": "(x+)+PONG"}}
    await check_check(lambda port, timeout: CHECKS["tcp"].build(define("tcp", timeout, port=port, **options)))


# ---- TLS ----

HOST = "www.example.com"


async def greet(_reader, writer):
    writer.write(b"220 ready\r\n")
    await writer.drain()


async def test_tls(define, authority):
    options = {"tls": True, "host": HOST, "ca_file": authority.file, "expect": "220"}
    async with listening(greet, ssl=authority.server(days=40.5)) as port:
        seen = await look(define("tcp", port=port, **options))
        other = await look(define("tcp", port=port, **options | {"host": "other.example.com"}))
        blind = await look(define("tcp", port=port, tls=True, verify=False, expect="220"))
        clear = await look(define("tcp", 0.5, port=port, expect="220"))
    assert (seen.result, seen.reason) == (Result.OK, "expected text heard, certificate 40 days left")
    assert other.reason.startswith("certificate: Hostname mismatch")
    assert (blind.result, blind.reason) == (Result.OK, "expected text heard")
    assert clear.result is Result.FAIL


@pytest.mark.parametrize(
    ("days", "wanted", "result", "reason", "grade"),
    [
        (40.5, {}, Result.OK, "connected, certificate 40 days left", 100),
        (20.5, {}, Result.OK, "connected, certificate 20 days left: renew it", 100),
        (20.5, {"warn": 20}, Result.OK, "connected, certificate 20 days left", 100),
        (6.5, {"degrade": 7}, Result.OK, "connected, certificate 6 days left, renew it", 92),
        (3.5, {"degrade": 7}, Result.OK, "connected, certificate 3 days left, renew it", 49),
        (3.5, {"degrade": 7, "down": 3}, Result.OK, "connected, certificate 3 days left, renew it", 12),
        (3.5, {"down": 4}, Result.FAIL, "certificate 3 days left, fewer than 4", 100),
    ],
)
async def test_days_left(define, authority, days, wanted, result, reason, grade):  # noqa: PLR0917 - a table
    async with listening(greet, ssl=authority.server(days=days)) as port:
        seen = await look(define("tcp", port=port, tls=True, host=HOST, ca_file=authority.file, days_left=wanted))
    assert (seen.result, seen.reason) == (result, reason)
    assert abs(seen.grade - grade) <= 1, "the certificate has been there for a moment"


async def test_tls_keeps_the_contract(define, authority):
    await check_check(lambda port, timeout: CHECKS["tcp"].build(define("tcp", timeout, port=port, tls=True, ca_file=authority.file)))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"port": 1, "tls": True, "days_left": {"warn": 30, "degrade": 7, "down": 0}}, []),
        ({"port": 1, "days_left": {"warn": 30}}, [("H013", ("days_left",))]),
        ({"port": 1, "host": HOST}, [("H013", ("host",))]),
        ({"tls": True, "verify": False, "days_left": {"down": 1}}, [("H008", ("days_left",))]),
        ({"tls": True, "days_left": {"worn": 1, "down": -1}}, [("H012", ("days_left", "worn")), ("H012", ("days_left", "down"))]),
        ({"tls": True, "days_left": {"degrade": 7, "down": 7}}, [("H012", ("days_left", "down"))]),
        ({"tls": True, "days_left": {"degrade": 7, "warn": 6}}, [("H012", ("days_left", "degrade"))]),
        ({"expect": {"regex": "("}}, [("H010", ("expect", "regex"))]),
        ({"expect": ["a"]}, [("H004", ("expect",))]),
        ({"expect": 1.5}, [("H004", ("expect",))]),
        ({"expect": True}, [("H004", ("expect",))]),
        ({"expect": 220}, []),
    ],
)
def test_problems_of_tls_and_patterns(options, found):
    assert [(c.code, c.path) for c in CHECKS["tcp"].problems(options)] == found
