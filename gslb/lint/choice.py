"""How a pool answers: TTLs, how many addresses, the backup, and whether its policy can ever choose each member.

Options of filters are judged by the filters themselves while files are read; here stands what needs the whole pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb.errors import Problem, Severity, Where
from gslb.model import FilterSpec, Model, Pool

MAX_TTL: Final = 604_800  # a week: longer, and no failover is seen before resolvers forget
MAX_ADDRESSES: Final = 8  # what Route 53, Akamai and powergslb give at most; more help no client and no longer fit 512 octets beside a name


def problems(model: Model) -> Iterator[Problem]:
    """Judge every pool."""
    for pool in model.pools.values():
        yield from _ttl(pool)
        yield from _answers(pool)
        yield from _backup(pool)
        for spec in pool.policy.filters:
            if spec.name == "nearest":
                yield from _nearest(pool, spec, model)
            elif spec.name == "geo":
                yield from _geo(pool, spec)


def _ttl(pool: Pool) -> Iterator[Problem]:
    if not 0 <= pool.ttl_min <= pool.ttl_max:
        yield Problem(
            "L030", f"pool {pool.id}: ttl_min {pool.ttl_min} is above ttl_max {pool.ttl_max}", pool.where, "write ttl: max/min, such as 60/10"
        )
    elif pool.ttl_max > MAX_TTL:
        yield Problem(
            "L031", f"pool {pool.id}: TTL {pool.ttl_max} is longer than a week", pool.where, "a failover is seen that much later", Severity.WARNING
        )
    elif pool.ttl_min == 0:
        hint = "some resolvers and proxies mishandle 0; 5 to 60 seconds serve failover well"
        yield Problem("L032", f"pool {pool.id} may answer with TTL 0", pool.where, hint, Severity.WARNING)


def _answers(pool: Pool) -> Iterator[Problem]:
    if pool.answers < 0:
        yield Problem("L033", f"pool {pool.id}: answers is {pool.answers}", pool.where, "0 gives all members, 1 and more so many")
        return
    for version in (4, 6):
        counts = sorted((sum(address.version == version for address in member.addresses) for member in pool.members), reverse=True)
        given = counts if pool.policy.pick == "all" or pool.answers == 0 else counts[: pool.answers]
        if sum(given) > MAX_ADDRESSES:
            said = f"pool {pool.id}: an answer may hold {sum(given)} IPv{version} addresses"
            yield Problem("L034", said, pool.where, f"set `answers` so that it is at most {MAX_ADDRESSES}", Severity.WARNING)


def _backup(pool: Pool) -> Iterator[Problem]:
    if pool.when_all_down.mode == "backup" and pool.members and any(not member.checks and not member.pool for member in pool.members):
        said = f"pool {pool.id} never uses its backup: members without a check are always up"
        yield Problem("L035", said, pool.where, "give every member a check, or remove the backup", Severity.WARNING)


def _nearest(pool: Pool, spec: FilterSpec, model: Model) -> Iterator[Problem]:
    for site_id in dict.fromkeys(member.site for member in pool.members):
        site = model.sites.get(site_id) if site_id is not None else None
        if site is not None and site.location is None:
            said = f"pool {pool.id} chooses by distance, and site {site.id} has no location"
            yield Problem("L036", said, site.where, f"add location: [latitude, longitude] to site {site.id}")
    yield from _without_site(pool, spec)


def _geo(pool: Pool, spec: FilterSpec) -> Iterator[Problem]:
    listed: set[str] = set()
    for value in spec.options.values():
        listed.update(
            [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []
        )
    for site in dict.fromkeys(member.site for member in pool.members if member.site is not None):
        if site not in listed:
            said = f"pool {pool.id}: no rule of `geo` lists site {site}, so its members are not answered"
            yield Problem("L038", said, _place(pool, spec), f"list {site} in a rule, or in `default` as the last resort", Severity.WARNING)
    yield from _without_site(pool, spec)


def _without_site(pool: Pool, spec: FilterSpec) -> Iterator[Problem]:
    for member in pool.members:
        if member.site is None and not member.pool:
            never = "is never answered" if spec.name == "geo" else "comes last for every client"
            said = f"pool {pool.id}: member {member.id} has no site, so with `{spec.name}` it {never}"
            yield Problem("L037", said, member.where, "give it `site:`", Severity.WARNING)


def _place(pool: Pool, spec: FilterSpec) -> Where:
    return spec.where if spec.where.file else pool.where
