"""How far an operator's word reaches: the pools whose answers it can change, and for how long caches know better.

Part of a load, asked by the publisher (what to compile anew) and by the desk (what to say). Holds no override.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gslb import targets
from gslb.model import Model
from gslb.override import Kind, Level, Override

_NONE: Final[frozenset[str]] = frozenset()


class Reach:
    """The reverse index from sites and pools to the pools that are made from them."""

    def __init__(self, model: Model) -> None:
        """Walk the pools once."""
        self._pools = model.pools
        self._holding: dict[str, set[str]] = {}  # site → pools that hold a member of it
        self._leaning: dict[str, set[str]] = {}  # pool → itself and all pools that may be made from it
        for pool in model.pools.values():
            for member in pool.members:
                if member.site is not None:
                    self._holding.setdefault(member.site, set()).add(pool.id)
            for name in targets.leans_on(model, pool):
                self._leaning.setdefault(name, set()).add(pool.id)

    def pools(self, overrides: Iterable[Override]) -> frozenset[str]:
        """Return the pools whose rows these can change: those that hold a member they speak of, and those that lean on one of them."""
        held: set[str] = set()
        for one in overrides:
            held |= self._holding.get(one.site, _NONE) if one.level is Level.SITE else {one.pool}
        return frozenset(leaning for pool in held for leaning in self._leaning.get(pool, _NONE))

    def drained_at(self, override: Override) -> float | None:
        """Return when the last answer given before a drain leaves the caches, in the store's time; None for what drains nothing."""
        if override.kind not in (Kind.DRAIN, Kind.DOWN):
            return None
        return override.since + max((max(self._pools[pool].ttl_max, self._pools[pool].ttl_min) for pool in self.pools([override])), default=0)
