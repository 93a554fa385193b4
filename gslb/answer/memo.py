"""The packet path: keeps prepared answers, and only finishes them.

Called by the UDP loop, once per packet, with equal results to `answer()` over UDP. Two tables stand one behind the other:

1. packets, by their octets without the ID and without the address of a client subnet that ends them. Keys of each address
   length have a table of their own, so that none can be taken for another. A hit is not even parsed.
2. questions, by all that a reply depends on beside the client: cookies, padding and the order of options make no difference.
   Two generations: when the young one is full it becomes the old one, and what is asked again moves back.

A packet enters the first table when its question was already in the second, so that random names cost one entry each, for a while.
"""

from __future__ import annotations

from typing import Final

from gslb.answer.prepared import Fixed, Pooled, Shape, prepare
from gslb.answer.reply import MAX_UDP, Drop, Meta
from gslb.answer.shelves import Shelves
from gslb.answer.tally import Tallies
from gslb.answer.wire import Query, parse
from gslb.plan import Snapshot, Zone

LIMIT: Final = 16384  # questions kept in each generation, and packets
MAX_OCTETS: Final = 16 << 20  # of memory for each generation of questions, roughly
MAX_KEY: Final = 320  # octets of packets kept: longer ones carry more than a question, EDNS and a cookie

_LENGTHS: Final = 17  # a client subnet's address has 0 to 16 octets

Question = tuple[bytes, int, int, bool, int, int]  # question, flags, EDNS payload (-1: none), DO, family and SOURCE of the client subnet


class Memo:
    """Answers over UDP from one snapshot at a time."""

    __slots__ = (
        *("_cuts", "_drops", "_ecs", "_kept", "_limit", "_octets", "_old", "_packets", "_shape", "_shelves", "_snapshot", "_tallies", "_young"),
        "last",
    )

    def __init__(self, snapshot: Snapshot, limit: int = LIMIT, *, max_udp: int = MAX_UDP, ecs: bool = True) -> None:
        """`limit`: answers kept in each table; `max_udp`, `ecs` as in `Env`."""
        self._limit = limit
        self._shape = Shape(udp=True, max_udp=max_udp)
        self._ecs = ecs
        self._tallies = Tallies()
        self.last = self._tallies.of(Meta(None, 0))  # of the reply made last: what it was
        self._drops: dict[str, int] = {}
        self._snapshot = snapshot
        self._shelves = Shelves(snapshot, self._tallies)
        self._start(snapshot)

    def reply(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        """Return the reply to a packet, None where silence is right. `client`: 4 or 16 octets; `draw`: 64 random bits."""
        prepared = self._packets[0].get(query[2:])
        if prepared is not None:
            wire, tally = prepared.finish(query[:2], client, draw, b"")
            tally.count += 1
            self.last = tally
            return wire
        for cut in self._cuts:
            prepared = self._packets[cut].get(query[2:-cut])
            if prepared is not None:
                octets = query[-cut:]
                if octets[-1] & prepared.spare:
                    break  # malformed: bits beyond SOURCE (RFC 7871 section 6); parsed, it gets its FORMERR
                wire, tally = prepared.finish(query[:2], client, draw, octets)
                tally.count += 1
                self.last = tally
                return wire
        return self._parsed(query, client, draw)

    def swap(self, snapshot: Snapshot) -> None:
        """Answer from another snapshot from now on. Where its zones are the same, what was prepared stays."""
        if _same(snapshot.zones, self._snapshot.zones) and not self._shelves.full:
            self._snapshot = snapshot
            self._shelves.bind(snapshot)
        else:
            self._start(snapshot)

    def counts(self) -> dict[Meta, int]:
        """How many replies of each kind were sent since the start."""
        return self._tallies.counts()

    def drops(self) -> dict[str, int]:
        """How many packets met silence since the start, by reason."""
        return dict(self._drops)

    def take_missed(self) -> int:
        """How many answers came from a default row, because theirs was not compiled, since the last call."""
        misses = self._shelves.misses
        missed, misses.count = misses.count, 0
        return missed

    def take_wanted(self) -> set[tuple[int, int, int]]:
        """Return (pool, region, type) of rows that were asked for and not compiled since the last call."""
        misses = self._shelves.misses
        wanted, misses.wanted = misses.wanted, set()
        return wanted

    def _start(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._shelves = Shelves(snapshot, self._tallies)
        self._young: dict[Question, Fixed | Pooled] = {}
        self._old: dict[Question, Fixed | Pooled] = {}
        self._octets = 0
        self._forget_packets()

    def _forget_packets(self) -> None:
        self._packets: list[dict[bytes, Fixed | Pooled]] = [{} for _ in range(_LENGTHS)]
        self._cuts: tuple[int, ...] = ()  # lengths of addresses that were seen, so that the others are not tried
        self._kept = 0

    def _parsed(self, packet: bytes, client: bytes, draw: int) -> bytes | None:
        """Answer a packet that is not known by its octets."""
        query = parse(packet, ecs=self._ecs)
        if isinstance(query, Drop):
            self._drops[query.reason] = self._drops.get(query.reason, 0) + 1
            return None
        if query.rcode:  # not worth keeping
            prepared = prepare(self._snapshot.zones, query, self._shape, self._shelves)
        else:
            question = _question(query)
            known = self._young.get(question)
            if known is None:
                prepared = self._old.get(question) or self._prepare(query)
                self._keep(question, prepared)
            else:
                prepared = known
                self._keep_packet(packet, query, prepared)
        wire, tally = prepared.finish(packet[:2], client, draw, query.octets)
        tally.count += 1
        self.last = tally
        return wire

    def _prepare(self, query: Query) -> Fixed | Pooled:
        if self._shelves.full:
            self._start(self._snapshot)
        return prepare(self._snapshot.zones, query, self._shape, self._shelves)

    def _keep(self, question: Question, prepared: Fixed | Pooled) -> None:
        self._octets += len(question[0]) + prepared.cost
        if len(self._young) >= self._limit or self._octets > MAX_OCTETS:
            self._old = self._young
            self._young = {}
            self._octets = 0
        self._young[question] = prepared

    def _keep_packet(self, packet: bytes, query: Query, prepared: Fixed | Pooled) -> None:
        """Know the packet by its octets from now on; not where a client subnet stands in its midst, nor a rare large one."""
        cut = query.edns.cut if query.edns is not None else 0
        if len(packet) > MAX_KEY or (query.octets and not cut):
            return
        if self._kept >= self._limit:
            self._forget_packets()
        self._kept += 1
        if cut and cut not in self._cuts:
            self._cuts = (*self._cuts, cut)
        self._packets[cut][packet[2:-cut] if cut else packet[2:]] = prepared


def _question(query: Query) -> Question:
    """All that a reply depends on beside the client."""
    edns = query.edns
    if edns is None:
        return query.question, query.flags, -1, False, 0, 0
    bits, source = (edns.subnet.bits, edns.subnet.source) if edns.subnet is not None else (0, 0)
    return query.question, query.flags, edns.payload, edns.do, bits, source


def _same(zones: dict[bytes, Zone], others: dict[bytes, Zone]) -> bool:
    """Whether these are the same zone objects, not merely equal ones."""
    return zones is others or (len(zones) == len(others) and all(others.get(apex) is zone for apex, zone in zones.items()))
