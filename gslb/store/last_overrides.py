"""The words of operators on disk, so that a restart obeys what was said before it.

Saved by control with every word, before whoever said it is answered; loaded once at start. Blocking; call it in a thread. The file
(`kept_file`): `{"words": [{"word": "override" | "hold" | "withdrawal", …its fields}, …], "sealed": BASE64}`. `sealed` is the signed record they
were read from, where a store asks for signatures: with it they can be brought back after a wipe. What has expired meanwhile is loaded too, and holds
for nobody.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from gslb.override import Hold, Kind, Level, Override, Withdrawal, Word
from gslb.store import kept_file

FILE: Final = "overrides"
_MAGIC: Final = "gslb-overrides 1"
_KINDS: Final[dict[str, type[Word]]] = {"override": Override, "hold": Hold, "withdrawal": Withdrawal}
_TEXT: Final = 1024  # characters of any text in a word


class Remembered(NamedTuple):
    """What a file held. `problem`: why nothing could be taken from it; "" also where there is no file yet."""

    words: tuple[Word, ...] = ()
    problem: str = ""
    sealed: bytes = b""


def save(state_dir: Path, words: Iterable[Word], sealed: bytes = b"") -> None:
    """Write all words. Raises StoreError when the disk does not take them."""
    rows = [{"word": type(word).__name__.lower(), **dataclasses.asdict(word)} for word in words]
    kept_file.write(state_dir / FILE, _MAGIC, {"words": rows, "sealed": base64.b64encode(sealed).decode()}, "overrides")


def load(state_dir: Path) -> Remembered:
    """Read what was saved; never raises for what it finds."""
    path = state_dir / FILE
    content, problem = kept_file.read(path, _MAGIC)
    if content is None:
        return Remembered(problem=problem)
    try:
        return Remembered(tuple(_word(row) for row in content["words"]), sealed=base64.b64decode(content.get("sealed", "")))
    except (ValueError, TypeError, KeyError) as error:
        return Remembered(problem=f"{path}: not as this version writes it ({error}): ignored")


def _word(row: dict[str, Any]) -> Word:
    """Read one word. Raises ValueError, TypeError or KeyError for anything but what `save` writes."""
    kind = _KINDS[row["word"]]
    fields = {name: _field(name, value) for name, value in row.items() if name != "word"}
    if fields.keys() != {field.name for field in dataclasses.fields(kind)}:
        raise ValueError("other fields than expected")
    return kind(**fields)


def _field(name: str, value: Any) -> Any:
    match name:
        case "kind":
            return Kind(value)
        case "level":
            return Level(value)
        case "weight":
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError("no such weight")
        case "since" | "expires":
            if (value is None and name == "expires") or (isinstance(value, int | float) and math.isfinite(value)):
                return value
            raise ValueError("not a time")
        case _:
            if not isinstance(value, str) or len(value) > _TEXT:
                raise ValueError("not a short text")
    return value
