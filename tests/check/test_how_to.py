"""`docs/how-to/add-a-check.md` is what it says: its file, its line and its test make a check type, and nothing else does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/add-a-check.md").read_text()
FILE, TEST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = re.findall(r"^```diff\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def changed(tmp_path):
    """A copy of the tree with the change of the page."""
    shutil.copytree(ROOT / "gslb", tmp_path / "gslb", ignore=shutil.ignore_patterns("__pycache__", "geodb"))
    (tmp_path / "tests/check").mkdir(parents=True)
    for name in ("conftest.py", "test_reference.py", "test_ssh.py"):
        if name != "test_ssh.py":
            shutil.copy(ROOT / "tests/check" / name, tmp_path / "tests/check" / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "gslb/check/ssh.py").write_text(FILE)
    (tmp_path / "tests/check/test_ssh.py").write_text(TEST)
    table = tmp_path / "gslb/check/__init__.py"
    for diff in LINES:
        before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "+")
        after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "-")
        assert table.read_text().count(before) == 1, before
        table.write_text(table.read_text().replace(before, after))
    return tmp_path


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(os.environ) | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_change_is_all_it_takes(changed):
    (changed / "docs/reference").mkdir(parents=True)
    (changed / "docs/reference/checks.md").write_text(run(changed, "-m", "gslb.check.reference"))
    assert "`ssh`" in (changed / "docs/reference/checks.md").read_text()
    out = run(changed, "-m", "pytest", "tests/check/test_ssh.py", "tests/check/test_reference.py", "-p", "no:cacheprovider", "--no-header", "-rA")
    assert "PASSED tests/check/test_ssh.py::test_it_keeps_the_contract" in out
    assert "PASSED tests/check/test_reference.py::test_option_tables_are_sound[ssh]" in out
    assert '"const": "ssh"' in run(changed, "-c", "import json; from gslb.config.schema import json_schema; print(json.dumps(json_schema()))")
    good, bad = "{type: ssh}", "{type: ssh, prot: 22}"
    (changed / "zone.yaml").write_text(
        f"checks: {{a: {good}, b: {bad}}}\npools: {{p: {{check: [a, b], policy: all, members: [{{address: 192.0.2.1}}]}}}}\n"
    )
    told = subprocess.run(
        [sys.executable, "-m", "gslb", "check", "zone.yaml"],
        cwd=changed,
        env=dict(os.environ) | {"PYTHONPATH": str(changed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "unknown key 'prot' in check 'b'" in told.stdout
    assert told.stdout.count(": C") == 1


def test_it_is_written_in_the_house_style(changed):
    for command in (["ruff", "check", "gslb/check"], ["ruff", "format", "--check", "gslb/check"], ["mypy", "gslb/check"]):
        run(changed, "-m", *command)


def test_a_package_of_ones_own_is_found_by_its_entry_point(tmp_path):
    (tmp_path / "their_ssh.py").write_text(FILE)
    (tmp_path / "theirs-1.dist-info").mkdir()
    (tmp_path / "theirs-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (tmp_path / "theirs-1.dist-info/entry_points.txt").write_text("[gslb.checks]\nssh = their_ssh:Ssh\n")
    code = "from gslb.check import check_named; print(check_named('ssh'))"
    assert run(tmp_path, "-c", f"import sys; sys.path.append({str(ROOT)!r}); {code}").strip() == "<class 'their_ssh.Ssh'>"
