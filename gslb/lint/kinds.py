"""Kinds of pools: of addresses or of names, alone or inside each other; and where a pool of names may stand.

A CNAME stands alone (RFC 1034 section 3.6.2): a pool of names answers with one, for every type, at no name that has other data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gslb import names
from gslb.errors import Problem, Severity
from gslb.model import Model, Zone
from gslb.packed import pooled
from gslb.targets import MAX_DEPTH, backup, children

_ADDRESSES = "addresses"
_NAMES = "names"


def problems(model: Model) -> Iterator[Problem]:
    """Judge every pool, and where those of names stand."""
    kinds, levels = _nested(model)
    for pool in model.pools.values():
        found = kinds[pool.id]
        if len(found) > 1:
            said = f"pool {pool.id} has members with addresses and members that are names"
            yield Problem("L026", said, pool.where, "an answer is either addresses or one CNAME: make two pools")
            continue
        other = kinds.get(backup(pool))
        if found and other and found != other:
            said = f"pool {pool.id} gives {min(found)} and its backup {backup(pool)} gives {min(other)}"
            yield Problem("L026", said, pool.where, "let the backup give the same")
        if levels.get(pool.id, 0) > MAX_DEPTH:
            yield Problem("L027", f"pool {pool.id} holds pools more than {MAX_DEPTH} deep", pool.where, "make fewer levels")
        if found == {_NAMES} and pool.answers > 1 and not pool.policy.preset:
            said = f"pool {pool.id} gives names and is asked for {pool.answers} answers"
            yield Problem("L028", said, pool.where, "one CNAME is given; leave `answers` out", Severity.WARNING)
    for zone in model.zones.values():
        yield from _places(zone, model, kinds)


def _places(zone: Zone, model: Model, kinds: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Judge where pools of names stand in a zone."""
    for owner, data in pooled(zone.names):
        pool = model.pools.get(data.pool.pool) if data.pool is not None else None
        if pool is None or data.pool is None or _NAMES not in kinds[pool.id]:
            continue
        name = names.to_text(owner)
        if owner == zone.apex:
            said = f"{name} points to pool {pool.id}, which gives names; at the apex there is other data"
            yield Problem("L089", said, data.pool.where, "a CNAME stands alone: use a pool of addresses here")
        elif data.rrsets or data.hinted:
            said = f"{name} points to pool {pool.id}, which gives names, and has other data"
            yield Problem("L089", said, data.pool.where, "a CNAME stands alone: remove the other data, or use a pool of addresses")


def _nested(model: Model) -> tuple[dict[str, frozenset[str]], dict[str, int]]:
    """Return the kinds that each pool gives by itself and by pools inside it, and how deep they are nested (not where they go in a circle).

    From the innermost outwards, so that each pool is looked at once however it is nested.
    """
    kinds = {
        pool.id: frozenset(_NAMES if member.target else _ADDRESSES for member in pool.members if not member.pool) for pool in model.pools.values()
    }
    inside = {pool.id: {name for name in children(pool) if name in model.pools} for pool in model.pools.values()}
    outside: dict[str, list[str]] = {}
    for pool, names_inside in inside.items():
        for name in names_inside:
            outside.setdefault(name, []).append(pool)
    waits = {pool: len(names_inside) for pool, names_inside in inside.items()}
    ready = [pool for pool, count in waits.items() if not count]
    levels: dict[str, int] = {}
    for one in ready:  # grows while it is walked
        levels[one] = 1 + max((levels[name] for name in inside[one]), default=0)
        for pool in outside.get(one, ()):
            kinds[pool] |= kinds[one]
            waits[pool] -= 1
            if not waits[pool]:
                ready.append(pool)
    return kinds, levels
