"""An answer in two steps: `prepare` does all that depends on the question, `finish` what depends on the client and the draw.

`answer()` is one after the other; `Memo` keeps what `prepare` returned and only finishes. Both are total: they raise nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.lookup import Found, lookup, negative
from gslb.answer.region import of_client, of_subnet
from gslb.answer.render import Message, opt, pointer
from gslb.answer.reply import MAX_UDP, Meta
from gslb.answer.shelf import Outcome, Shelves
from gslb.answer.subnet import spare
from gslb.answer.tally import Tally
from gslb.answer.wire import AA, CLASS_IN, TC, Query
from gslb.plan import Zone

MAX_TCP: Final = 65535
MAX_COUNTED: Final = 257  # CAA: types beyond it are counted as one, so that strangers cannot make more kinds
MIN_UDP: Final = 512  # RFC 1035 section 4.2.1; RFC 6891 section 6.2.3: a smaller payload means this one

_SCOPES: Final = tuple(bytes((n,)) for n in range(129))


class Shape(NamedTuple):
    """What bounds a reply beside its question: the transport, and what we send over UDP at most."""

    udp: bool = True
    max_udp: int = MAX_UDP


class Fixed:
    """A reply that depends on no client: everything from octet 2 up to a client subnet's address, its scope 0 included."""

    __slots__ = ("body", "cost", "spare", "tally")

    def __init__(self, body: bytes, spare: int, tally: Tally) -> None:
        self.body = body
        self.spare = spare  # bits that must be 0 in the last octet of a client subnet's address
        self.cost = len(body) + 250  # memory it takes, roughly
        self.tally = tally

    def finish(self, ident: bytes, client: bytes, draw: int, octets: bytes) -> tuple[bytes, Tally]:  # noqa: ARG002  # one shape with Pooled
        """Return the reply and its tally cell. `ident`: the query's ID; `octets`: its client subnet's address."""
        return ident + self.body + octets, self.tally


class Pooled:
    """A reply whose last answer RRset comes from a pool: head (by count of records), records, OPT, scope and address."""

    __slots__ = (
        *("_bits", "_found", "_heads", "_opt", "_others", "_query", "_room", "_shape", "_shelves", "_start"),
        *("cost", "shelf", "spare"),
    )

    def __init__(self, query: Query, shape: Shape, found: Found, start: Message, shelves: Shelves) -> None:
        """`start`: the message with the chain that led to the pool."""
        self._query = query
        self._shape = shape
        self._found = found
        self._start = start
        self._shelves = shelves
        self._opt = _opt(query, shape, 0)
        self._room = start.limit - len(start.out)
        self._heads: dict[int, bytes] = {}
        self._others: dict[tuple[int, bool], Fixed] = {}
        subnet = query.edns.subnet if query.edns else None
        self._bits = subnet.bits if subnet else 0
        self.spare = spare(subnet.source) if subnet else 0
        self.cost = 3000
        owner = start.seen.get(found.owner)
        name = found.owner if owner is None else pointer(owner)
        assert found.zone is not None
        assert found.dynamic is not None
        self.shelf = shelves.of((found.zone.apex, found.dynamic.pool, query.type, found.dynamic.ttl, name))

    def finish(self, ident: bytes, client: bytes, draw: int, octets: bytes) -> tuple[bytes, Tally]:
        """Return the reply and its tally cell. `ident`: the query's ID; `octets`: its client subnet's address."""
        shelf = self.shelf
        partition = shelf.partition
        bits = self._bits
        if not bits:
            outcome = shelf.take(of_client(partition, client) if partition is not None else 0, draw)
            suffix = b""
        elif partition is None:
            outcome = shelf.take(0, draw)
            suffix = _SCOPES[0] + octets
        else:
            region, scope = of_subnet(partition, bits, octets, client)
            outcome = shelf.take(region, draw)
            suffix = _SCOPES[scope] + octets
        count = outcome.count
        if not count or len(outcome.octets) > self._room:
            return self._other(outcome, ident, octets)
        head = self._heads.get(count)
        if head is None:
            head = self._heads[count] = self._start.octets(_flags(self._query, self._found), count, bool(self._opt))
        return ident + head + outcome.octets + self._opt + suffix, outcome.tally

    def _other(self, outcome: Outcome, ident: bytes, octets: bytes) -> tuple[bytes, Tally]:
        """Reply without the pool's records: there are none (scope 0, RFC 7871 section 7.4: existence is the same for all), or they do not fit."""
        fits = not outcome.count
        other = self._others.get((outcome.rcode, fits))
        if other is None:
            found = self._found._replace(dynamic=None)
            if outcome.rcode:
                found = Found(outcome.rcode, aa=False, zone=found.zone)
            elif fits and found.zone:
                found = found._replace(authority=(negative(found.zone),))
            other = self._others[outcome.rcode, fits] = _fixed(self._query, found, self._shape, self._shelves, cut_off=not fits)
        wire, tally = other.finish(ident, b"", 0, octets)
        return wire, outcome.tally if fits else tally


