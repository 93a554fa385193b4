"""Numbers made from a query's one 64-bit draw: splitmix64 (Steele, Lea, Flood 2014), with the draw as its seed.

Called by `pick` and `rendezvous`. A number becomes an index or a weight by `number * total >> 64`.
"""

from __future__ import annotations

from typing import Final

_64: Final = 0xFFFFFFFFFFFFFFFF
_GOLDEN: Final = 0x9E3779B97F4A7C15  # splitmix64's step, 2**64 / golden ratio
_LEVEL: Final = 0xD1B54A32D192ED03  # any odd constant other than the step: keeps a level's draws apart from the one above


def number(draw: int, n: int) -> int:
    """Return the n-th 64-bit number of a draw; number 0 is the draw itself."""
    if not n:
        return draw
    z = draw + n * _GOLDEN & _64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _64
    return z ^ z >> 31


def split(draw: int) -> int:
    """Return the draw of the level below."""
    return number(draw ^ _LEVEL, 1)
