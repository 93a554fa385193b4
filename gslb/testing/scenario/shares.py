"""Whether draws follow weights: Pearson's chi-square, with a bound that a right server passes and a wrong one does not.

Draws are seeded, so a scenario that passes once passes always; the bound only decides how small an error is seen.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from math import sqrt

from gslb.testing.scenario.question import Reply

Z = 4.0  # standard deviations: a right server would fail one seed in 30,000. Over 2,000 draws an error of 6 % of all answers is seen
DRAWS = 2000


def draws(seed: str, count: int) -> Iterator[int]:
    """Yield 64-bit numbers, the same for the same seed everywhere."""
    chance = random.Random(seed)
    return (chance.getrandbits(64) for _ in range(count))


def complaint(seen: Counter[str], weights: Mapping[str, int]) -> str:
    """Say what is wrong with these counts; "" = nothing."""
    count = sum(seen.values())
    total = sum(weights.values())
    strange = sorted(key for key in seen if not weights.get(key))
    if strange:
        return f"answered, and should not be: {', '.join(strange)} ({_told(seen)})"
    chi_square = sum((seen[key] - count * weight / total) ** 2 / (count * weight / total) for key, weight in weights.items() if weight)
    freedom = sum(1 for weight in weights.values() if weight) - 1
    if chi_square > critical(freedom):
        wanted = ", ".join(f"{key} {100 * weight / total:.1f} %" for key, weight in weights.items())
        return f"shares are {_told(seen)}; wanted {wanted}"
    return ""


def critical(freedom: int) -> float:
    """Return the chi-square that a right server passes but for Z deviations (Wilson and Hilferty 1931)."""
    if not freedom:
        return 0.0
    ninth = 2 / (9 * freedom)
    return float(freedom * (1 - ninth + Z * sqrt(ninth)) ** 3)


def key(reply: Reply, rtype: str) -> str:
    """Return what a reply counts as: its records of the type, sorted, joined by `+`; `-` where it has none."""
    return "+".join(sorted(record.data for record in reply.records(rtype))) or "-"


def ordered(reply: Reply, rtype: str) -> str:
    """Return what a reply counts as where the order matters: joined by `>`."""
    return ">".join(record.data for record in reply.records(rtype)) or "-"


def _told(seen: Counter[str]) -> str:
    count = sum(seen.values())
    return ", ".join(f"{one} {100 * number / count:.1f} %" for one, number in seen.most_common(8))
