"""Whole services as an operator runs them: a folder, `python -m gslb run`, simulated sites, and a client that asks all the time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import dnslib
import pytest

from gslb.role import local
from gslb.role.simulated import OK, Simulation
from gslb.testing import stall
from gslb.testing.ports import free_port

INTERVAL, TIMEOUT, DOWN, UP = 0.3, 0.25, 2, 2
STEADY = 0.3  # seconds without another answer, until they count as moved
TOGETHER = 0.05  # seconds within which all planes move

SITES = {"fra": "127.0.11.1", "iad": "127.0.11.2"}
ADDRESS = {"fra": "198.51.100.10", "iad": "192.0.2.10"}

ZONES = """
sites: {{fra: {{location: [50.11, 8.68]}}, iad: {{location: [39.04, -77.49]}}}}
checks:
  web: {{type: http, port: {port}, path: /healthz, interval: {interval}, timeout: {timeout}, down: {down}, ok: 5, up: {up}}}
pools:
  web:
    policy: failover
    check: web
    ttl: 30/1
    members:
      - {{site: fra, address: 198.51.100.10, check_address: {{198.51.100.10: 127.0.11.1}}}}
      - {{site: iad, address: 192.0.2.10, check_address: {{192.0.2.10: 127.0.11.2}}}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: {serial}}}
records:
  '': {{type: NS, values: [ns1.example.com., ns2.example.com.]}}
  ns1: {{type: A, value: 192.0.2.53}}
  ns2: {{type: A, value: 192.0.2.54}}
  www: {{pool: web}}
  static: {{type: A, value: 192.0.2.80}}
"""


def zones_text(port: int, serial: int = 1) -> str:
    return ZONES.format(port=port, interval=f"{INTERVAL}s", timeout=f"{TIMEOUT}s", down=DOWN, up=UP, serial=serial)


@dataclass
class Running:
    """One `gslb run` in a folder of its own."""

    folder: Path
    process: asyncio.subprocess.Process
    port: int = 0
    sites: Simulation | None = None

    @property
    def control_socket(self) -> Path:
        return self.folder / "state" / "control.sock"

    async def ask(self, command: str, **said: Any) -> dict[str, Any]:
        return await asyncio.to_thread(partial(local.ask, self.control_socket, command, 20.0, **said))

    async def gslb(self, *words: str) -> tuple[int, str]:
        """Run a command as an operator would; its exit code and all that it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gslb",
            *words,
            "--config",
            str(self.folder / "gslb.yaml"),
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, "TZ": "UTC"},
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    def children(self, module: str) -> list[int]:
        """Process ids of this service's control or planes."""
        kids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(kid) for kid in kids if module.encode() in Path(f"/proc/{kid}/cmdline").read_bytes()]

    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, text: str) -> bool:
        return any(text in line["event"] for line in self.log())

    def write_zone(self, text: str, name: str = "example.com.yaml") -> None:
        beside = self.folder / f".{name}"
        beside.write_text(text)
        beside.replace(self.folder / "zones" / name)

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)


