"""What a flood of bad HTTP clients at the API costs: the memory of control, and the answers of the nameserver beside it.

    python bench/api_flood.py [CLIENTS [AT_ONCE]]      10000 400

A service as `gslb run` starts it; one client asks it by DNS, 200 times a second, first in quiet, then while slow, huge, endless, silent and deaf
clients come to its API from many addresses. Written: queries lost, their times, octets of memory of control before, at most and after.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dnslib

from gslb.testing.http_flood import flood

ROOT = Path(__file__).resolve().parent.parent
RATE = 200  # queries a second
QUIET = 15.0  # seconds
PATIENCE = 2.0  # seconds until a query counts as lost
SETTLES = 20.0  # seconds after the flood


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Asker:
    """Asks one question again and again, and times the answers."""

    def __init__(self, port: int) -> None:
        self.port, self.seconds, self.lost = port, [0.0], 0
        self.wire = dnslib.DNSRecord.question("www.example.com", "A").pack()

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            asyncio.get_running_loop().create_task(self.one())
            await asyncio.sleep(max(0.0, 1 / RATE - (time.monotonic() - began)))

    async def one(self) -> None:
        loop, began = asyncio.get_running_loop(), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(("127.0.0.1", self.port))
            try:
                sock.send(self.wire)
                async with asyncio.timeout(PATIENCE):
                    await loop.sock_recv(sock, 4096)
                self.seconds.append(time.monotonic() - began)
            except (OSError, TimeoutError):
                self.lost += 1

    def told(self) -> dict[str, Any]:
        ordered = sorted(self.seconds[1:])
        found = {
            "queries": len(ordered) + self.lost,
            "lost": self.lost,
            "median ms": round(1e3 * statistics.median(ordered), 2),
            "p99 ms": round(1e3 * ordered[int(0.99 * len(ordered))], 2),
        }
        self.seconds, self.lost = [0.0], 0
        return found


def memory(pid: int) -> float:
    """Return MiB that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def control_of(pid: int) -> int:
    kids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(int(kid) for kid in kids if b"gslb.role.control" in Path(f"/proc/{kid}/cmdline").read_bytes())


def begin(service: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the API is served."""
    while "the API is served" not in log.read_text():
        if service.poll() is not None:
            raise SystemExit(log.read_text())
        time.sleep(0.2)


async def measure(clients: int, at_once: int, folder: Path) -> dict[str, Any]:
    dns, api = free_port(), free_port()
    settings = {"dns": {"listen": [f"127.0.0.1:{dns}"]}, "zones": [str(ROOT / "zones")], "metrics": {"listen": None}, "stall_limit": 120}
    (folder / "gslb.yaml").write_text(json.dumps(settings | {"api": {"listen": f"127.0.0.1:{api}", "anonymous": ["admin"]}}))
    command = [sys.executable, "-m", "gslb", "run", "--config", str(folder / "gslb.yaml")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as service:  # noqa: ASYNC220  nothing runs yet
        try:
            begin(service, folder / "log")
            control = control_of(service.pid)
            asker = Asker(dns)
            asking = asyncio.create_task(asker.run())
            await asyncio.sleep(QUIET)
            quiet, before, most = asker.told(), memory(control), 0.0

            async def watch() -> None:
                nonlocal most
                while True:
                    most = max(most, memory(control))
                    await asyncio.sleep(0.2)

            watching, began = asyncio.create_task(watch()), time.monotonic()
            ends = await flood(api, clients // 2, at_once)
            half = memory(control)
            ends += await flood(api, clients - clients // 2, at_once)
            seconds = time.monotonic() - began
            flooded = asker.told()
            await asyncio.sleep(SETTLES)
            watching.cancel()
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
            same = control_of(service.pid) == control
            after = {"quiet again": asker.told(), "control is the same process": same, "MiB after": round(memory(control), 1)}
            mib = {"MiB before": round(before, 1), "MiB after half of them": round(half, 1), "MiB at most": round(most, 1)}
            told = {"clients": clients, "at once": at_once, "seconds": round(seconds), "quiet": quiet, "flooded": flooded}
            return {**told, **after, **mib, "ends": dict(ends)}
        finally:
            service.send_signal(signal.SIGTERM)


def main() -> None:
    clients, at_once = (int(word) for word in (sys.argv[1:] + ["10000", "400"][len(sys.argv) - 1 :])[:2])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(clients, at_once, Path(folder))), indent=2))


if __name__ == "__main__":
    main()
