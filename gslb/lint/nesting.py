"""Zones inside zones: the parent must delegate the child, and what it holds below that is never answered."""

from __future__ import annotations

from collections.abc import Iterator

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import ADDRESSES, DS, NS
from gslb.lint.view import View
from gslb.model import NameData


def problems(view: View) -> Iterator[Problem]:
    """Judge a zone that lies inside another of ours."""
    child = view.zone.apex
    parent = _parent(view)
    if parent is None:
        return
    above, below = names.to_text(parent.zone.apex), names.to_text(child)
    if not any(names.is_under(child, cut) for cut in parent.cuts):
        said = f"zone {below} lies in zone {above}, which has no NS records for it"
        yield Problem("L120", said, view.zone.where, f"add the NS records of {below} to {above}, as for any delegation", Severity.WARNING)
        for owner, data in parent.zone.names.items():
            if names.is_under(owner, child) and _more_than_a_delegation(data):
                place = data.rrsets[0].where if data.rrsets else data.pool.where if data.pool else parent.zone.where
                said = f"{names.to_text(owner)} in zone {above} is never answered: zone {below} has its own say there"
                yield Problem("L121", said, place, f"move it to zone {below}", Severity.WARNING)


def _parent(view: View) -> View | None:
    at = view.zone.apex
    while at != names.ROOT:
        at = names.parent(at)
        if at in view.others:
            return view.others[at]
    return None


def _more_than_a_delegation(data: NameData) -> bool:
    return data.pool is not None or any(rrset.type not in (NS, DS, *ADDRESSES) for rrset in data.rrsets)
