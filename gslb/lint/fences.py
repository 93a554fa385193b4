"""Rules of a pool's chain that only show when something fails: who is left with nothing, and shares that cannot ramp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gslb.errors import Problem, Severity, Where
from gslb.model import UNKNOWN_LOCATION, FilterSpec, Location, Model, Pool
from gslb.policy import filter_named
from gslb.policy.ramp import Ramp
from gslb.targets import backup

_SOMEBODY: Final = Location("DE", "EU", "BE", (52.5, 13.4), 64500, None, frozenset({"office"}), "192.0.2.0/24")


def problems(model: Model) -> Iterator[Problem]:
    """Judge every pool."""
    users: dict[str, list[Pool]] = {}  # of backups
    for pool in model.pools.values():
        users.setdefault(backup(pool), []).append(pool)
    for pool in model.pools.values():
        yield from _nodata(pool, users, model)
        yield from _fenced(pool)
        yield from _ramp(pool)


def _nodata(pool: Pool, users: Mapping[str, Sequence[Pool]], model: Model) -> Iterator[Problem]:
    if pool.when_all_down.mode != "nodata":
        return
    for user in _stood_in_for(pool, users):
        looking = [spec.name for spec in user.policy.filters if _looks_at_client(spec, user, model)]
        if looking:
            # RFC 7871 section 7.4: a resolver may give the empty answer to clients for whom there would be another.
            whose = "its filter" if user is pool else f"it is the backup of {user.id}, whose filter"
            said = f"pool {pool.id}: when_all_down: nodata, and {whose} `{looking[0]}` looks at the client"
            yield Problem("L039", said, pool.where, "whether a name has addresses must not depend on the client: name a backup, or `servfail`")
            return


def _stood_in_for(pool: Pool, users: Mapping[str, Sequence[Pool]]) -> Iterator[Pool]:
    """Yield the pool, and the pools that it is the backup of, at any remove."""
    seen = {pool.id}
    waiting = [pool]
    while waiting:
        one = waiting.pop()
        yield one
        new = [user for user in users.get(one.id, ()) if user.id not in seen]
        seen |= {user.id for user in new}
        waiting += new


def _looks_at_client(spec: FilterSpec, pool: Pool, model: Model) -> bool:
    kind = filter_named(spec.name)
    if kind is None:
        return False
    used = {member.site for member in pool.members}
    sites = {key: site for key, site in model.sites.items() if key in used or any(member.pool for member in pool.members)}
    if any(kind.problems(spec.options, sites)):
        return False  # told already
    chosen = kind.build(spec.options, sites)
    return any(chosen.client_key(location) is not None for location in (UNKNOWN_LOCATION, _SOMEBODY))


def _fenced(pool: Pool) -> Iterator[Problem]:
    """Warn of fences without a way out (a backup, or SERVFAIL said outright)."""
    if pool.when_all_down.mode in ("backup", "servfail"):
        return
    for spec in pool.policy.filters:
        if spec.options.get("fence") or (spec.name == "geofence" and all(member.site in spec.options for member in pool.members)):
            said = f"pool {pool.id}: `{spec.name}` fences clients in, and nothing stands in for them when what is inside is down"
            hint = "add when_all_down: {backup: POOL}, or `servfail` if they shall have no answer then"
            yield Problem("L040", said, _place(pool, spec), hint, Severity.WARNING)


def _ramp(pool: Pool) -> Iterator[Problem]:
    for spec in pool.policy.filters:
        if spec.name != "ramp":
            continue
        if pool.policy.pick not in ("weighted", "sticky"):
            said = f"pool {pool.id} ramps, and its pick `{pool.policy.pick}` looks at no weight"
            yield Problem("L041", said, _place(pool, spec), "use pick: weighted or sticky", Severity.WARNING)
        step = Ramp.build(spec.options, {}).step
        if step < pool.ttl_max:
            said = f"pool {pool.id}: its ramp takes steps of {step:g} s, and clients keep an answer for {pool.ttl_max} s"
            yield Problem("L042", said, _place(pool, spec), "ramp for longer, in steps no shorter than the TTL", Severity.WARNING)


def _place(pool: Pool, spec: FilterSpec) -> Where:
    return spec.where if spec.where.file else pool.where
