"""The book: all words of operators, as the content of one sealed record.

Written whole by whoever says something, read by every node; a later version has a greater number. Pure: plain data there and back
(`gslb.store.envelope` seals it), bounded and typed, fields that are not known passed over.

    {"version": 1763644284123, "words": [{"word": "override" | "hold" | "withdrawal", …its fields}, …]}
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from gslb.override import Hold, Kind, Level, Override, Withdrawal, Word
from gslb.store.batch import ODD
from gslb.store.envelope import RefusedError
from gslb.store.state import Overrides

_TEXT: Final = 1024  # characters of any text in a word
_WORDS: Final[dict[str, type[Word]]] = {"override": Override, "hold": Hold, "withdrawal": Withdrawal}


def rows(words: Iterable[Word]) -> list[dict[str, Any]]:
    """Write words as plain data."""
    return [{"word": type(word).__name__.lower(), **dataclasses.asdict(word)} for word in words]


def content(overrides: Overrides) -> dict[str, Any]:
    """Write all of them, and their version."""
    return {"version": overrides.version, "words": rows(overrides.words.values())}


def read(given: Any, sealed: bytes = b"") -> Overrides:
    """Read what `content` wrote; `sealed` is the record it came in. Raises RefusedError."""
    try:
        words = [read_word(row) for row in given["words"]]  # as many as an envelope holds
        return Overrides(_version(given["version"]), MappingProxyType({word.key: word for word in words}), sealed)
    except ODD as error:
        raise RefusedError("content", f"no words of operators: {error}") from None


def read_word(row: dict[str, Any]) -> Word:
    """Read one word. Raises ValueError, TypeError or LookupError for anything but what `rows` writes."""
    kind = _WORDS[row["word"]]
    return kind(**{one.name: _field(one.name, row[one.name]) for one in dataclasses.fields(kind)})


def _version(value: Any) -> int:
    if type(value) is not int or not 0 < value < 1 << 63:
        raise ValueError("no such version")
    return value


def _field(name: str, value: Any) -> Any:
    match name:
        case "kind":
            return Kind(value)
        case "level":
            return Level(value)
        case "weight":
            if type(value) is not int or not 0 <= value < 1 << 31:
                raise ValueError("no such weight")
        case "since" | "expires":
            if not (value is None and name == "expires") and (type(value) not in (int, float) or not math.isfinite(value)):
                raise ValueError("not a time")
        case _:
            if type(value) is not str or len(value) > _TEXT:
                raise ValueError("not a short text")
    return value
