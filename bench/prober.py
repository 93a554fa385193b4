"""How many targets one prober core watches: lateness, CPU per check, memory. Usage: python bench/prober.py [KIND] [targets] [seconds] [interval].

KIND is http, https, tcp, dns, icmp or `mixed`: all of them over twenty sites, once with all sites well, once with one that hangs, one that
trickles octets and one that resets every connection; lateness must be the same. The servers are one process on the other core; every target is an
address of 127/8, 127.N.SITE.HOST, with an interval of 5 s. On a machine that has other work, lateness says more of that work than of the
prober; CPU per check hardly changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import resource
import socket
import ssl
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from gslb.check.lateness import Lateness
from gslb.check.observation import Observation
from gslb.check.prober import Prober
from gslb.model import Check
from gslb.role.probe import COLLECT
from gslb.verdict import Target, Vote

HOST = "www.example.com"
BODY = b'{"status": "healthy"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
IP_PKTINFO = 8  # linux/in.h; the socket module names it from Python 3.14 on
SITES = 20
ILL = {1: "hangs", 2: "trickles", 3: "resets"}  # site → what it does, in the second run of `mixed`
MIX = {"http": 9, "tcp": 5, "dns": 3, "https": 2, "icmp": 1}  # of twenty targets


# ---- the servers ----


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, ill: bool) -> None:
    """Answer healthy, or do as an ill site does."""
    how = ILL.get(int(writer.get_extra_info("sockname")[0].split(".")[2])) if ill else None
    if how == "resets":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    await reader.readuntil(b"\r\n")
    if how == "hangs":
        await asyncio.sleep(60)
    for octets in [bytes([octet]) for octet in ANSWER] if how == "trickles" else [ANSWER]:
        writer.write(octets)
        await writer.drain()
        if how:
            await asyncio.sleep(0.05)


def answer_datagram(line: socket.socket, *, ill: bool) -> None:
    """Answer a DNS question from the address that was asked (IP_PKTINFO); ill sites say nothing."""
    query, ancillary, _, client = line.recvmsg(4096, 64)
    asked = ancillary[0][2][8:12]
    if ill and asked[2] in ILL:
        return
    reply = query[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + query[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4\xc0\0\2\1"
    line.sendmsg([reply], [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I4s4s", 0, asked, asked))], 0, client)


def serve(ports: Connection, certificate: str, *, ill: bool) -> None:
    """Serve clear text, TLS and DNS on the last core; sends the three ports."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    class Quick(asyncio.Protocol):
        """Answers whatever comes, with less work than streams are: it must not be what is measured."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.line = transport

        def data_received(self, _data: bytes) -> None:
            self.line.write(ANSWER)  # type: ignore[attr-defined]  # a transport that writes
            self.line.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await talk(reader, writer, ill=ill)
        writer.close()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        clear = await (asyncio.start_server(accept, "0.0.0.0", 0, backlog=4096) if ill else loop.create_server(Quick, "0.0.0.0", 0, backlog=4096))
        servers = [clear, await asyncio.start_server(accept, "0.0.0.0", 0, ssl=tls, backlog=4096)]
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        line.bind(("0.0.0.0", 0))
        line.setblocking(False)
        asyncio.get_running_loop().add_reader(line, lambda: answer_datagram(line, ill=ill))
        ports.send([one.sockets[0].getsockname()[1] for one in servers] + [line.getsockname()[1]])
        await asyncio.Event().wait()

    asyncio.run(run())


# ---- the prober ----


def definitions(ports: Sequence[int], ca_file: str, interval: float) -> dict[str, Check]:
    """Return a check of each kind."""
    clear, tls, dns = ports
    expect = {"status": 200, "json": {"status": "healthy"}}
    options: dict[str, dict[str, object]] = {
        "http": {"port": clear, "host": HOST, "expect": expect},
        "https": {"port": tls, "host": HOST, "expect": expect, "ca_file": ca_file},
        "tcp": {"port": clear, "send": "PING\r\n", "expect": "200 OK"},
        "dns": {"port": dns, "name": HOST, "answers": ["192.0.2.1"]},
        "icmp": {},
    }
    return {kind: Check(kind, kind, own, interval, min(2.0, interval / 2), 3, 10, 5, kind) for kind, own in options.items()}


def targets(kind: str, count: int, checks: Mapping[str, Check]) -> dict[Target, Check]:
    """Spread targets over the sites; `mixed` gives each site every kind."""
    kinds = [one for one, share in MIX.items() for _ in range(share)] if kind == "mixed" else [kind]
    found = {}
    for n in range(count):
        check = checks[kinds[n // SITES % len(kinds)]]
        found[Target(check.id, check.digest, f"127.{1 + n // 5000}.{n % SITES}.{1 + n % 5000 // SITES}")] = check
    return found


def run_delay() -> float:
    """Return for how many seconds this process was ready to run and had to wait for its core."""
    return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


async def watch(probed: Mapping[Target, Check], seconds: float, interval: float) -> None:
    """Probe, and print the figures of the first round and of `seconds` once rounds are spread."""
    seen: Counter[str] = Counter()

    def heard(target: Target, observation: Observation, _before: Vote | None) -> None:
        seen[f"{target.check}: {observation.result}: {observation.reason}"] += 1

    async def publish(_votes: Sequence[Vote]) -> None:
        pass

    prober = Prober("bench", publish, heard=heard)
    prober.set_targets(probed)
    began, cpu = time.monotonic(), time.process_time()
    gc.set_threshold(*COLLECT)  # as `gslb probe` does
    task = asyncio.create_task(prober.run())
    await prober.first_round.wait()
    gc.freeze()
    print(f"first round   {time.monotonic() - began:.2f} s, {time.process_time() - cpu:.2f} s of CPU")
    await asyncio.sleep(2 * interval)  # two rounds, until they are spread over the interval
    prober.lateness, cpu, kept_waiting = Lateness(), time.process_time(), run_delay()
    await asyncio.sleep(seconds)
    cpu, late, kept_waiting = time.process_time() - cpu, prober.lateness, run_delay() - kept_waiting
    print(f"checks        {late.count / seconds:.0f}/s, {1000 * cpu / late.count:.3f} ms of CPU each, {100 * cpu / seconds:.0f} % of a core")
    print(
        f"lateness      p50 {1000 * late.percentile(0.5):.1f} ms, p99 {1000 * late.percentile(0.99):.1f} ms, most {1000 * late.percentile(1):.1f} ms"
    )
    print(f"machine       the core was busy with others for {100 * kept_waiting / seconds:.0f} % of the time")
    status = Path("/proc/self/status").read_text(encoding="ascii")  # noqa: ASYNC240 - the measuring is over
    print(f"memory        {int(status.partition('VmRSS:')[2].split()[0]) / 1024:.0f} MB")
    print("\n".join(f"{count:13} {reason}" for reason, count in seen.most_common(15)))
    task.cancel()
    await asyncio.wait([task])


def measure(kind: str, count: int, seconds: float, interval: float, *, ill: bool) -> None:
    """Start the servers, watch them, end them."""
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(theirs, f"{folder}/server.pem"), kwargs={"ill": ill}, daemon=True)
        server.start()
        try:
            assert ours.poll(10), "the servers did not start"
            checks = definitions(ours.recv(), f"{folder}/ca.pem", interval)
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            asyncio.run(watch(targets(kind, count, checks), seconds, interval))
        finally:
            server.terminate()
            server.join()


def main(kind: str = "http", count: str = "2000", seconds: str = "20", interval: str = "5") -> None:
    """Measure one kind, or the mixture twice."""
    runs = {"all sites well": False, f"three of {SITES} sites ill": True} if kind == "mixed" else {"": False}
    for title, ill in runs.items():
        if title:
            print(title)
        process = multiprocessing.Process(
            target=measure, args=(kind, int(count), float(seconds), float(interval)), kwargs={"ill": ill}
        )  # fresh, so that memory is its own
        process.start()
        process.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
