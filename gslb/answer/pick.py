"""Takes groups from a row by the query's draw, or by its client. Called by `shelf` and `hints`; pure integers, so that two engines agree.

Draws: a row is given one 64-bit integer. The n-th number it needs is `number(draw, n)`: the draw itself, then splitmix64 of it.
A number becomes an index or a weight by `number * total >> 64`. The k-th group taken, where it is a row again, is
given `number(split(draw), k + 1)`, whatever the pick above it.

Weighted without replacement: one point is drawn in the sum of weights still in play, the group it falls on (in the row's order)
is taken and leaves the play; again until `answers` groups are taken or none is left. Weight 0 plays only where no group has more.

Sticky: the first `answers` groups in the order of `rendezvous` for the client's key; the draw decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gslb.answer.client import NOBODY, Client, Reach
from gslb.answer.draw import number, split
from gslb.answer.rendezvous import order
from gslb.plan import Group, Pick, Row, Sticky

MAX_DEPTH: Final = 4  # pools inside pools (gslb.lint refuses deeper ones)


def pick(row: Row, draw: int, client: Client = NOBODY, depth: int = 1) -> list[Group]:
    """Take groups that hold rdata, rows inside rows resolved, in the order to be answered. `client`: for whom, where the row is sticky."""
    groups = _taken(row, draw, client)
    if not any(group.row for group in groups):
        return list(groups)
    below = split(draw)
    leaves: list[Group] = []
    for k, group in enumerate(groups):
        if group.row is None:
            leaves.append(group)
        elif depth < MAX_DEPTH:
            leaves += pick(group.row, number(below, k + 1), client, depth + 1)
    return leaves


def reach(row: Row, couple: Sticky | None) -> Reach | None:
    """Return how far a choice from the row reaches into the client's address, the furthest of all levels; None where the draw alone decides."""
    found = list(_stickies(row))
    if couple is not None and _draws(row):  # what leaves nothing to draw is the same for all of the region
        found.append(couple)
    return Reach(max(one.bits4 for one in found), max(one.bits6 for one in found)) if found else None


def _stickies(row: Row, depth: int = 1) -> Iterator[Sticky]:
    if row.sticky is not None:
        yield row.sticky
    for group in row.groups:
        if group.row is not None and depth < MAX_DEPTH:
            yield from _stickies(group.row, depth + 1)


def _draws(row: Row, depth: int = 1) -> bool:
    """Whether a draw decides anything, at any level."""
    if row.pick in (Pick.WEIGHTED, Pick.ROTATE) and len(row.groups) > 1:
        return True
    return depth < MAX_DEPTH and any(group.row is not None and _draws(group.row, depth + 1) for group in row.groups)


def _taken(row: Row, draw: int, client: Client) -> Sequence[Group]:
    groups = row.groups
    wanted = row.answers or len(groups)
    if row.sticky is not None:
        return order(groups, client.key(row.sticky))[:wanted]
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
