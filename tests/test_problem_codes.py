"""Every code that is used is registered, every one registered is used, and the reference page tells all of them."""

from __future__ import annotations

import re
from pathlib import Path

from gslb.config import report
from gslb.problem_codes import CODES

ROOT = Path(__file__).parent.parent
_CODE = re.compile(r'"([A-Z][0-9]{3})"')


def used():
    files = [path for path in (ROOT / "gslb").rglob("*.py") if path.name != "problem_codes.py"]
    return {code for path in files for code in _CODE.findall(path.read_text())}


def test_registered_is_what_is_used():
    assert used() - set(CODES) == set()
    assert set(CODES) - used() == set()


def test_every_code_belongs_to_a_family_and_says_something():
    for code, entry in CODES.items():
        assert code[0] in report.FAMILIES
        assert entry.meaning.endswith(".")
        assert entry.advice.endswith(".")


def test_the_reference_page_is_up_to_date():
    page = ROOT / "docs" / "reference" / "problems.md"
    assert page.read_text() == report.codes_markdown(), (
        "make it anew: python -c 'from gslb.config.report import codes_markdown as m; print(m(), end=\"\")' > docs/reference/problems.md"
    )
