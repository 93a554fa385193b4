"""What it costs to be watched: metrics scraped every second, a query log of 1 %, dnstap of every query, and all of it, as ratios to nothing.

Round by round each engine is started on core 0 with each of these, control and supervisor beside it, and asked by the generator on core 1, where the
reader of dnstap (`tapped.c`, a real one: handshake, frames, goodbye) and the scraper run, too. Each round begins with another one. Medians of
the ratios of each round to its own `nothing` are written. q/s suffers from the reader's share of core 1, which a real reader does not take; the
server's CPU time per query does not, and is the figure to go by. `told` is the share of queries that reached the reader or the log, of those that
were drawn: what finds no room is dropped, and answering goes on.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import command
import machine
import service
from command import StartError, say
from load import blast, built
from peers import gslb_zones
from server import free_port
from service import Service
from work import WORK

SAMPLE = 0.01  # of the query log
SETTINGS = {
    "nothing": (),
    "metrics": ("metrics",),
    "query log 1 %": ("query_log",),
    "dnstap": ("dnstap",),
    "all three": ("metrics", "query_log", "dnstap"),
}
ASKED = ("static", "ecs")
WARM = 0.5  # seconds
SCRAPE = 1.0  # seconds between scrapes; Prometheus takes 15 by default


@dataclass(frozen=True)
class Measure:
    """One run; CPU in microseconds per query, user and system together; `told`: the share of what was drawn that was told."""

    work: str
    engine: str
    watched: str
    turn: int
    qps: float
    cpu: float
    lost: int
    wrong: int
    told: float


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of asking, per run")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "observe.md", help="the table; beside it the rounds as .csv")
    options = parser.parse_args()
    idle = machine.idle()
    with tempfile.TemporaryDirectory(prefix="gslb-observe-") as folder:
        found = measure(Path(folder), options.rounds, options.seconds)
    rounds = f"{options.rounds} interleaved rounds of {options.seconds:g} s, medians"
    how = f"`bench/observe.py`: {rounds}; all of gslb on core 0, the generator, the reader of dnstap and the scraper on core 1."
    command.keep_rows(options.output.with_suffix(".csv"), found)
    command.keep(options.output, ["# What it costs to be watched", "", how, *machine.header(idle=idle), *render(found)])


def measure(folder: Path, rounds: int, seconds: float) -> list[Measure]:
    found = []
    for turn in range(rounds):
        for engine in service.engines():
            for at in range(len(SETTINGS)):
                watched = list(SETTINGS)[(at + turn) % len(SETTINGS)]
                home = folder / "home"
                home.mkdir()
                try:
                    found += once(home, engine, watched, turn + 1, seconds)
                except StartError as error:
                    say(f"{engine} with {watched} did not start: {error}")
                shutil.rmtree(home)
    return found


def once(home: Path, engine: str, watched: str, turn: int, seconds: float) -> list[Measure]:
    parts = SETTINGS[watched]
    port, tap = free_port(), home / "tap.sock"
    environ = {"GSLB_METRICS_LISTEN": f"127.0.0.1:{port}" if "metrics" in parts else "null"}
    environ |= {"GSLB_QUERY_LOG_SAMPLE": str(SAMPLE)} if "query_log" in parts else {}
    environ |= {"GSLB_DNSTAP_SOCKET": str(tap)} if "dnstap" in parts else {}
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(reading(tap)) if "dnstap" in parts else None
        server = stack.enter_context(Service(home, gslb_zones(), engine=engine, environ=environ))
        server.wait()
        server.settle()
        stack.enter_context(scraping(port) if "metrics" in parts else contextlib.nullcontext())
        found, asked = [], 0
        for key in ASKED:
            name, mode = WORK[key].name or "www.example.org", WORK[key].mode
            asked += blast(server.port, name, mode, WARM).received
            before = sum(server.cpu())
            seen = blast(server.port, name, mode, seconds)
            used, asked = sum(server.cpu()) - before, asked + seen.received
            wrong = seen.received - seen.rcodes.get(WORK[key].rcode, 0)
            found.append((key, seen.qps, 1e6 * used / max(1, seen.received), seen.lost, wrong))
            say(f"round {turn}: {engine:7} {watched:14} {WORK[key].title:24} {seen.qps:9,.0f} q/s, {found[-1][2]:.2f} µs of CPU, {seen.lost} lost")
        server.stop()
        told = 1.0
        if reader:
            told = ended(reader)["frames"] / 2 / asked
        elif "query_log" in parts:
            told = sum(line.startswith('{"ts"') and json.loads(line)["event"] == "query" for line in server.log_text().splitlines()) / (
                SAMPLE * asked
            )
    return [Measure(key, engine, watched, turn, qps, cpu, lost, wrong, told) for key, qps, cpu, lost, wrong in found]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the reader of dnstap."""
    with subprocess.Popen(["taskset", "-c", "1", built("tapped"), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        yield reader


def ended(reader: subprocess.Popen[str]) -> dict[str, int]:
    """Let it say what it has read."""
    said, _ = reader.communicate(timeout=30)
    return {key: int(value) for key, value in (word.split("=") for word in said.split())}


@contextlib.contextmanager
def scraping(port: int) -> Iterator[None]:
    """Scrape metrics all the time."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(SCRAPE):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                page.read()

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        yield
    finally:
        over.set()
        scraper.join()


def render(found: Sequence[Measure]) -> list[str]:
    lines = []
    head = ["engine", "watched by", "q/s", "q/s × nothing", "CPU µs/query", "CPU × nothing", "told", "lost", "wrong"]
    for key in ASKED:
        body = []
        for engine in dict.fromkeys(one.engine for one in found):
            rows = [one for one in found if (one.work, one.engine) == (key, engine)]
            base = {one.turn: one for one in rows if one.watched == "nothing"}
            for watched in SETTINGS:
                own = [one for one in rows if one.watched == watched and one.turn in base]
                if own:
                    body.append([engine, watched, *cells(own, base)])
        lines += ["", f"## {WORK[key].title}", "", *command.table(head, body)]
    return lines


def cells(own: Sequence[Measure], base: dict[int, Measure]) -> list[str]:
    median = statistics.median
    qps, cpu = ([getattr(one, key) / max(getattr(base[one.turn], key), 1e-9) for one in own] for key in ("qps", "cpu"))
    return [
        f"{median(one.qps for one in own):,.0f}",
        f"{median(qps):.2f}",
        f"{median(one.cpu for one in own):.2f}",
        f"{median(cpu):.2f}",
        "" if own[0].watched in {"nothing", "metrics"} else f"{median(one.told for one in own):.0%}",
        str(sum(one.lost for one in own)),
        str(sum(one.wrong for one in own)),
    ]


if __name__ == "__main__":
    command.run(main)
