"""Every file of the corpus gives exactly the problems that it announces, at the place where the mistake stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gslb.errors import Problem, Severity
from gslb.problem_codes import CODES

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.zone"))
GOOD = sorted((HERE / "good").glob("*.zone"))


def _announced(path: Path) -> list[str]:
    line = path.read_text("utf-8").splitlines()[1]
    said = line.removeprefix("; expect: ")
    assert said != line, f"{path.name}: the second line must say what is expected"
    return [] if said == "nothing" else said.split(", ")


def _found(problems: list[Problem]) -> list[str]:
    marks = {Severity.ERROR: "", Severity.WARNING: "(warning)"}
    return [f"{one.code}{marks[one.severity]} {one.where.line}:{one.where.column}" for one in problems]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_file(path: Path, judge: Callable[[Path], list[Problem]]) -> None:
    problems = judge(path)
    assert _found(problems) == _announced(path), "\n".join(map(str, problems))
    assert any(one.severity is Severity.ERROR for one in problems)
    for one in problems:
        assert one.code in CODES
        assert one.where.file == path.name
        assert "\n" not in one.message
        assert len(one.message) <= 400


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_file(path: Path, judge: Callable[[Path], list[Problem]]) -> None:
    problems = judge(path)
    assert _found(problems) == _announced(path), "\n".join(map(str, problems))
    assert not any(one.severity is Severity.ERROR for one in problems)


def test_corpus_is_large_enough() -> None:
    assert len(BAD) >= 140
    assert len(GOOD) >= 50
