"""Zones inside zones: the parent must delegate the child, and what it holds below that is never answered."""

from __future__ import annotations

from collections.abc import Iterator

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import ADDRESSES, DS, NS
from gslb.lint.view import View
from gslb.model import NameData


def problems(view: View) -> Iterator[Problem]:
    """Judge a zone that lies inside another of ours, and what it hides there."""
    parent = _parent(view)
    if parent is not None and parent.cut_above(view.zone.apex) is None:
        above, below = names.to_text(parent.zone.apex), names.to_text(view.zone.apex)
        said = f"zone {below} lies in zone {above}, which has no NS records for it"
        yield Problem("L120", said, view.zone.where, f"add the NS records of {below} to {above}, as for any delegation", Severity.WARNING)
    if len(view.others) > 1:
        yield from _hidden(view)


def _hidden(view: View) -> Iterator[Problem]:
    """Warn of names that lie in another zone; those at or below a delegation are judged in `cuts`."""
    for owner in view.names:
        child = _zone_between(view, owner)
        if child is not None and view.cut_above(child) is None and _more_than_a_delegation(data := view.names[owner]):
            place = data.rrsets[0].where if data.rrsets else data.pool.where if data.pool else view.zone.where
            below = names.to_text(child)
            said = f"{names.to_text(owner)} in zone {names.to_text(view.zone.apex)} is never answered: zone {below} has its own say there"
            yield Problem("L121", said, place, f"move it to zone {below}", Severity.WARNING)


def _parent(view: View) -> View | None:
    at = view.zone.apex
    while at != names.ROOT:
        at = names.parent(at)
        if at in view.others:
            return view.others[at]
    return None


def _zone_between(view: View, owner: bytes) -> bytes | None:
    """Return the apex of the highest other zone that lies in this one and holds a name of it."""
    highest, at = None, owner
    while at != view.zone.apex:
        if at in view.others:
            highest = at
        at = names.parent(at)
    return highest


def _more_than_a_delegation(data: NameData) -> bool:
    return data.pool is not None or any(rrset.type not in (NS, DS, *ADDRESSES) for rrset in data.rrsets)
