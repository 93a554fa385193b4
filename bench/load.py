"""The generator: builds and runs `blast.c`, and reads what it saw.

The C programs are built into `bench/.build` once per change of their source.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command import ROOT

BUILD = ROOT / "bench" / ".build"
WINDOW, SOCKETS = 48, 4  # in flight per socket in a closed loop: 192 in all keep every server busy, and fit the smallest socket buffer (gdnsd's, 214)


@dataclass(frozen=True)
class Seen:
    """What one run saw; latencies in microseconds, `user` and `system` the generator's own CPU microseconds per query."""

    qps: float
    sent: int
    received: int
    lost: int
    late: int
    p50: float
    p99: float
    p999: float
    max: float
    user: float
    system: float
    answered: int
    size: int
    rcodes: dict[int, int]


class Blast:
    """One run of the generator, begun when it is made."""

    def __init__(
        self, port: int, name: str, mode: str, seconds: float, *, core: int | None = None, rate: float = 0, shape: tuple[int, int] = (WINDOW, SOCKETS)
    ) -> None:
        """`core`: where it is pinned, None = anywhere; `rate`: queries a second of an open loop, 0 = a closed loop; `shape`: in flight, sockets."""
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        command = [str(built("blast")), str(port), name, str(seconds), *map(str, shape), mode, *([str(rate)] if rate else [])]
        self._process = subprocess.Popen([*pinned, *command], stdout=subprocess.PIPE, text=True)

    def result(self) -> Seen:
        """Wait for its end."""
        try:
            line, _ = self._process.communicate()
        finally:
            self._process.kill()
            self._process.wait()
        if self._process.returncode:
            raise RuntimeError(f"the generator failed with {self._process.returncode}")
        found = dict(word.split("=", 1) for word in line.split())
        rcodes = {int(code): int(count) for code, count in (pair.split(":") for pair in found.pop("rcodes").split(",") if pair)}
        whole = {"sent", "received", "lost", "late", "answered", "size"}
        figures: dict[str, Any] = {key: int(value) if key in whole else float(value) for key, value in found.items()}
        return Seen(**figures, rcodes=rcodes)


def blast(port: int, name: str, mode: str, seconds: float, *, core: int | None = 1, rate: float = 0) -> Seen:
    """Run the generator to its end."""
    return Blast(port, name, mode, seconds, core=core, rate=rate).result()


def built(program: str) -> Path:
    """Return a program of this folder, compiled."""
    source, target = ROOT / "bench" / f"{program}.c", BUILD / program
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", target, source], check=True)
    return target
