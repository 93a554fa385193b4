"""SOA records of negative answers, written once for each place that a zone's name has in questions.

Asked by `prepared`: a flood of random names is a flood of NXDOMAIN, and its replies differ in nothing but the question. What is kept
is what `Message` writes, to the octet.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from gslb.answer.lookup import SOA, Found
from gslb.answer.render import HEADER, Message
from gslb.answer.wire import Query

MAX_KEPT: Final = 4096  # some 100 octets each; a zone takes as many as its questions have lengths
MAX_RECORD: Final = 4096  # no SOA comes near


class Negatives:
    """The records by zone, offset of its name in the question, and TTL."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, int, int], bytes] = {}

    def of(self, query: Query, found: Found) -> bytes | None:
        """Return all records of a reply that holds an SOA and nothing else; None where it is not that, or its names hang on the question's."""
        authority = found.authority
        if len(authority) != 1 or authority[0].type != SOA or found.answer or found.glue or found.additional:
            return None
        soa = authority[0]
        at = len(query.name) - len(soa.owner)
        if at:
            child = query.name[query.labels[bisect_left(query.labels, at) - 1] :]
            if child in soa.rdata[0].lower():  # a name in the SOA may be compressed further than to the zone's
                return None
        key = (soa.owner, at, soa.ttl)
        known = self._kept.get(key)
        if known is None:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            message = Message(query, len(query.question) + HEADER + MAX_RECORD)
            message.add(1, soa)
            known = self._kept[key] = bytes(message.out[HEADER + len(query.question) :])
        return known
