"""The query log: one line of JSON for each exchange that was drawn, through the writer that never blocks (`gslb.log`).

Used by the tap. Clients are cut to their networks unless the operator wants them whole, client subnets with them. Lines find half of the
writer's room at most: the log proper needs the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final

from gslb import log
from gslb.answer.subnet import Subnet
from gslb.answer.wire import Query, parse
from gslb.names import to_text
from gslb.transport.exchange import UDP, Exchange

MOST: Final = 200  # lines at once, each some 20 µs: a turn of the tap is no longer than a few ms
TRUNCATED: Final = {32: 24, 128: 56}  # the networks that client subnets have by default, and hardly anybody's own
_TYPES: Final = (
    "A:1 NS:2 CNAME:5 SOA:6 PTR:12 HINFO:13 MX:15 TXT:16 AAAA:28 LOC:29 SRV:33 NAPTR:35 DNAME:39 DS:43 RRSIG:46 NSEC:47 DNSKEY:48 NSEC3:50 "
    "NSEC3PARAM:51 TLSA:52 CDS:59 CDNSKEY:60 SVCB:64 HTTPS:65 SPF:99 IXFR:251 AXFR:252 ANY:255 CAA:257"  # others are TYPE and their number
)
TYPES: Final = {int(number): name for name, number in (pair.split(":") for pair in _TYPES.split())}
RCODES: Final = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS"}


class QueryLog:
    """Writes lines."""

    def __init__(self, clients: str, **fields: Any) -> None:
        """`clients`: truncated, full or none; `fields` stand on every line."""
        self.written = 0
        self.dropped = 0
        self._clients = clients
        self._fields = fields

    def write(self, exchanges: Sequence[Exchange]) -> None:
        """Write a line of each, or count it as dropped."""
        some = exchanges[:MOST]
        taken = log.lines([self.line(one) for one in some]) if some else 0
        self.written += taken
        self.dropped += len(exchanges) - taken

    def line(self, seen: Exchange) -> str:
        """Write one line."""
        query = parse(seen.query)
        decision = seen.decision
        told = {
            "ts": datetime.fromtimestamp(seen.began // 1000 / 1e6, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "event": "query",
            "name": to_text(query.name) if isinstance(query, Query) and query.name else None,
            "type": TYPES.get(query.type, f"TYPE{query.type}") if isinstance(query, Query) and query.name else None,
            "client": self._client(seen.client),
            "ecs": self._subnet(query.edns.subnet) if isinstance(query, Query) and query.edns and query.edns.subnet else None,
            "proto": "udp" if seen.protocol == UDP else "tcp",
            "rcode": RCODES.get(decision.rcode, str(decision.rcode)),
            "truncated": decision.truncated or None,
            "zone": to_text(decision.zone) if decision.zone else None,
            "pool": decision.pool or None,
            "site": decision.site or None,
            "reason": decision.why or None,
            **self._fields,
            "latency_us": round((seen.ended - seen.began) / 1000, 1),
        }
        return json.dumps({key: value for key, value in told.items() if value is not None})

    def _client(self, client: bytes) -> str | None:
        return self._network(client, len(client) * 8)

    def _subnet(self, subnet: Subnet) -> str | None:
        return self._network(subnet.octets.ljust(subnet.bits // 8, b"\0"), subnet.source)

    def _network(self, octets: bytes, length: int) -> str | None:
        """Write an address or a network as the operator wants it."""
        if self._clients == "none":
            return None
        bits = len(octets) * 8
        if self._clients == "truncated":
            length = min(length, TRUNCATED[bits])
        text = str(ip_network((octets, length), strict=False))
        return text.partition("/")[0] if length == bits else text
