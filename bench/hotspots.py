"""Where a server's core spends its time under full load: `bench/hotspots.py --peer "gslb native" --work ecs` (needs perf).

Starts the server on core 0 as `run.py` does, asks it from core 1, and samples core 0. Prints the shares of each program and library, then
the functions, of the time that the server had the core. In a virtual machine without hardware counters perf samples by the clock, and what
runs with interrupts off shows up in the function that switches them on again (`_raw_spin_unlock_irqrestore`, `finish_task_switch`): sums by
program are right, single kernel functions roughly.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import command
import machine
import peers
from load import Blast
from work import WORK, Work

FREQUENCY = 2000  # samples a second: 5 s give 10,000, a function of 1 % is known within a tenth
SAMPLE = re.compile(r"\s*(\d+)\s+[0-9a-f]+ (.*) \((?:\[(kernel)\.?\w*\]|(.*))\)$")  # process, address, function, program
WARM = 1.0  # seconds before samples are taken


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--peer", default="gslb", help="beginning of its name; the first that runs here")
    parser.add_argument("--work", choices=list(WORK), default="ecs")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--top", type=int, default=40, help="functions shown")
    parser.add_argument("--output", type=Path, default=None, help="none: results/hotspots-PEER-WORK.md")
    options = parser.parse_args()
    chosen = peers.chosen(options.peer, install=False)
    if not shutil.which("perf") or not chosen:
        sys.exit("perf is needed (Debian: linux-perf), and a server that runs here")
    peer, work = chosen[0], WORK[options.work]
    idle = machine.idle()
    with tempfile.TemporaryDirectory(prefix="gslb-hotspots-") as folder:
        samples, rate = profile(peer, work, Path(folder), options.seconds)
    output = options.output or command.RESULTS / f"hotspots-{peer.name.replace(' ', '-').lower()}-{options.work}.md"
    how = f'`bench/hotspots.py --peer "{peer.name}" --work {options.work}`: {work.title}, {rate:,.0f} q/s; {len(samples):,} samples.'
    command.keep(output, [f"# Where the time goes: {peer.name}", "", how, *machine.header(idle=idle), "", *render(samples, options.top)])


def profile(peer: peers.Peer, work: Work, folder: Path, seconds: float) -> tuple[list[tuple[str, str]], float]:
    """Return (program or library, function) of every sample, and the rate meanwhile."""
    data = folder / "perf.data"
    with peers.started(peer, folder / "home", peers.unpacked_database(folder)) as server:
        server.wait()
        server.settle()
        load = Blast(server.port, work.name or peer.geo_name or "", work.mode, seconds + 2 * WARM, core=1)
        time.sleep(WARM)
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(FREQUENCY), "-C", "0", "-o", str(data), "--", "sleep", str(seconds)]
        subprocess.run(record, check=True, capture_output=True)
        rate = load.result().qps
        script = ["perf", "script", "-i", str(data), "-F", "pid,ip,sym,dso"]
        pids = server.pids()
        lines = subprocess.run(script, check=True, capture_output=True, text=True).stdout.splitlines()
    found = [match.groups() for line in lines if (match := SAMPLE.match(line))]
    return [(kernel or Path(program).name, function) for pid, function, kernel, program in found if int(pid) in pids], rate


def render(samples: list[tuple[str, str]], top: int) -> list[str]:
    programs, functions = Counter(program for program, _function in samples), Counter(samples)
    by_program = [[program, f"{count / len(samples):.1%}"] for program, count in programs.most_common(8)]
    by_function = [[program, f"`{function}`", f"{count / len(samples):.1%}"] for (program, function), count in functions.most_common(top)]
    return [*command.table(["program", "share"], by_program), "", *command.table(["program", "function", "share"], by_function)]


if __name__ == "__main__":
    command.run(main)
