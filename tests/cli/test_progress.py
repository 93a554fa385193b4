"""A bar where somebody watches, and nothing where nobody does."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

SCRIPT = """
from gslb.cli import progress
progress.PATIENCE = {patience}
with progress.bar() as tell:
    for done in range(3):
        tell("comparing pools", done, 3)
"""


def shown(patience: float) -> bytes:
    """Run work on a terminal of its own; what it showed there."""
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", SCRIPT.format(patience=patience)], stderr=end, env=environment, check=True, timeout=100)
    os.set_blocking(terminal, False)
    try:
        return os.read(terminal, 65_536)
    except BlockingIOError:
        return b""
    finally:
        os.close(terminal)
        os.close(end)


def test_long_work_shows_a_bar_on_a_terminal() -> None:
    assert b"comparing pools" in shown(0.0)


def test_short_work_shows_nothing() -> None:
    assert shown(60.0) == b""


def test_nobody_watching_sees_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(patience=0.0)], capture_output=True, check=True, timeout=100)
    assert (done.stdout, done.stderr) == (b"", b"")
