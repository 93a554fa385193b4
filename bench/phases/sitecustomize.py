"""Put on PYTHONPATH by `bench/startup.py`: notes when each process of gslb began and when the steps of its start began and ended.

Python runs this before anything else. The functions named in STEPS are wrapped as their modules are imported; each call writes one line to
the file that GSLB_BENCH_MARKS names: role, step, begin, end (seconds of the system's monotonic clock, the same for all processes).
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

STEPS = {  # module → function or method, and what it is called
    "gslb.config.settings": ("load", "settings"),
    "gslb.config": ("load", "zones"),
    "gslb.geo": ("read", "geo database"),
    "gslb.geo.atlas": ("build", "geo atlas"),
    "gslb.compiler": ("Compiler.compile", "compile"),
    "gslb.transport.engines": ("make", "engine"),
    "gslb.role.leash": ("Leash.send", "said"),
    "gslb.transport.listen": ("bind", "bind"),
}
MARKS = Path(os.environ["GSLB_BENCH_MARKS"])
ROLE = next((word.rsplit(".", 1)[-1].removesuffix("_start") for word in sys.orig_argv if word.startswith("gslb.role.")), "supervisor")


def mark(step: str, begin: float, end: float) -> None:
    with MARKS.open("a") as file:  # a short line in one write: lines of several processes do not mix
        file.write(f"{ROLE}\t{step}\t{begin}\t{end}\n")


def wrapped(function: Callable[..., Any], step: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*args: Any, **named: Any) -> Any:
        begin = time.monotonic()
        try:
            return function(*args, **named)
        finally:
            said = next(iter(args[1])) if step == "said" else ""
            if said != "beat":
                mark(said or step, begin, time.monotonic())

    return timed


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of STEPS as anybody would, and wraps their function when they have run."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        if name not in STEPS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                function, step = STEPS[name]
                owner, _, method = function.rpartition(".")
                holder = getattr(module, owner) if owner else module
                setattr(holder, method, wrapped(getattr(holder, method), step))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # of this one module's own loader
        return spec


def process_began() -> float:
    """Return when the kernel made this process, to a hundredth of a second."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK") - (time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic())


sys.meta_path.insert(0, Finder())
mark("began", process_began(), time.monotonic())
