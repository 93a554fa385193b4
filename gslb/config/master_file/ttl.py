"""TTLs as text: seconds, or numbers with units (`1h30m`), as BIND has it; and gdnsd's `max/min` for dynamic names."""

from __future__ import annotations

import re
from typing import Final

MAX_TTL: Final = 2**31 - 1  # RFC 2181 section 8

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART: Final = re.compile(r"([0-9]+)([wdhms])", re.IGNORECASE | re.ASCII)
_WHOLE: Final = re.compile(r"(?:[0-9]{1,10}[wdhms])+", re.IGNORECASE | re.ASCII)
_HINT: Final = "a TTL is a number of seconds, or like 1h30m"


def seconds(text: str) -> int:
    """Read a TTL. Raises ValueError with a message for the operator."""
    if text.isdigit() and text.isascii():
        value = int(text) if len(text) < 12 else MAX_TTL + 1
    elif _WHOLE.fullmatch(text):
        value = sum(int(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"{text!r} is not a TTL: {_HINT}")
    if value > MAX_TTL:
        raise ValueError(f"TTL {text} is beyond {MAX_TTL} seconds (RFC 2181 section 8)")
    return value


def of_dynamic(text: str) -> int:
    """Read the TTL of a dynamic name: `max`, or gdnsd's `max/min`, of which the pool's own minimum replaces the second."""
    most, slash, least = text.partition("/")
    value = seconds(most)
    if slash and seconds(least) > value:
        raise ValueError(f"TTL {text}: the minimum is above the maximum (max/min)")
    return value
