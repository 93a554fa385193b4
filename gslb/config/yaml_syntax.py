"""What PyYAML's C parser says of broken YAML, put into words and hints an operator can use.

Called by `yaml12` only.
"""

from __future__ import annotations

from typing import Final

import yaml

from gslb.errors import Problems, Where

_SYNTAX: Final = {
    "found character that cannot start any token": "a value cannot begin with this character",
    "mapping values are not allowed in this context": "a ': ' is not allowed here",
    "did not find expected key": "no key where one should stand",
    "did not find expected <document start>": "the data ends before this line",
    "did not find expected '-' indicator": "no '- ' where the list should go on",
    "could not find expected ':'": "a key without ':' after it",
    "found unknown escape character": "unknown escape in a double-quoted text",
    "found a tab character where an indentation space is expected": "a tab in the indentation",
    "found a tab character that violates indentation": "a tab in the indentation",
}


def explain(error: yaml.YAMLError, file: str, text: str, problems: Problems) -> None:
    """Say in our words what the C parser found."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # yaml.reader.ReaderError: a character that no YAML file may hold; its position counts octets
        before = text.encode("utf-8", "surrogatepass")[: getattr(error, "position", 0)].decode("utf-8", "ignore")
        problems.error("Y001", f"character U+{_ordinal(error):04X} is not allowed in YAML", place_of(file, text, len(before)), "remove it")
        return
    found = str(getattr(error, "problem", "") or "cannot be read")
    begin = getattr(error, "context_mark", None)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    here = line[mark.column : mark.column + 1]
    begun = f"what begins in line {begin.line + 1} is not closed, or badly indented" if begin is not None and begin.line < mark.line else ""
    message, hint = _SYNTAX.get(found, found), begun or "check indentation, brackets and quotes"
    if ("\t" in line[: mark.column + 1] and not line[: mark.column].strip()) or "tab" in message:
        message, hint = "a tab in the indentation", "indent with spaces"
    elif "unexpected end of stream" in found and begin is not None:
        message, hint, mark = "a quoted text that is never closed", "close the quote", begin
    elif "cannot start any token" in found and here:
        hint = f"quote a value that begins with {here}"
    elif "mapping values are not allowed" in found:
        hint = "quote a value that holds ': ', and check the indentation"
    elif found.startswith("did not find expected ',' or"):
        message, hint = found.replace("did not find expected", "expected"), begun or "close the bracket"
    problems.error("Y001", message, Where(file, mark.line + 1, mark.column + 1), hint)


def _ordinal(error: yaml.YAMLError) -> int:
    character = getattr(error, "character", 0)
    return character if isinstance(character, int) else ord(character[:1] or "\0")


def place_of(file: str, text: str, index: int) -> Where:
    """Line and column of a character of the text."""
    before = text[:index]
    return Where(file, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
