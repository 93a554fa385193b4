"""Whose fault it is."""

from __future__ import annotations

import asyncio
import errno
import ssl
from ipaddress import ip_address

import pytest

from gslb.check import attempt as module
from gslb.check.attempt import OwnFault, Unfit, attempt
from gslb.check.observation import Result

THERE = ip_address("192.0.2.1")
UNKNOWN, FAIL = Result.UNKNOWN, Result.FAIL


def raising(error):
    async def look(_progress):
        raise error

    return look


@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [
        (OSError(errno.ECONNREFUSED, ""), FAIL, "connection refused"),
        (OSError(errno.ECONNRESET, ""), FAIL, "connection reset by peer"),
        (OSError(errno.EPIPE, ""), FAIL, "broken pipe"),
        (OSError(errno.ETIMEDOUT, ""), FAIL, "connection timed out"),  # the kernel's, long before any deadline of ours
        (OSError("no number"), FAIL, "no number"),
        (EOFError(), FAIL, "closed by the other side"),
        (ssl.SSLError("shutdown while in INIT"), FAIL, "TLS: ('shutdown while in init',)"),
        (Unfit("status 503"), FAIL, "status 503"),
        (OSError(errno.EMFILE, ""), UNKNOWN, "own fault: too many open files"),
        (OSError(errno.ENFILE, ""), UNKNOWN, "own fault: too many open files in system"),
        (OSError(errno.EPERM, ""), UNKNOWN, "own fault: operation not permitted"),
        (OSError(errno.EACCES, ""), UNKNOWN, "own fault: permission denied"),
        (OSError(errno.EADDRNOTAVAIL, ""), UNKNOWN, "own fault: cannot assign requested address"),
        (OSError(errno.EAFNOSUPPORT, ""), UNKNOWN, "own fault: address family not supported by protocol"),
        (OSError(errno.ENOBUFS, ""), UNKNOWN, "own fault: no buffer space available"),
        (OwnFault("no key"), UNKNOWN, "own fault: no key"),
        (KeyError("a bug"), UNKNOWN, "own fault: KeyError: 'a bug'"),
        (TimeoutError(), FAIL, "TimeoutError"),  # somebody else's clock
    ],
    ids=str,
)
async def test_faults(error, result, reason):
    seen = await attempt(THERE, 1.0, raising(error))
    assert (seen.result, seen.reason) == (result, reason)


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH])
@pytest.mark.parametrize("route", [True, False])
async def test_unreachable_is_the_targets_fault_only_where_there_is_a_route(monkeypatch, number, route):
    monkeypatch.setattr(module, "_has_route", lambda _address: route)
    seen = await attempt(THERE, 1.0, raising(OSError(number, "")))
    assert seen.result is (FAIL if route else UNKNOWN)


def test_the_routing_table_is_asked():
    assert module._has_route(ip_address("127.0.0.1"))
    assert not module._has_route(ip_address("255.255.255.255")), "broadcast: no permission, so no way there"


async def test_one_deadline_and_the_stage_it_fell_in():
    async def look(progress):
        await asyncio.sleep(0.02)
        progress.stage = "reading the body"
        await asyncio.Event().wait()

    seen = await attempt(THERE, 0.05, look)
    assert (seen.result, seen.reason) == (FAIL, "timeout: 0.05 s over while reading the body")
    assert 0.05 <= seen.seconds < 10.0


async def test_a_cancellation_goes_through():
    started = asyncio.Event()

    async def look(_progress):
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(attempt(THERE, 10.0, look))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_reasons_are_cut():
    seen = await attempt(THERE, 1.0, raising(Unfit("x" * 5000)))
    assert len(seen.reason) == 160
