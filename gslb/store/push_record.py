"""What a site says of itself, as the content of one sealed record. Pure: plain data there and back, bounded and typed."""

from __future__ import annotations

import math
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any, Final

from gslb.store.batch import ODD
from gslb.store.envelope import RefusedError
from gslb.store.state import Push

LONGEST: Final = 86_400.0  # seconds for which a word may hold: as long as the store keeps it
_TEXT: Final = 256  # characters of any text
_WEIGHT: Final = 1 << 16


def content(word: Push) -> dict[str, Any]:
    """Write it as plain data."""
    return asdict(word)


def read(given: Any, site: str, key: str) -> Push:
    """Read what `content` wrote, where it stands under this site and key. Raises RefusedError."""
    try:
        word = Push(
            _text(given["registrant"]),
            str(ip_address(_text(given["address"]))),
            _moment(given["at"]),
            _moment(given["until"]),
            _text(given["check"]),
            _text(given["pool"]),
            _text(given["site"]),
            _count(given["weight"], _WEIGHT),
            _count(given["grade"], 100),
        )
        if word.registrant != site or word.key != key or bool(word.check) == bool(word.pool):
            raise ValueError("it stands in another's place, or speaks of a check and a pool, or of neither")
        if word.until > word.at + LONGEST:
            raise ValueError(f"it would hold for more than {LONGEST:.0f} s")
    except ODD as error:
        raise RefusedError("content", f"no word of a site: {error}") from None
    return word


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > _TEXT:
        raise ValueError("not a short text")
    return value


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("not a count")
    return value


def _moment(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)
