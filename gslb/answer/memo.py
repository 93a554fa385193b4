"""The packet path: keeps prepared answers by the octets of the question, and only finishes them.

Called by the UDP loop, once per packet, with equal results to `answer()` over UDP. The key is the query without its ID, and without the
address of a client subnet that ends the packet: keys of each address length have a table of their own, so that none can be taken
for another. Two generations: when the young table is full it becomes the old one and what is asked again moves back,
so that a flood of random names costs memory up to the limit and pushes nothing popular out for long.
"""

from __future__ import annotations

from typing import Final

from gslb.answer.prepared import Fixed, Pooled, Shape, prepare
from gslb.answer.reply import MAX_UDP, Drop, Meta
from gslb.answer.shelf import Shelves
from gslb.answer.tally import Tallies
from gslb.answer.wire import parse
from gslb.plan import Snapshot, Zone

LIMIT: Final = 16384  # answers kept in each generation
MAX_OCTETS: Final = 16 << 20  # of keys and bodies kept in each generation
MAX_KEY: Final = 512  # longer queries are answered and not kept: nobody asks so often, and padding must not fill the memory

_LENGTHS: Final = 17  # a client subnet's address has 0 to 16 octets

Tables = list[dict[bytes, Fixed | Pooled]]


class Memo:
    """Answers over UDP from one snapshot at a time."""

    __slots__ = ("_cuts", "_drops", "_ecs", "_limit", "_old", "_shape", "_shelves", "_size", "_snapshot", "_tallies", "_young")

    def __init__(self, snapshot: Snapshot, limit: int = LIMIT, *, max_udp: int = MAX_UDP, ecs: bool = True) -> None:
        """`limit`: answers kept in each generation; `max_udp`, `ecs` as in `Env`."""
        self._limit = limit
        self._shape = Shape(udp=True, max_udp=max_udp)
        self._ecs = ecs
        self._tallies = Tallies()
        self._drops: dict[str, int] = {}
        self._snapshot = snapshot
        self._shelves = Shelves(snapshot, self._tallies)
        self._start(snapshot)

    def reply(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        """Return the reply to a packet, None where silence is right. `client`: 4 or 16 octets; `draw`: 64 random bits."""
        prepared = self._young[0].get(query[2:])
        if prepared is not None:
            wire, tally = prepared.finish(query[:2], client, draw, prepared.octets)
            tally.count += 1
            return wire
        for cut in self._cuts:
            prepared = self._young[cut].get(query[2:-cut])
            if prepared is not None:
                octets = query[-cut:]
                if octets[-1] & prepared.spare:
                    break  # malformed: bits beyond SOURCE (RFC 7871 section 6); parsed again, it gets its FORMERR
                wire, tally = prepared.finish(query[:2], client, draw, octets)
                tally.count += 1
                return wire
        return self._miss(query, client, draw)

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

    def take_wanted(self) -> set[tuple[int, int, int]]:
        """Return (pool, region, type) of rows that were asked for and not compiled since the last call."""
        wanted = set(self._shelves.wanted)
        self._shelves.wanted.clear()
        return wanted

    def _start(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._shelves = Shelves(snapshot, self._tallies)
        self._old: Tables = [{} for _ in range(_LENGTHS)]
        self._renew()

    def _renew(self) -> None:
        self._young: Tables = [{} for _ in range(_LENGTHS)]
        self._cuts: tuple[int, ...] = ()  # lengths of addresses in the young table, so that the others are not tried
        self._size = [0, 0]  # answers, octets

    def _miss(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        """Answer what the young table does not hold, and keep it there."""
        parsed = parse(query, ecs=self._ecs)
        if isinstance(parsed, Drop):
            self._drops[parsed.reason] = self._drops.get(parsed.reason, 0) + 1
            return None
        cut = parsed.edns.cut if parsed.edns else 0
        key = query[2:-cut] if cut else query[2:]
        prepared = self._old[cut].get(key)
        if prepared is None:
            if self._shelves.full:
                self._start(self._snapshot)
            prepared = prepare(self._snapshot.zones, parsed, self._shape, self._shelves)
        if len(key) <= MAX_KEY:
            self._keep(cut, key, prepared)
        wire, tally = prepared.finish(query[:2], client, draw, query[-cut:] if cut else prepared.octets)
        tally.count += 1
        return wire

    def _keep(self, cut: int, key: bytes, prepared: Fixed | Pooled) -> None:
        size = self._size
        size[0] += 1
        size[1] += len(key) + prepared.cost
        if size[0] > self._limit or size[1] > MAX_OCTETS:
            self._old = self._young
            self._renew()
            self._size = [1, len(key) + prepared.cost]
        if cut and cut not in self._cuts:
            self._cuts = (*self._cuts, cut)
        self._young[cut][key] = prepared


def _same(zones: dict[bytes, Zone], others: dict[bytes, Zone]) -> bool:
    """Whether these are the same zone objects, not merely equal ones."""
    return zones is others or (len(zones) == len(others) and all(others.get(apex) is zone for apex, zone in zones.items()))
