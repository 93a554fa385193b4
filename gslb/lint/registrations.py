"""Pools that members may join by themselves: that they are checked, and that what is allowed makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb.errors import Problem, Severity
from gslb.model import Model, Pool, Registration

WIDE: Final = {4: 8, 6: 24}  # prefix lengths: what is shorter is no network of one operator


def problems(model: Model) -> Iterator[Problem]:
    """Judge every pool that allows it."""
    for pool in model.pools.values():
        if pool.register:
            yield from _of_pool(pool, pool.register)


def _of_pool(pool: Pool, register: Registration) -> Iterator[Problem]:
    if not register.member.checks:
        said = f"pool {pool.id} lets members join that nobody checks"
        yield Problem("L044", said, register.where, "give the pool a check: they join when it has passed")
    if any(not member.addresses for member in pool.members):
        said = f"pool {pool.id} lets addresses join, and has members that are names or pools"
        yield Problem("L045", said, register.where, "let them join a pool of addresses, and put that into this one")
    most = len(pool.members) + register.maximum
    if register.min_members > most:
        said = f"pool {pool.id}: min_members {register.min_members} can never be reached, there are {most} at most"
        yield Problem("L046", said, register.where, "lower it, or raise the maximum", Severity.WARNING)
    for network in register.networks:
        if network.prefixlen < WIDE[network.version]:
            said = f"pool {pool.id} lets members join from {network}"
            yield Problem("L047", said, register.where, "name your own networks: whoever holds the key can send clients there", Severity.WARNING)
