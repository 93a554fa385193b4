"""Quorums of pools: that there is something to be judged under them."""

from __future__ import annotations

from collections.abc import Iterator

from gslb.errors import Problem, Severity
from gslb.model import Model


def problems(model: Model) -> Iterator[Problem]:
    """Warn of a quorum under which nothing is judged: a pool inside a pool is judged by its own."""
    for pool in model.pools.values():
        if any(member.quorum for member in pool.members) and not any(member.checks for member in pool.members):
            said = f"pool {pool.id} says how probers are to agree, and none of its members has a check of its own"
            hint = "give it a check; members that are pools are judged under their own quorum"
            yield Problem("L043", said, pool.where, hint, Severity.WARNING)
