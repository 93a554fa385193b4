"""The compiled engine as a plane. Imported only where `gslb_core` is built."""

from __future__ import annotations

import gslb_core

from gslb.answer import Drop, Env, Meta, NeedRow, Reply
from gslb.delta import Slice
from gslb.errors import PlanError


class NativePlane:
    """One `gslb_core.Engine`, without threads or sockets."""

    def __init__(self) -> None:
        self._engine = gslb_core.Engine()

    def feed(self, message: Slice) -> bool:
        """Take one slice; whether a new snapshot is live now."""
        try:
            return self._engine.feed(message.number, message.word) is not None
        except gslb_core.PlanError as error:
            raise PlanError(str(error)) from error

    def reset(self) -> None:
        """Forget what was assembled: a delta from nothing begins."""
        self._engine.reset()

    def udp(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        """Answer a datagram, with this draw."""
        got = self._engine.answer(query, client, draw)
        return None if isinstance(got, str) else got[0]

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        """Answer a query that came by TCP."""
        return self._engine.tcp(query, client, 0)

    def answer(self, query: bytes, client: bytes, env: Env) -> Reply | Drop | NeedRow:
        """Answer from the live snapshot, in the reference's own words."""
        got = self._engine.answer(query, client, *env)
        if isinstance(got, str):
            return Drop(got)
        wire, zone, rcode, pool, reason, rtype, truncated, site, wanted = got
        reply = Reply(wire, Meta(zone, rcode, pool, reason, rtype, truncated, site))
        return NeedRow(*wanted, reply) if wanted else reply
