"""Every mistake in tests/config/broken is told with place, line, caret and hint, word for word as expected.

After a change of wording: `UPDATE_GOLDEN=1 pytest tests/config/test_golden.py`, and read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gslb.config import load, report

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"), key=lambda path: path.name)


def told(path: Path) -> str:
    loaded = load([path])
    return report.text(loaded.problems, loaded.sources).replace(f"{BROKEN}/", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_told_as_expected(path):
    expected = path.with_suffix(".txt")
    found = told(path)
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()


def test_there_are_many_kinds_of_mistakes():
    mistakes = {(problem.code, problem.message) for path in FILES for problem in load([path]).problems}
    assert len(mistakes) >= 150
    assert len({code for code, _ in mistakes}) >= 60


def test_every_problem_shows_a_line_that_exists_and_a_caret_on_it():
    for path in FILES:
        loaded = load([path])
        for problem in loaded.problems:
            if problem.where.line:
                lines = loaded.sources.get(problem.where.file, "").split("\n")
                assert problem.where.line <= len(lines) or problem.code == "F003", problem
                assert not loaded.sources or problem.where.column <= len(lines[problem.where.line - 1]) + 1, problem