async def until(condition: Callable[[], Any], seconds: float = 40.0) -> Any:
    """Wait for something to become true; what it is, is returned."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Exception):
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
        assert time.monotonic() < end, f"{condition} did not come true within {seconds} s"
        await asyncio.sleep(0.02)


@dataclass
class Answered:
    at: float
    asked: float
    seconds: float  # it took, without those in which this machine kept somebody waiting
    rcode: int
    data: tuple[str, ...]


@dataclass
class Asker:
    """Asks one question every `interval` seconds, each from a port of its own so that all planes get their share; retries nothing."""

    port: int
    name: str = "www.example.com"
    interval: float = 0.01
    patience: float = 20.0  # seconds until a query counts as lost; a new Python takes some of them to start on a busy machine
    answers: list[Answered] = field(default_factory=list)
    lost: int = 0
    sent: int = 0
    _pending: set[asyncio.Task[None]] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._pending)

    async def _run(self) -> None:
        due = time.monotonic()
        while True:
            task = asyncio.create_task(self._one())
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            due += self.interval
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _one(self) -> None:
        self.sent += 1
        loop = asyncio.get_running_loop()
        labels = b"".join(bytes([len(p)]) + p.encode() for p in self.name.split(".")) + b"\0"
        watch = stall.Stopwatch()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(("127.0.0.1", self.port))
            try:
                sock.send(os.urandom(2) + b"\0\0\0\1" + bytes(6) + labels + struct.pack("!HH", 1, 1))
                wire = await asyncio.wait_for(loop.sock_recv(sock, 4096), self.patience)
            except (TimeoutError, OSError):
                self.lost += 1
                return
        now = time.monotonic()
        record = dnslib.DNSRecord.parse(wire)
        self.answers.append(Answered(now, watch.began, watch.seconds(now), record.header.rcode, tuple(str(rr.rdata) for rr in record.rr)))

    def since(self, moment: float) -> list[Answered]:
        return [answer for answer in self.answers if answer.at >= moment]

    def seen(self, *data: str) -> float | None:
        """When this was the answer for the first time."""
        return next((answer.at for answer in self.answers if answer.data == data), None)

    async def moves(self, *data: str) -> float:
        """Wait until these, in any order, are all that is answered, from all planes; return when it began. They follow each other at once."""
        watch, wanted = stall.Stopwatch(), set(data)
        first = await until(lambda: next((answer.at for answer in self.since(watch.began) if set(answer.data) == wanted), None))
        await until(lambda: len(last := self.since(time.monotonic() - STEADY)) > 5 and all(set(answer.data) == wanted for answer in last))
        strays = [answer.at for answer in self.since(first) if set(answer.data) != wanted]
        assert max(strays, default=first) - first <= TOGETHER + watch.stalled
        return first


@pytest.fixture
def make_asker() -> type[Asker]:
    return Asker


@pytest.fixture
def wait() -> Callable[..., Any]:
    return until


@pytest.fixture
async def sites() -> AsyncIterator[Simulation]:
    simulation = Simulation(SITES, free_port())
    await simulation.start()
    yield simulation
    await simulation.close()


Start = Callable[..., Any]


@pytest.fixture
async def start(tmp_path: Path, sites: Simulation, geodb: Path) -> AsyncIterator[Start]:
    """Start services; all are stopped at the end."""
    running: list[Running] = []

    async def run(
        *,
        planes: int = 2,
        engine: str = "auto",
        ready: bool = True,
        folder: Path = tmp_path,
        listen: str = "127.0.0.1:0",
        zone: str = "",
        **more: Any,
    ) -> Running:
        (folder / "zones").mkdir(exist_ok=True)
        port = next(iter(sites.sites.values())).port
        if not (folder / "zones" / "example.com.yaml").exists():
            (folder / "zones" / "example.com.yaml").write_text(zone or zones_text(port))
        settings = {
            "node": "test",
            "dns": {"listen": listen.split(), "threads": planes, "engine": engine},
            "geo": {"database": str(geodb)},
            "metrics": {"listen": None},
            "probe": {},
            "state_dir": "state",
            "stall_limit": 60,  # whether a stall is noticed is tested where it is the subject: elsewhere a busy machine is none
        } | more
        (folder / "gslb.yaml").write_text(json.dumps(settings))
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gslb", "run", "--config", str(folder / "gslb.yaml"), stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
            )
        one = Running(folder, process, sites=sites)
        running.append(one)
        if ready:
            await until(lambda: process.returncode is not None or one.logged("listening"), 90)
            assert process.returncode is None, (folder / "log").read_text()
            status = await until(lambda: one.ask("status"))
            one.port = int((await until(lambda: listening(one)))[0].rpartition(":")[2])
            assert status["node"] == "test"
        return one

    yield run
    for one in running:
        await one.stop()


async def listening(one: Running) -> list[str]:
    return (await one.ask("status"))["listening"]


__all__ = ["ADDRESS", "OK", "SITES", "Asker", "Running", "until"]
