"""What anybody who may write into the store may have written: JSON that nobody signed. Bounds on what it makes of its few octets. Pure.

Used for events, the audit and what nodes say of themselves: of 4 KiB of JSON a thousand objects may be made, or one that is a thousand deep, and
those who show it walk through all of it.
"""

from __future__ import annotations

import json
from typing import Any, Final

DEPTH: Final = 16
LARGE: Final = 1e300  # larger numbers become infinite somewhere


def loads(record: bytes) -> Any:
    """Read JSON, and no more than that: NaN and the infinities are none (RFC 8259 section 6), and no browser reads them. Raises ValueError."""
    return json.loads(record, parse_constant=_odd)


def bound(free: Any, most: int) -> None:
    """Raise ValueError for more than so many values, at any depth, for deeper ones and for greater numbers than anybody looks at."""
    left, level = most, [free]
    for _ in range(DEPTH):
        inner = [one for value in level if isinstance(value, dict | list) for one in (value.values() if isinstance(value, dict) else value)]
        left -= len(inner)
        if left < 0 or not all(-LARGE < one < LARGE for one in inner if isinstance(one, int | float)):
            break
        if not inner:
            return
        level = inner
    raise ValueError("too much in it, or no such number")


def _odd(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
