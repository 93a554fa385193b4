"""Numbers for named things of the plan, the same on every node and after every reload.

A number comes from the name alone, so that adding one pool changes no other's number, and a reload sends only what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32


def numbered(names: Sequence[bytes]) -> list[int]:
    """Give each name its CRC-32, or the next free number where two share one (10,000 names: about 1 % of the time one pair does)."""
    given: dict[int, int] = {}
    for place in sorted(range(len(names)), key=lambda i: names[i]):
        number = crc32(names[place])
        while number in given:
            number = (number + 1) & 0xFFFFFFFF
        given[number] = place
    numbers = [0] * len(names)
    for number, place in given.items():
        numbers[place] = number
    return numbers


@lru_cache(maxsize=65_536)
def key64(*words: str) -> int:
    """Return 64 bits that stand for some words: what a sticky pick scores and is seeded with."""
    return int.from_bytes(blake2b("\0".join(words).encode(), digest_size=8).digest())
