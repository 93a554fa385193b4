"""Entries of a master file: words with their places, after comments, parentheses and quotes (RFC 1035 section 5.1).

Used by `reader` alone. A plain line, which is nearly every line, is one regex match and one `split`; places are worked out only when
they are asked for. Words keep quotes and escapes as written, and quotes may begin inside a word (`alpn="h2,h3"`): what they mean
depends on the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

Complain = Callable[[str, int, int, str, str], None]  # code, line, column, message, hint
Take = Callable[[int, str], bool]  # line, text of the line: whether it is dealt with
PIECE: Final = 1 << 20  # characters of a file that are cut into lines at a time
LONGEST: Final = 1 << 20  # characters of an entry; a record has 64 KiB, with every octet written \\DDD a quarter of this

# Printable ASCII and blanks without " ( ) ; \ — and the same with quoted strings and a comment at the end.
_PLAIN: Final = re.compile(r"[\t\r !#-'*-:<-\[\]-~]*").fullmatch
_SIMPLE: Final = re.compile(r"""([\t\r !#-'*-:<-\[\]-~]*(?:"[\t !#-\[\]-~]*"[\t\r !#-'*-:<-\[\]-~]*)*)(?:;.*)?""").fullmatch
_WORD: Final = re.compile(r"""(?:[^ \t\r"]+|"[^"]*")+""")
_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r]+)
      | (?P<comment>;.*)
      | (?P<parenthesis>[()])
      | (?P<word>(?:[^\x00-\x20"();\\\x7f]+|\\.|"(?:[^"\\]|\\.)*")+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class Line:
    """One entry: a record or a directive. `indented`: it starts with a blank, so the owner is the last one stated."""

    number: int
    indented: bool
    words: list[str]
    raw: str = ""
    places: list[tuple[int, int]] | None = None

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column of a word; for the index past the last one, where it should have stood."""
        if index >= len(self.words):
            line, column = self.place(len(self.words) - 1)
            return line, column + len(self.words[-1])
        if self.places is None:
            return self.number, next(islice(_WORD.finditer(self.raw), index, None)).start() + 1
        return self.places[index]


def lines(text: str, complain: Complain, take: Take) -> Iterator[Line]:
    """Cut a file's text into entries; one that cannot be cut is complained of and left out. `take` is offered each line that begins one."""
    physical = enumerate(_physical(text.removeprefix("\ufeff")), 1)
    for at, raw in physical:
        if take(at, raw):
            continue
        if _PLAIN(raw):
            words = raw.split()
            if words:
                yield Line(at, raw[0] in " \t", words, raw)
        elif simple := _SIMPLE(raw):
            words = _WORD.findall(simple[1])
            if words:
                yield Line(at, raw[0] in " \t", words, raw)
        else:
            entry = _Entry(at, raw[:1] in (" ", "\t"), complain)
            entry.take(chain([(at, raw)], physical))
            if entry.words and not entry.torn:
                yield Line(entry.number, entry.indented, entry.words, places=entry.places)


def _physical(text: str) -> Iterator[str]:
    """Cut at LF, which alone ends a line here (str.splitlines knows ten other ends); in pieces, so that not all lines are held at once."""
    start = 0
    while len(text) - start > PIECE:
        end = text.find("\n", start + PIECE)
        if end < 0:
            break
        yield from text[start:end].split("\n")
        start = end + 1
    yield from text[start:].split("\n")


class _Entry:
    """An entry with comments, quotes, escapes or parentheses, which may span lines."""

    def __init__(self, number: int, indented: bool, complain: Complain) -> None:  # noqa: FBT001  (two call sites, both here)
        self.number = number
        self.indented = indented
        self.words: list[str] = []
        self.places: list[tuple[int, int]] = []
        self.torn = False
        self._complain = complain
        self._open: list[tuple[int, int]] = []

    def take(self, physical: Iterator[tuple[int, str]]) -> None:
        """Take lines until all parentheses are closed. One that is never closed, or much too late, takes the rest of the file with it."""
        octets = 0
        for number, raw in physical:
            self._take_line(raw, number)
            if not self._open:
                return
            octets += len(raw) + 1
            if octets > LONGEST:
                break
        for _ in physical:
            pass  # what it holds cannot be told apart from what follows
        self._tear("M001", *self._open[-1], "this parenthesis is never closed", "close it where the record ends")

    def _take_line(self, raw: str, number: int) -> None:
        for match in _TOKEN.finditer(raw):
            kind = match.lastgroup
            column = match.start() + 1
            if kind == "word":
                self.words.append(match[0])
                self.places.append((number, column))
            elif match[0] == "(":
                self._open.append((number, column))
            elif match[0] == ")":
                if self._open:
                    self._open.pop()
                else:
                    self._tear("M001", number, column, "this parenthesis closes nothing", "remove it, or open one before")
            elif kind == "bad":
                self._bad(match[0], number, column)
                return  # where a quote is open, nothing behind it can be told apart

    def _bad(self, character: str, number: int, column: int) -> None:
        if character == '"':
            self._tear("M002", number, column, "this quote is not closed on its line", 'close it, or write \\" for the character itself')
        elif character == "\\":
            self._tear("M003", number, column, "a backslash stands at the end of the line", "write \\\\ for the character itself")
        else:
            self._tear("M003", number, column, f"control character {character!r}", "remove it; inside names and strings it is written \\DDD")

    def _tear(self, code: str, line: int, column: int, message: str, hint: str) -> None:
        if not self.torn:
            self._complain(code, line, column, message, hint)
        self.torn = True
