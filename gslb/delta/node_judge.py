"""What may stand at a name: refuses what no message could carry, so that the answer path need not look.

Called by `zone_draft` for each name that comes. Every engine's assembler refuses the same.
"""

from __future__ import annotations

from typing import Final

from gslb.errors import PlanError
from gslb.names import MAX_LABEL, MAX_NAME
from gslb.plan import Node, RRset

U16: Final = 1 << 16
U32: Final = 1 << 32

_NAMES_IN: Final = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1)}  # types whose names are compressed: octets before them, how many
_ALIASES: Final = (5, 39)
SOA: Final = 6


def judge_node(node: Node) -> None:
    """Refuse a node that could not be answered from."""
    for rrset in node.rrsets:
        judge_rrset(rrset)
    if node.dynamic is not None:
        pool, types, ttl = node.dynamic
        _judge_numbers(pool, ttl)
        if len(types) > 255 or not all(0 <= kind < U16 for kind in types):
            raise PlanError("a pool of more types than there are")
    if len(node.hinted) > 255:
        raise PlanError("more at one name than a message holds")
    for kind, ttl, pool, head, middle, tail in node.hinted:
        _judge_numbers(pool, ttl)
        if not 0 <= kind < U16 or max(len(head), len(middle), len(tail)) >= U16:
            raise PlanError("a record with hints larger than any message")


def judge_rrset(rrset: RRset) -> None:
    """Refuse an RRset without records, or whose names are none."""
    kind, ttl, rdata, targets = rrset
    if not 0 <= kind < U16 or not 0 <= ttl < U32:
        raise PlanError(f"an RRset of type {kind}, TTL {ttl}")
    if not 0 < len(rdata) < U16 or len(targets) >= U16 or max(map(len, rdata)) >= U16:
        raise PlanError("an RRset without records, or larger than any message")
    if targets and not all(map(is_name, targets)):
        raise PlanError("an RRset whose target is no name in lower case")
    if kind in _NAMES_IN and not all(_holds(data, *_NAMES_IN[kind]) for data in rdata):
        raise PlanError(f"rdata of type {kind} without their names")
    if kind in _ALIASES and (not targets or rdata[0].lower() != targets[0]):
        raise PlanError("an alias whose target is not its data")


def judge_soa(soa: RRset) -> None:
    """Refuse what is no SOA: one record of two names and five numbers (RFC 1035 section 3.3.13)."""
    if soa.type != SOA or len(soa.rdata) != 1:
        raise PlanError("a zone without a sound SOA")
    judge_rrset(soa)
    [data] = soa.rdata
    if len(data) - _end(data, _end(data, 0)) != 20:
        raise PlanError("a zone without a sound SOA")


def is_inside(name: bytes, apex: bytes) -> bool:
    """Whether this is one whole name in lower case, at or below the apex."""
    cut = len(name) - len(apex)
    at = 0
    while at < cut:
        label = name[at]
        if not 0 < label <= MAX_LABEL:
            return False
        at += 1 + label
    return at == cut and name.endswith(apex) and len(name) <= MAX_NAME and name == name.lower()


def is_name(octets: bytes) -> bool:
    """Whether these octets are one whole name in lower case."""
    return _end(octets, 0) == len(octets) and octets == octets.lower()


def _end(octets: bytes, at: int) -> int:
    """Where a name ends that begins at `at`; -1 where it does not end, or is too long."""
    begin = at
    while at < len(octets):
        label = octets[at]
        at += 1 + label
        if label > MAX_LABEL or at - begin > MAX_NAME:
            return -1
        if not label:
            return at
    return -1


def _holds(data: bytes, before: int, names: int) -> bool:
    at = before
    for _ in range(names):
        at = _end(data, at)
        if at < 0:
            return False
    return True


def _judge_numbers(*numbers: int) -> None:
    if not all(0 <= number < U32 for number in numbers):
        raise PlanError(f"numbers {numbers}, of which one does not fit 32 bits")
