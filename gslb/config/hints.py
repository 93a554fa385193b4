"""HTTPS and SVCB records with `hints: auto`: their address hints are what a pool answers (RFC 9460 section 7.3).

Called by `records`, which takes such records out of the static ones, and by `zones`, once all names are known: the pool is that of the name
that the record's target names, `.` being the record's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gslb import names
from gslb.config.document import Node
from gslb.errors import Problems
from gslb.model import Hinted, NameData, RRset

_HINTS: Final = {b"\0\4": "ipv4hint", b"\0\6": "ipv6hint"}


def asked(node: Node) -> bool:
    """Whether a record asks for hints in one of its values."""
    values = node.value.get("values", node.value.get("value"))
    return any(isinstance(value, dict) and "hints" in value for value in (values if isinstance(values, list) else [values]))


def take(node: Node, rrset: RRset, problems: Problems) -> tuple[Hinted, ...]:
    """Turn a record into hinted ones, their pools yet to be found. What is wrong is a problem."""
    values = node.value.get("values", node.value.get("value"))
    if not all(isinstance(value, dict) and "hints" in value for value in (values if isinstance(values, list) else [values])):
        problems.error("R023", "some values of a record have `hints: auto` and some have not", node.where, "give it to all of them, or to none")
    for wire in rrset.rdata:
        own = [name for key, name in _HINTS.items() if key in _keys(wire)]
        if wire[:2] == b"\0\0":
            problems.error("R023", "an alias (priority 0) has no hints", node.where, "leave `hints` out, or write priority: 1")
        elif own:
            problems.error("R023", f"a record has `hints: auto` and {own[0]}", node.where, f"leave {own[0]} out: it comes from the pool")
    return tuple(Hinted(rrset.type, rrset.ttl, wire, "", node.where) for wire in rrset.rdata)


def resolve(found: dict[bytes, NameData], problems: Problems) -> None:
    """Find the pool of every hinted record of a zone."""
    for owner, data in found.items():
        if data.hinted:
            known = [(hinted, _pool(owner, hinted, found)) for hinted in data.hinted]
            for hinted, pool in known:
                if not pool:
                    hint = "point a name of this zone to a pool and name it as the target; `.` is the record's own name"
                    problems.error("R023", f"hints: auto at {names.to_text(owner)}: its target points to no pool", hinted.where, hint)
            found[owner] = replace(data, hinted=tuple(replace(hinted, pool=pool) for hinted, pool in known if pool))


def _pool(owner: bytes, hinted: Hinted, found: dict[bytes, NameData]) -> str:
    target = _target(hinted.rdata).lower()
    data = found.get(owner if target == names.ROOT else target)
    return data.pool.pool if data is not None and data.pool is not None else ""


def _target(wire: bytes) -> bytes:
    at = 2
    while wire[at]:
        at += 1 + wire[at]
    return wire[2 : at + 1]


def _keys(wire: bytes) -> list[bytes]:
    at = 2 + len(_target(wire))
    keys = []
    while at < len(wire):
        keys.append(wire[at : at + 2])
        at += 4 + int.from_bytes(wire[at + 2 : at + 4])
    return keys
