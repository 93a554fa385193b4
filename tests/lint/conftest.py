"""Small models to judge: a zone from master-file text, pools and sites made in a line."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from gslb import model, names
from gslb.config import master_file
from gslb.errors import Problem, Problems, Severity
from gslb.lint import lint

HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n"

Judge = Callable[..., list[str]]


@pytest.fixture
def zone_of() -> Callable[..., model.Zone]:
    """Make a zone from the text after the usual head (or without it)."""

    def zone_of(body: str, apex: str = "example.com.", head: str = HEAD) -> model.Zone:
        problems = Problems()
        zone = master_file.read(f"{apex}zone", head + body, problems, default_origin=names.from_text(apex), include=None)
        assert zone is not None
        assert not problems.fatal, problems.found
        return zone

    return zone_of


@pytest.fixture
def pool_of() -> Callable[..., model.Pool]:
    """Make a pool; members are written `addresses`, `site: addresses` with blanks between addresses."""

    def pool_of(*members: str | model.Member, pool_id: str = "web", **fields: Any) -> model.Pool:
        made = tuple(one if isinstance(one, model.Member) else _member(one, at) for at, one in enumerate(members))
        given = {"policy": model.Policy((), "first"), "answers": 1, "ttl_max": 60, "ttl_min": 10} | fields
        return model.Pool(pool_id, made, **given)

    return pool_of


def _member(text: str, at: int) -> model.Member:
    site, colon, rest = text.partition(": ")
    addresses = tuple(ip_address(one) for one in (rest if colon else text).split())
    return model.Member(site if colon else f"m{at}", addresses, site if colon else None)


def _found(problems: list[Problem]) -> list[str]:
    assert all(one.hint for one in problems)
    return [f"{one.code}{'' if one.severity is Severity.ERROR else '?'}" for one in problems]


@pytest.fixture
def judge_zones() -> Judge:
    """Codes that lint gives for zones; a question mark stands behind warnings."""

    def judge_zones(*zones: model.Zone, pools: tuple[model.Pool, ...] = ()) -> list[str]:
        return _found(lint(model.Model({}, {}, {pool.id: pool for pool in pools}, {zone.apex: zone for zone in zones})))

    return judge_zones


@pytest.fixture
def judge_pools(zone_of: Callable[..., model.Zone]) -> Judge:
    """Codes that lint gives for pools, each of which some name points to."""

    def judge_pools(
        *pools: model.Pool, sites: tuple[model.Site, ...] | None = None, checks: tuple[model.Check, ...] = (), body: str | None = None
    ) -> list[str]:
        used = {member.site for pool in pools for member in pool.members if member.site is not None}
        known = {site.id: site for site in (sites if sites is not None else [model.Site(one, location=(0.0, 0.0)) for one in sorted(used)])}
        zone = zone_of("".join(f"{pool.id} GSLB {pool.id}\n" for pool in pools) if body is None else body)
        return _found(lint(model.Model(known, {check.id: check for check in checks}, {pool.id: pool for pool in pools}, {zone.apex: zone})))

    return judge_pools
