"""How many targets one prober core watches: lateness, CPU per check, memory. Usage: python bench/prober.py [http|https|tcp] [targets] [seconds].

The servers are one process on the other core; every target is an address of 127/8 with an interval of 5 s. On a machine that
has other work, lateness says more of that work than of the prober; CPU per check hardly changes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from gslb.check.lateness import Lateness
from gslb.check.observation import Observation
from gslb.check.prober import Prober
from gslb.model import Check
from gslb.verdict import Target, Vote

HOST = "www.example.com"
BODY = b'{"status": "healthy"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)


def serve(port: Connection, certificate: str) -> None:
    """Answer every request healthy, on the last core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "0.0.0.0", 0, ssl=tls, backlog=4096)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def watch(check: Check, count: int, seconds: float) -> None:
    """Probe, and print the figures of the first round and of `seconds` once rounds are spread."""
    seen: Counter[str] = Counter()

    def heard(_target: Target, observation: Observation, _before: Vote | None) -> None:
        seen[f"{observation.result}: {observation.reason}"] += 1

    async def publish(_votes: Sequence[Vote]) -> None:
        pass

    prober = Prober("bench", publish, heard=heard)
    prober.set_targets({Target("web", "d", str(ip_address("127.1.0.0") + n)): check for n in range(count)})
    began, cpu = time.monotonic(), time.process_time()
    task = asyncio.create_task(prober.run())
    await prober.first_round.wait()
    print(f"first round   {time.monotonic() - began:.2f} s, {time.process_time() - cpu:.2f} s of CPU")
    await asyncio.sleep(2 * check.interval)
    prober.lateness, cpu = Lateness(), time.process_time()
    await asyncio.sleep(seconds)
    cpu, late = time.process_time() - cpu, prober.lateness
    print(f"checks        {late.count / seconds:.0f}/s, {1000 * cpu / late.count:.3f} ms of CPU each, {100 * cpu / seconds:.0f} % of a core")
    print(f"lateness      p50 {1000 * late.percentile(0.5):.1f} ms, p99 {1000 * late.percentile(0.99):.1f} ms")
    status = Path("/proc/self/status").read_text(encoding="ascii")  # noqa: ASYNC240 - the measuring is over
    print(f"memory        {int(status.partition('VmRSS:')[2].split()[0]) / 1024:.0f} MB")
    print("\n".join(f"{count:13} {reason}" for reason, count in seen.most_common(5)))
    task.cancel()
    await asyncio.wait([task])


def main(kind: str = "http", count: str = "2000", seconds: str = "20") -> None:
    """Start the servers, watch them, end them."""
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, object] = {"expect": {"status": 200, "json": {"status": "healthy"}}, "host": HOST} if kind != "tcp" else {}
        certificate = ""
        if kind == "https":
            authority, certificate = trustme.CA(), f"{folder}/server.pem"
            authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
            authority.cert_pem.write_to_path(f"{folder}/ca.pem")
            options["ca_file"] = f"{folder}/ca.pem"
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(theirs, certificate), daemon=True)
        server.start()
        try:
            options["port"] = ours.recv()
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            asyncio.run(watch(Check("web", kind, options, 5.0, 2.0, 3, 10, 5, "d"), int(count), float(seconds)))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
