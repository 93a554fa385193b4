"""Start-up with the shipped geo database until the first answer, and where the time goes; beside the peers.

Starts `gslb serve` with the demonstration's zones on all cores: cold (the database is unpacked) and again (it is kept unpacked in the state
directory). The steps are timed inside the processes (bench/phases/sitecustomize.py); what they do not cover is `between`. Medians of several starts.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import command
import machine
import peers
import service
from command import ROOT, StartError, say
from service import Service

NAME = "www.example.com"
STEPS = (  # title; from when (role, step, 0 = its begin, 1 = its end) until when
    ("interpreter and imports, supervisor", ("supervisor", "began", 0), ("control", "began", 0)),
    ("interpreter and first imports, control (the plane's beside)", ("control", "began", 0), ("control", "settings", 0)),
    ("settings", ("control", "settings", 0), ("control", "settings", 1)),
    ("the rest of the imports, geo data read beside them", ("control", "settings", 1), ("control", "zones", 0)),
    ("zones: read, judged", ("control", "zones", 0), ("control", "zones", 1)),
    ("geo: database, what is left of reading it", ("control", "geo database", 0), ("control", "geo database", 1)),
    ("geo: laid out by place", ("control", "geo atlas", 0), ("control", "geo atlas", 1)),
    ("compile: rows of every region, partitions", ("control", "compile", 0), ("control", "compile", 1)),
    ("feed: until the plane has it all", ("control", "compile", 1), ("plane", "loaded", 1)),
    ("bind, and the first answer", ("plane", "loaded", 1), ("client", "answer", 1)),
)

Moments = dict[tuple[str, str, int], float]


@dataclass(frozen=True)
class Start:
    """One start: seconds until the first answer, and of each step."""

    engine: str
    kind: str
    ready: float
    steps: tuple[float, ...]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cores", default="0,1", help="where the server runs")
    parser.add_argument("--peers", default="gdnsd,knot,power", help="who starts beside it, with the same database; beginnings of names, by commas")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "startup.md")
    options = parser.parse_args()
    idle = machine.idle()
    found, others = [], {}
    with tempfile.TemporaryDirectory(prefix="gslb-startup-") as folder:
        for engine, run in product(service.engines(), range(options.runs)):
            home = Path(folder) / f"{engine}-{run}"
            home.mkdir()
            try:
                found += [start(home, engine, kind, options.cores) for kind in ("cold", "again")]
            except StartError as error:
                say(f"engine {engine} did not start: {error}")
        database = peers.unpacked_database(Path(folder))
        for peer in peers.chosen(options.peers):
            try:
                others[f"{peer.name} {peer.version()}"] = [other(peer, Path(folder) / "peer", database, options.cores) for _ in range(options.runs)]
            except StartError as error:
                say(f"{peer.name} did not start: {error}")
    how = f"`bench/startup.py`: on cores {options.cores}, medians of {options.runs} starts; seconds."
    theirs = ", ".join(f"{name} {statistics.median(took):.2f} s" for name, took in others.items())
    lines = ["# Start until the first answer", "", how, *machine.header(idle=idle), "", *render(found)]
    command.keep(options.output, [*lines, "", f"Beside it, with the same database: {theirs or 'nobody'}."])


def start(home: Path, engine: str, kind: str, cores: str) -> Start:
    """Start it, wait for the first answer, read the marks, stop it."""
    marks = home / "marks"
    marks.unlink(missing_ok=True)
    zones = {file.name: file.read_text() for file in (ROOT / "zones").iterdir()}
    environ = {"GSLB_BENCH_MARKS": str(marks), "PYTHONPATH": f"{ROOT / 'bench' / 'phases'}:{ROOT}"}
    with Service(home, zones, engine=engine, cores=cores, threads=len(cores.split(",")), environ=environ) as running:
        ready = running.wait(NAME, pause=0.005)
        moments = read(marks)
        moments["supervisor", "began", 0] = running.began
        moments["client", "answer", 1] = running.began + ready
        steps = tuple(max(0.0, moments.get(until, 0) - moments.get(since, 0)) for _title, since, until in STEPS)
    say(f"{engine} {kind}: {ready:.2f} s")
    return Start(engine, kind, ready, steps)


def read(marks: Path) -> Moments:
    """Return when each step first began and ended."""
    moments: Moments = {}
    for line in marks.read_text().splitlines():
        role, step, begin, end = line.split("\t")
        moments.setdefault((role, step, 0), float(begin))
        moments.setdefault((role, step, 1), float(end))
    return moments


def other(peer: peers.Peer, home: Path, database: Path, cores: str) -> float:
    shutil.rmtree(home, ignore_errors=True)
    with peers.started(peer, home, database, cores=cores) as server:
        return server.wait(pause=0.005)


def render(found: Sequence[Start]) -> list[str]:
    kinds = list(dict.fromkeys((one.engine, one.kind) for one in found))
    own = [[one for one in found if (one.engine, one.kind) == kind] for kind in kinds]
    body = [[title, *(f"{statistics.median(one.steps[n] for one in some):.3f}" for some in own)] for n, (title, _since, _until) in enumerate(STEPS)]
    body.append(["between", *(f"{statistics.median(one.ready - sum(one.steps) for one in some):.3f}" for some in own)])
    body.append(["**first answer**", *(f"**{statistics.median(one.ready for one in some):.2f}**" for some in own)])
    return command.table(["step", *(f"{engine}, {kind}" for engine, kind in kinds)], body)


if __name__ == "__main__":
    command.run(main)
