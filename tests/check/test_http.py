"""http and https checks against real servers, good and bad."""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
from ipaddress import ip_address

import pytest
import trustme

from gslb import __version__
from gslb.check import CHECKS, check_named
from gslb.check.answer import BODY_LIMIT
from gslb.check.observation import Result
from gslb.testing.servers import closed_port, listening, trouble

HERE = ip_address("127.0.0.1")
HOST = "www.example.com"


async def look(definition, address=HERE):
    return await CHECKS[definition.type].build(definition).observe(address)


# ---- what is asked ----


async def test_the_request_is_what_the_operator_wrote(define, site):
    async with site() as it:
        seen = await look(define("http", port=it.port, host=HOST, path="/healthz?deep=1&x=%2F", method="POST", headers={"X-Probe": "a b", "X-N": 3}))
    assert (seen.result, seen.reason) == (Result.OK, "status 200")
    assert it.head[0] == "POST /healthz?deep=1&x=%2F HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in it.head[1:])
    assert fields.pop("Content-Length", "0") == "0"
    assert fields == {
        "Host": HOST,
        "User-Agent": f"gslb/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "X-Probe": "a b",
        "X-N": "3",
    }


@pytest.mark.parametrize(("address", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
async def test_without_a_host_it_is_the_address(define, site, address, host):
    async with site(address=address) as it:
        seen = await look(define("http", port=it.port), ip_address(address))
    assert seen.result is Result.OK
    assert f"Host: {host}:{it.port}" in it.head


async def test_no_proxy_is_asked(define, site, monkeypatch):
    async with site() as it, site() as trap:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        assert (await look(define("http", port=it.port))).result is Result.OK
    assert (len(it.requests), len(trap.requests)) == (1, 0)


@pytest.mark.parametrize("accepted", [False, True])
async def test_redirects_are_not_followed(define, site, accepted):
    async with site() as trap, site("302 Found", head=f"Location: http://127.0.0.1:{trap.port}/\r\n") as it:
        seen = await look(define("http", port=it.port, expect={"status": 302} if accepted else {}))
    assert (seen.result, seen.reason) == (Result.OK if accepted else Result.FAIL, "status 302")
    assert not trap.requests


async def test_every_check_has_a_connection_of_its_own(define):
    connections = 0

    async def talk(reader, writer):
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")

    async with listening(talk) as port:
        check = CHECKS["http"].build(define("http", port=port))
        for _ in range(3):
            assert (await check.observe(HERE)).result is Result.OK
    assert connections == 3


# ---- how the answer is judged (the rules themselves: test_expectation.py) ----


@pytest.mark.parametrize(
    ("answer", "expect", "reason"),
    [
        (("200 OK", b'{"status": "healthy"}'), {"status": 200, "json": {"status": "healthy"}}, ""),
        (("200 OK", b'{"status": "ill"}'), {"json": {"status": "healthy"}}, 'status 200, status is "ill", not "healthy"'),
        (("503 Service Unavailable", b""), {}, "status 503"),
        (("200 OK", b"all fine"), {"body": "fine"}, ""),
        (("200 OK", b"all lost"), {"body": "fine"}, 'status 200, body lacks "fine"'),
        (("200 OK", b" " * (BODY_LIMIT - 4) + b"fine"), {"body": "fine"}, ""),
        (("200 OK", b" " * BODY_LIMIT + b"fine"), {"body": "fine"}, 'status 200, body lacks "fine"'),
        (("200 OK", b'{"a": 1}' + b" " * BODY_LIMIT), {"json": {"a": 1}}, "status 200, body longer than 64 KiB: not read as JSON"),
    ],
)
async def test_answers_are_judged(define, site, answer, expect, reason):
    async with site(*answer) as it:
        seen = await look(define("http", port=it.port, expect=expect))
    assert (seen.result, seen.reason) == ((Result.FAIL, reason) if reason else (Result.OK, "status 200"))


async def test_a_body_in_chunks_is_one_body(define):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhea\x6c\r\n3\r\nthy\r\n0\r\n\r\n")

    async with listening(talk) as port:
        assert (await look(define("http", port=port, expect={"body": "healthy"}))).result is Result.OK


# ---- each way to fail, by its reason ----


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("hang", "timeout: 0.5 s over while waiting for an answer"),
        ("trickle", "timeout: 0.5 s over while waiting for an answer"),  # not through the head yet
        ("trickle header", "timeout: 0.5 s over while waiting for an answer"),
        ("shut", "closed without an answer"),
        ("reset", "connection reset by peer"),
    ],
)
async def test_reasons(define, how, reason):
    async with trouble(how) as port:
        seen = await look(define("http", 0.5, port=port))
    assert (seen.result, seen.reason) == (Result.FAIL, reason)


