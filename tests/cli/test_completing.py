"""Completion as shells ask for it; bash itself, too."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb import cli
from gslb.role import local

POOLS = [
    {"pool": "web", "members": [{"member": "fra", "site": "fra"}, {"member": "iad", "site": "iad"}]},
    {"pool": "api", "members": [{"member": "fra", "site": "fra"}]},
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Path]:
    """A control socket that knows the status, in a folder with settings."""
    (tmp_path / "gslb.yaml").write_text("control: control.sock\n")
    ready, stop = threading.Event(), threading.Event()

    async def status(_request: object) -> dict[str, object]:
        return {"pools": POOLS}

    async def serve() -> None:
        server = await local.serve(tmp_path / "control.sock", {"status": status})
        ready.set()
        await asyncio.to_thread(stop.wait)
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    yield tmp_path
    stop.set()
    thread.join()


def completed(line: str, folder: Path, shell: str = "bash") -> list[str]:
    words = line.split(" ")
    asked = {
        "bash": {"_GSLB_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_GSLB_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line},
        "fish": {"_GSLB_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": line},
    }[shell]
    done = subprocess.run(
        [sys.executable, "-m", "gslb"], env={**os.environ, **asked}, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


def test_names_of_what_runs(service: Path) -> None:
    assert completed("gslb site drain ", service) == ["fra", "iad"]
    assert completed("gslb pool drain a", service) == ["api"]
    assert completed("gslb member drain web/", service) == ["web/fra", "web/iad"]
    assert completed("gslb site drain fra ", service) == ["iad"], "what was said is not offered again"


def test_nothing_runs(tmp_path: Path) -> None:
    assert completed("gslb site drain ", tmp_path) == []
    (tmp_path / "gslb.yaml").write_text("nonsense: [")
    assert completed("gslb site drain ", tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_and_options(tmp_path: Path, shell: str) -> None:
    assert any("explain" in word for word in completed("gslb expl", tmp_path, shell))
    assert any("--config" in word for word in completed("gslb status --c", tmp_path, shell))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_itself(tmp_path: Path) -> None:
    (tmp_path / "gslb").write_text(f'#!/bin/sh\nexec {sys.executable} -m gslb "$@"\n')
    (tmp_path / "gslb").chmod(0o755)
    script = 'eval "$(gslb completion bash)"; complete -p gslb; COMP_WORDS=(gslb stat); COMP_CWORD=1; _gslb_completion gslb; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["complete -o default -F _gslb_completion gslb", "status"]


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["completion", "tcsh"]) == 2
    assert "tcsh" in capsys.readouterr().err
