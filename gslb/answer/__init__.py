"""Answers DNS queries from a snapshot of the plan: pure, total, and the readable reference for every other engine.

Called by the transports: `answer()` for one query over any of them, `Memo` for the UDP loop, which asks the same things again and
again. Nothing here waits, raises, reads a clock or draws a number: what is not in the packet or the snapshot is an argument.
"""

from __future__ import annotations

from gslb.answer.memo import Memo
from gslb.answer.prepared import Shape, prepare
from gslb.answer.reply import Drop, Env, Meta, NeedRow, Reply
from gslb.answer.shelves import Shelves
from gslb.answer.tally import Tallies
from gslb.answer.wire import parse
from gslb.plan import Snapshot

__all__ = ["Drop", "Env", "Memo", "Meta", "NeedRow", "Reply", "answer"]


def answer(snapshot: Snapshot, query: bytes, client: bytes, env: Env) -> Reply | Drop | NeedRow:
    """Answer one packet from a client (4 or 16 octets)."""
    parsed = parse(query, ecs=env.ecs)
    if isinstance(parsed, Drop):
        return parsed
    shelves = Shelves(snapshot, Tallies())
    prepared = prepare(snapshot.zones, parsed, Shape(env.udp, env.max_udp), shelves)
    wire, tally = prepared.finish(query[:2], client, env.draw, parsed.octets)
    reply = Reply(wire, tally.meta)
    wanted = shelves.misses.wanted
    return NeedRow(*min(wanted), reply) if wanted else reply  # one of them: hints may want two
