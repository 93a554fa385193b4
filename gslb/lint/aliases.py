"""CNAME, DNAME and pools: what excludes each other at a name (RFC 1034 section 3.6.2, RFC 2181 section 10.1, RFC 6672), and circles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import ADDRESSES, CNAME, DNAME, KEY, NSEC, RRSIG, text
from gslb.lint.view import Found, View
from gslb.model import NameData
from gslb.packed import pooled

_BESIDE_CNAME: Final = frozenset([CNAME, RRSIG, NSEC, KEY])  # RFC 4035 section 2.5, RFC 3007 section 3.1.1
MAX_CHAIN: Final = 8  # the answer follows some more, but resolvers give up at about a dozen


def problems(view: View) -> Iterator[Problem]:
    """Judge aliases of a zone."""
    for owner, rrset in view.of_type(CNAME):
        if len(rrset.rdata) > 1:
            name = names.to_text(owner)
            yield Problem("L081", f"{name} has {len(rrset.rdata)} CNAME records", rrset.where, "keep one; to share load, point the name to a pool")
        data = view.names[owner]
        types = [*(other.type for other in data.rrsets), *(other.type for other in data.hinted)]
        others = [text(other) for other in types if other not in _BESIDE_CNAME]
        if others:
            said = f"{names.to_text(owner)} has a CNAME beside other data ({', '.join(others)})"
            yield Problem("L080", said, rrset.where, "a CNAME stands alone; at the apex, use a pool or addresses")
    for owner, data in pooled(view.names):
        yield from _beside_pool(owner, data)
    yield from _chains(view)
    yield from _dnames(view)


def _beside_pool(owner: bytes, data: NameData) -> Iterator[Problem]:
    assert data.pool is not None  # the caller looked
    for rrset in data.rrsets:
        if rrset.type == CNAME or rrset.type in ADDRESSES or rrset.type in data.pool.types:
            said = f"{names.to_text(owner)} points to pool {data.pool.pool} and has static {text(rrset.type)} records"
            yield Problem("L082", said, rrset.where, "remove one of the two; a fixed address can be a member of the pool")


def _chains(view: View) -> Iterator[Problem]:
    """Follow CNAMEs as the answer would; every circle is told once, at the first of its names."""
    told: set[bytes] = set()
    for start, rrset in view.of_type(CNAME):
        path: list[bytes] = []
        at = start
        while at not in path and len(path) <= MAX_CHAIN:
            look = view.look(at)
            if look.found is not Found.ALIAS:
                break
            path.append(at)
            at = next(one for one in look.data.rrsets if one.type == CNAME).targets[0].lower()
        if at in path and at not in told:
            circle = path[path.index(at) :]
            told.update(circle)
            way = " → ".join(map(names.to_text, [*circle, circle[0]]))
            yield Problem("L083", f"CNAME records go in a circle: {way}", rrset.where, "let one of them end at a name with data")
        elif at not in path and len(path) > MAX_CHAIN:
            said = f"a chain of more than {MAX_CHAIN} CNAME records begins at {names.to_text(start)}"
            yield Problem("L084", said, rrset.where, "point the names to the end of the chain", Severity.WARNING)


def _dnames(view: View) -> Iterator[Problem]:
    for owner, rrset in view.of_type(DNAME):
        name = names.to_text(owner)
        if len(rrset.rdata) > 1:
            yield Problem("L085", f"{name} has {len(rrset.rdata)} DNAME records", rrset.where, "keep one (RFC 6672 section 2.4)")
        if owner in view.cuts:
            yield Problem(
                "L087", f"{name} has DNAME and NS records", rrset.where, "a delegated name is rewritten by its own zone, RFC 6672 section 2.3"
            )
        if names.is_wildcard(owner):
            said = f"a DNAME at the wildcard {name}"
            yield Problem("L088", said, rrset.where, "resolvers disagree on what it means (RFC 6672 section 3.3)", Severity.WARNING)
    if not view.dnames:
        return
    for owner in view.names:
        above = view.dname_above(owner)
        if above is not None:
            data = view.names[owner]
            place = data.rrsets[0].where if data.rrsets else data.pool.where if data.pool else view.zone.where
            said = f"{names.to_text(owner)} is below the DNAME at {names.to_text(above)}"
            yield Problem("L086", said, place, "names below a DNAME do not exist, RFC 6672 section 2.4; remove it, or the DNAME")
