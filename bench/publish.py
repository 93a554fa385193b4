"""Publishing under full load: what clients notice while rows change every 100 ms and a zone of 1,000 names is reloaded every second.

Starts gslb with the shipped geo database, all of it on core 0 (or control on its own core: `--control-core 1`, beside the generator), and asks a
name that is answered by geography with random client subnets. Every 100 ms a site is drained or undrained over the control socket, which changes that
name's rows; every second the zone file is written anew and reloaded whole. Four stretches: at full load (closed loop) at rest, then publishing
for `--minutes`; at half of that rate (open loop: latency counts from the time a query was due) at rest and publishing. The generator runs in
slices, each one a line of the .csv with losses, latency and the memory of each process.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import command
import machine
import peers
import service
from command import StartError, say
from load import blast
from service import Service

NAMES = 1000
FLIP, RELOAD = 0.1, 1.0  # seconds between publications
SLICE = 5.0  # seconds of one run of the generator: memory is read between them
NAME, MODE = "www.example.org", "ecs"
WARM = 2.0  # seconds of asking before it counts
FULL, HALF = "full load", "half load"
REST, PUBLISHING = "at rest", "publishing"


@dataclass(frozen=True)
class Slice:
    """One run of the generator; latencies in microseconds, memory in megabytes."""

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

    flips: list[float] = field(default_factory=list)
    reloads: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0  # of publishing


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of publishing at full load")
    parser.add_argument("--rest", type=float, default=30, help="seconds of each of the three other stretches")
    parser.add_argument("--engine", choices=service.ENGINES, default=service.engines()[0])
    parser.add_argument("--control-core", type=int, default=None, help="where control runs; none: on core 0 with everything else of gslb")
    parser.add_argument("--output", type=Path, default=None, help="the table, beside it the slices as .csv; none: results/publish-ENGINE.md")
    options = parser.parse_args()
    if options.engine not in service.engines():
        sys.exit(f"the {options.engine} engine is not installed")
    idle = machine.idle()
    with (
        tempfile.TemporaryDirectory(prefix="gslb-publish-") as folder,
        Service(Path(folder), zones(0), engine=options.engine, control_core=options.control_core) as running,
    ):
        bench = Bench(running)
        notes = bench.run(60 * options.minutes, options.rest)
    where = "all of gslb on core 0" if options.control_core is None else f"control on core {options.control_core}, the rest of gslb on core 0"
    how = f"`bench/publish.py --engine {options.engine} --minutes {options.minutes:g}`: {where}, the generator on core 1; slices of {SLICE:g} s."
    output = options.output or command.RESULTS / f"publish-{options.engine}.md"
    command.keep_rows(output.with_suffix(".csv"), bench.found)
    title = f"# Publishing under load, engine {options.engine}"
    command.keep(output, [title, "", how, *machine.header(idle=idle), "", *render(bench.found), "", *notes])


def zones(serial: int) -> dict[str, str]:
    """Return the zone with other addresses each time, and its pool."""
    names = "".join(f"n{i} 300 A 10.{serial & 255}.{i >> 8}.{i & 255}\n" for i in range(NAMES))
    return peers.gslb_zones(peers.ZONE.replace(" 1 7200", f" {serial + 1} 7200") + names)


class Bench:
    """One service, asked through all stretches."""

    def __init__(self, running: Service) -> None:
        self.found: list[Slice] = []
        self._service = running
        self._began = time.monotonic()
        self._serial = 0

    def run(self, publishing: float, rest: float) -> list[str]:
        """Ask through the four stretches; returns what was published and how memory went."""
        self._service.wait()
        self._service.settle()
        blast(self._service.port, NAME, MODE, WARM)
        rate = statistics.median(one.qps for one in self.stretch(FULL, REST, rest)) / 2
        with self.published() as full:
            held = self.stretch(FULL, PUBLISHING, publishing)
        self.stretch(HALF, REST, rest, rate)
        with self.published() as half:
            self.stretch(HALF, PUBLISHING, rest, rate)
        return [told(FULL, full), told(HALF, half), growth(held)]

    def stretch(self, load: str, what: str, seconds: float, rate: float = 0) -> list[Slice]:
        return [self.slice(load, what, min(SLICE, seconds), rate) for _ in range(max(1, round(seconds / SLICE)))]

    def slice(self, load: str, what: str, seconds: float, rate: float) -> Slice:
        """Run the generator once, and look at the service."""
        seen = blast(self._service.port, NAME, MODE, seconds, rate=rate)
        supervisor, control, plane = (self._service.memory(self._service.pids_of(role)).rss for role in ("supervisor", "control", "plane"))
        at, generation = time.monotonic() - self._began, self._service.ask("status")["generation"]
        counts = (seen.sent, seen.lost, seen.received - min(seen.answered, seen.rcodes.get(0, 0)))
        one = Slice(load, what, at, seen.qps, *counts, seen.p50, seen.p99, seen.p999, seen.max, supervisor, control, plane, generation)
        self.found.append(one)
        say(
            f"{load}, {what:10} {at:5.0f} s: {one.qps:7,.0f} q/s, {one.lost} lost, {one.wrong} wrong, "
            f"p99.9 {one.p999 / 1e3:.2f} ms, control {one.control:.0f} MB, plane {one.plane:.0f} MB, generation {generation}"
        )
        return one

    @contextmanager
    def published(self) -> Iterator[Acts]:
        """Publish beside, as long as this lasts."""
        acts, over, began = Acts(), threading.Event(), time.monotonic()
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
            acts.seconds = time.monotonic() - began

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


def told(load: str, acts: Acts) -> str:
    """Say how much was published."""
    parts = [
        f"{len(took)} {what} ({len(took) / acts.seconds:.1f} a second; done after {statistics.median(took):.3f} s, at most {max(took):.3f} s)"
        for what, took in (("row changes", acts.flips), ("reloads", acts.reloads))
    ]
    failed = f"; {len(acts.failed)} failed: {acts.failed[0]}" if acts.failed else "; none failed"
    return f"- {load}: {' and '.join(parts)}{failed}."


def growth(held: Sequence[Slice]) -> str:
    """Say how memory went while publishing at full load: the mean of the second quarter of that time against that of the last."""
    quarter = max(1, len(held) // 4)
    parts = []
    for role in ("control", "plane"):
        before, after = (statistics.fmean(getattr(one, role) for one in some) for some in (held[quarter : 2 * quarter] or held, held[-quarter:]))
        parts.append(f"{role} {before:.1f} → {after:.1f} MB (most {max(getattr(one, role) for one in held):.1f})")
    return f"- Memory while publishing at full load, second quarter of the time → last quarter: {', '.join(parts)}."


def render(found: Sequence[Slice]) -> list[str]:
    head = ["load", "", "q/s", "asked", "lost", "wrong", "p50", "p99", "p99.9", "p99.9, worst slice", "longest"]
    stretches: dict[tuple[str, str], list[Slice]] = {}
    for one in found:
        stretches.setdefault((one.load, one.what), []).append(one)
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
