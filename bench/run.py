"""Speed on one core beside the peers, in one run: `make bench`.

Installs the peers' Debian packages where it may. Then, round by round, every server is started on core 0 and asked by the generator
(blast.c, a closed loop over recvmmsg/sendmmsg) on core 1; only one runs at a time, and each round begins with another one. Medians of the rounds are
written, so that a slow minute of the machine hits all alike. Everything of a server runs on its one core, gslb's control process and
supervisor too. Ratios are what counts; absolute figures are this machine's. CPU microseconds per query are read from /proc: user is the
server's own code, system the kernel's UDP path, which no server in user space escapes.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import command
import machine
import peers
from command import StartError, say
from load import blast
from peers import Peer
from server import Server
from work import WORK

BASES = ("gdnsd", "bare echo")  # what others are compared with
WARM = 0.5  # seconds of each kind of query before it counts


@dataclass(frozen=True)
class Measure:
    """One run of the generator against one server; CPU in microseconds per query."""

    work: str
    server: str
    turn: int
    qps: float
    user: float
    system: float
    busy: float  # share of its core
    sent: int
    lost: int
    wrong: int  # another rcode than the right one; the echo answers nothing, rightly


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often every server is measured")
    parser.add_argument("--seconds", type=float, default=3, help="of asking, per server, kind of query and round")
    parser.add_argument("--peers", default="", help="beginnings of names, by commas; none: all that can run here")
    parser.add_argument("--output", type=Path, default=command.RESULTS / "latest.md", help="the table; beside it the rounds as .csv")
    options = parser.parse_args()
    chosen = peers.chosen(options.peers)
    idle = machine.idle()
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="gslb-bench-") as folder:
        found = measure(chosen, Path(folder), options.rounds, options.seconds, failed)
    how = f"`make bench`: {options.rounds} interleaved rounds of {options.seconds:g} s, medians; all of a server on core 0, the generator on core 1."
    absent = [f"{name} failed to start in {why.splitlines()[0]}." for name, why in failed.items()]
    command.keep_rows(options.output.with_suffix(".csv"), found)
    command.keep(options.output, ["# Speed on one core", "", how, *machine.header(idle=idle), *absent, *render(found, chosen)])


def measure(chosen: Sequence[Peer], folder: Path, rounds: int, seconds: float, failed: dict[str, str]) -> list[Measure]:
    """Ask everybody in turn; who does not start is noted in `failed` and left out from then on."""
    database = peers.unpacked_database(folder)
    found = []
    for turn in range(rounds):
        for at in range(len(chosen)):
            peer = chosen[(at + turn) % len(chosen)]
            if peer.name in failed:
                continue
            home = folder / f"{turn}-{at}"
            try:
                with peers.started(peer, home, database) as server:
                    server.wait()
                    server.settle()
                    found += [once(peer, server, key, turn, seconds) for key, work in WORK.items() if work.name or peer.geo_name]
            except StartError as error:
                failed[peer.name] = f"round {turn + 1}: {error}"
                say(f"{peer.name} did not start: {error}")
            shutil.rmtree(home)
    return found


def once(peer: Peer, server: Server, key: str, turn: int, seconds: float) -> Measure:
    work = WORK[key]
    asked = work.name or peer.geo_name or ""
    blast(server.port, asked, work.mode, WARM)
    before = server.cpu()
    seen = blast(server.port, asked, work.mode, seconds)
    user, system = (after - before for after, before in zip(server.cpu(), before, strict=True))
    each = 1e6 / max(1, seen.received)
    wrong = 0 if peer is peers.ECHO else seen.received - seen.rcodes.get(work.rcode, 0)
    say(f"round {turn + 1}: {peer.name:15} {work.title:26} {seen.qps:9,.0f} q/s, {seen.lost} of {seen.sent} lost, {wrong} wrong")
    return Measure(key, peer.name, turn + 1, seen.qps, user * each, system * each, (user + system) / seconds, seen.sent, seen.lost, wrong)


def render(found: Sequence[Measure], chosen: Sequence[Peer]) -> list[str]:
    lines = []
    for key, work in WORK.items():
        rows = {peer.name: own for peer in chosen if (own := [one for one in found if one.work == key and one.server == peer.name])}
        if not rows:
            continue
        bases = {name: _median(rows[name], "qps") for name in BASES if name in rows}
        head = ["server", "q/s", "least – most", *(f"× {name}" for name in bases), "CPU µs/query: user + system", "core busy", "lost", "wrong"]
        body = [[f"{p.name} {p.version()}".strip(), *_cells(rows[p.name], bases.values())] for p in chosen if p.name in rows]
        lines += ["", f"## {work.title}", "", *command.table(head, body)]
    return lines


def _cells(own: Sequence[Measure], bases: Iterable[float]) -> list[str]:
    qps = _median(own, "qps")
    lost, sent = sum(one.lost for one in own), sum(one.sent for one in own)
    return [
        f"{qps:,.0f}",
        f"{min(one.qps for one in own) / 1e3:,.0f} – {max(one.qps for one in own) / 1e3:,.0f} k",
        *(f"{qps / base:.2f}" for base in bases),
        f"{_median(own, 'user'):.2f} + {_median(own, 'system'):.2f}",
        f"{_median(own, 'busy'):.0%}",
        f"{lost / sent:.4%}" if lost else "0",
        str(sum(one.wrong for one in own)),
    ]


def _median(own: Sequence[Measure], key: str) -> float:
    return float(statistics.median(getattr(one, key) for one in own))


if __name__ == "__main__":
    command.run(main)