def prepare(zones: dict[bytes, Zone], query: Query, shape: Shape, shelves: Shelves) -> Fixed | Pooled:
    """Do all that depends on the question alone."""
    if query.rcode:
        return _fixed(query, Found(query.rcode, aa=False), shape, shelves)
    found = lookup(zones, query.name, query.labels, query.type, do=bool(query.edns and query.edns.do))
    if found.dynamic is not None:
        start = Message(query, _limit(query, shape))
        if all(start.add(0, records) for records in found.answer):
            return Pooled(query, shape, found, start, shelves)
    return _fixed(query, found, shape, shelves)


def _fixed(query: Query, found: Found, shape: Shape, shelves: Shelves, *, cut_off: bool = False) -> Fixed:
    """Write a whole reply. `cut_off`: TC is set whatever fits."""
    message = Message(query, _limit(query, shape))
    whole = _write(message, found) and not cut_off
    last = _opt(query, shape, found.rcode)
    more = bool(last) + bool(query.tsig)
    beyond = 0
    if query.edns and query.edns.subnet:
        beyond = spare(query.edns.subnet.source)
        last += _SCOPES[0]
    flags = _flags(query, found) | (0 if whole else TC)
    reason = query.reason or ("" if found.zone else "outside")
    rtype = query.type if query.type <= MAX_COUNTED else 0
    meta = Meta(found.zone.apex if found.zone else None, found.rcode, None, reason, rtype, not whole)
    return Fixed(message.octets(flags, 0, more) + last + query.tsig, beyond, shelves.tallies.of(meta))


def _write(message: Message, found: Found) -> bool:
    """Write the sections in order; False where something needed did not fit. Additional data that does not fit is left out silently."""
    for section, rrsets in enumerate((found.answer, found.authority, found.glue)):
        for records in rrsets:
            if not message.add(section, records):
                return False
    for records in found.additional:
        if not message.add(2, records):
            break
    return True


def _flags(query: Query, found: Found) -> int:
    """Reply flags: QR, opcode and RD as parsed. CD is cleared (RFC 4035 section 3.1.6); class ANY is never authoritative (RFC 1035 section 6.2)."""
    return query.flags | (AA if found.aa and query.qclass == CLASS_IN else 0) | found.rcode & 15


def _opt(query: Query, shape: Shape, rcode: int) -> bytes:
    return opt(query.edns, rcode, shape.max_udp) if query.edns else b""


def _limit(query: Query, shape: Shape) -> int:
    """Octets for header, question and records: what the client takes, less what stands at the end."""
    edns = query.edns
    if not shape.udp:
        limit = MAX_TCP
    elif edns is None:
        limit = MIN_UDP
    else:
        limit = max(MIN_UDP, min(edns.payload, shape.max_udp))
    if edns is not None:
        limit -= 11 if edns.subnet is None else 19 + len(edns.subnet.octets)
    return limit - len(query.tsig)
