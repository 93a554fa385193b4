"""A query as a resolver sends it, and what the answer path replies: so that rcode, TTL, scope and a sticky choice are the answer's own.

Queries are built and replies read here, in few lines, because no DNS library is on this floor; replies come from `gslb.answer` only.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer import Drop, Env, NeedRow, answer
from gslb.answer.subnet import ECS
from gslb.explain.places import Client
from gslb.plan import Snapshot

_OPT: Final = 41
_ROOM: Final = 65_535  # nothing is cut off: what does not fit a datagram is asked for over TCP


class Given(NamedTuple):
    """What a reply says: `records` of the answer section as (type, TTL, rdata); `scope` None where no client subnet came."""

    rcode: int
    records: tuple[tuple[int, int, bytes], ...]
    scope: int | None


def ask(snapshot: Snapshot, name: bytes, kind: int, who: Client, draw: int = 0) -> Given:
    """Ask the answer path one question for a client."""
    reply = answer(snapshot, _query(name, kind, who), who.sender.packed, Env(draw, udp=False, max_udp=_ROOM))
    if isinstance(reply, Drop):  # never for queries built here
        return Given(0, (), None)
    wire = (reply.reply if isinstance(reply, NeedRow) else reply).wire
    return _read(wire, None if who.subnet is None else len(who.octets))


def _query(name: bytes, kind: int, who: Client) -> bytes:
    question = name + kind.to_bytes(2) + b"\0\1"
    if who.subnet is None:
        return bytes(5) + b"\1" + bytes(6) + question
    data = bytes((0, 1 if who.subnet.version == 4 else 2, who.subnet.prefixlen, 0)) + who.octets
    option = ECS.to_bytes(2) + len(data).to_bytes(2) + data
    opt = b"\0" + _OPT.to_bytes(2) + (1232).to_bytes(2) + bytes(4) + len(option).to_bytes(2) + option
    return bytes(5) + b"\1" + bytes(5) + b"\1" + question + opt


def _read(wire: bytes, octets: int | None) -> Given:
    count = int.from_bytes(wire[6:8])
    at = _behind_name(wire, 12) + 4
    records = []
    for _ in range(count):
        at = _behind_name(wire, at)
        kind, ttl, size = int.from_bytes(wire[at : at + 2]), int.from_bytes(wire[at + 4 : at + 8]), int.from_bytes(wire[at + 8 : at + 10])
        records.append((kind, ttl, wire[at + 10 : at + 10 + size]))
        at += 10 + size
    # A client subnet is the last option of the OPT record, which ends the message: … SCOPE, address.
    return Given(wire[3] & 15, tuple(records), None if octets is None else wire[-1 - octets])


def _behind_name(wire: bytes, at: int) -> int:
    while wire[at] and wire[at] < 0xC0:
        at += 1 + wire[at]
    return at + (2 if wire[at] else 1)
