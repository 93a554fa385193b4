"""Names of sites, checks and pools: that they exist, are used, and that pools do not go in circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity, Where
from gslb.model import Model
from gslb.packed import pooled
from gslb.targets import backup, children

SHOWN: Final = 12  # names in a message or a hint


def problems(model: Model) -> Iterator[Problem]:
    """Judge all references."""
    yield from _unknown(model)
    yield from _circles(model)
    yield from _unused(model)


def _unknown(model: Model) -> Iterator[Problem]:
    hints = {what: _known(what, known) for what, known in (("site", model.sites), ("check", model.checks), ("pool", model.pools))}
    for pool in model.pools.values():
        if pool.register:
            like = pool.register.member
            if like.site is not None and like.site not in model.sites:
                yield _missing("site", like.site, f"register of pool {pool.id}", hints, pool.register.where)
            for check in like.checks:
                if check not in model.checks and not any(check in member.checks for member in pool.members):
                    yield _missing("check", check, f"register of pool {pool.id}", hints, pool.register.where)
        for member in pool.members:
            if member.site is not None and member.site not in model.sites:
                yield _missing("site", member.site, f"member {member.id} of pool {pool.id}", hints, member.where)
            for check in member.checks:
                if check not in model.checks:
                    yield _missing("check", check, f"member {member.id} of pool {pool.id}", hints, member.where)
            if member.pool and member.pool not in model.pools:
                yield _missing("pool", member.pool, f"member {member.id} of pool {pool.id}", hints, member.where)
        if pool.when_all_down.mode == "backup" and pool.when_all_down.backup not in model.pools:
            yield _missing("pool", pool.when_all_down.backup, f"the backup of pool {pool.id}", hints, pool.where)
    for fact in model.networks:
        if fact.site is not None and fact.site not in model.sites:
            yield _missing("site", fact.site, f"network {fact.network}", hints, fact.where)
    for zone in model.zones.values():
        for owner, data in pooled(zone.names):
            if data.pool is not None and data.pool.pool not in model.pools:
                yield _missing("pool", data.pool.pool, names.to_text(owner), hints, data.pool.where)


@dataclass(slots=True)
class _Step:
    """A pool on the way that is walked. `told`: the last place on the way, up to here, that is part of a circle already told; -1 = none."""

    pool: str
    onward: Iterator[str]
    told: int


def _circles(model: Model) -> Iterator[Problem]:
    """Tell circles: with all of their pools down there would be no answer. Each is told at its first pool, and none that touches a told one."""
    rank = {name: at for at, name in enumerate(model.pools)}
    done: set[str] = set()
    for start in model.pools:
        for circle in _circles_from(model, start, done):
            first = min(range(len(circle)), key=lambda at: rank[circle[at]])
            turned = circle[first:] + circle[:first]
            way = " → ".join([*turned[:SHOWN], "…"] if len(turned) > SHOWN else [*turned, turned[0]])
            inside = any(children(model.pools[name]) for name in circle)
            what = "pools contain each other, or lean on each other," if inside else "the backups of pools go"
            said = f"{what} in a circle: {way}"
            yield Problem("L004", said, model.pools[turned[0]].where, "end the chain in a pool without backup and without pools inside")


def _circles_from(model: Model, start: str, done: set[str]) -> Iterator[list[str]]:
    """Walk depth first from a pool, each pool once for all starts, and give the circles met. Backups and pools inside count alike."""
    if start in done:
        return
    done.add(start)
    way = [_Step(start, _onward(model, start), -1)]
    places = {start: 0}
    while way:
        here = way[-1]
        name = next(here.onward, None)
        if name is None:
            del places[way.pop().pool]
        elif name in places:
            at = places[name]
            if here.told < at:
                yield [step.pool for step in way[at:]]
                for place in range(at, len(way)):
                    way[place].told = place
        elif name not in done:
            done.add(name)
            places[name] = len(way)
            way.append(_Step(name, _onward(model, name), here.told))


def _onward(model: Model, name: str) -> Iterator[str]:
    """Walk the pools that a pool contains or leans on, as far as they are known."""
    pool = model.pools[name]
    return (other for other in (*children(pool), backup(pool)) if other in model.pools)


def _unused(model: Model) -> Iterator[Problem]:
    pools = {pool.when_all_down.backup for pool in model.pools.values() if pool.when_all_down.mode == "backup"}
    pools |= {name for pool in model.pools.values() for name in children(pool)}
    pools |= {data.pool.pool for zone in model.zones.values() for _, data in pooled(zone.names) if data.pool is not None}
    members = [member for pool in model.pools.values() for member in (*pool.members, *([pool.register.member] if pool.register else ()))]
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


def _known(what: str, known: Collection[str]) -> str:
    """Hint at what there is; made once per load, for however many that are missing."""
    shown = nsmallest(SHOWN, known)
    return f"known: {', '.join(shown)}{', …' if len(known) > SHOWN else ''}" if shown else f"define it under `{what}s:`"


def _missing(what: str, name: str, user: str, hints: Mapping[str, str], where: Where) -> Problem:
    return Problem({"site": "L001", "check": "L002", "pool": "L003"}[what], f"{user}: unknown {what} {name!r}", where, hints[what])
