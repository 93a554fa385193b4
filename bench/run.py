"""Speed on one core beside the peers, in one run: `make bench`, or `bench/run.py --rounds 5 --seconds 3 --peers gslb,gdnsd`.

Every server gets core 0 and only one at a time runs; the generator (blast.c, a closed loop over recvmmsg/sendmmsg) gets core 1. Rounds are
interleaved (each round asks every server once) and medians are written, so that a slow minute of the machine hits all alike. Ratios are what counts;
absolute figures are this machine's. CPU µs per query are read from /proc: user is the server's own code, system the kernel's UDP path.
"""

from __future__ import annotations

import argparse
import lzma
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import DAEMONS, PEERS, ROOT, Running

TICK = os.sysconf("SC_CLK_TCK")
WINDOW, SOCKETS = "256", "4"
WORK = {  # title → (name to ask, None = the peer's geographic name; blast's mode)
    "plain, static": ("static.example.org", "plain"),
    "plain, dynamic": (None, "plain"),
    "ECS geo, random subnets": (None, "ecs"),
    "random names (NXDOMAIN)": ("example.org", "random"),
}


@dataclass
class Measure:
    """One run of the generator against one server."""

    qps: float
    lost: float
    user: float
    system: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--peers", default="", help="names, separated by commas; default: all that are installed")
    arguments.add_argument("--output", type=Path, default=ROOT / "bench" / "results" / "latest.md")
    options = arguments.parse_args()
    wanted = {name.strip().lower() for name in options.peers.split(",") if name.strip()}
    peers = [p for p in PEERS if (not wanted or p.name.lower() in wanted) and shutil.which(p.program, path=DAEMONS)]
    with tempfile.TemporaryDirectory(prefix="gslb-bench-") as folder:
        table, ready = measure(peers, Path(folder), options.rounds, options.seconds)
    text = render(table, ready, options.rounds, options.seconds)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text)
    print(text)


def measure(peers: list, folder: Path, rounds: int, seconds: int) -> tuple[dict, dict]:
    blast = folder / "blast"
    subprocess.run(["cc", "-O2", "-o", blast, ROOT / "bench" / "blast.c"], check=True)
    database = folder / "geo.mmdb"
    with lzma.open(ROOT / "geodb" / "gslb-region.mmdb.xz") as packed, database.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    table: dict[tuple[str, str], list[Measure]] = {}
    ready: dict[str, float] = {}
    for turn in range(rounds):
        for peer in peers:
            home = folder / f"{peer.program.replace('/', '_')}-{turn}"
            running = Running(peer, home, database)
            ready[peer.name] = running.ready_after
            try:
                for title, (name, mode) in WORK.items():
                    asked = name or peer.geo_name
                    if asked:
                        once(blast, running, asked, mode, 1)  # warm
                        found = once(blast, running, asked, mode, seconds)
                        table.setdefault((title, peer.name), []).append(found)
                        print(f"round {turn + 1}: {peer.name:15} {title:26} {found.qps:9.0f} q/s, lost {found.lost:.3f} %", file=sys.stderr)
            finally:
                running.stop()
    return table, ready


def once(blast: Path, running: Running, name: str, mode: str, seconds: int) -> Measure:
    pids = running.family()
    before = cpu(pids)
    command = ["taskset", "-c", "1", str(blast), str(running.port), name, str(seconds), WINDOW, SOCKETS, mode]
    line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    user, system = (b - a for a, b in zip(before, cpu(pids), strict=True))
    found = re.search(r"qps=(\d+) sent=\d+ received=(\d+) lost=([\d.]+)%", line)
    assert found, line
    received = int(found[2]) or 1
    return Measure(float(found[1]), float(found[3]), 1e6 * user / received, 1e6 * system / received)


def cpu(pids: list[int]) -> tuple[float, float]:
    rows = [Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split() for p in pids]
    return sum(int(r[11]) for r in rows) / TICK, sum(int(r[12]) for r in rows) / TICK


def render(table: dict, ready: dict, rounds: int, seconds: int) -> str:
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    lines = [
        "# Speed on one core",
        "",
        f"`make bench`: {rounds} interleaved rounds of {seconds} s, medians; the server on core 0, the generator on core 1, loopback.",
        f"Machine: {model()}, Linux {platform.release()}, Python {platform.python_version()}; commit {commit}; engine: Python.",
    ]
    for title in WORK:
        rows = {name: found for (work, name), found in table.items() if work == title}
        if not rows:
            continue
        base = statistics.median(m.qps for m in rows["gdnsd"]) if "gdnsd" in rows else None
        lines += ["", f"## {title}", "", "| server | q/s | × gdnsd | CPU µs/query (user + system) | lost |", "|---|---|---|---|---|"]
        for name, found in rows.items():
            qps = statistics.median(m.qps for m in found)
            ratio = f"{qps / base:.2f}" if base else "–"
            user, system, lost = (statistics.median(getattr(m, field) for m in found) for field in ("user", "system", "lost"))
            lines.append(f"| {name} | {qps:,.0f} | {ratio} | {user:.2f} + {system:.2f} | {lost:.3f} % |")
    lines += ["", "Seconds from start to the first answer: " + ", ".join(f"{name} {took:.2f}" for name, took in ready.items()) + ".", ""]
    return "\n".join(lines)


def model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
