"""An answer in two steps: `prepare` does all that depends on the question, `finish` what depends on the client and the draw.

`answer()` is one after the other; `Memo` keeps what `prepare` returned and only finishes. Both are total: they raise nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.client import Asker
from gslb.answer.hints import Hints
from gslb.answer.lookup import ALIASES, CNAME, Found, lookup, negative
from gslb.answer.outcome import Outcome
from gslb.answer.region import of_client, of_subnet
from gslb.answer.render import HEADER, Message, header, opt, pointer
from gslb.answer.reply import MAX_UDP, Meta
from gslb.answer.shelf import Key, Shelf
from gslb.answer.shelves import Shelves
from gslb.answer.subnet import spare
from gslb.answer.tally import Tally
from gslb.answer.wire import AA, CLASS_IN, TC, Query
from gslb.plan import Zone

MAX_TCP: Final = 65535
MAX_COUNTED: Final = 257  # CAA: types beyond it are counted as one, so that strangers cannot make more kinds
MAX_OTHERS: Final = 16  # kept of a question: NODATA by its TTL, which changes as health does
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
    """A reply whose last answer RRset comes from pools: head, records, OPT, scope and address."""

    __slots__ = (
        *("_bits", "_body", "_chain", "_count", "_found", "_head", "_opt", "_others", "_query", "_room", "_shape", "_shelves"),
        *("cost", "shelf", "spare"),
    )

    def __init__(self, query: Query, shape: Shape, found: Found, start: Message, shelves: Shelves) -> None:
        """`start`: the message with the chain that led to the pool."""
        self._query = query
        self._shape = shape
        self._found = found
        self._shelves = shelves
        self._opt = _opt(query, shape, 0)
        self._room = start.limit - len(start.out)
        self._body = bytes(start.out[HEADER:])  # of the message no more is kept: many of these are, and most are never asked for again
        self._chain = start.counts[0]
        self._count = 0
        self._head = b""
        self._others: dict[tuple[int, bool, int], Fixed] | None = None
        subnet = query.edns.subnet if query.edns else None
        self._bits = subnet.bits if subnet else 0
        self.spare = spare(subnet.source) if subnet else 0
        self.cost = 3000
        self.shelf = _shelf(query, found, start, shelves)

    def finish(self, ident: bytes, client: bytes, draw: int, octets: bytes) -> tuple[bytes, Tally]:
        """Return the reply and its tally cell. `ident`: the query's ID; `octets`: its client subnet's address."""
        shelf = self.shelf
        partition = shelf.partition
        bits = self._bits
        scope = 0
        if partition is None:
            outcome = shelf.take(0, draw)
        elif bits:
            region, scope = of_subnet(partition, bits, octets, client)
            outcome = shelf.take(region, draw)
        else:
            outcome = shelf.take(of_client(partition, client), draw)
        if outcome is None:
            outcome, scope = shelf.choose(Asker(client, bits, octets, self._query.name), draw)
        count = outcome.count
        if not count or len(outcome.octets) > self._room:
            return self._other(outcome, ident, octets, scope)
        if count != self._count:
            self._count = count
            self._head = header(_flags(self._query, self._found), self._chain + count, 0, bool(self._opt)) + self._body
        if bits:
            return ident + self._head + outcome.octets + self._opt + _SCOPES[scope] + octets, outcome.tally
        return ident + self._head + outcome.octets + self._opt, outcome.tally

    def _other(self, outcome: Outcome, ident: bytes, octets: bytes, scope: int) -> tuple[bytes, Tally]:
        """Reply without the pool's records: there are none, or they do not fit.

        Scope 0 where existence is the same for all (RFC 7871 section 7.4), and with TC: nobody should keep that.
        """
        fits = not outcome.count
        ttl = outcome.ttl if fits else 0
        if self._others is None or len(self._others) > MAX_OTHERS:
            self._others = {}
        other = self._others.get((outcome.rcode, fits, ttl))
        if other is None:
            found = self._found._replace(dynamic=None, hinted=())
            if outcome.rcode:
                found = Found(outcome.rcode, aa=False, zone=found.zone)
            elif fits and found.zone:
                soa = negative(found.zone)
                found = found._replace(authority=(soa._replace(ttl=min(soa.ttl, ttl)),))
            other = self._others[outcome.rcode, fits, ttl] = _fixed(self._query, found, self._shape, self._shelves, cut_off=not fits)
        wire, tally = other.finish(ident, b"", 0, octets)
        if not fits:
            return wire, tally
        if outcome.varies and octets:
            wire = wire[: -1 - len(octets)] + _SCOPES[scope] + octets
        return wire, outcome.tally


def prepare(zones: dict[bytes, Zone], query: Query, shape: Shape, shelves: Shelves) -> Fixed | Pooled:
    """Do all that depends on the question alone."""
    if query.rcode:
        return _fixed(query, Found(query.rcode, aa=False), shape, shelves)
    found = lookup(zones, query.name, query.labels, query.type, do=bool(query.edns and query.edns.do))
    if found.dynamic is not None or found.hinted:
        start = Message(query, _limit(query, shape))
        if all(start.add(0, records) for records in found.answer):
            return Pooled(query, shape, found, start, shelves)
    return _fixed(query, found, shape, shelves)


def _shelf(query: Query, found: Found, start: Message, shelves: Shelves) -> Shelf | Hints:
    """Return the shelf of the RRset that pools complete, for its owner as it is written in the message."""
    assert found.zone is not None
    at = start.seen.get(found.owner)
    owner = found.owner if at is None else pointer(at)
    if found.dynamic is None:
        return shelves.hints((found.zone.apex, owner, found.hinted))
    rtype = CNAME if found.dynamic.types == ALIASES else query.type
    asked = query.type if query.type <= MAX_COUNTED else 0
    return shelves.of(Key(found.zone.apex, found.dynamic.pool, rtype, asked, found.dynamic.ttl, owner))


def _fixed(query: Query, found: Found, shape: Shape, shelves: Shelves, *, cut_off: bool = False) -> Fixed:
    """Write a whole reply. `cut_off`: TC is set whatever fits."""
    limit = _limit(query, shape)
    last = _opt(query, shape, found.rcode)
    more = bool(last) + bool(query.tsig)
    flags = _flags(query, found)
    soa = shelves.negatives.of(query, found)
    whole = soa is not None and HEADER + len(query.question) + len(soa) <= limit and not cut_off
    if soa is not None and whole:
        body = header(flags, 0, 1, more) + query.question + soa
    else:
        message = Message(query, limit)
        whole = _write(message, found) and not cut_off
        body = message.octets(flags | (0 if whole else TC), 0, more)
    beyond = 0
    if query.edns and query.edns.subnet:
        beyond = spare(query.edns.subnet.source)
        last += _SCOPES[0]
    reason = query.reason or ("" if found.zone else "outside")
    rtype = query.type if query.type <= MAX_COUNTED else 0
    meta = Meta(found.zone.apex if found.zone else None, found.rcode, None, reason, rtype, not whole)
    return Fixed(body + last + query.tsig, beyond, shelves.tallies.of(meta))


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
