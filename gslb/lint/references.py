"""Names of sites, checks and pools: that they exist, are used, and that pools do not go in circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gslb import names
from gslb.errors import Problem, Severity, Where
from gslb.model import Model
from gslb.targets import backup, children


def problems(model: Model) -> Iterator[Problem]:
    """Judge all references."""
    yield from _unknown(model)
    yield from _circles(model)
    yield from _unused(model)


def _unknown(model: Model) -> Iterator[Problem]:
    for pool in model.pools.values():
        for member in pool.members:
            if member.site is not None and member.site not in model.sites:
                yield _missing("site", member.site, f"member {member.id} of pool {pool.id}", model.sites, member.where)
            for check in member.checks:
                if check not in model.checks:
                    yield _missing("check", check, f"member {member.id} of pool {pool.id}", model.checks, member.where)
            if member.pool and member.pool not in model.pools:
                yield _missing("pool", member.pool, f"member {member.id} of pool {pool.id}", model.pools, member.where)
        if pool.when_all_down.mode == "backup" and pool.when_all_down.backup not in model.pools:
            yield _missing("pool", pool.when_all_down.backup, f"the backup of pool {pool.id}", model.pools, pool.where)
    for fact in model.networks:
        if fact.site is not None and fact.site not in model.sites:
            yield _missing("site", fact.site, f"network {fact.network}", model.sites, fact.where)
    for zone in model.zones.values():
        for owner, data in zone.names.items():
            if data.pool is not None and data.pool.pool not in model.pools:
                yield _missing("pool", data.pool.pool, names.to_text(owner), model.pools, data.pool.where)


def _circles(model: Model) -> Iterator[Problem]:
    """Each circle is told once, at its first pool: with all of them down there would be no answer. Backups and pools inside count alike."""
    told: set[str] = set()
    for start in model.pools:
        circle = _circle(model, start, (start,))
        if circle and not told.intersection(circle):
            told.update(circle)
            way = " → ".join([*circle, circle[0]])
            inside = any(children(model.pools[name]) for name in circle)
            what = "pools contain each other, or lean on each other," if inside else "the backups of pools go"
            said = f"{what} in a circle: {way}"
            yield Problem("L004", said, model.pools[start].where, "end the chain in a pool without backup and without pools inside")


def _circle(model: Model, start: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return a way from a pool back to itself, or nothing."""
    pool = model.pools[path[-1]]
    for name in (*children(pool), backup(pool)):
        if name == start:
            return path
        if name in model.pools and name not in path and (found := _circle(model, start, (*path, name))):
            return found
    return ()


def _unused(model: Model) -> Iterator[Problem]:
    pools = {pool.when_all_down.backup for pool in model.pools.values() if pool.when_all_down.mode == "backup"}
    pools |= {name for pool in model.pools.values() for name in children(pool)}
    pools |= {data.pool.pool for zone in model.zones.values() for data in zone.names.values() if data.pool is not None}
    members = [member for pool in model.pools.values() for member in pool.members]
    sites = {member.site for member in members} | {fact.site for fact in model.networks}
    checks = {check for member in members for check in member.checks}
    for code, what, known, used in (
        ("L005", "pool", model.pools, pools),
        ("L006", "check", model.checks, checks),
        ("L007", "site", model.sites, sites),
    ):
        for one, item in known.items():
            if one not in used:
                yield Problem(code, f"{what} {one} is used nowhere", item.where, "use it, or remove it", Severity.WARNING)


def _missing(what: str, name: str, user: str, known: Mapping[str, Any], where: Where) -> Problem:
    shown = sorted(known)
    hint = f"known: {', '.join(shown[:12])}{', …' if len(shown) > 12 else ''}" if shown else f"define it under `{what}s:`"
    return Problem({"site": "L001", "check": "L002", "pool": "L003"}[what], f"{user}: unknown {what} {name!r}", where, hint)
