"""What `gslb simulate` and `gslb diff` take: the demonstration, and many names at many pools. Seconds, CPU seconds and memory of the whole command.

Pools of the second configuration stand at the same sites, as a service's do; in the third each has six sites of its own choice out of twenty, so
that hardly any two pools divide the world alike: the worst case.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import command
import machine
from command import ROOT, say

SITES = 20
POLICIES = ("nearest", "nearest", "nearest", "weighted", "failover")


@dataclass(frozen=True)
class Taken:
    """One command: what it took."""

    config: str
    command: str
    seconds: float
    cpu: float
    megabytes: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--names", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=command.RESULTS / "what_if.txt")
    options = parser.parse_args()
    idle = machine.idle()
    found = []
    with tempfile.TemporaryDirectory(prefix="gslb-what-if-") as name:
        folder = Path(name)
        settings = folder / "gslb.yaml"
        for config, apart in (
            ("demonstration", None),
            (f"{options.pools} pools, {options.names} names, shared sites", False),
            ("the same, every pool its own sites", True),
        ):
            old, new = folder / "old", folder / "new"
            if apart is None:
                old = new = ROOT / "zones"
            else:
                write(old, options.pools, options.names, apart=apart, edited=False)
                write(new, options.pools, options.names, apart=apart, edited=True)
            site = "fra" if apart is None else "s01"
            settings.write_text(f"node: bench\nzones: ['{old}']\ngeo: {{database: '{ROOT / 'geodb'}'}}\nstate_dir: '{folder / 'state'}'\n")
            run(settings, "simulate")  # the geo database is kept unpacked from here on
            for words in (("simulate", "--assume-down", site), ("diff", str(old), str(new))):
                found.append(measured(config, settings, *words))
                say(line(found[-1]))
    text = "\n".join([*machine.header(idle=idle), "", *map(line, found), ""])
    options.output.write_text(text)


def line(one: Taken) -> str:
    return f"{one.config:<45} {one.command:<9} {one.seconds:7.2f} s  {one.cpu:7.2f} s CPU  {one.megabytes:5} MB"


def measured(config: str, settings: Path, *words: str) -> Taken:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peak = run(settings, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(config, words[0], time.perf_counter() - began, cpu, peak)


def run(settings: Path, *words: str) -> int:
    """Run a command; return its peak of memory in MB."""
    script = f"import resource, sys\nfrom gslb import cli\ncode = cli.run({[*words, '--config', str(settings)]!r})\n"
    script += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)\nsys.exit(code)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 3}:
        raise command.StartError(done.stderr)
    return int(done.stderr.split()[-1])


def write(folder: Path, pools: int, names: int, *, apart: bool, edited: bool) -> None:
    """Write a configuration; `edited`: every tenth pool has another policy."""
    folder.mkdir(exist_ok=True)
    chance = random.Random(7)
    sites = [f"s{number:02}" for number in range(SITES)]
    lines = ["sites:"]
    lines += [f"  {site}: {{location: [{chance.uniform(-40, 60):.2f}, {chance.uniform(-120, 150):.2f}], capacity: 100}}" for site in sites]
    lines += ["checks:", "  web: {type: tcp, port: 80}", "pools:"]
    for number in range(pools):
        members = chance.sample(sites, 6) if apart else sites[:6] if number % 2 else sites[6:14]
        policy = chance.choice(POLICIES)
        lines += [
            f"  p{number}: # {number}",
            f"    policy: {'failover' if edited and number % 10 == 0 else policy}",
            "    check: web",
            "    ttl: 60/10",
            "    members:",
        ]
        lines += [
            f'      - {{site: {site}, address: [10.{number >> 8}.{number & 255}.{at + 1}, "2001:db8:{number:x}::{at + 1}"]}}'
            for at, site in enumerate(members)
        ]
    (folder / "pools.yaml").write_text("\n".join(lines) + "\n")
    zone = ["soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}", "records:"]
    zone += [
        "  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}",
        "  ns1: {type: A, value: 192.0.2.53}",
        "  ns2: {type: A, value: 192.0.2.54}",
    ]
    zone += [f"  n{number}: {{pool: p{number % pools}}}" for number in range(names)]
    (folder / "example.com.yaml").write_text("\n".join(zone) + "\n")


if __name__ == "__main__":
    command.run(main)
