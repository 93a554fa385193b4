"""The query log: one line of JSON for each exchange that was drawn, through the writer that never blocks (`gslb.log`).

Used by the tap. Clients are cut to their networks unless the operator wants them whole, client subnets with them. Lines find half of the
writer's room at most: the log proper needs the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any, Final

from gslb import log
from gslb.answer.wire import Query, parse
from gslb.names import to_text
from gslb.transport.exchange import UDP, Decision, Exchange

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
        self._tail = "".join(f', "{key}": {json.dumps(value)}' for key, value in fields.items())

    def write(self, exchanges: Sequence[Exchange]) -> None:
        """Write a line of each, or count it as dropped."""
        some = exchanges[:MOST]
        taken = log.lines([self.line(one) for one in some]) if some else 0
        self.written += taken
        self.dropped += len(exchanges) - taken

    def line(self, seen: Exchange) -> str:
        """Write one line. By hand, from parts that are mostly known: a line is written many times a second, beside those who answer."""
        query = parse(seen.query)
        second, nano = divmod(seen.began, 1_000_000_000)
        asked = subnet = ""
        if isinstance(query, Query) and query.name:
            asked = f', "name": {_name(query.name)}, "type": "{TYPES.get(query.type) or f"TYPE{query.type}"}"'
            if query.edns is not None and query.edns.subnet is not None:
                bits, source, octets = query.edns.subnet
                subnet = self._network("ecs", octets.ljust(bits // 8, b"\0"), source)
        client = self._network("client", seen.client, len(seen.client) * 8)
        return (
            f'{{"ts": "{_second(second)}.{nano // 1000:06}Z", "event": "query"{asked}{client}{subnet}'
            f', "proto": "{"udp" if seen.protocol == UDP else "tcp"}"{_decision(seen.decision)}{self._tail}'
            f', "latency_us": {(seen.ended - seen.began) / 1000:.1f}}}'
        )

    def _network(self, key: str, octets: bytes, length: int) -> str:
        """Write an address or a network as the operator wants it, with its key."""
        if self._clients == "none":
            return ""
        bits = len(octets) * 8
        if self._clients == "truncated":
            length = min(length, TRUNCATED[bits])
        beyond = bits - length
        number = int.from_bytes(octets) >> beyond << beyond
        text = inet_ntop(AF_INET if bits == 32 else AF_INET6, number.to_bytes(len(octets)))
        return f', "{key}": "{text}/{length}"' if beyond else f', "{key}": "{text}"'


@lru_cache(4096)  # names that are asked are few, or a flood, in which a line more or less takes its time
def _name(name: bytes) -> str:
    return json.dumps(to_text(name))


@lru_cache(2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(4096)  # as many kinds of answers as are counted
def _decision(decision: Decision) -> str:
    """Write what was decided; what was not is left out."""
    zone = to_text(decision.zone) if decision.zone else ""
    rcode = RCODES.get(decision.rcode, str(decision.rcode))
    told = {"rcode": rcode, "truncated": decision.truncated, "zone": zone, "pool": decision.pool, "site": decision.site, "reason": decision.why}
    return "".join(f', "{key}": {json.dumps(value)}' for key, value in told.items() if value)
