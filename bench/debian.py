"""The peers' Debian packages: installed where that is allowed, and their versions."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from command import say


def install(packages: Iterable[str]) -> None:
    """Install what is missing, without starting anything; say what is missing where we may not."""
    missing = sorted({package for package in packages if not version(package)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"not installed (root could: apt-get install {' '.join(missing)})")
        return
    say(f"installing {' '.join(missing)}")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # packages start no daemon where the runlevel is 1
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *command], env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"apt-get {command[0]} failed: {done.stderr.strip()[-500:]}")
            return


def version(package: str) -> str:
    """Return the installed version, as upstream counts it; nothing where it is not installed."""
    if not shutil.which("dpkg-query"):
        return ""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package], capture_output=True, text=True, check=False)
    state, _, found = done.stdout.partition(" ")
    return found.split(":", 1)[-1].rsplit("-", 1)[0] if state == "installed" else ""
