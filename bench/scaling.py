"""One and two threads on two cores, against two generator processes: what the second thread adds.

Server and generators share the same two cores, as they must on a machine that has no more: whatever the second thread gains, the generators lose, so
q/s cannot double here. The figure that speaks of the server is its CPU time per query: where it is the same with two threads as with one, they do
not hinder each other, and cores of their own would double the rate. `cores used` says how busy server and generators were. Rounds are interleaved.
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
from command import StartError, say
from load import Blast, Seen
from peers import Peer
from server import Server
from work import WORK

THREADS = (1, 2)
GENERATORS = 2
SHAPE = (12, 8)  # in flight, sockets per generator: 192 in flight as ever; 16 sockets are spread over two threads by the kernel's hash
WARM = 0.5  # seconds
MEDIANS = ("qps", "cpu", "generators", "cores", "generator_cores")
ASKED = ("static", "ecs")


@dataclass(frozen=True)
class Measure:
    """One run; CPU in microseconds per query, `cores` the CPU time used per second."""

    work: str
    server: str
    threads: int
    turn: int
    qps: float
    cpu: float
    generators: float
    cores: float
    generator_cores: float
    lost: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--peers", default="gslb,gdnsd,knot", help="beginnings of names, by commas")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "scaling.md", help="the table; beside it the rounds as .csv")
    options = parser.parse_args()
    chosen = peers.chosen(options.peers)
    idle = machine.idle()
    with tempfile.TemporaryDirectory(prefix="gslb-scaling-") as folder:
        found = measure(chosen, Path(folder), options.rounds, options.seconds)
    rounds = f"{options.rounds} interleaved rounds of {options.seconds:g} s, medians"
    how = f"`bench/scaling.py`: {rounds}; server and {GENERATORS} generators share cores 0 and 1."
    command.keep_rows(options.output.with_suffix(".csv"), found)
    command.keep(options.output, ["# One and two threads", "", how, *machine.header(idle=idle), *render(found)])


def measure(chosen: Sequence[Peer], folder: Path, rounds: int, seconds: float) -> list[Measure]:
    database = peers.unpacked_database(folder)
    found = []
    for turn, peer, threads in product(range(1, rounds + 1), chosen, THREADS):
        home = folder / "home"
        try:
            with peers.started(peer, home, database, cores="0,1", threads=threads) as server:
                server.wait()
                server.settle()
                found += [once(server, peer, key, threads, turn, seconds) for key in ASKED]
        except StartError as error:
            say(f"{peer.name} with {threads} threads did not start: {error}")
        shutil.rmtree(home)
    return found


def once(server: Server, peer: Peer, key: str, threads: int, turn: int, seconds: float) -> Measure:
    ask(server.port, peer, key, WARM)
    before = sum(server.cpu())
    seen = ask(server.port, peer, key, seconds)
    used, theirs = sum(server.cpu()) - before, sum((one.user + one.system) * one.received for one in seen) / 1e6
    qps, received, lost = (sum(getattr(one, key) for one in seen) for key in ("qps", "received", "lost"))
    each = 1e6 / max(1, received)
    say(f"round {turn}: {peer.name:12} {threads} threads, {WORK[key].title:24} {qps:9,.0f} q/s, {used * each:.2f} µs of CPU")
    return Measure(key, peer.name, threads, turn, qps, used * each, theirs * each, used / seconds, theirs / seconds, lost)


def ask(port: int, peer: Peer, key: str, seconds: float) -> list[Seen]:
    name = WORK[key].name or peer.geo_name or ""
    generators = [Blast(port, name, WORK[key].mode, seconds, shape=SHAPE) for _ in range(GENERATORS)]
    return [generator.result() for generator in generators]


def render(found: Sequence[Measure]) -> list[str]:
    lines = []
    head = ["server", "threads", "q/s", "× one thread", "CPU µs/query: server", "generators", "cores used: server", "generators", "lost"]
    for key in ASKED:
        body, first = [], 0.0
        for server, threads in dict.fromkeys((one.server, one.threads) for one in found):
            own = [one for one in found if (one.work, one.server, one.threads) == (key, server, threads)]
            qps, *figures = (statistics.median(getattr(one, key) for one in own) for key in MEDIANS)
            first = qps if threads == 1 else first
            body.append(
                [server, str(threads), f"{qps:,.0f}", f"{qps / first:.2f}", *(f"{figure:.2f}" for figure in figures), str(sum(o.lost for o in own))]
            )
        lines += ["", f"## {WORK[key].title}", "", *command.table(head, body)]
    return lines


if __name__ == "__main__":
    command.run(main)
