"""Names of records: wildcards, names no host can have, forgotten dots, and data that is not served yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity, Where
from gslb.lint.types import ADDRESSES, MX, NSEC, NSEC3, NSEC3PARAM, RRSIG, text
from gslb.lint.view import View
from gslb.model import NameData

# RFC 1123 section 2.1, and the underscore, which half the world uses in names of hosts and BIND alone minds.
_HOST: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_SIGNATURES: Final = (RRSIG, NSEC, NSEC3, NSEC3PARAM)


def problems(view: View) -> Iterator[Problem]:
    """Judge the owners in a zone."""
    apex = view.zone.apex
    doubled = apex[:-1] + apex if apex != names.ROOT else None
    hosts = {names.ROOT: True, apex: True}  # whoever has the zone has its name
    sound = {apex} if b"*" not in apex else set()  # names of which nothing is to be said, nor of plain names right below
    for owner in view.names:
        at = 1 + owner[0]
        if owner[at:] in sound and owner != doubled and not owner[1:at].translate(None, _HOST):
            continue
        if owner != apex and _can_be_host(above := owner[at:], hosts) and b"*" not in above and not (doubled and above.endswith(doubled)):
            sound.add(above)
        if doubled is not None and owner.endswith(doubled):
            said = f"{names.to_text(owner)}: the zone's name stands twice"
            yield Problem("L100", said, _where(view, view.names[owner]), "end the name with a dot where it is written in full", Severity.WARNING)
        if b"*" in owner:
            yield from _star(view, owner, view.names[owner])
        if owner != apex and not _can_be_host(owner, hosts):
            yield from _not_a_host(owner, view.names[owner])
    for number in _SIGNATURES:
        for _, rrset in view.of_type(number)[:1]:
            said = f"zone {names.to_text(apex)} holds {text(number)} records; signatures are not served yet"
            yield Problem("L103", said, rrset.where, "leave the zone unsigned, and no DS record in its parent", Severity.WARNING)


def _star(view: View, owner: bytes, data: NameData) -> Iterator[Problem]:
    """Warn of stars that are no wildcard: only a leftmost label of exactly `*` is one (RFC 4592 section 2.1.1)."""
    if any(b"*" in label for label in names.labels(owner)[1 if names.is_wildcard(owner) else 0 :]):
        said = f"the star in {names.to_text(owner)} matches nothing but itself"
        yield Problem("L101", said, _where(view, data), "a wildcard is a first label of one star: *.example.com.", Severity.WARNING)


def _not_a_host(owner: bytes, data: NameData) -> Iterator[Problem]:
    for rrset in data.rrsets:
        if rrset.type in ADDRESSES or rrset.type == MX:
            said = f"{names.to_text(owner)} has {text(rrset.type)} records and is no name that a host can have"
            yield Problem("L102", said, rrset.where, "letters, digits and hyphens (RFC 1123 section 2.1); BIND refuses others", Severity.WARNING)


def _can_be_host(name: bytes, known: dict[bytes, bool]) -> bool:
    """Judge the labels of a name; `known` remembers parents, which most names share."""
    at = 1 + name[0]
    if name[1:at].translate(None, _HOST) not in (b"", b"*"):
        return False
    above = name[at:]
    if above not in known:
        known[above] = _can_be_host(above, known)
    return known[above]


def _where(view: View, data: NameData) -> Where:
    return data.rrsets[0].where if data.rrsets else data.pool.where if data.pool else view.zone.where
