"""gslb as it is measured: its configuration, and a running service with its processes by role and its control socket.

Called by the peers' table and by every script that looks at gslb alone. Without `control_core` all processes share the cores
that are given, as all threads of a peer do.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from command import ROOT, StartError
from server import Server, free_port

from gslb.errors import UsageError
from gslb.role import local

GSLB = [sys.executable, "-m", "gslb"]
ENGINES = ("native", "python")


def engines() -> tuple[str, ...]:
    """Return the engines that are here."""
    return ENGINES if importlib.util.find_spec("gslb_core") else ("python",)


def configure(home: Path, port: int, zones: dict[str, str], *, database: Path | None = None, threads: int = 1) -> None:
    """Write settings and zone files; without a database the shipped one is read."""
    (home / "zones").mkdir(parents=True, exist_ok=True)
    for name, text in zones.items():
        (home / "zones" / name).write_text(text)
    (home / "gslb.yaml").write_text(
        f'node: bench\ndns: {{listen: ["127.0.0.1:{port}"], threads: {threads}}}\nzones: [zones/]\n'
        f"geo: {{database: {database or ROOT / 'geodb'}}}\nmetrics: {{listen: 127.0.0.1:0}}\nstate_dir: state/\n"
    )


class Service(Server):
    """A running gslb: `with Service(home, zones, engine="native") as service: service.wait()`."""

    def __init__(
        self,
        home: Path,
        zones: dict[str, str],
        *,
        engine: str = "auto",
        cores: str = "0",
        control_core: int | None = None,
        threads: int = 1,
        role: str = "serve",
        environ: dict[str, str] | None = None,
    ) -> None:
        port = free_port()
        configure(home, port, zones, threads=threads)
        super().__init__([*GSLB, role], home, port, cores=cores, environ={"GSLB_DNS_ENGINE": engine, **(environ or {})})
        self._control_core = control_core

    def wait(self, name: str = "static.example.org", limit: float = 60, pause: float = 0.02) -> float:
        """Wait until it answers; then control goes to its own core, if it has one."""
        took = super().wait(name, limit, pause)
        if self._control_core is not None:
            self.pin(self._control_core, self.pids_of("control"))
        return took

    def ask(self, command: str, **said: Any) -> dict[str, Any]:
        """Ask control, as `gslb reload`, `gslb status` and `gslb site drain` do. Raises StartError while there is none."""
        try:
            return local.ask(self.home / "state" / "control.sock", command, **said)
        except UsageError as error:
            raise StartError(str(error)) from None

    def roles(self) -> dict[int, str]:
        """Return what each process is: supervisor, control, plane."""
        return {pid: role(pid) for pid in self.pids()}

    def pids_of(self, wanted: str) -> list[int]:
        return [pid for pid, found in self.roles().items() if found == wanted]


def role(pid: int) -> str:
    """Return what a process of the service is."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "ended"
    return next((word.decode().rsplit(".", 1)[-1].removesuffix("_start") for word in words if word.startswith(b"gslb.role.")), "supervisor")
