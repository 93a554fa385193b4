"""How long and how large: TTLs and the octets of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb import names
from gslb.errors import Problem, Severity
from gslb.lint.types import text
from gslb.lint.view import View
from gslb.model import RRset

MAX_TTL: Final = 604_800  # a week; RFC 8767 section 4 has resolvers cap there, so more only misleads
UDP_OCTETS: Final = 1_232  # DNS flag day 2020; RFC 9715
TCP_OCTETS: Final = 65_535  # RFC 1035 section 4.2.2
_HEADER: Final = 12 + 4 + 11  # header, type and class of the question, OPT
_RECORD: Final = 12  # compressed owner, type, class, TTL, length
_SMALL: Final = 128  # octets of a packed name: at most 64 records without data, so its answers always fit


def problems(view: View) -> Iterator[Problem]:
    """Judge every RRset, and the TTL of names that point to pools."""
    ttls = view.names.ttls()
    odd = min(ttls, default=1) == 0 or max(ttls, default=1) > MAX_TTL
    for owner, data in view.names.larger(0 if odd else _SMALL):
        for rrset in data.rrsets:
            if rrset.ttl > MAX_TTL or rrset.ttl == 0:
                yield _ttl(owner, rrset)
            if len(rrset.rdata) != 1 or len(rrset.rdata[0]) > 900:  # others fit
                yield from _octets(owner, rrset)
        if data.pool is not None and data.pool.ttl == 0:
            said = f"{names.to_text(owner)} points to pool {data.pool.pool} with TTL 0"
            yield Problem(
                "L111", said, data.pool.where, "some resolvers and proxies mishandle 0; 5 to 60 seconds serve failover well", Severity.WARNING
            )


def _ttl(owner: bytes, rrset: RRset) -> Problem:
    what = f"{names.to_text(owner)} {text(rrset.type)}"
    if rrset.ttl == 0:
        return Problem("L111", f"{what} has TTL 0", rrset.where, "some resolvers and proxies mishandle it; use a few seconds", Severity.WARNING)
    return Problem(
        "L110", f"{what}: TTL {rrset.ttl} is longer than a week", rrset.where, "resolvers keep no record longer (RFC 8767)", Severity.WARNING
    )


def _octets(owner: bytes, rrset: RRset) -> Iterator[Problem]:
    octets = _HEADER + len(owner) + sum(_RECORD + len(wire) for wire in rrset.rdata)
    what = f"{names.to_text(owner)} {text(rrset.type)}: an answer of {octets} octets"
    if octets > TCP_OCTETS:
        yield Problem("L112", f"{what} is more than a DNS message can hold", rrset.where, "use fewer or shorter records")
    elif octets > UDP_OCTETS:
        yield Problem("L113", f"{what} needs TCP: UDP carries {UDP_OCTETS}", rrset.where, "use fewer or shorter records", Severity.WARNING)
