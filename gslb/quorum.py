"""Quorums: how many of the probers that can be believed must say "down", and what holds while too few of them say anything.

Written in pools, carried by `Target.quorum` as text (`key`), read by the judge. Pure. Verdicts under different quorums are different verdicts of the
same votes: a target is probed once, whatever the number of quorums over it.

    mode       DOWN when of n fresh opinions as many say so as
    ---------  ------------------------------------------------------------------------
    majority   n // 2 + 1; a tie is UP
    any        1
    all        n
    at_least   `count`; where fewer are there, all of them
    percent    ceil(n * count / 100)
    places     a majority of places, each of which says DOWN by a majority of its own
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MODES: Final = ("majority", "any", "all", "at_least", "percent", "places")
MAX_STALE: Final = 600.0  # seconds; long enough to mend a prober, short enough that a dead one does not keep a site out for a night


@dataclass(frozen=True, slots=True)
class Quorum:
    """`count`: of `at_least` and `percent`. `min_votes`: below so many fresh opinions the verdict is held; 0 = two where two probers or more
    hold the target. `max_stale`: seconds without an opinion after which a held verdict becomes UNKNOWN. `keep`: not while the store is out of reach.
    """

    mode: str = "majority"
    count: int = 0
    min_votes: int = 0
    max_stale: float = MAX_STALE
    keep: bool = True

    @property
    def key(self) -> str:
        """As text, the same for equal quorums; "" for the default."""
        return "" if self == DEFAULT else f"{self.mode}/{self.count}/{self.min_votes}/{self.max_stale:g}/{int(self.keep)}"

    def needed(self, opinions: int) -> int:
        """How many of so many opinions must say DOWN; at least one. Of `places` the same is asked of places, and within each."""
        match self.mode:
            case "any":
                return 1
            case "all":
                return max(1, opinions)
            case "at_least":
                return max(1, min(self.count, opinions))
            case "percent":
                return max(1, -(-opinions * self.count // 100))
            case _:
                return opinions // 2 + 1


DEFAULT: Final = Quorum()


@lru_cache(maxsize=1024)  # as many as pools that differ; each is read once
def of(key: str) -> Quorum:
    """Read what `key` wrote. Raises ValueError for anything else."""
    if not key:
        return DEFAULT
    mode, count, min_votes, max_stale, keep = key.split("/")
    if mode not in MODES:
        raise ValueError(f"no quorum: {key!r}")
    return Quorum(mode, int(count), int(min_votes), float(max_stale), keep == "1")
