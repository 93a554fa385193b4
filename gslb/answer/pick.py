"""Takes groups from a row by the query's draw. Called by `shelf`; pure integers, so that two engines agree to the octet.

Draws: a row is given one 64-bit integer. The n-th number it needs is `number(draw, n)`: the draw itself, then splitmix64 of it.
A number becomes an index or a weight by `number * total >> 64`. The k-th group taken, where it is a row again, is
given `number(split(draw), k + 1)`.

Weighted without replacement: one point is drawn in the sum of weights still in play, the group it falls on (in the row's order)
is taken and leaves the play; again until `answers` groups are taken or none is left. Weight 0 plays only where no group has more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gslb.plan import Group, Pick, Row

MAX_DEPTH: Final = 4  # pools inside pools (gslb.lint refuses deeper ones)

_64: Final = 0xFFFFFFFFFFFFFFFF
_GOLDEN: Final = 0x9E3779B97F4A7C15  # splitmix64's step, 2**64 / golden ratio
_LEVEL: Final = 0xD1B54A32D192ED03  # any odd constant other than the step: keeps a level's draws apart from the one above


def pick(row: Row, draw: int, depth: int = 1) -> list[Group]:
    """Take groups that hold rdata, rows inside rows resolved, in the order to be answered."""
    groups = _taken(row, draw)
    if not any(group.row for group in groups):
        return list(groups)
    below = split(draw)
    leaves: list[Group] = []
    for k, group in enumerate(groups):
        if group.row is None:
            leaves.append(group)
        elif depth < MAX_DEPTH:
            leaves += pick(group.row, number(below, k + 1), depth + 1)
    return leaves


def number(draw: int, n: int) -> int:
    """Return the n-th 64-bit number of a draw: splitmix64 (Steele, Lea, Flood 2014), its seed as number 0."""
    if not n:
        return draw
    z = draw + n * _GOLDEN & _64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _64
    return z ^ z >> 31


def split(draw: int) -> int:
    """Return the draw of the level below."""
    return number(draw ^ _LEVEL, 1)


def _taken(row: Row, draw: int) -> Sequence[Group]:
    groups = row.groups
    wanted = row.answers or len(groups)
    if row.pick is Pick.WEIGHTED:
        return _weighted(groups, wanted, draw)
    if row.pick is Pick.ROTATE and groups:
        shift = draw * len(groups) >> 64
        return (groups[shift:] + groups[:shift])[:wanted]
    return groups if row.pick is Pick.ALL else groups[:wanted]


def _weighted(groups: tuple[Group, ...], wanted: int, draw: int) -> list[Group]:
    left = [group for group in groups if group.weight > 0] or [group._replace(weight=1) for group in groups]
    total = sum(group.weight for group in left)
    taken: list[Group] = []
    while left and len(taken) < wanted:
        point = number(draw, len(taken)) * total >> 64
        at = 0
        while point >= left[at].weight:
            point -= left[at].weight
            at += 1
        group = left.pop(at)
        total -= group.weight
        taken.append(group)
    return taken
