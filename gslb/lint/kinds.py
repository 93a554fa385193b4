"""Kinds of pools: of addresses or of names, alone or inside each other; and where a pool of names may stand.

A CNAME stands alone (RFC 1034 section 3.6.2): a pool of names answers with one, for every type, at no name that has other data.
"""

from __future__ import annotations

from collections.abc import Iterator

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.view import View
from gslb.model import Model, Pool
from gslb.targets import MAX_DEPTH, backup, children

_ADDRESSES = "addresses"
_NAMES = "names"


def problems(model: Model) -> Iterator[Problem]:
    """Judge every pool."""
    for pool in model.pools.values():
        found = _kinds(model, pool, 1)
        if len(found) > 1:
            said = f"pool {pool.id} has members with addresses and members that are names"
            yield Problem("L026", said, pool.where, "an answer is either addresses or one CNAME: make two pools")
            continue
        substitute = model.pools.get(backup(pool))
        if substitute is not None and found and (other := _kinds(model, substitute, 1)) and found != other:
            said = f"pool {pool.id} gives {min(found)} and its backup {substitute.id} gives {min(other)}"
            yield Problem("L026", said, pool.where, "let the backup give the same")
        if _depth(model, pool, (pool.id,)) > MAX_DEPTH:
            yield Problem("L027", f"pool {pool.id} holds pools more than {MAX_DEPTH} deep", pool.where, "make fewer levels")
        if found == {_NAMES} and pool.answers > 1 and not pool.policy.preset:
            said = f"pool {pool.id} gives names and is asked for {pool.answers} answers"
            yield Problem("L028", said, pool.where, "one CNAME is given; leave `answers` out", Severity.WARNING)


def places(view: View) -> Iterator[Problem]:
    """Judge where pools of names stand in a zone."""
    for owner, data in view.zone.names.items():
        pool = view.model.pools.get(data.pool.pool) if data.pool is not None else None
        if pool is None or data.pool is None or _NAMES not in _kinds(view.model, pool, 1):
            continue
        name = names.to_text(owner)
        if owner == view.zone.apex:
            said = f"{name} points to pool {pool.id}, which gives names; at the apex there is other data"
            yield Problem("L089", said, data.pool.where, "a CNAME stands alone: use a pool of addresses here")
        elif data.rrsets or data.hinted:
            said = f"{name} points to pool {pool.id}, which gives names, and has other data"
            yield Problem("L089", said, data.pool.where, "a CNAME stands alone: remove the other data, or use a pool of addresses")


def _kinds(model: Model, pool: Pool, depth: int) -> set[str]:
    found = {_NAMES if member.target else _ADDRESSES for member in pool.members if not member.pool}
    for name in children(pool):
        if depth <= MAX_DEPTH and name in model.pools:
            found |= _kinds(model, model.pools[name], depth + 1)
    return found


def _depth(model: Model, pool: Pool, path: tuple[str, ...]) -> int:
    inside = [model.pools[name] for name in children(pool) if name in model.pools and name not in path]
    if len(path) > MAX_DEPTH:
        return 1
    return 1 + max((_depth(model, one, (*path, one.id)) for one in inside), default=0)
