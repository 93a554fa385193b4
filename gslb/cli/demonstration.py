"""The demonstration: simulated sites as a child process, the service here, and the screen once it answers.

Used by `gslb demo` and `gslb site-sim`. The screen's figures come from the model that is served, so they hold for edited files too.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

from gslb import config
from gslb.config.settings import Settings
from gslb.errors import GslbError
from gslb.role import embedded, local, simulated

START: Final = 10.0  # seconds the simulated sites may take to listen

CLIENTS: Final = (  # networks of universities and hosters that have been where they are for decades
    ("Germany", "88.198.0.0/24", "2a01:4f8::/56", "fra"),
    ("California", "169.229.0.0/24", "2607:f140::/56", "sjc"),
    ("Virginia", "128.143.0.0/24", "2600:1f18::/56", "iad"),
    ("Singapore", "137.132.0.0/24", "2406:da18::/56", "sin"),
)


class Demonstration:
    """One demonstration, until Ctrl-C."""

    def __init__(self, settings: Settings, path: Path | None) -> None:
        self._settings = settings
        self._path = path

    def run(self) -> None:
        """Start the sites, serve, show the screen; end all of it. Raises GslbError."""
        self._settings.state_dir.mkdir(parents=True, exist_ok=True)
        with self._sites():
            threading.Thread(target=self._show_when_ready, name="screen", daemon=True).start()
            embedded.run(self._settings, self._path)

    @contextlib.contextmanager
    def _sites(self) -> Iterator[None]:
        """Run the simulated sites beside."""
        control = sites_socket(self._settings)
        command = [sys.executable, "-m", "gslb", "site-sim", "run", *(("--config", str(self._path)) if self._path else ())]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  our own interpreter and module
        try:
            until = time.monotonic() + START
            while not _answers(control):
                if process.poll() is not None:
                    raise GslbError("the simulated sites did not start: see above")
                if time.monotonic() > until:
                    raise GslbError(f"the simulated sites did not listen within {START:.0f} s")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()

    def _show_when_ready(self) -> None:
        while True:
            with contextlib.suppress(GslbError):
                answer = local.ask(self._settings.control_socket, "status")
                if answer["listening"]:
                    break
            time.sleep(0.1)
        typer.echo(screen(self._settings, answer["listening"]))


def screen(settings: Settings, listening: list[str]) -> str:
    """Write what to type, what it shows, and how long changes take."""
    model = config.load(settings.zones, settings.geo.networks).model
    pool = model.pools.get("web")
    check = model.checks[pool.members[0].checks[0]] if pool and pool.members and pool.members[0].checks else None
    port = listening[0].rpartition(":")[2]
    gslb = _program()
    asks = [f"  dig @127.0.0.1 -p {port} www.example.com A +subnet={v4:<17} # {place}: {site}" for place, v4, _v6, site in CLIENTS]
    asks += [f"  dig @127.0.0.1 -p {port} www.example.com AAAA +subnet={v6:<17} # {place}: {site}" for place, _v4, v6, site in CLIENTS[:1]]
    if not shutil.which("dig"):
        asks = [line.replace(f"dig @127.0.0.1 -p {port}", f"{gslb} query -p {port}").replace("+subnet=", "--subnet ") for line in asks]
    lines = [
        "",
        f"gslb answers on {', '.join(listening)} (UDP and TCP). Sites: fra Frankfurt, iad Ashburn, sjc San Jose, sin Singapore.",
        "",
        "Ask as clients in different places (another terminal, this folder):",
        *asks,
        f"  dig @127.0.0.1 -p {port} www.example.com A +tcp +short          # no subnet: by the resolver's own address",
        f"  dig @127.0.0.1 -p {port} api.example.com A +short               # three quarters fra, one quarter iad",
        "",
        "Break a site, watch the log here, and ask again:",
        f"  {gslb} site-sim break fra            # Germany is sent to iad, the next nearest",
    ]
    if check and pool:
        lines += [
            f"    down after {check.down} failed checks, {check.interval:g} s apart: within {check.down * check.interval + check.timeout + 0.5:g} s;",
            f"    resolvers keep old answers for their TTL: 30 s at rest, down to {pool.ttl_min} s while a state may be changing",
        ]
    lines += [
        f"  {gslb} site-sim break all            # all down: all members are answered, never none",
        "Bring it back:",
        f"  {gslb} site-sim mend all",
    ]
    if check:
        lines.append(f"    up again after {check.up} good checks: about {check.up * check.interval:g} s")
    lines += [
        "",
        f"See and change: {gslb} status    {gslb} check zones/    edit zones/, then {gslb} reload",
        f"Metrics: http://{settings.metrics_endpoint}/metrics" if settings.metrics_endpoint else "",
        "Geo data: IP Geolocation by DB-IP (https://db-ip.com). Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def sites_socket(settings: Settings) -> Path:
    """Where the simulated sites listen for commands."""
    return settings.state_dir / "sites.sock"


def run_sites(control: Path) -> None:
    """Run the simulated sites until SIGTERM or Ctrl-C. Raises ListenError."""
    control.parent.mkdir(parents=True, exist_ok=True)

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await simulated.run(control, stop)

    asyncio.run(run())


def _answers(control: Path) -> bool:
    try:
        simulated.tell(control, "status", seconds=1.0)
    except GslbError:
        return False
    return True


def _program() -> str:
    """Return how this program is called from here."""
    found = Path(sys.executable).with_name("gslb")
    if shutil.which("gslb") == str(found):
        return "gslb"
    if not found.exists():
        return f"{sys.executable} -m gslb"
    with contextlib.suppress(ValueError):
        return str(found.relative_to(Path.cwd()))
    return str(found)
