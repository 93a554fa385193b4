"""The Python engine as a plane sees it: one snapshot at a time, sockets that are answered, and what was answered.

Runs everywhere; `gslb.transport.native` is its fast twin. `swap` is the only way in for a new snapshot: between two packets, never
within one. Kinds of answers are counted where they are made and told to control with pools by the names they had then.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from random import getrandbits
from typing import Any, Final

from gslb import __version__
from gslb.answer import Drop, Env, Memo, Meta, NeedRow, answer
from gslb.delta import Assembler, Slice
from gslb.plan import EMPTY, Snapshot
from gslb.transport.exchange import Decision
from gslb.transport.remains import Remains
from gslb.transport.udp import UdpListener
from gslb.transport.untold import Kind, Untold
from gslb.transport.watch import Watch
from gslb.transport.watched import WatchedListener


class Engine:
    """Answers from one snapshot at a time."""

    name: Final = "python"
    version: Final = __version__

    def __init__(self, *, max_udp: int = 1232, ecs: bool = True) -> None:
        """Begin with nothing: every name is REFUSED until the first `swap`."""
        self.snapshot: Snapshot = EMPTY
        self._assembler = Assembler()
        self._remains = Remains()
        self._listeners: list[UdpListener] = []
        self._ecs = ecs
        self._memo = Memo(EMPTY, max_udp=max_udp, ecs=ecs)
        self.udp: Callable[[bytes, bytes, int], bytes | None] = self._memo.reply  # the packet path: no frame in between
        self._tcp: Counter[Meta] = Counter()
        self._last_tcp = Meta(None, 0)
        self._watch: Watch | None = None
        self._untold = Untold()
        self._seen: dict[str, dict[Any, int]] = {"udp": {}, "tcp": {}, "drops": {}}

    @property
    def generation(self) -> int:
        """The generation that is answered from."""
        return self.snapshot.generation

    def reset(self) -> None:
        """Forget what was assembled: a delta from nothing begins."""
        self._assembler = Assembler()

    def feed(self, message: Slice) -> bool:
        """Take one slice of a delta; at its Commit, answer from the new snapshot. Raises PlanError."""
        snapshot = self._assembler.feed(message)
        if snapshot is None:
            return False
        old = self.snapshot
        self.swap(snapshot)
        self._remains.add(old, snapshot)
        return True

    def swap(self, snapshot: Snapshot) -> None:
        """Answer from another snapshot from now on."""
        self._gather()
        self.snapshot = snapshot
        self._memo.swap(snapshot)

    def tidy(self) -> bool:
        """Give back some of what the last swap left behind; whether there is more."""
        return self._remains.step()

    def watch(self, watch: Watch) -> None:
        """Let somebody look on at the sockets to come."""
        self._watch = watch

    def listen(self, sockets: Sequence[socket.socket], core: int | None = None) -> None:
        """Answer at these bound UDP sockets, on the running loop; `core`: the one that this process is to keep to."""
        if core is not None:
            os.sched_setaffinity(0, {core})
        for sock in sockets:
            listener = WatchedListener(sock, self, self._watch) if self._watch else UdpListener(sock, self)
            listener.start(asyncio.get_running_loop())
            self._listeners.append(listener)

    def stop(self, seconds: float) -> None:
        """Answer what is queued, for so long at most, then leave the sockets alone."""
        for listener in self._listeners:
            listener.stop(asyncio.get_running_loop(), seconds / len(self._listeners))

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        """Answer a query that came by TCP; None for what deserves none."""
        outcome = answer(self.snapshot, query, client, Env(getrandbits(64), udp=False, ecs=self._ecs))
        if isinstance(outcome, Drop):
            self._untold.dropped[outcome.reason] += 1
            return None
        if isinstance(outcome, NeedRow):
            self._untold.wanted.add((outcome.pool, outcome.region, outcome.type))
            outcome = outcome.reply
        self._tcp[outcome.meta] += 1
        self._last_tcp = outcome.meta
        return outcome.wire

    def decided(self) -> Decision:
        """Say what was decided about the last answer by UDP."""
        return self._decision(self._memo.last.meta)

    def decided_by_tcp(self) -> Decision:
        """Say what was decided about the last answer by TCP."""
        return self._decision(self._last_tcp)

    def sums(self) -> dict[str, Any]:
        """Sum up what happened to datagrams since the start."""
        counters = [listener.counters for listener in self._listeners]
        return {
            "udp": {
                "received": sum(c.received for c in counters),
                "sent": sum(c.sent for c in counters),
                "unsent": sum(c.unsent for c in counters),
                "faults": sum(c.faults for c in counters),
                "restarts": 0,
                "kernel_drops": sum(listener.kernel_drops for listener in self._listeners),
                "octets": sum(c.octets for c in counters),
                "v4": sum(listener.counters.received for listener in self._listeners if not listener.v6),
                "v6": sum(listener.counters.received for listener in self._listeners if listener.v6),
            }
        }

    def tell(self, report: Callable[[dict[str, Any]], bool]) -> None:
        """Report what has been answered since the last time; what finds no listener is told later."""
        self._gather()
        self._untold.wanted |= self._memo.take_wanted()
        self._untold.tell(report, self.generation)

    def _gather(self) -> None:
        """Name what was counted since the last time; pools keep their numbers only within a snapshot."""
        for protocol, counts in (("udp", self._memo.counts()), ("tcp", dict(self._tcp))):
            seen = self._seen[protocol]
            for meta, count in counts.items():
                if count != seen.get(meta, 0):
                    self._untold.answers[self._kind(protocol, meta)] += count - seen.get(meta, 0)
            self._seen[protocol] = counts
        drops = self._memo.drops()
        for reason, count in drops.items():
            if count != self._seen["drops"].get(reason, 0):
                self._untold.dropped[reason] += count - self._seen["drops"].get(reason, 0)
        self._seen["drops"] = drops

    def _decision(self, meta: Meta) -> Decision:
        pool = self.snapshot.pools.get(meta.pool) if meta.pool is not None else None
        return Decision(meta.zone, int(meta.rcode), pool.name if pool else "", meta.site, meta.reason, meta.truncated)

    def _kind(self, protocol: str, meta: Meta) -> Kind:
        pool = self.snapshot.pools.get(meta.pool) if meta.pool is not None else None
        zone = meta.zone.hex() if meta.zone else ""
        return Kind(protocol, zone, int(meta.rcode), pool.name if pool else None, meta.reason, meta.type, meta.truncated, meta.site)
