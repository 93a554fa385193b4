"""Every code of lint and of master files is documented, and every documented one can occur."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gslb.config.master_file
import gslb.lint
from gslb.problem_codes import CODES


@pytest.mark.parametrize(("package", "family"), [(gslb.lint, "L"), (gslb.config.master_file, "M")])
def test_codes_and_their_register_agree(package: object, family: str) -> None:
    folder = Path(str(package.__file__)).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(rf'"({family}[0-9]{{3}})"', path.read_text("utf-8"))}
    assert used == {code for code in CODES if code.startswith(family)}
