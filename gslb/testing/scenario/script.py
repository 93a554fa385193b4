"""Reads a scenario file into statements; knows their shape and their place, not their meaning.

    statement   WORD ARGUMENT… [# comment]      begins in the first column
    block       indented lines under it         kept as written, less their common indentation

`docs/reference/scenarios.md` is the grammar on one page. Every mistake is a ScenarioError that begins with `file:line:`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BLOCKS: Final = frozenset({"zone", "sites", "checks", "pools", "networks", "file"})
"""Words that take a block of indented lines."""

_COMMA: Final = re.compile(r",(?=\s|$)")

MAX_DEPTH: Final = 4  # includes of includes


class ScenarioError(Exception):
    """A scenario that cannot be read, or whose expectation is not met; the text begins with `file:line:`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `where`: `file:line`. `first`: the line at which the block begins."""

    where: str
    word: str
    arguments: tuple[str, ...]
    block: str = ""

    def fail(self, message: str) -> ScenarioError:
        """Make the error that says what is wrong here."""
        return ScenarioError(f"{self.where}: {message}")


@dataclass(frozen=True, slots=True)
class Script:
    """One scenario: its story (the comment it begins with), the rules it shows, what it does."""

    path: Path
    story: str
    rules: tuple[str, ...]
    statements: tuple[Statement, ...]


def read(path: Path) -> Script:
    """Read a scenario file. Raises ScenarioError."""
    lines = _lines(path)
    story = []
    for line in lines:
        if not line.startswith("#"):
            break
        story.append(line.lstrip("# ").strip())
    statements = tuple(_statements(path, 0))
    rules = tuple(rule for statement in statements if statement.word == "shows" for rule in statement.arguments)
    if not story or not rules:
        raise ScenarioError(f"{path.name}:1: a scenario begins with a comment that tells its story, and names a rule: shows RULE")
    return Script(path, " ".join(story), rules, tuple(one for one in statements if one.word != "shows"))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name}:1: cannot be read: {error}") from None


def _statements(path: Path, depth: int) -> Iterable[Statement]:
    """Yield the statements of a file, those of its includes in their places."""
    lines = _lines(path)
    at = 0
    while at < len(lines):
        line = lines[at]
        number = at + 1
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            raise ScenarioError(f"{path.name}:{number}: an indented line belongs to {', '.join(sorted(BLOCKS))}, and there is none above it")
        block: list[str] = []
        word, *arguments = _words(line)
        while word in BLOCKS and at < len(lines) and (not lines[at].strip() or lines[at][0].isspace()):
            block.append(lines[at])
            at += 1
        text = textwrap.dedent("\n".join(block)).rstrip()
        statement = Statement(f"{path.name}:{number}", word, tuple(arguments), text + "\n" if text else "")
        if word == "include":
            yield from _included(statement, path, depth)
        else:
            yield statement


def _included(statement: Statement, path: Path, depth: int) -> Iterable[Statement]:
    if len(statement.arguments) != 1 or depth == MAX_DEPTH:
        raise statement.fail(f"include FILE, at most {MAX_DEPTH} deep")
    return _statements(path.parent / statement.arguments[0], depth + 1)


def _words(line: str) -> list[str]:
    """Split at blanks; a comment begins with ` # `; a comma with a blank behind it stands alone."""
    return _COMMA.sub(" ,", line.partition(" # ")[0]).split()
