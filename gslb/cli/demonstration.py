"""The demonstration: simulated sites as a child process, the service here, and the screen once it answers.

Used by `gslb demo` and `gslb site-sim`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

from gslb.cli import screen
from gslb.config.settings import Settings
from gslb.errors import GslbError
from gslb.role import embedded, local, simulated

START: Final = 10.0  # seconds the simulated sites may take to listen


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
        typer.echo(screen.text(self._settings, answer["listening"]))


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
