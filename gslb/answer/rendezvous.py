"""Weighted rendezvous: orders groups for a client so that each is first for its share of clients, and the same one every time.

Called by `pick`. Integers only: no libm decides, so that two engines agree to the octet. Each group's hash h counts as the uniform
number u = (h + 1) / 2**64, and -log2(u) / weight is exponential with a rate in proportion to the weight: the least of them is
a group's with probability weight / sum. A group's score depends on no other group: where one comes, goes or changes its
weight, only those clients move that it gains or loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from gslb.answer.draw import number
from gslb.plan import Group

FRACTION: Final = 48  # bits behind the point of a logarithm: weights may be as far apart as 1 and 2**32
_CELLS: Final = 10  # log2 of the table's cells: straight lines between 1,024 points are off by at most 0.03 %, and shares by as little
_REST: Final = 64 - _CELLS


def order(groups: Sequence[Group], key: int) -> list[Group]:
    """Return the groups that play, best first, for a client's 64-bit key. Weight 0 plays only where no group has more; ties go by order."""
    playing = [group for group in groups if group.weight > 0] or [group._replace(weight=1) for group in groups]
    scored = [((logarithm(number(key ^ group.key, 1)) << 32) // group.weight, group) for group in playing]
    scored.sort(key=itemgetter(0))  # stable
    return [group for _, group in scored]


def logarithm(h: int) -> int:
    """Return -log2((h + 1) / 2**64) with `FRACTION` bits behind the point, for h in 0 to 2**64 - 1."""
    x = h + 1
    size = x.bit_length()
    x <<= 65 - size  # from 2**64 up to, not including, 2**65
    cell = (x >> _REST) - (1 << _CELLS)
    low = _TABLE[cell]
    return (65 - size << FRACTION) - low - ((_TABLE[cell + 1] - low) * (x & (1 << _REST) - 1) >> _REST)


def _log2(cell: int) -> int:
    """Return log2(1 + cell / 1024) by squaring, bit for bit, in fixed point with 62 bits behind it; what lies below them is cut off."""
    x = (1 << _CELLS) + cell << 62 - _CELLS
    bits = 0
    for _ in range(FRACTION):
        x = x * x >> 62
        bits = bits << 1 | x >> 63
        x >>= x >> 63
    return bits


_TABLE: Final = (*map(_log2, range(1 << _CELLS)), 1 << FRACTION)
