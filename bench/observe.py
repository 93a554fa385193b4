"""What it costs to be watched: metrics scraped every second, a query log of 1 %, dnstap of every query, and all of it, as ratios to nothing.

Of each engine five services run at once on core 0, one watched in each way, control and supervisor beside it. The generator on core 1 asks one of
them at a time, for a second, and the next one then: round by round, each round beginning with another one, so that what else the machine does hits
all alike. The reader of dnstap (`tapped.c`, a real one: handshake, frames, goodbye) and the scraper run on core 1, too. Medians of the ratios
of each round to its own `nothing` are written. q/s suffers from the reader's share of core 1, which a real reader does not take; the
server's CPU time per query does not, and is the figure to go by. `told` is the share of queries that reached the reader or the log, of those that
were drawn: what finds no room is dropped and counted, and answering goes on.
"""

from __future__ import annotations

import contextlib
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
from command import say
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
QUIET = 0.8  # share of the machine that must be idle before the run for q/s to mean anything
SCRAPE = 1.0  # seconds between scrapes; Prometheus takes 15 by default


@dataclass(frozen=True)
class Measure:
    """One second of one service; CPU in microseconds per query, of all its processes."""

    work: str
    engine: str
    watched: str
    turn: int
    qps: float
    cpu: float
    lost: int
    wrong: int


Told = dict[tuple[str, str], float]  # by engine and way of being watched: the share of what was drawn that was told


@dataclass
class Watched:
    """A service that is watched in one way."""

    service: Service
    reader: subprocess.Popen[str] | None
    metrics: int = 0  # port
    asked: int = 0  # answers so far


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1, help="of asking, per service and kind of query in each round")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "observe.md", help="the table; beside it the rounds as .csv")
    options = parser.parse_args()
    idle = machine.idle()
    with tempfile.TemporaryDirectory(prefix="gslb-observe-") as folder:
        found, told = measure(Path(folder), options.rounds, options.seconds)
    rounds = f"{options.rounds} interleaved rounds of {options.seconds:g} s, medians"
    how = f"`bench/observe.py`: {rounds}; all of gslb on core 0, the generator, the reader of dnstap and the scraper on core 1."
    command.keep_rows(options.output.with_suffix(".csv"), found)
    warned = (
        [] if idle >= QUIET else ["**The machine had other work**: q/s says nothing here, and CPU time is dearer than it should be. Run it again."]
    )
    command.keep(options.output, ["# What it costs to be watched", "", how, *machine.header(idle=idle), *warned, *render(found, told)])


def measure(folder: Path, rounds: int, seconds: float) -> tuple[list[Measure], Told]:
    found, told = [], {}
    for engine in service.engines():
        with contextlib.ExitStack() as stack:
            running = {}
            for number, watched in enumerate(SETTINGS):
                running[watched] = start(stack, folder / f"{engine}-{number}", engine, SETTINGS[watched])
            for turn in range(rounds):
                for at in range(len(SETTINGS)):
                    watched = list(SETTINGS)[(at + turn) % len(SETTINGS)]
                    found += [once(running[watched], key, engine, watched, turn + 1, seconds) for key in ASKED]
            for watched, one in running.items():
                one.service.stop()
                told[engine, watched] = share_told(one)
    return found, told


def start(stack: contextlib.ExitStack, home: Path, engine: str, parts: Sequence[str]) -> Watched:
    """Start a service, and who watches it."""
    home.mkdir()
    port, tap = free_port(), home / "tap.sock"
    environ = {"GSLB_STALL_LIMIT": "120", "GSLB_METRICS_LISTEN": f"127.0.0.1:{port}" if "metrics" in parts else "null"}
    environ |= {"GSLB_QUERY_LOG_SAMPLE": str(SAMPLE)} if "query_log" in parts else {}
    environ |= {"GSLB_DNSTAP_SOCKET": str(tap)} if "dnstap" in parts else {}
    reader = stack.enter_context(reading(tap)) if "dnstap" in parts else None
    server = stack.enter_context(Service(home, gslb_zones(), engine=engine, environ=environ))
    server.wait()
    server.settle()
    one = Watched(server, reader, port if "metrics" in parts else 0)
    for key in ASKED:
        one.asked += blast(server.port, *question(key), WARM).received
    return one


def once(one: Watched, key: str, engine: str, watched: str, turn: int, seconds: float) -> Measure:
    before = busy(one.service)
    with scraping(one.metrics) if one.metrics else contextlib.nullcontext():
        seen = blast(one.service.port, *question(key), seconds)
    used = busy(one.service) - before
    one.asked += seen.received
    cpu, wrong = used * 1e6 / max(1, seen.received), seen.received - seen.rcodes.get(WORK[key].rcode, 0)
    say(f"round {turn}: {engine:7} {watched:14} {WORK[key].title:24} {seen.qps:9,.0f} q/s, {cpu:5.2f} µs of CPU, {seen.lost} lost")
    return Measure(key, engine, watched, turn, seen.qps, cpu, seen.lost, wrong)


def question(key: str) -> tuple[str, str]:
    """Return the name that is asked for, and how the generator asks."""
    return WORK[key].name or "www.example.org", WORK[key].mode


def busy(server: Service) -> float:
    """Return the CPU seconds of its threads so far, as the scheduler counts them: to the nanosecond, where /proc/PID/stat counts hundredths."""
    tasks = [task for pid in server.pids() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def share_told(one: Watched) -> float:
    """Return the share of what was drawn that the reader, or else the log, has got."""
    if one.reader:
        return ended(one.reader)["frames"] / 2 / one.asked
    return sum('"event": "query"' in line for line in one.service.log_text().splitlines()) / (SAMPLE * one.asked)


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
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                page.read()
            if over.wait(SCRAPE):
                return

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        yield
    finally:
        over.set()
        scraper.join()


def render(found: Sequence[Measure], told: Told) -> list[str]:
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
                    body.append([engine, watched, *cells(own, base, told[engine, watched])])
        lines += ["", f"## {WORK[key].title}", "", *command.table(head, body)]
    return lines


def cells(own: Sequence[Measure], base: dict[int, Measure], told: float) -> list[str]:
    median = statistics.median
    qps, cpu = ([getattr(one, key) / max(getattr(base[one.turn], key), 1e-9) for one in own] for key in ("qps", "cpu"))
    return [
        f"{median(one.qps for one in own):,.0f}",
        f"{median(qps):.2f}",
        f"{median(one.cpu for one in own):.2f}",
        f"{median(cpu):.2f}",
        "" if own[0].watched in {"nothing", "metrics"} else f"{told:.0%}",
        str(sum(one.lost for one in own)),
        str(sum(one.wrong for one in own)),
    ]


if __name__ == "__main__":
    command.run(main)
