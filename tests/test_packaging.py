"""One version for both distributions, said in one place each, and the lock files that are installed from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import gslb

ROOT = Path(__file__).parents[1]


def test_the_native_engine_has_our_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = tomllib.loads((ROOT / "core/Cargo.toml").read_text())["workspace"]["package"]
    assert {project["version"], core["version"]} == {gslb.__version__}
    assert project["optional-dependencies"]["native"] == [f"gslb-core=={gslb.__version__}"]


def test_what_builds_it_is_pinned_by_hash() -> None:
    wanted = tomllib.loads((ROOT / "core/py/pyproject.toml").read_text())["build-system"]["requires"]
    assert wanted == ["maturin>=1.16,<2"]
    pinned = (ROOT / "requirements-native.lock").read_text()
    assert re.match(r"maturin==1\.\d+\.\d+ \\\n    --hash=sha256:", pinned)
