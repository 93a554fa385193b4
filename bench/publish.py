"""Publishing under full load: what clients notice while rows change every 100 ms and a zone of 1,000 names is reloaded every second.

Starts gslb with the shipped geo database, all of it on core 0 (or control on its own core: `--control-core 1`, beside the generator), and asks a
name that is answered by geography with random client subnets. Every 100 ms a site is drained or undrained over the control socket, which changes that
name's rows; every second the zone file is written anew and reloaded whole. Four stretches: at full load (closed loop) at rest, then publishing
for `--minutes`; at half of that rate (open loop: latency counts from the time a query was due) at rest and publishing. The generator runs in
slices, each one a line of the .csv with losses, latency and the memory of each process.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import command
import machine
import peers
import service
from command import say
from load import blast
from server import StartError
from service import Service

NAMES = 1000
FLIP, RELOAD = 0.1, 1.0  # seconds between publications
SLICE = 5.0  # seconds of one run of the generator: memory is read between them
NAME, MODE = "www.example.org", "ecs"
FULL, HALF = "full load", "half load"
REST, PUBLISHING = "at rest", "publishing"


@dataclass(frozen=True)
class Slice:
    """One run of the generator; latencies in microseconds, memory in megabytes."""

    engine: str
    load: str
    what: str
    second: float
    qps: float
    sent: int
    lost: int
    wrong: int  # an answer without a record, or an error
    p50: float
    p99: float
    p999: float
    max: float
    supervisor: float
    control: float
    plane: float
    generation: int


@dataclass
class Acts:
    """What was published in one stretch, and the seconds until control had done it (for reloads: until the plane served it)."""

    flips: list[float]
    reloads: list[float]
    failed: list[str]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of publishing at full load")
    parser.add_argument("--rest", type=float, default=30, help="seconds of each of the three other stretches")
    parser.add_argument("--engine", choices=["both", *service.ENGINES], default="both")
    parser.add_argument("--control-core", type=int, default=None, help="where control runs; none: on core 0 with everything else of gslb")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "publish.md", help="the table; beside it the slices as .csv")
    options = parser.parse_args()
    idle = machine.idle()
    found: list[Slice] = []
    notes: list[str] = []
    for engine in service.ENGINES if options.engine == "both" else (options.engine,):
        if engine not in service.engines():
            say(f"engine {engine} is left out: it is not installed")
            continue
        with tempfile.TemporaryDirectory(prefix="gslb-publish-") as folder:
            try:
                with Service(Path(folder), zones(0), engine=engine, control_core=options.control_core) as running:
                    running.wait()
                    bench = Bench(running, engine, found)
                    notes += bench.run(60 * options.minutes, options.rest)
            except StartError as error:
                say(f"engine {engine}: {error}")
    where = "all of gslb on core 0" if options.control_core is None else f"control on core {options.control_core}, the rest of gslb on core 0"
    how = f"`bench/publish.py --minutes {options.minutes:g}`: {where}, the generator on core 1; slices of {SLICE:g} s."
    command.keep_rows(options.output.with_suffix(".csv"), found)
    command.keep(options.output, ["# Publishing under load", "", how, *machine.header(idle=idle), "", *render(found), "", *notes])


def zones(serial: int) -> dict[str, str]:
    """Return the zone with other addresses each time, and its pool."""
    names = "".join(f"n{i} 300 A 10.{serial & 255}.{i >> 8}.{i & 255}\n" for i in range(NAMES))
    return peers.gslb_zones(peers.ZONE.replace(" 1 7200", f" {serial + 1} 7200") + names)


class Bench:
    """One service, asked through all stretches."""

    def __init__(self, running: Service, engine: str, found: list[Slice]) -> None:
        self._service, self._engine, self._found = running, engine, found
        self._began = time.monotonic()
        self._serial = 0

    def run(self, publishing: float, rest: float) -> list[str]:
        """Ask through the four stretches; returns what was published and how memory went."""
        blast(self._service.port, NAME, MODE, 2)
        self.stretch(FULL, REST, rest)
        with self.published() as full:
            self.stretch(FULL, PUBLISHING, publishing)
        rate = statistics.median(one.qps for one in self._found if (one.engine, one.load, one.what) == (self._engine, FULL, REST)) / 2
        self.stretch(HALF, REST, rest, rate)
        with self.published() as half:
            self.stretch(HALF, PUBLISHING, rest, rate)
        return [self.told(FULL, full, publishing), self.told(HALF, half, rest), self.growth()]

    def stretch(self, load: str, what: str, seconds: float, rate: float = 0) -> None:
        for _ in range(max(1, round(seconds / SLICE))):
            seen = blast(self._service.port, NAME, MODE, min(SLICE, seconds), rate=rate)
            memory = {role: self._service.memory(self._service.pids_of(role)).rss for role in ("supervisor", "control", "plane")}
            at, generation = time.monotonic() - self._began, self._service.ask("status")["generation"]
            wrong = seen.received - min(seen.answered, seen.rcodes.get(0, 0))
            counts = (seen.sent, seen.lost + seen.late, wrong)
            one = Slice(self._engine, load, what, at, seen.qps, *counts, seen.p50, seen.p99, seen.p999, seen.max, **memory, generation=generation)
            self._found.append(one)
            say(
                f"{self._engine:6} {load}, {what:10} {at:5.0f} s: {one.qps:7,.0f} q/s, {one.lost} lost, {one.wrong} wrong, "
                f"p99.9 {one.p999 / 1e3:.2f} ms, control {one.control:.0f} MB, plane {one.plane:.0f} MB, generation {generation}"
            )

    @contextmanager
    def published(self) -> Iterator[Acts]:
        """Publish beside, as long as this lasts."""
        acts, over = Acts([], [], []), threading.Event()
        beside = [
            threading.Thread(target=self._every, args=(FLIP, self._flip, acts.flips, acts.failed, over)),
            threading.Thread(target=self._every, args=(RELOAD, self._reload, acts.reloads, acts.failed, over)),
        ]
        for thread in beside:
            thread.start()
        try:
            yield acts
        finally:
            over.set()
            for thread in beside:
                thread.join()

    def _every(self, pause: float, act: Callable[[int], None], took: list[float], failed: list[str], over: threading.Event) -> None:
        """Act at each multiple of `pause`; what takes longer skips its next turns, and is seen in the count."""
        began, turn = time.monotonic(), 0
        while not over.wait(max(0.0, began + turn * pause - time.monotonic())):
            start = time.monotonic()
            try:
                act(len(took))
            except (StartError, RuntimeError) as error:
                failed.append(str(error))
            took.append(time.monotonic() - start)
            turn = max(turn + 1, int((time.monotonic() - began) / pause))

    def _flip(self, number: int) -> None:
        """Take Europe out of the answers, or back into them."""
        self._ask("override", verb="undrain" if number % 2 else "drain", level="site", names=["eu"], author="bench", reason="every 100 ms")

    def _reload(self, _number: int) -> None:
        self._serial += 1
        for name, text in zones(self._serial).items():
            beside = self._service.home / "zones" / f".{name}"
            beside.write_text(text)
            beside.replace(self._service.home / "zones" / name)
        if not self._ask("reload").get("served"):
            raise RuntimeError("a reload was not served in time")

    def _ask(self, command: str, **said: object) -> dict[str, object]:
        answer = self._service.ask(command, **said)
        if "error" in answer:
            raise RuntimeError(str(answer["error"]))
        return answer

    def told(self, load: str, acts: Acts, seconds: float) -> str:
        """Say how much was published."""
        parts = [
            f"{len(took)} {what} ({len(took) / seconds:.1f} a second; done after {statistics.median(took):.3f} s, at most {max(took):.3f} s)"
            for what, took in (("row changes", acts.flips), ("reloads", acts.reloads))
        ]
        failed = f"; {len(acts.failed)} failed: {acts.failed[0]}" if acts.failed else "; none failed"
        return f"- {self._engine}, {load}: {' and '.join(parts)}{failed}."

    def growth(self) -> str:
        """Say how memory went while publishing at full load: the mean of the second quarter of that time against that of the last."""
        own = [one for one in self._found if (one.engine, one.load, one.what) == (self._engine, FULL, PUBLISHING)]
        quarter = max(1, len(own) // 4)
        parts = []
        for role in ("control", "plane"):
            before, after = (statistics.fmean(getattr(one, role) for one in some) for some in (own[quarter : 2 * quarter] or own, own[-quarter:]))
            parts.append(f"{role} {before:.1f} → {after:.1f} MB (most {max(getattr(one, role) for one in own):.1f})")
        return f"- {self._engine}, memory while publishing at full load, second quarter of the time → last quarter: {', '.join(parts)}."


def render(found: Sequence[Slice]) -> list[str]:
    head = ["engine", "load", "", "q/s", "asked", "lost", "wrong", "p50", "p99", "p99.9", "p99.9, worst slice", "longest"]
    stretches: dict[tuple[str, str, str], list[Slice]] = {}
    for one in found:
        stretches.setdefault((one.engine, one.load, one.what), []).append(one)
    body = []
    for stretch, own in stretches.items():
        sent, lost, wrong = (sum(getattr(one, key) for one in own) for key in ("sent", "lost", "wrong"))
        median = {key: statistics.median(getattr(one, key) for one in own) for key in ("qps", "p50", "p99", "p999")}
        most = (max(one.p999 for one in own), max(one.max for one in own))
        latency = (median["p50"], median["p99"], median["p999"], *most)
        body.append([*stretch, f"{median['qps']:,.0f}", f"{sent:,}", str(lost), str(wrong), *(f"{us / 1e3:.2f} ms" for us in latency)])
    return command.table(head, body)


if __name__ == "__main__":
    command.run(main)
