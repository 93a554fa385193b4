"""Words of an answer: what `answer()` is given besides the packet, and what it returns.

Used by everything in this package and by the transports that call it. No behaviour here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4
REFUSED: Final = 5
YXDOMAIN: Final = 6  # RFC 6672 section 2.2: a DNAME made the name too long
NOTAUTH: Final = 9  # RFC 8945 section 5.2: a TSIG key that is not known here
BADVERS: Final = 16  # RFC 6891 section 6.1.3

MAX_UDP: Final = 1232  # fits the IPv6 minimum MTU of 1280 in one piece, so replies never fragment (DNS flag day 2020; RFC 9715)


class Env(NamedTuple):
    """What is true of this query beyond its octets. `draw`: 64 random bits; `max_udp` octets at most over UDP."""

    draw: int
    udp: bool = True
    max_udp: int = MAX_UDP
    ecs: bool = True  # False: client subnets are neither read nor echoed


class Meta(NamedTuple):
    """What happened, for metrics, logs and rate limits. `rcode` is the full one (BADVERS = 16), `type` the question's (above 257: 0).

    `reason`: why this row ("" = chosen among healthy), or why no answer ("question", "outside", …): a bounded set of words.
    `site`: where the first address given belongs.
    """

    zone: bytes | None
    rcode: int
    pool: int | None = None
    reason: str = ""
    type: int = 0
    truncated: bool = False
    site: str = ""


class Reply(NamedTuple):
    """Octets to send back."""

    wire: bytes
    meta: Meta


class Drop(NamedTuple):
    """Say nothing: an answer could start a loop between servers, or has nobody to go to."""

    reason: str


class NeedRow(NamedTuple):
    """The row was not compiled: send `reply` (from the pool's default row) and ask control for the row."""

    pool: int
    region: int
    type: int
    reply: Reply
