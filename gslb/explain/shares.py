"""Groups of a row and how often each is answered: exact where a pick takes one, or few of few; else counted over many draws.

A share is the part of answers in which the group's records stand; where the pick is sticky or draws are coupled, of all clients' answers. With one
answer at a time shares add up to 100 %. Answers are not traffic: a resolver with many clients counts once.
"""

from __future__ import annotations

from typing import Final

from gslb.answer.draw import number
from gslb.answer.pick import pick
from gslb.plan import Pick, Row

EXACT: Final = 20_000  # ways of drawing that are walked through one by one
DRAWS: Final = 10_000  # otherwise: the share is right to about one percent


def shares(row: Row) -> list[float]:
    """Return each group's share of the row's answers, 0 to 1."""
    groups = row.groups
    if not groups:
        return []
    taken = min(row.answers or len(groups), len(groups))
    if row.pick is Pick.ALL:
        return [1.0] * len(groups)
    if row.pick is Pick.FIRST:
        return [1.0] * taken + [0.0] * (len(groups) - taken)
    if row.pick is Pick.ROTATE:
        return [taken / len(groups)] * len(groups)
    weights = [max(0, group.weight) for group in groups]
    if not any(weights):
        weights = [1] * len(groups)
    positive = sum(weight > 0 for weight in weights)
    if taken >= positive:
        return [1.0 if weight else 0.0 for weight in weights]
    return _drawn(weights, taken) if _ways(positive, taken) <= EXACT else _counted(row)


def exact(row: Row) -> bool:
    """Whether the shares are exact, not counted."""
    positive = sum(group.weight > 0 for group in row.groups)
    return row.pick not in (Pick.WEIGHTED, Pick.STICKY) or _ways(positive, min(row.answers or positive, positive)) <= EXACT


def settled(row: Row) -> bool:
    """Whether nothing is left to chance: a client gets the same every time."""
    drawn = row.pick in (Pick.WEIGHTED, Pick.ROTATE) and len(row.groups) > 1
    return not drawn and all(settled(group.row) for group in row.groups if group.row)


def sticks(row: Row) -> bool:
    """Whether the client decides, in the row or in one inside it: then shares are of clients, not of one client's answers."""
    return row.pick is Pick.STICKY or any(sticks(group.row) for group in row.groups if group.row)


def _drawn(weights: list[int], taken: int) -> list[float]:
    """Walk through every way of drawing without replacement."""
    found = [0.0] * len(weights)

    def walk(left: dict[int, int], chance: float, more: int) -> None:
        total = sum(left.values())
        for index, weight in left.items():
            part = chance * weight / total
            found[index] += part
            if more > 1:
                walk({other: w for other, w in left.items() if other != index}, part, more - 1)

    walk({index: weight for index, weight in enumerate(weights) if weight}, 1.0, taken)
    return found


def _counted(row: Row) -> list[float]:
    """Draw many times as the answer path does, and count."""
    numbered = tuple(group._replace(rdata=(n.to_bytes(4),), row=None) for n, group in enumerate(row.groups))
    drawn = row._replace(pick=Pick.WEIGHTED, sticky=None, groups=numbered)
    found = [0] * len(numbered)
    for n in range(DRAWS):
        for group in pick(drawn, number(0, n + 1)):
            found[int.from_bytes(group.rdata[0])] += 1
    return [count / DRAWS for count in found]


def _ways(positive: int, taken: int) -> int:
    ways = 1
    for n in range(taken):
        ways *= max(1, positive - n)
        if ways > EXACT:
            break
    return ways
