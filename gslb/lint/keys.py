"""Keys that a zone offers to its parent: CDS and CDNSKEY must agree with DNSKEY (RFC 7344 section 4.1, RFC 8078 section 4), as BIND demands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem
from gslb.lint.types import CDNSKEY, CDS, DNSKEY, text
from gslb.lint.view import View
from gslb.model import RRset

_DELETE: Final = {CDS: b"\0\0\0\0\0", CDNSKEY: b"\0\0\3\0\0"}  # "remove all DS records", RFC 8078 section 4


def problems(view: View) -> Iterator[Problem]:
    """Judge what the parent is asked to take over."""
    keys = [wire for owner, rrset in view.of_type(DNSKEY) if owner == view.zone.apex for wire in rrset.rdata]
    tags = {key_tag(wire).to_bytes(2) + wire[3:4] for wire in keys}
    for number in (CDS, CDNSKEY):
        for owner, rrset in view.of_type(number):
            yield from _offer(owner, rrset, [*keys] if number == CDNSKEY else [], tags)


def _offer(owner: bytes, rrset: RRset, keys: list[bytes], tags: set[bytes]) -> Iterator[Problem]:
    what = f"{names.to_text(owner)} {text(rrset.type)}"
    if _DELETE[rrset.type] in rrset.rdata:
        if len(rrset.rdata) > 1:
            yield Problem("L067", f"{what}: the request to delete stands beside others", rrset.where, "keep either it or the others (RFC 8078)")
    elif not all(wire in keys if rrset.type == CDNSKEY else wire[:3] in tags for wire in rrset.rdata):
        yield Problem("L068", f"{what} names a key that the zone does not have", rrset.where, "offer only keys that stand there as DNSKEY (RFC 7344)")


def key_tag(wire: bytes) -> int:
    """Return the key tag of DNSKEY rdata, RFC 4034 appendix B."""
    total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(wire))
    return (total + (total >> 16)) & 0xFFFF
