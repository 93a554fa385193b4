"""Delegations: nameservers that can be reached, and nothing below a cut but glue (RFC 1034 section 4.2.1, RFC 2181 section 6, RFC 4035)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import ADDRESSES, DNAME, DS, NS, NSEC, RRSIG, text
from gslb.lint.view import Found, View
from gslb.model import NameData, RRset

_AT_CUT: Final = frozenset([NS, DS, NSEC, RRSIG, DNAME])  # RFC 4035 section 2.4: all else at the cut is the child's; DNAME is judged in `aliases`


def problems(view: View) -> Iterator[Problem]:
    """Judge nameservers, and what cuts hide."""
    for owner, rrset in view.of_type(NS):
        if names.is_wildcard(owner):
            yield Problem("L070", f"NS records at the wildcard {names.to_text(owner)}", rrset.where, "RFC 4592 section 4.2 gives them no meaning")
        for target in dict.fromkeys(target.lower() for target in rrset.targets):
            yield from _nameserver(view, owner, target, rrset)
    for owner, rrset in view.of_type(DS):
        if owner not in view.cuts and owner != view.zone.apex:
            said = f"{names.to_text(owner)} has DS but no NS records"
            yield Problem("L074", said, rrset.where, "DS stands beside the delegation it secures", Severity.WARNING)
    if view.cuts:
        glue = {target.lower() for _, rrset in view.of_type(NS) for target in rrset.targets}
        for owner in view.names:
            cut = view.cut_above(owner)
            if cut is not None:
                yield from _hidden(owner, view.names[owner], cut, glue)


def _nameserver(view: View, owner: bytes, target: bytes, rrset: RRset) -> Iterator[Problem]:
    look = view.look(target)
    if look.data.pool is not None:
        # gdnsd's rule: who finds a nameserver must not depend on health or place, and it never helps a client.
        code, said, hint = "L071", "the nameserver's addresses come from a pool", "give nameservers static addresses"
    elif look.found is Found.ALIAS:
        code, said, hint = "L072", "the nameserver is a CNAME", "name the host itself (RFC 2181 section 10.3)"
    elif look.found is Found.ELSEWHERE or look.types() & ADDRESSES:
        return
    elif look.found is Found.DELEGATED and not (names.is_under(target, owner) and owner != view.zone.apex):
        return  # in another child zone: its servers know it
    else:
        code, hint = "L073", f"add its address: {names.to_text(target)} A …"
        said = f"the nameserver has {'no glue here' if look.found is Found.DELEGATED else 'no address in its zone'}"
    yield Problem(code, f"{names.to_text(owner)} NS {names.to_text(target)}: {said}", rrset.where, hint)


def _hidden(owner: bytes, data: NameData, cut: bytes, glue: set[bytes]) -> Iterator[Problem]:
    where = "at" if owner == cut else "below"
    place = f"{names.to_text(owner)} is {where} the delegation of {names.to_text(cut)}"
    if data.pool is not None:
        hint = "remove the NS records to serve the name from here, or move the name to the child zone"
        yield Problem("L075", f"{place}, so its pool is never answered", data.pool.where, hint)
    for rrset in data.rrsets:
        if (owner == cut and rrset.type in _AT_CUT) or (rrset.type in ADDRESSES and owner in glue):
            continue
        said = f"{place}, so its {text(rrset.type)} records are never answered"
        yield Problem(
            "L076", said, rrset.where, "they belong into the child zone; only NS, DS and addresses of its nameservers stand here", Severity.WARNING
        )
