"""A pool as the compiler keeps it: everything that no verdict changes, worked out once per model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from gslb.compiler.chain import Chain, build
from gslb.compiler.division import Division, Divisions
from gslb.compiler.numbers import numbered
from gslb.compiler.standing import TYPES, Entrant, entrants
from gslb.model import Model, Pool
from gslb.plan import Pick
from gslb.policy.candidate import Filter

MAX_DEPTH: Final = 4  # backups of backups: as deep as rows nest (design 3.1); lint refuses loops, this only keeps the compiler total

PICKS: Final = {"all": Pick.ALL, "first": Pick.FIRST, "rotate": Pick.ROTATE, "weighted": Pick.WEIGHTED}


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One pool: its number, chain and division, its entrants by type, its pick and TTL."""

    number: int
    pool: Pool
    chain: Chain
    division: Division
    entrants: Mapping[int, tuple[Entrant, ...]]
    pick: Pick
    ttl: int


def recipes(model: Model, divisions: Divisions) -> dict[str, Recipe]:
    """Work out every pool of a model; divisions are numbered when it returns."""
    interned: dict[tuple[Filter, ...], Chain] = {}
    chains: dict[str, Chain] = {}
    for pool in model.pools.values():
        used = {member.site for member in pool.members}
        filters = build(pool.policy, {key: site for key, site in model.sites.items() if key in used})
        if filters not in interned:
            interned[filters] = Chain(filters, sum(1 for _ in takewhile(lambda chosen: not divisions.looks_at_client(chosen), filters)))
        chains[pool.id] = interned[filters]
    numbers = dict(zip(model.pools, numbered([name.encode() for name in model.pools]), strict=True))
    found = {
        pool.id: Recipe(
            numbers[pool.id],
            pool,
            chains[pool.id],
            divisions.of([chains[name] for name in backups(model, pool)]),
            {kind: entrants(model, pool.members, kind) for kind in TYPES},
            PICKS[pool.policy.pick],
            max(pool.ttl_max, pool.ttl_min),
        )
        for pool in model.pools.values()
    }
    divisions.number()
    return found


def backups(model: Model, pool: Pool) -> list[str]:
    """Return the pool and its backups in the order they are tried."""
    names = [pool.id]
    while len(names) < MAX_DEPTH and (following := backup(model.pools[names[-1]])) in model.pools:
        names.append(following)
    return names


def backup(pool: Pool) -> str:
    """Return the pool that stands in when all is down; "" = none."""
    return pool.when_all_down.backup if pool.when_all_down.mode == "backup" else ""
