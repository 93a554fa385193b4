"""The Python engine as transports see it: one snapshot at a time, two calls that answer, and what they answered.

Owned by the plane. `swap` is the only way in for a new snapshot: between two packets, never within one. Kinds of answers are
counted where they are made and told to control as increments, with pools by the names they had then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import getrandbits
from typing import Any, Final

from gslb.answer import Drop, Env, Memo, Meta, NeedRow, answer
from gslb.plan import EMPTY, Snapshot

ROWS: Final = 300  # kinds of answers in one report: some 30 KB
WANTED: Final = 1000  # rows asked for in one report

Kind = tuple[str, str, int, str | None, str, int, bool, str]  # protocol, zone in hexadecimal, rcode, pool, reason, type, truncated, site


class Engine:
    """Answers from one snapshot at a time."""

    def __init__(self, *, max_udp: int = 1232, ecs: bool = True) -> None:
        """Begin with nothing: every name is REFUSED until the first `swap`."""
        self.snapshot: Snapshot = EMPTY
        self._ecs = ecs
        self._memo = Memo(EMPTY, max_udp=max_udp, ecs=ecs)
        self.udp: Callable[[bytes, bytes, int], bytes | None] = self._memo.reply  # the packet path: no frame in between
        self._tcp: Counter[Meta] = Counter()
        self._wanted: set[tuple[int, int, int]] = set()
        self._dropped: Counter[str] = Counter()
        self._seen: dict[str, dict[Any, int]] = {"udp": {}, "tcp": {}, "drops": {}}
        self._untold: Counter[Kind] = Counter()

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        """Answer a query that came by TCP; None for what deserves none."""
        outcome = answer(self.snapshot, query, client, Env(getrandbits(64), udp=False, ecs=self._ecs))
        if isinstance(outcome, Drop):
            self._dropped[outcome.reason] += 1
            return None
        if isinstance(outcome, NeedRow):
            self._wanted.add((outcome.pool, outcome.region, outcome.type))
            outcome = outcome.reply
        self._tcp[outcome.meta] += 1
        return outcome.wire

    def swap(self, snapshot: Snapshot) -> None:
        """Answer from another snapshot from now on."""
        self._gather()
        self.snapshot = snapshot
        self._memo.swap(snapshot)

    def tell(self, report: Callable[[dict[str, Any]], bool]) -> None:
        """Report what has been answered since the last time; what finds no listener is told later."""
        self._gather()
        while self._untold:
            rows = [(kind, self._untold[kind]) for kind in list(self._untold)[:ROWS]]
            if not report({"answers": [[*kind, count] for kind, count in rows]}):
                break
            for kind, _count in rows:
                del self._untold[kind]
        if self._dropped and report({"dropped": dict(self._dropped)}):
            self._dropped.clear()
        self._wanted |= self._memo.take_wanted()
        if self._wanted and report({"wanted": sorted(self._wanted)[:WANTED], "generation": self.snapshot.generation}):
            self._wanted.clear()  # what is still wanted will be asked for again

    def _gather(self) -> None:
        """Name what was counted since the last time; pools keep their numbers only within a snapshot."""
        for protocol, counts in (("udp", self._memo.counts()), ("tcp", dict(self._tcp))):
            seen = self._seen[protocol]
            for meta, count in counts.items():
                if count != seen.get(meta, 0):
                    self._untold[self._kind(protocol, meta)] += count - seen.get(meta, 0)
            self._seen[protocol] = counts
        drops = self._memo.drops()
        for reason, count in drops.items():
            self._dropped[reason] += count - self._seen["drops"].get(reason, 0)
        self._dropped += Counter()  # drops the zeros
        self._seen["drops"] = drops

    def _kind(self, protocol: str, meta: Meta) -> Kind:
        pool = self.snapshot.pools.get(meta.pool) if meta.pool is not None else None
        zone = meta.zone.hex() if meta.zone else ""
        return protocol, zone, int(meta.rcode), pool.name if pool else None, meta.reason, meta.type, meta.truncated, meta.site
