r"""`$GENERATE range owner [ttl] [class] type data`: BIND's way to write many similar records.

`$` in owner and data is the number of the round; `${offset,width,base}` shifts and formats it; `\$` and `$$` are a dollar sign.
Raises ValueError for the operator; how many rounds are too many is the reader's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?", re.ASCII)
_DIRECTIVE: Final = re.compile(  # at the start of a line; the dollar sign is looked for first, and most large files have none
    r"\$(?<![^\n]\$)(?i:GENERATE)[ \t]{1,99}([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?(?=[ \t])", re.ASCII
)
_PLACE: Final = re.compile(r"\\.|\$\$|\$\{([^${}]{0,40})\}|\$", re.DOTALL)
_MODIFIER: Final = re.compile(r"\s*([+-]?[0-9]{1,10})\s*(?:,\s*([0-9]{1,3})\s*(?:,\s*([doxXnN])\s*)?)?", re.ASCII)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MAX: Final = 2**31 - 1
_MAX_WIDTH: Final = 255  # a name has no more octets, a character-string neither


@dataclass(frozen=True, slots=True)
class Range:
    """`start-stop/step`, both ends included."""

    start: int
    stop: int
    step: int

    def __len__(self) -> int:
        return (self.stop - self.start) // self.step + 1

    def rounds(self) -> range:
        """All values of `$`."""
        return range(self.start, self.stop + 1, self.step)


def read_range(text: str) -> Range:
    """Read the first argument."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a range: write start-stop or start-stop/step")
    start, stop, step = (int(group) for group in (match[1], match[2], match[3] or "1"))
    if max(start, stop, step) > _MAX:
        raise ValueError(f"range {text}: numbers go up to {_MAX}")
    if start > stop or not step:
        raise ValueError(f"range {text} is empty: start must not be above stop, and the step must be positive")
    return Range(start, stop, step)


def total(text: str) -> int:
    """Count the rounds of all directives in a file's text by arithmetic, before any is carried out. Ranges that are none count nothing."""
    count = 0
    for match in _DIRECTIVE.finditer(text):
        start, stop, step = int(match[1]), int(match[2]), int(match[3] or "1")
        if start <= stop and step:
            count += (stop - start) // step + 1
    return count


def held_together(data: list[str]) -> str:
    """Return the data as one template; quotes around the whole of it only hold it together, as in BIND."""
    only = data[0] if len(data) == 1 else ""
    return only[1:-1].replace('\\"', '"') if _QUOTED.fullmatch(only) else " ".join(data)


def fill(template: str, value: int) -> str:
    """Write the number of the round into a template."""
    return _PLACE.sub(lambda match: _filled(match, value), template) if "$" in template else template


def _filled(match: re.Match[str], value: int) -> str:
    if match[0] in ("$$", "\\$"):
        return "$"
    if match[0].startswith("\\"):
        return match[0]
    return str(value) if match[1] is None else _modified(match[1], value)


def _modified(modifier: str, value: int) -> str:
    match = _MODIFIER.fullmatch(modifier)
    if not match:
        raise ValueError(f"${{{modifier}}} is not ${{offset,width,base}} with base d, o, x, X, n or N")
    width = int(match[2] or 0)
    base = match[3] or "d"
    value += int(match[1])
    if value < 0:
        raise ValueError(f"${{{modifier}}} makes a negative number")
    if width > _MAX_WIDTH:
        raise ValueError(f"${{{modifier}}}: a width of at most {_MAX_WIDTH}")
    return _nibbles(value, width, base) if base in "nN" else format(value, f"0{width}{base}" if width else base)


def _nibbles(value: int, width: int, base: str) -> str:
    """Write hex digits in reverse, dots between, for ip6.arpa; `width` counts the dots too, as BIND does."""
    digits = format(value, f"0{(width + 1) // 2}{'x' if base == 'n' else 'X'}")
    return ".".join(reversed(digits))
