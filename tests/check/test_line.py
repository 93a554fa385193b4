"""Connections end when their look ends, whatever moment that is."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from gslb.check import CHECKS
from gslb.check.observation import Result
from gslb.testing.servers import listening

HERE = ip_address("127.0.0.1")
HOST = "www.example.com"


@contextmanager
def slow_handshakes(context, pause):
    """Shake hands in a thread, a moment after each connection came; then hold the line and say nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        while True:
            line, _ = server.accept()
            if not held and stop.is_set():
                line.close()
                return
            time.sleep(pause)
            held.append(context.wrap_socket(line, server_side=True))
            if stop.is_set():
                return

    stop = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        stop.set()
        server.close()
        for line in held:
            line.close()


def descriptors():
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


async def test_a_handshake_that_is_over_together_with_the_time(define, authority):
    """The loop stood still: answer and deadline are there at once. The descriptor must not go to another look while the old one listens on it."""

    async def talk(_reader, writer):
        writer.write(b"220 ready\r\n")
        await writer.drain()

    with slow_handshakes(authority.server(), 0.1) as port:
        check = CHECKS["tcp"].build(define("tcp", 0.2, port=port, tls=True, host=HOST, ca_file=authority.file, expect="never"))
        task = asyncio.create_task(check.observe(HERE))
        while not task.done():
            await asyncio.sleep(0.05)
            if not task.done():
                time.sleep(0.4)  # noqa: ASYNC251 - that is the point
        assert task.result().reason.startswith("timeout: 0.2 s over while shaking hands")
        async with listening(talk) as other:
            plain = CHECKS["tcp"].build(define("tcp", 1.0, port=other, expect="220"))
            seen = await asyncio.gather(*(plain.observe(HERE) for _ in range(20)))
        assert {(one.result, one.reason) for one in seen} == {(Result.OK, "expected text heard")}


async def test_no_descriptor_stays(define, authority):
    before = descriptors()
    with slow_handshakes(authority.server(), 0.1) as port:
        held = descriptors()
        check = CHECKS["tcp"].build(define("tcp", 0.2, port=port, tls=True, host=HOST, ca_file=authority.file, expect="never"))
        task = asyncio.create_task(check.observe(HERE))
        await asyncio.sleep(0.05)
        time.sleep(0.4)  # noqa: ASYNC251 - as above
        await task
        async with asyncio.timeout(30):
            while descriptors() > held + 1:  # the server's end
                await asyncio.sleep(0.01)
    assert descriptors() <= before + 1
