"""Durations and TTLs as operators write them: `5s`, `500ms`, `1m30s`, or a number of seconds.

Called wherever this floor meets a time. Raises ValueError with a message for the operator, nothing else.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_TTL: Final = 2**31 - 1  # RFC 2181 section 8

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdw])")
_WHOLE: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhdw]))+")
_EXAMPLES: Final = "write 5s, 500ms, 2m, 1h30m, or a number of seconds"
_LONGEST: Final = 100 * 366 * 86400.0


def seconds(value: Any) -> float:
    """Read a duration."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"not a duration; {_EXAMPLES}")  # noqa: TRY004 - operators' mistakes are ValueErrors, whatever is wrong
    if isinstance(value, str):
        text = value.strip().lower()
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{value!r} is not a duration; {_EXAMPLES}")
        value = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if not 0 <= value <= _LONGEST:  # also false for NaN
        raise ValueError(f"{value} is not a duration between 0 and a hundred years; {_EXAMPLES}")
    return float(value)


def ttl(value: Any) -> int:
    """Read a TTL: whole seconds up to 2**31 - 1."""
    if type(value) is int and 0 <= value <= MAX_TTL:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    elif isinstance(value, str):
        value = seconds(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TTL or value != int(value):
        raise ValueError(f"{value!r} is not a TTL: whole seconds from 0 to {MAX_TTL}, or 30s, 5m, 1h")
    return int(value)
