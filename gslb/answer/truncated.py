"""A reply that sends the client to TCP: TC set, no record. What it is about shall not be told by UDP, where anybody may claim to be anybody.

Called by the transports for what the engine did not refuse; `truncated` in `core/answer` is its twin.
"""

from __future__ import annotations

from gslb.answer.render import header, opt
from gslb.answer.reply import MAX_UDP
from gslb.answer.wire import TC, Query, parse


def truncated(packet: bytes, *, max_udp: int = MAX_UDP, ecs: bool = True) -> bytes | None:
    """Return the reply, None to what is no proper query. A client subnet is echoed with scope 0."""
    query = parse(packet, ecs=ecs)
    if not isinstance(query, Query) or query.rcode:
        return None
    edns = query.edns
    last = b"" if edns is None else opt(edns, 0, max_udp) + (b"" if edns.subnet is None else b"\0" + query.octets)
    return packet[:2] + header(query.flags | TC, 0, 0, int(bool(last))) + query.question + last