async def test_a_refused_connection(define):
    seen = await look(define("http", port=closed_port()))
    assert (seen.result, seen.reason) == (Result.FAIL, "connection refused")


async def test_what_is_not_http(define):
    async with trouble("rubbish") as port:
        seen = await look(define("http", port=port))
    assert seen.result is Result.FAIL
    assert seen.reason.startswith("not HTTP: ")


async def test_the_deadline_covers_the_body(define):
    """Every octet comes in time, the whole does not: one deadline for all of it."""

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(talk) as port:
        seen = await look(define("http", 0.5, port=port))
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.5 s over while reading the body")
    assert 0.5 <= seen.seconds < 5.0


async def test_a_body_broken_off(define):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")

    async with listening(talk) as port:
        seen = await look(define("http", port=port))
    assert seen.result is Result.FAIL
    assert seen.reason.startswith("broken off: ")


async def test_a_flood_costs_no_more_than_the_limit(define):
    """64 KiB are read of a body without end, and they are judged."""
    async with trouble("flood") as port:
        seen = await look(define("http", 20.0, port=port))
    assert (seen.result, seen.reason) == (Result.OK, "status 200")
    assert seen.seconds < 10.0


async def test_a_body_is_not_unpacked(define, site):
    """64 KiB of gzip can hold 64 MiB: what was not asked for packed is judged as it is."""
    async with site(body=gzip.compress(b"healthy" * 10_000_000), head="Content-Encoding: gzip\r\n") as it:
        seen = await look(define("http", port=it.port, expect={"body": "healthy"}))
    assert (seen.result, seen.reason) == (Result.FAIL, 'status 200, body lacks "healthy"')


# ---- TLS ----


async def test_a_good_certificate(define, site, authority):
    async with site(tls=authority.server(days=30.5)) as it:
        seen = await look(define("https", port=it.port, host=HOST, ca_file=authority.file))
    assert (seen.result, seen.reason) == (Result.OK, "status 200, certificate 30 days left")
    assert it.names == [HOST]
    assert f"Host: {HOST}" in it.head


async def test_the_certificate_is_for_the_address_where_no_host_is_said(define, site, authority):
    async with site(tls=authority.server("127.0.0.1")) as it:
        seen = await look(define("https", port=it.port, ca_file=authority.file))
    assert seen.result is Result.OK
    assert it.names == [None], "an address is not sent as SNI: RFC 6066 section 3"


@pytest.mark.parametrize("host", [f"{HOST}:8443", f"{HOST}.", f"{HOST}.:443"])
async def test_the_certificates_name_has_neither_port_nor_dot(define, site, authority, host):
    async with site(tls=authority.server()) as it:
        seen = await look(define("https", port=it.port, host=host, ca_file=authority.file))
    assert seen.result is Result.OK
    assert it.names == [HOST]
    assert f"Host: {host}" in it.head, "sent as the operator wrote it"


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (lambda authority: authority.server(days=-1), "certificate: certificate has expired"),
        (
            lambda authority: authority.server("other.example.com"),
            "certificate: Hostname mismatch, certificate is not valid for 'www.example.com'.",
        ),
        (lambda authority: authority.server(ca=trustme.CA()), "certificate: unable to get local issuer certificate"),
    ],
    ids=["expired", "wrong name", "unknown authority"],
)
async def test_bad_certificates(define, site, authority, server, reason):
    async with site(tls=server(authority)) as it:
        seen = await look(define("https", port=it.port, host=HOST, ca_file=authority.file))
        unverified = await look(define("https", port=it.port, host=HOST, verify=False))
    assert (seen.result, seen.reason) == (Result.FAIL, reason)
    assert (unverified.result, unverified.reason) == (Result.OK, "status 200")
    assert it.names == [HOST, HOST]
    assert len(it.requests) == 1, "nothing is asked of a server that cannot be believed"


