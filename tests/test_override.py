"""Precedence of overrides: kind, then how narrow, then how young; what has expired does not count."""

from __future__ import annotations

from itertools import permutations

import pytest

from gslb.override import Kind, Level, Override, effective, next_expiry


def override(kind, level=Level.MEMBER, **more):
    return Override(kind, level, **{"site": "fra", "pool": "web", "member": "fra", **more})


@pytest.mark.parametrize("level", Level)
def test_the_strongest_kind_holds_whatever_its_level(level):
    others = [override(kind, Level.MEMBER) for kind in (Kind.DRAIN, Kind.WEIGHT, Kind.UP)]
    down = override(Kind.DOWN, level)
    for order in permutations([*others, down]):
        assert effective(order, "web", "fra", "fra", 0) is down
    drain = override(Kind.DRAIN, level)
    assert effective([*others[1:], drain], "web", "fra", "fra", 0) is drain
    weight = override(Kind.WEIGHT, level)
    assert effective([others[2], weight], "web", "fra", "fra", 0) is weight


@pytest.mark.parametrize("kind", Kind)
def test_of_equal_kinds_the_narrowest_holds(kind):
    member, pool, site = (override(kind, level) for level in (Level.MEMBER, Level.POOL, Level.SITE))
    for order in permutations([member, pool, site]):
        assert effective(order, "web", "fra", "fra", 0) is member
    assert effective([site, pool], "web", "fra", "fra", 0) is pool


def test_of_equals_the_youngest_holds():
    old, young = override(Kind.WEIGHT, weight=1, since=1.0), override(Kind.WEIGHT, weight=9, since=2.0)
    assert effective([old, young], "web", "fra", "fra", 5) is young
    assert effective([young, old], "web", "fra", "fra", 5) is young


def test_what_has_expired_does_not_count():
    short, forever = override(Kind.DOWN, expires=10.0), override(Kind.UP)
    assert effective([short, forever], "web", "fra", "fra", 9.9) is short
    assert effective([short, forever], "web", "fra", "fra", 10.0) is forever
    assert effective([short], "web", "fra", "fra", 10.0) is None


@pytest.mark.parametrize(
    ("level", "whom", "holds"),
    [
        (Level.MEMBER, ("web", "fra", "fra"), True),
        (Level.MEMBER, ("web", "iad", "iad"), False),
        (Level.MEMBER, ("api", "fra", "fra"), False),
        (Level.POOL, ("web", "iad", "iad"), True),
        (Level.POOL, ("api", "fra", "fra"), False),
        (Level.SITE, ("api", "x", "fra"), True),
        (Level.SITE, ("web", "fra", "iad"), False),
        (Level.SITE, ("web", "fra", None), False),
    ],
)
def test_of_whom_it_speaks(level, whom, holds):
    assert (effective([override(Kind.DOWN, level)], *whom, 0) is not None) is holds


def test_the_next_expiry():
    assert next_expiry([], 0) is None
    assert next_expiry([override(Kind.UP)], 0) is None
    assert next_expiry([override(Kind.UP, expires=5.0), override(Kind.DOWN, expires=3.0), override(Kind.DOWN, expires=1.0)], 1.0) == 3.0
