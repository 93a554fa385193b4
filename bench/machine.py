"""The machine and the versions that a result belongs to: without them a figure means nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from command import ROOT

LOOK = 1.0  # seconds to see whether the machine has other work


def header(*, idle: float | None = None) -> list[str]:
    """Return the lines that stand above every table."""
    quiet = f"; {idle:.0%} idle before the run" if idle is not None else ""
    return [
        f"Machine: {processor()}, {os.cpu_count()} cores, Linux {platform.release()}{quiet}.",
        f"Commit {commit()}; {gslb()}.",
    ]


def processor() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit() -> str:
    """Return the commit, with `-dirty` where tracked files differ from it."""
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def gslb() -> str:
    """Return what `gslb version` says first."""
    done = subprocess.run([sys.executable, "-m", "gslb", "version"], cwd=ROOT, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["gslb does not run here"])[0]


def idle() -> float:
    """Return the share of all cores' time that nobody used for a moment: below 1, others share the machine and figures suffer."""
    before = _ticks()
    time.sleep(LOOK)
    after = _ticks()
    return (after[1] - before[1]) / max(1, after[0] - before[0])


def _ticks() -> tuple[int, int]:
    """Return all ticks of all cores so far, and those without work."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4]