async def test_tls_where_there_is_none(define):
    async with trouble("rubbish") as port:
        seen = await look(define("https", port=port, host=HOST))
    assert (seen.result, seen.reason) == (Result.FAIL, "TLS: wrong version number")


async def test_clear_text_where_there_is_tls(define, site, authority):
    async with site(tls=authority.server()) as it:
        seen = await look(define("http", port=it.port, host=HOST))
    assert seen.result is Result.FAIL


async def test_a_hanging_handshake(define):
    async with trouble("hang") as port:
        seen = await look(define("https", 0.5, port=port, host=HOST))
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.5 s over while shaking hands (TLS)")


# ---- own faults are no vote ----


async def test_authorities_that_cannot_be_read(define, site, tmp_path):
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    async with site() as it:
        missing = await look(define("https", port=it.port, host=HOST, ca_file="/nowhere/ca.pem"))
        bad = await look(define("https", port=it.port, host=HOST, ca_file=str(rubbish)))
    assert (missing.result, missing.reason) == (Result.UNKNOWN, "own fault: ca_file /nowhere/ca.pem: No such file or directory")
    assert bad.result is Result.UNKNOWN
    assert bad.reason.startswith(f"own fault: ca_file {rubbish}: ")


async def test_new_authorities_are_read_without_a_restart(define, site, authority, tmp_path):
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    os.utime(file, (1, 1))
    async with site(tls=authority.server()) as it:
        check = CHECKS["https"].build(define("https", port=it.port, host=HOST, ca_file=str(file)))
        assert (await check.observe(HERE)).result is Result.FAIL
        authority.ca.cert_pem.write_to_path(file)
        assert (await check.observe(HERE)).result is Result.OK


async def test_no_descriptor_left_is_our_fault(define):
    check = CHECKS["http"].build(define("http", port=closed_port()))
    assert (await check.observe(HERE)).reason == "connection refused"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        seen = await check.observe(HERE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (seen.result, seen.reason) == (Result.UNKNOWN, "own fault: too many open files")


# ---- options ----


@pytest.mark.parametrize("kind", ["http", "https"])
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"host": HOST, "path": "/healthz", "expect": {"status": 200, "json": {"status": "healthy"}}}, []),  # design.md section 4
        ({}, []),
        ({"host": "[2001:db8::1]:8080", "headers": {"X-Probe": "gslb"}, "path": "/a?b=c%20d"}, []),
        ({"path": "healthz"}, [("H001", ("path",))]),
        ({"path": "/a b"}, [("H001", ("path",))]),
        ({"path": "/a\r\nHost: evil"}, [("H001", ("path",))]),
        ({"path": "/a#b"}, [("H001", ("path",))]),
        ({"host": "a\r\nX: y"}, [("H002", ("host",))]),
        ({"host": "http://www.example.com/"}, [("H002", ("host",))]),
        ({"headers": {"X": "a\r\nY: b"}}, [("H003", ("headers", "X"))]),
        ({"headers": {"X Y": "a", "Host": "b"}}, [("H003", ("headers", "X Y")), ("H003", ("headers", "Host"))]),
        ({"headers": ["X"]}, [("H003", ("headers",))]),
        ({"headers": {"X": None}}, [("H003", ("headers", "X"))]),
        ({"method": "HEAD", "expect": {"body": "x"}}, [("H007", ("method",))]),
        ({"expect": []}, [("H004", ("expect",))]),
        ({"path": 7, "host": None, "method": [], "headers": None, "expect": None}, [("H003", ("headers",)), ("H004", ("expect",))]),
    ],
)
def test_problems(kind, options, found):
    assert [(c.code, c.path) for c in CHECKS[kind].problems(options)] == found


def test_authorities_without_verification():
    assert [c.code for c in CHECKS["https"].problems({"verify": False, "ca_file": "x"})] == ["H008"]


def test_names():
    assert check_named("https") is CHECKS["https"]
    assert check_named("no such check") is None
    assert all(name == kind.name for name, kind in CHECKS.items())
