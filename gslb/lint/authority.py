"""The apex: SOA and NS. A zone without them is lame, a bad SOA holds up its secondaries (RFC 1035 section 3.3.13, RFC 1912 section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import DS, NS, SOA
from gslb.lint.view import View
from gslb.model import RRset

MAX_NEGATIVE: Final = 86_400  # RFC 2308 section 5: one to three hours are right, more than a day is a problem


def problems(view: View) -> Iterator[Problem]:
    """Judge the apex of a zone."""
    zone = view.zone
    apex = names.to_text(zone.apex)
    data = zone.names.get(zone.apex)
    types = {rrset.type: rrset for rrset in data.rrsets} if data else {}
    if SOA not in types:
        yield Problem("L060", f"zone {apex} has no SOA record", zone.where, "add one at the apex")
    else:
        yield from _soa(apex, types[SOA])
    if NS not in types:
        yield Problem("L061", f"zone {apex} has no NS records at its apex", zone.where, "name the zone's nameservers there")
    if DS in types:
        said = f"DS records of {apex} stand in the zone itself"
        yield Problem("L062", said, types[DS].where, "they belong into the parent zone, beside the NS records there")


def _soa(apex: str, soa: RRset) -> Iterator[Problem]:
    wire = soa.rdata[0]
    refresh, retry, expire, minimum = (int.from_bytes(wire[at : at + 4]) for at in range(len(wire) - 16, len(wire), 4))
    negative = min(soa.ttl, minimum)  # RFC 2308 section 3
    if negative > MAX_NEGATIVE:
        said = f"SOA of {apex}: that a name is not there is remembered for {negative} s, more than a day"
        yield Problem("L063", said, soa.where, "set the last field (negative TTL) to 30 to 3600 seconds", Severity.WARNING)
    if retry > refresh:
        said = f"SOA of {apex}: retry {retry} is longer than refresh {refresh}"
        yield Problem("L064", said, soa.where, "secondaries should retry sooner than they refresh", Severity.WARNING)
    if expire <= refresh + retry:
        said = f"SOA of {apex}: expire {expire} does not exceed refresh + retry ({refresh + retry})"
        yield Problem("L065", said, soa.where, "one missed refresh would end the zone; two weeks are usual", Severity.WARNING)
    primary = names.labels(wire)
    contact = names.labels(wire[sum(1 + len(label) for label in primary) + 1 :])
    if any(b"@" in label for label in contact):
        said = f"SOA of {apex}: the contact holds an @"
        yield Problem("L066", said, soa.where, "write hostmaster@example.com as hostmaster.example.com.", Severity.WARNING)
