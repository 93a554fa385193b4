"""Load time, memory and speed with many static names, beside the peers.

All load the same master file: n0 to n(N-1).example.org, an A record each. Time runs from the start, on all cores, to the first answer for the
last name. Then the server is put on core 0 and the generator on core 1 asks random names of the zone. Memory is resident memory of all
processes after that (where processes share pages, each counts them: the column `shared once` does not), and per name: less what the same server
takes with ten names.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import command
import machine
import peers
import service
from command import StartError, say
from load import blast
from peers import Peer
from server import Memory, Server

FEW = 10
RUNS = 3  # of the generator; the median counts
LIMIT = 900  # seconds to load
SETTLE = 3.0  # seconds of asking before memory is read: what loading needed for a moment is given back by then


@dataclass(frozen=True)
class Measure:
    """One server with so many names; CPU in microseconds per query."""

    server: str
    names: int
    ready: float
    qps: float
    user: float
    system: float
    lost: int
    rss: float
    pss: float
    peak: float
    plane: float  # of rss, gslb's plane alone


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3, help=f"of asking, {RUNS} times per server")
    parser.add_argument("--peers", default="gslb,nsd,knot,gdnsd", help="beginnings of names, by commas")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "names.md", help="the table; beside it the figures as .csv")
    options = parser.parse_args()
    chosen = peers.chosen(options.peers)
    idle = machine.idle()
    found = []
    with tempfile.TemporaryDirectory(prefix="gslb-names-") as folder:
        database = peers.unpacked_database(Path(folder))
        for number, peer in enumerate(chosen):
            try:
                found += [measure(peer, Path(folder) / f"{number}-{n}", database, n, options.seconds) for n in (FEW, options.names)]
            except StartError as error:
                say(f"{peer.name} did not start: {error}")
    size = len(zone(options.names)) / 1e6
    how = f"`bench/names.py --names {options.names}`: {size:.1f} MB of master file; loaded with all cores, asked with the server on core 0."
    command.keep_rows(options.output.with_suffix(".csv"), found)
    command.keep(options.output, [f"# {options.names:,} names", "", how, *machine.header(idle=idle), "", *render(found, chosen)])


def zone(names: int) -> str:
    return peers.ZONE + "".join(f"n{i} 300 A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(names))


def measure(peer: Peer, home: Path, database: Path, names: int, seconds: float) -> Measure:
    """Start with so many names, ask them, read the memory, stop. Raises StartError."""
    with peers.started(peer, home, database, cores="0,1", zone=zone(names)) as server:
        ready = server.wait(f"n{names - 1}.example.org", LIMIT)
        say(f"{peer.name}: {names:,} names answered after {ready:.2f} s")
        server.pin(0)
        blast(server.port, "example.org", f"names:{names}", SETTLE)
        before = server.cpu()
        runs = [blast(server.port, "example.org", f"names:{names}", seconds) for _ in range(RUNS)]
        user, system = (1e6 * (b - a) / max(1, sum(r.received for r in runs)) for a, b in zip(before, server.cpu(), strict=True))
        qps, lost = statistics.median(r.qps for r in runs), sum(r.lost for r in runs)
        rss, pss, peak = server.memory()
        say(f"{peer.name}: {qps:,.0f} q/s, {rss:.0f} MB")
        return Measure(peer.name, names, ready, qps, user, system, lost, rss, pss, peak, plane(server).rss)


def plane(server: Server) -> Memory:
    """Return the memory of gslb's plane alone; nothing for others."""
    return server.memory([pid for pid in server.pids() if service.role(pid) == "plane"])


def render(found: Sequence[Measure], chosen: Sequence[Peer]) -> list[str]:
    head = [
        "server",
        "first answer after",
        "RSS",
        f"with {FEW}",
        "shared once",
        "peak",
        "RSS per name",
        "plane alone",
        "q/s",
        "CPU µs/query: user + system",
        "lost",
    ]
    body = []
    for few, many in zip(found[::2], found[1::2], strict=True):
        per_name, of_plane = (1e6 * (b - a) / (many.names - few.names) for a, b in ((few.rss, many.rss), (few.plane, many.plane)))
        version = next(peer.version() for peer in chosen if peer.name == many.server)
        body.append(
            [
                f"{many.server} {version}".strip(),
                f"{many.ready:.2f} s",
                *(f"{mb:,.0f} MB" for mb in (many.rss, few.rss, many.pss, many.peak)),
                f"{per_name:,.0f} octets",
                f"{of_plane:,.0f} octets" if many.plane else "–",
                f"{many.qps:,.0f}",
                f"{many.user:.2f} + {many.system:.2f}",
                str(many.lost),
            ]
        )
    return command.table(head, body)


if __name__ == "__main__":
    command.run(main)
