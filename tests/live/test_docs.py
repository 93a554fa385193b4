"""README and tutorial, executed: what they say to type is typed, against a demonstration on a port of its own, and must show what they show."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gslb import config

pytestmark = [pytest.mark.live, pytest.mark.skipif(not shutil.which("dig"), reason="dig is not installed")]

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/tutorial/first-failover.md"]
PATIENCE = 40.0  # seconds for an answer that changes because of the command before: `down` and `up` at the demonstration's intervals


def steps(page: str) -> Iterator[tuple[str, str]]:
    """(command, expected output, "" = none is shown) of every console block, in order; `make` starts the demonstration itself."""
    for block in re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(), re.DOTALL):
        lines = block.splitlines()
        for at, line in enumerate(lines):
            if line.startswith("$ ") and not line.startswith("$ make"):
                shown = lines[at + 1] if at + 1 < len(lines) and not lines[at + 1].startswith("$") else ""
                yield line[2:].partition("  #")[0].strip(), shown.partition("  #")[0].strip()


async def say(command: str, port: int, folder: Path) -> tuple[int, str]:
    words = shlex.split(command)
    if words[0] == "dig":
        words = [str(port) if word == "5300" else word for word in words]
    else:
        assert words[0].removeprefix(".venv/bin/") == "gslb", command
        words = [sys.executable, "-m", "gslb", *words[1:]]
    process = await asyncio.create_subprocess_exec(*words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode().strip()


@pytest.mark.parametrize("page", PAGES)
async def test_what_is_shown_is_what_happens(page: str, tmp_path: Path, wait: Callable[..., Any]) -> None:
    shutil.copytree(ROOT / "zones", tmp_path / "zones")
    shutil.copy(ROOT / "gslb.yaml", tmp_path)
    (tmp_path / "geodb").symlink_to(ROOT / "geodb")
    environ = {
        **os.environ,
        "GSLB_DNS_LISTEN": "127.0.0.1:0",
        "GSLB_METRICS_LISTEN": "127.0.0.1:0",
        "GSLB_API_LISTEN": "127.0.0.1:0",
        "GSLB_DNS_THREADS": "1",
    }
    log = tmp_path / "log"
    with log.open("wb") as out:
        demo = await asyncio.create_subprocess_exec(sys.executable, "-m", "gslb", "demo", cwd=tmp_path, env=environ, stdout=out, stderr=out)
    try:
        await wait(lambda: demo.returncode is not None or "Ctrl-C stops everything" in log.read_text(), 60)
        found = re.search(r"-p (\d+)", log.read_text())
        assert found, log.read_text()
        checked = 0
        for command, shown in steps(page):
            code, said = await say(command, int(found[1]), tmp_path)
            end = asyncio.get_running_loop().time() + PATIENCE
            while shown and said != shown and asyncio.get_running_loop().time() < end:
                await asyncio.sleep(0.2)
                code, said = await say(command, int(found[1]), tmp_path)
            assert code == 0, f"{command}: {said}"
            assert not shown or said == shown, command
            checked += bool(shown)
        assert checked >= 3
    finally:
        demo.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(demo.wait(), 60) == 0


def test_the_zone_in_the_readme_loads_without_a_problem(tmp_path: Path) -> None:
    [zone] = re.findall(r"```yaml\n# zones/(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    name, _, text = zone.partition("\n")
    (tmp_path / name).write_text(text)
    loaded = config.load([tmp_path])
    assert loaded.problems == ()
    assert len(loaded.model.zones) == 1
