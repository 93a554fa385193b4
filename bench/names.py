"""Load time and memory for many static names, beside NSD: `bench/names.py [--names 100000]`.

Both load the same master file and are asked for its last name. Time runs from start to the first answer for that name; memory is the resident set
of all processes then (for gslb: supervisor, control, one plane), shared pages counted once for each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import DAEMONS, ZONE, answers, family, free_port, nsd

GSLB = [sys.executable, "-m", "gslb"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--names", type=int, default=100_000)
    names = arguments.parse_args().names
    zone = ZONE + "".join(f"n{i} 300 A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(names))
    print(f"{names:,} names, {len(zone) / 1e6:.1f} MB of master file")
    with tempfile.TemporaryDirectory(prefix="gslb-names-") as folder:
        measure("gslb serve", _gslb(Path(folder) / "gslb", zone), f"n{names - 1}.example.org")
        if shutil.which("nsd", path=DAEMONS):
            measure("NSD", _nsd(Path(folder) / "nsd", zone), f"n{names - 1}.example.org")


def _gslb(home: Path, zone: str) -> tuple[Path, list[str], int]:
    (home / "zones").mkdir(parents=True)
    (home / "zones" / "example.org.zone").write_text(zone)
    port = free_port()
    (home / "gslb.yaml").write_text(
        f'node: names\ndns: {{listen: ["127.0.0.1:{port}"], threads: 1}}\nzones: [zones/]\nmetrics: {{listen: "127.0.0.1:0"}}\nstate_dir: state/\n'
    )
    return home, [*GSLB, "serve"], port


def _nsd(home: Path, zone: str) -> tuple[Path, list[str], int]:
    for part in ("run", "state"):
        (home / part).mkdir(parents=True)
    port = free_port()
    command = nsd(home, home, port)
    (home / "example.org.zone").write_text(zone)
    return home, command, port


def measure(title: str, server: tuple[Path, list[str], int], last: str) -> None:
    """Start, wait for the last name, read the memory, stop."""
    home, command, port = server
    environ = {**os.environ, "PATH": DAEMONS}
    with (home / "log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, env=environ)
        try:
            while not answers(port, last):
                if process.poll() is not None or time.monotonic() > began + 300:
                    raise RuntimeError((home / "log").read_text()[-2000:])
            took = time.monotonic() - began
            parts = {name(pid): rss(pid) for pid in family(process.pid)}
        finally:
            process.terminate()
            process.wait(20)
    print(f"{title:30} first answer after {took:5.2f} s; RSS {sum(parts.values()):6.1f} MB: " + ", ".join(f"{n} {mb:.1f}" for n, mb in parts.items()))


def name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    roles = [w.decode().rsplit(".", 1)[-1] for w in words if w.startswith(b"gslb.role.")]
    return f"{roles[0] if roles else 'main'} {pid}"


def rss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
