"""A server that is measured: started on its cores, waited for, its processes' CPU time and memory read, stopped again.

Its output goes to `log` in its folder. It is sent SIGTERM when we die, however we die.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from asker import question
from command import ROOT, StartError

TICK = os.sysconf("SC_CLK_TCK")
PROGRAMS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])  # daemons are not on everybody's path
SETTLE = 2.5  # seconds after the first answer; the same for everybody
PATIENCE = 20.0  # seconds to end after SIGTERM


class Cost(NamedTuple):
    """CPU seconds: `user` is the server's own code, `system` the kernel's UDP path."""

    user: float
    system: float


class Memory(NamedTuple):
    """Megabytes (of 10⁶ octets): resident, of that the share after division among those who share a page, and the most that was ever resident."""

    rss: float
    pss: float
    peak: float


class Server:
    """A process and all its children."""

    def __init__(self, command: Sequence[str], home: Path, port: int, *, cores: str = "0", environ: Mapping[str, str] | None = None) -> None:
        """Start it on these cores ("0", "0,1"), in its folder; use `with` or `stop`."""
        self.home, self.port = home, port
        self._log = (home / "log").open("wb")
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", cores, *command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=home,
            env={**os.environ, "PATH": PROGRAMS, "PYTHONPATH": str(ROOT), **(environ or {})},
            process_group=0,  # Ctrl-C is for us; we stop it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def wait(self, name: str = "static.example.org", limit: float = 60, pause: float = 0.02) -> float:
        """Wait until it answers for this name; returns the seconds since its start. Raises StartError."""
        while not answers(self.port, name):
            if self._process.poll() is not None or time.monotonic() > self.began + limit:
                code = self._process.returncode
                why = f"it ended with {code}" if code is not None else f"no answer within {limit:.0f} s"
                raise StartError(f"{why}\n{self.log_text()[-2000:]}")
            time.sleep(pause)
        return time.monotonic() - self.began

    def settle(self) -> None:
        """Let it finish what a start leaves behind (gslb: a collection of garbage, the metrics' web server), before CPU time is counted."""
        time.sleep(SETTLE)

    def stop(self) -> None:
        """End it, by force where it does not end by itself."""
        pids = self.pids()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def log_text(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def pids(self) -> list[int]:
        """Return its processes, the first one first."""
        return _family(self._process.pid)

    def pin(self, core: int, pids: Sequence[int] | None = None) -> None:
        """Put its processes, or some, on one core: every thread."""
        for pid in self.pids() if pids is None else pids:
            for task in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {core})

    def cpu(self, pids: Sequence[int] | None = None) -> Cost:
        """Return the CPU time of its processes, or of some, so far."""
        user = system = 0
        for pid in self.pids() if pids is None else pids:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                user, system = user + int(fields[11]), system + int(fields[12])
        return Cost(user / TICK, system / TICK)

    def memory(self, pids: Sequence[int] | None = None) -> Memory:
        """Return the memory of its processes, or of some."""
        parts = [_memory(pid) for pid in (self.pids() if pids is None else pids)]
        return Memory(*(sum(column) for column in zip(Memory(0, 0, 0), *parts, strict=True)))


def answers(port: int, name: str = "static.example.org") -> bool:
    """Whether a server answers for this name, without an error."""
    query = b"\x12\x34" + question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        ask.settimeout(0.2)
        try:
            ask.connect(("127.0.0.1", port))
            ask.send(query)
            reply = ask.recv(4096)
        except OSError:
            return False
    return reply[:2] == query[:2] and reply[2] & 0x80 > 0 and reply[3] & 15 == 0  # QR: not our own query, if the port met itself


def free_port() -> int:
    """Find a port free for UDP and TCP, below the range that connections take their own ports from."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp, contextlib.suppress(OSError):
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            return port


def _family(pid: int) -> list[int]:
    try:
        children = [int(kid) for task in Path(f"/proc/{pid}/task").iterdir() for kid in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(one for kid in children for one in _family(kid))]


def _memory(pid: int) -> Memory:
    try:
        fields = dict(line.split(":", 1) for file in ("status", "smaps_rollup") for line in Path(f"/proc/{pid}/{file}").read_text().splitlines()[1:])
        return Memory(*(int(fields[key].split()[0]) * 1024 / 1e6 for key in ("VmRSS", "Pss", "VmHWM")))
    except (OSError, KeyError):  # it has just ended
        return Memory(0, 0, 0)
