"""Every measurement that the README quotes, one after the other, in about half an hour: results in bench/results/.

Wants a machine of two cores with no other work. A step that fails is told and the next one begins. `--quick` runs each for seconds only, into a
temporary folder: whether everything works, no figures.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import command
import service
from command import ROOT, say
from work import WORK


class Step(NamedTuple):
    """A script with its arguments, how long it takes, and what else to say for a quick look."""

    script: str
    arguments: str
    minutes: float
    quick: str
    output: str


def steps() -> list[Step]:
    """Return what can be done with the engines that are here; the fastest one gets the long runs."""
    first, *others = service.engines()
    profiled = [(f"gslb {first}", "gslb", work) for work in WORK] + [("bare echo", "echo", "static")]
    return [
        Step("agree.py", "--subnets 1000", 0.3, "--subnets 50", ""),
        Step("run.py", "--rounds 5 --seconds 2", 8.5, "--rounds 1 --seconds 0.3", "latest.md"),
        Step("publish.py", f"--engine {first} --minutes 10 --rest 20", 11.5, "--minutes 0.2 --rest 5", f"publish-{first}.md"),
        *(Step("publish.py", f"--engine {other} --minutes 1 --rest 15", 2, "--minutes 0.2 --rest 5", f"publish-{other}.md") for other in others),
        Step("scaling.py", "--rounds 3 --seconds 1.5", 3, "--rounds 1 --seconds 0.3", "scaling.md"),
        Step("names.py", "--names 1000000 --seconds 2", 2.5, "--names 10000 --seconds 0.3", "names.md"),
        Step("observe.py", "--rounds 10 --seconds 1", 5, "--rounds 1 --seconds 0.3", "observe.md"),
        Step("startup.py", "--runs 3", 0.8, "--runs 1", "startup.md"),
        *(Step("hotspots.py", f"--peer '{peer}' --work {work}", 0.3, "--seconds 1", f"hotspots-{name}-{work}.md") for peer, name, work in profiled),
    ]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="scripts, by commas: run,publish")
    options = parser.parse_args()
    only = {name.strip().removesuffix(".py") + ".py" for name in options.only.split(",") if name.strip()}
    chosen = [step for step in steps() if not only or step.script in only]
    say(f"{len(chosen)} steps, about {sum(step.minutes for step in chosen):.0f} minutes" + (" if it were not --quick" if options.quick else ""))
    with tempfile.TemporaryDirectory(prefix="gslb-everything-") as folder:
        failed = [step.script for step in chosen if not done(step, Path(folder) if options.quick else command.RESULTS, quick=options.quick)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def done(step: Step, folder: Path, *, quick: bool) -> bool:
    """Run a step; whether it went well."""
    words = [
        step.script,
        *shlex.split(step.arguments),
        *(shlex.split(step.quick) if quick else []),
        *(["--output", str(folder / step.output)] if step.output else []),
    ]
    say(f"\n==== bench/{shlex.join(words)}")
    began = time.monotonic()
    code = subprocess.run([sys.executable, ROOT / "bench" / words[0], *words[1:]], check=False).returncode
    say(f"==== {time.monotonic() - began:.0f} s" + (f", FAILED with {code}" if code else ""))
    return code == 0


if __name__ == "__main__":
    command.run(main)
