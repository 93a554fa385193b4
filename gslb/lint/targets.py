"""Names inside records: that they are there, and are hosts where they must be (RFC 2181 section 10.3, RFC 2782, RFC 9460)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import ADDRESSES, CNAME, DNAME, HTTPS, MX, NS, SRV, SVCB, text
from gslb.lint.view import Found, View
from gslb.model import RRset

_HOSTS: Final = (MX, SRV)  # must name hosts with addresses, and no alias
_ALL: Final = (NS, CNAME, DNAME, MX, SRV, SVCB, HTTPS)


def problems(view: View) -> Iterator[Problem]:
    """Judge the targets in a zone; those of NS are in `cuts`, chains of CNAMEs in `aliases`."""
    for number in _ALL:
        for owner, rrset in view.of_type(number):
            for target in dict.fromkeys(target.lower() for target in rrset.targets):
                yield from _doubled(view, owner, target, rrset)
    for number in _HOSTS:
        for owner, rrset in view.of_type(number):
            yield from _hosts(view, owner, rrset)
    for number in (CNAME, SVCB, HTTPS):
        for owner, rrset in view.of_type(number):
            yield from _there(view, owner, rrset)
    for number in (SVCB, HTTPS):
        for owner, rrset in view.of_type(number):
            if len(rrset.rdata) > 1 and any(wire[:2] == b"\0\0" for wire in rrset.rdata):
                said = f"{names.to_text(owner)} {text(number)}: an alias (priority 0) beside other records"
                yield Problem("L093", said, rrset.where, "an alias stands alone; the others are ignored (RFC 9460 section 2.4.1)", Severity.WARNING)


def _hosts(view: View, owner: bytes, rrset: RRset) -> Iterator[Problem]:
    for target in dict.fromkeys(target.lower() for target in rrset.targets):
        if target == names.ROOT:  # "no such service", RFC 7505 and RFC 2782
            continue
        look = view.look(target)
        if look.found is Found.ALIAS:
            said = f"{_said(owner, rrset, target)}: the target is a CNAME"
            yield Problem("L090", said, rrset.where, "name the host itself (RFC 2181 section 10.3)", Severity.WARNING)
        elif look.found in (Found.THERE, Found.NOTHING) and not look.types() & ADDRESSES:
            said = f"{_said(owner, rrset, target)}: the target has no address in its zone"
            yield Problem("L091", said, rrset.where, "add one, or correct the name", Severity.WARNING)


def _there(view: View, owner: bytes, rrset: RRset) -> Iterator[Problem]:
    for target in rrset.targets:
        if target != names.ROOT and view.look(target.lower()).found is Found.NOTHING:
            said = f"{_said(owner, rrset, target)}: there is no such name in its zone"
            yield Problem("L092", said, rrset.where, "add the name, or correct it; is a dot missing at its end?", Severity.WARNING)


def _doubled(view: View, owner: bytes, target: bytes, rrset: RRset) -> Iterator[Problem]:
    """Warn of `www.example.com.example.com.`: a forgotten dot, the commonest mistake in zone files."""
    apex = view.zone.apex
    if apex != names.ROOT and target.endswith(apex[:-1] + apex) and view.look(target).found is Found.NOTHING:
        said = f"{_said(owner, rrset, target)}: the zone's name stands twice"
        yield Problem("L094", said, rrset.where, "end the name with a dot where it is written in full", Severity.WARNING)


def _said(owner: bytes, rrset: RRset, target: bytes) -> str:
    return f"{names.to_text(owner)} {text(rrset.type)} {names.to_text(target)}"
