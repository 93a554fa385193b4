"""Words for operators: "did you mean", lists of choices, and what kind of value a value is.

Called by everything on this floor that writes a Problem.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final

SHOWN: Final = 12  # choices listed in a hint; more would hide the point


def meant(word: str, choices: Iterable[str]) -> str:
    """Hint for a word that is none of the choices: the one that was probably meant, else all of them."""
    known = sorted(set(choices))
    near = difflib.get_close_matches(word[:64], known, n=1, cutoff=0.6) or [one for one in known if one.lower() == word.lower()]
    if near:
        return f"did you mean {near[0]!r}?"
    if not known:
        return ""
    return f"one of: {', '.join(known[:SHOWN])}" + (", …" if len(known) > SHOWN else "")


def misspelt(wanted: str, given: Iterable[str]) -> bool:
    """Whether a key that is missing was probably meant by one that is there and unknown."""
    return bool(difflib.get_close_matches(wanted, [key[:64] for key in given], n=1, cutoff=0.6))


def kind(value: Any) -> str:
    """Name a YAML value's kind in plain words."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"the text {shown(value)}" if isinstance(value, str) else f"the number {value}"


def shown(value: Any) -> str:
    """Quote a value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]
