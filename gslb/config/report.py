"""Problems as people and machines read them: text with the line and a caret, JSON, annotations for GitHub, and the page of all codes.

Called by `gslb check`, by reload and at start. `sources` gives the text of files by name, for the lines shown; a place whose file is not
among them is shown without. Colour is the caller's business: the first word of a line says what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gslb.errors import Problem, Severity
from gslb.problem_codes import CODES

WIDTH: Final = 160  # columns of a source line that are shown; a longer one is cut around the caret
LONGEST: Final = 4096  # characters of a source line in JSON; of a longer one, its beginning
FAMILIES: Final = {
    "F": "Files",
    "Y": "YAML",
    "S": "Settings",
    "C": "Structure: sites, checks, pools, zones, networks",
    "H": "Health checks",
    "P": "Policies",
    "R": "Records in YAML zones",
    "M": "Master files and record data",
    "L": "Lint: what the files mean together",
}


def text(problems: Sequence[Problem], sources: Mapping[str, str]) -> str:
    """Write `file:line:col: CODE message`, the line, a caret and a hint for each, and a summary; empty without problems."""
    if not problems:
        return ""
    lines = _Lines(sources)
    return "\n".join([*(block for problem in problems for block in _block(problem, lines)), summary(problems)]) + "\n"


def as_json(problems: Sequence[Problem], sources: Mapping[str, str]) -> str:
    """Write one JSON object: the problems in order, and their counts."""
    lines = _Lines(sources)
    errors, warnings = _counts(problems)
    found: list[dict[str, Any]] = [
        {
            "code": problem.code,
            "severity": str(problem.severity),
            "message": problem.message,
            "hint": problem.hint,
            "file": problem.where.file,
            "line": problem.where.line,
            "column": problem.where.column,
            "source": lines.get(problem.where.file, problem.where.line)[:LONGEST],
        }
        for problem in problems
    ]
    return json.dumps({"problems": found, "errors": errors, "warnings": warnings}, indent=2, ensure_ascii=False) + "\n"


def told(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Turn problems into plain data."""
    return [
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "where": str(problem.where),
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def github(problems: Sequence[Problem], sources: Mapping[str, str]) -> str:
    """Write workflow commands, which GitHub shows beside the lines of a change."""
    del sources
    out = []
    for problem in problems:
        where = problem.where
        properties = [
            ("file", where.file),
            *((name, str(n)) for name, n in (("line", where.line), ("col", where.column)) if n),
            ("title", problem.code),
        ]
        told = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties)
        hint = f" ({problem.hint})" if problem.hint else ""
        out.append(f"::{problem.severity} {told}::{_escape(problem.message + hint)}")
    return "".join(line + "\n" for line in out)


def summary(problems: Iterable[Problem]) -> str:
    """Count errors and warnings."""
    errors, warnings = _counts(problems)
    parts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((errors, "error"), (warnings, "warning")) if count]
    return ", ".join(parts) if parts else "no problems"


def codes_markdown() -> str:
    """Write `docs/reference/problems.md`: every code, what it means and what to do."""
    out = [
        "# Problem codes",
        "",
        "Every mistake in the operator's files is told as `file:line:col: CODE message`, with the line, a caret and a hint. Codes are stable.",
        "An error refuses the load: what was served goes on being served. A warning can be silenced: `gslb check --silence CODE`.",
        "",
        "This page is made from `gslb/problem_codes.py` by `gslb.config.report.codes_markdown()`.",
    ]
    for family, title in FAMILIES.items():
        own = {code: entry for code, entry in sorted(CODES.items()) if code.startswith(family)}
        if own:
            out += ["", f"## {family}: {title}", "", "| code | meaning | what to do |", "|---|---|---|"]
            out += [f"| {code} | {_cell(entry.meaning)} | {_cell(entry.advice)} |" for code, entry in own.items()]
    return "\n".join(out) + "\n"


class _Lines:
    """Source lines by file and number. Walks on from the line asked for last: problems come in order, and files may have millions of lines."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._last: dict[str, tuple[int, int]] = {}  # a line's number, and where it starts

    def get(self, file: str, number: int) -> str:
        """Return a line without its end; empty where it is not known."""
        text = self._sources.get(file, "")
        at, start = self._last.get(file, (1, 0))
        if number < at:
            at, start = 1, 0
        if number < 1:
            return ""
        while at < number:
            end = text.find("\n", start)
            if end < 0:
                return ""
            at, start = at + 1, end + 1
        self._last[file] = at, start
        end = text.find("\n", start)
        return text[start : end if end >= 0 else len(text)].rstrip("\r")


def _block(problem: Problem, lines: _Lines) -> list[str]:
    severity = "warning: " if problem.severity is Severity.WARNING else ""
    out = [f"{problem.where}: {problem.code} {severity}{_printable(problem.message)}"]
    where = problem.where
    line = lines.get(where.file, where.line)
    if line and not line.isspace():
        shown, column = _window(line, max(where.column, 1))
        margin = f"{where.line:>5} | "
        out.append(margin + shown)
        if where.column:
            out.append(" " * (len(margin) - 2) + "| " + " " * (column - 1) + "^")
    if problem.hint:
        out.append(f"      = {_printable(problem.hint)}")
    return [*out, ""]


def _window(line: str, column: int) -> tuple[str, int]:
    """Cut a long line around a column; tabs and control characters become one blank or sign each, so that the caret fits."""
    start = max(0, min(column - 1 - WIDTH // 2, len(line) - WIDTH))
    cut = line[start : start + WIDTH]
    shown = "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in cut)
    return ("…" + shown[1:] if start else shown) + ("…" if start + WIDTH < len(line) else ""), column - start


def _printable(message: str) -> str:
    """Keep terminals safe from what a file may hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in message)


def _counts(problems: Iterable[Problem]) -> tuple[int, int]:
    severities = [problem.severity for problem in problems]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def _escape(value: str, more: str = "") -> str:
    """Escape as GitHub's workflow commands want it."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in value)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("<", "&lt;")
