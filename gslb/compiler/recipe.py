"""A pool as the compiler keeps it: everything that no verdict changes, worked out once per model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from gslb.compiler.affinity import Affinity, affinity, sticky
from gslb.compiler.chain import Chain, build
from gslb.compiler.division import Division, Divisions
from gslb.compiler.lifetime import Lifetime
from gslb.compiler.numbers import numbered
from gslb.compiler.standing import CNAME, TYPES, Entrant, Terms, entrants
from gslb.model import Model, Pool, Site, Stickiness
from gslb.plan import Pick, Sticky
from gslb.policy.candidate import Filter
from gslb.targets import MAX_DEPTH, children, leans_on

PICKS: Final = {"all": Pick.ALL, "first": Pick.FIRST, "rotate": Pick.ROTATE, "weighted": Pick.WEIGHTED, "sticky": Pick.STICKY}


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One pool: its number, chain and division, its entrants by type (those of pools inside too), its pick, how its members stand, and TTLs.

    `slack`: seconds between the first and the last member to be noticed when all fail at once. `couple`: what coupled draws hang on.
    `holds_pools`: whether a member is a pool; then how members stand differs from client to client.
    """

    number: int
    pool: Pool
    chain: Chain
    division: Division
    entrants: Mapping[int, tuple[Entrant, ...]]
    pick: Pick
    answers: int
    lifetime: Lifetime
    terms: Terms
    affinity: Affinity | None
    couple: Sticky | None
    slack: float
    holds_pools: bool


def recipes(model: Model, divisions: Divisions) -> dict[str, Recipe]:
    """Work out every pool of a model; divisions are numbered when it returns."""
    interned: dict[tuple[Filter, ...], Chain] = {}
    chains: dict[str, Chain] = {}
    for pool in model.pools.values():
        filters = build(pool.policy, sites(model, pool))
        if filters not in interned:
            interned[filters] = Chain(filters, sum(1 for _ in takewhile(lambda chosen: not divisions.looks_at_client(chosen), filters)))
        chains[pool.id] = interned[filters]
    numbers = dict(zip(model.pools, numbered([name.encode() for name in model.pools]), strict=True))
    found = {pool.id: _recipe(model, pool, numbers[pool.id], chains, divisions) for pool in model.pools.values()}
    divisions.number()
    return found


def _recipe(model: Model, pool: Pool, number: int, chains: Mapping[str, Chain], divisions: Divisions) -> Recipe:
    used = [chosen for name in leans_on(model, pool) for chosen in (*chains[name].filters, affinity(_stuck(model.pools[name]))) if chosen]
    of_names = gives_names(model, pool)
    pick, answers = PICKS[pool.policy.pick], pool.answers
    if of_names:  # one CNAME (RFC 1034 section 3.6.2); who would give all gives each in turn
        pick, answers = (Pick.ROTATE if pick is Pick.ALL else pick), 1
    how = pool.policy.stickiness
    checks = [model.checks[check] for member in pool.members for check in member.checks if check in model.checks]
    return Recipe(
        number,
        pool,
        chains[pool.id],
        divisions.of(used),
        {kind: entrants(model, pool, kind) for kind in ((CNAME,) if of_names else TYPES)},
        pick,
        answers,
        Lifetime(max(pool.ttl_max, pool.ttl_min), pool.ttl_min),
        Terms.of(pool, since=chains[pool.id].clocked),
        affinity(_stuck(pool)),
        sticky(pool.id, how, "") if pool.couple or pool.joint else None,
        max((check.interval * check.down + check.timeout for check in checks), default=0.0),
        any(member.pool for member in pool.members),
    )


def sites(model: Model, pool: Pool) -> dict[str, Site]:
    """Return the sites of a pool's members, those of pools inside it included."""
    used = {member.site for one in _inside(model, pool, 1) for member in one.members}
    return {key: site for key, site in model.sites.items() if key in used}


def gives_names(model: Model, pool: Pool) -> bool:
    """Whether a pool answers with names: its members are, or those of a pool inside it."""
    return any(one.of_names for one in _inside(model, pool, 1))


def _inside(model: Model, pool: Pool, depth: int) -> Iterator[Pool]:
    yield pool
    for name in children(pool):
        if depth < MAX_DEPTH and name in model.pools:
            yield from _inside(model, model.pools[name], depth + 1)


def _stuck(pool: Pool) -> Stickiness:
    return pool.policy.stickiness if pool.policy.pick == "sticky" else Stickiness()
