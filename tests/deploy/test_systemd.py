"""The systemd units: systemd reads them without a complaint, and what they leave open is little."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parents[2] / "deploy/systemd").glob("*.service"))

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


def test_a_unit_for_each_role() -> None:
    assert [unit.name for unit in UNITS] == ["gslb-control.service", "gslb-probe.service", "gslb.service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_it(unit: Path, tmp_path: Path) -> None:
    installed = tmp_path / unit.name  # its command must be there to be accepted
    installed.write_text(unit.read_text().replace("/opt/gslb/bin/gslb", sys.executable))
    found = analyze("verify", str(installed))
    ours = [line for line in found.stderr.splitlines() if unit.name in line]  # of other units here it may say what it likes
    assert (found.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_leaves_little_open(unit: Path) -> None:
    found = analyze("security", "--offline=true", "--threshold=17", "--no-pager", str(unit))
    assert found.returncode == 0, found.stdout  # an exposure of at most 1.7 of 10
    for name in ("NoNewPrivileges", "MemoryDenyWriteExecute", "ProtectHome", "PrivateTmp", "ProtectClock", "UMask"):
        assert not re.search(rf"^✗ {name}\b", found.stdout, re.MULTILINE), name


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_its_command_is_one_of_ours(unit: Path) -> None:
    [words] = re.findall(r"^ExecStart=/opt/gslb/bin/gslb (\w+) --config", unit.read_text(), re.MULTILINE)
    found = subprocess.run([sys.executable, "-m", "gslb", words, "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    assert "--config" in found.stdout
