"""`docs/how-to/add-a-filter.md` is what it says: its file, its line and its test make a filter, and nothing else does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/add-a-filter.md").read_text()
FILE, TEST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = re.findall(r"^```diff\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def changed(tmp_path):
    """A copy of the tree with the change of the page."""
    shutil.copytree(ROOT / "gslb", tmp_path / "gslb", ignore=shutil.ignore_patterns("__pycache__", "geodb"))
    for folder in ("tests/policy", "tests/laws"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "test_how_to.py"))
    (tmp_path / "geodb").mkdir()
    shutil.copy(ROOT / "geodb/countries.json", tmp_path / "geodb")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "gslb/policy/reserve.py").write_text(FILE)
    (tmp_path / "tests/policy/test_reserve.py").write_text(TEST)
    table = tmp_path / "gslb/policy/__init__.py"
    for diff in LINES:
        before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "+")
        after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "-")
        assert table.read_text().count(before) == 1, before
        table.write_text(table.read_text().replace(before, after))
    return tmp_path


def run(folder, *arguments):
    environ = dict(os.environ) | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_change_is_all_it_takes(changed):
    (changed / "docs/reference").mkdir(parents=True)
    (changed / "docs/reference/policies.md").write_text(run(changed, "-m", "gslb.policy.reference"))
    assert "`reserve`" in (changed / "docs/reference/policies.md").read_text()
    tests = ["tests/policy/test_reserve.py", "tests/policy/test_reference.py", "tests/laws/test_filters.py"]
    out = run(changed, "-m", "pytest", *tests, "-k", "reserve or page or words", "-p", "no:cacheprovider", "--no-header", "-rA")
    assert "PASSED tests/policy/test_reserve.py::test_the_reserve_waits_for_the_others" in out
    assert "PASSED tests/policy/test_reference.py::test_examples_do_what_the_page_says[reserve]" in out
    assert out.count("PASSED tests/laws/test_filters.py") >= 5
    schema = run(changed, "-c", "import json; from gslb.config.schema import json_schema; print(json.dumps(json_schema()))")
    assert '"reserve"' in schema
    for command in (["ruff", "check", "gslb/policy"], ["ruff", "format", "--check", "gslb/policy"], ["mypy", "gslb/policy"]):
        run(changed, "-m", *command)
