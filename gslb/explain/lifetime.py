"""What set the TTL: every bound that was looked at, and the one that counted. Plain data.

The row's TTL is the compiler's; the bounds are those it was heard to look at (`gslb.compiler.lifetime`).
"""

from __future__ import annotations

from typing import Any

from gslb.answer.lookup import Found
from gslb.explain.listener import Heard
from gslb.plan import MAX_TTL, Dynamic


def story(heard: Heard, dynamic: Dynamic) -> dict[str, Any]:
    """Tell the TTL that is served, and why it is that."""
    row = heard.row
    assert row is not None
    bounds = list(_bounds(heard))
    if dynamic.ttl != MAX_TTL:
        bounds.append({"what": "name", "text": "the name's own bound", "seconds": dynamic.ttl})
    served = min(row.ttl, dynamic.ttl)
    by = "name" if dynamic.ttl <= row.ttl and dynamic.ttl != MAX_TTL else _by(heard, row.ttl)
    return {"seconds": served, "set_by": by, "bounds": bounds}


def negative(found: Found) -> dict[str, Any]:
    """Tell for how long resolvers may remember that there are no records."""
    assert found.zone is not None
    return {"seconds": found.zone.negative_ttl, "set_by": "negative", "bounds": []}


def _bounds(heard: Heard) -> list[dict[str, Any]]:
    """Return the pool's bounds; of a pool that others answer for, theirs too."""
    found: list[dict[str, Any]] = []
    for one in _answering(heard):
        if one.ttl is None:
            continue
        lifetime, soon, left = one.ttl
        name = one.pool.id
        found.append({"what": "maximum", "pool": name, "text": f"{name}'s maximum, while nothing is about to change", "seconds": lifetime.high})
        found.append({"what": "minimum", "pool": name, "text": f"{name}'s minimum", "seconds": lifetime.low})
        if soon is not None:
            text = f"a member of {name} could change its state in {soon:g} s"
            found.append({"what": "counters", "pool": name, "text": text, "seconds": lifetime.within(soon)})
        if left is not None:
            text = f"the clock changes what {name} answers in {left:.0f} s"
            found.append({"what": "clock", "pool": name, "text": text, "seconds": lifetime.before(left)})
    return found


def _by(heard: Heard, ttl: int) -> str:
    """Name the bound that the row's TTL is; the strictest comes first."""
    for one in _answering(heard):
        if one.ttl is None:
            continue
        lifetime, soon, left = one.ttl
        for what, seconds in (
            ("counters", None if soon is None else lifetime.within(soon)),
            ("clock", None if left is None else lifetime.before(left)),
        ):
            if seconds == ttl and ttl < lifetime.high:
                return "minimum" if ttl == lifetime.low and what == "counters" and (soon or 0) < lifetime.low else what
    return "maximum"


def _answering(heard: Heard) -> list[Heard]:
    """Return the pool and those whose rows are in its answer."""
    return [heard, *(deeper for one in heard.inside for deeper in _answering(one))]
