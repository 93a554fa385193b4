"""Writes dnstap: protobuf messages of queries and answers, each a data frame of Frame Streams (dnstap.info; dnstap.proto is in the public domain).

Used by the tap for what Python has answered; `core/py/src/dnstap.rs` writes the same octets for the native engine's threads. Fields stand in
the order of their numbers, and only those that are known.
"""

from __future__ import annotations

import json
from functools import lru_cache
from struct import Struct
from typing import Final

from gslb.transport.exchange import TCP, UDP, Decision, Exchange

CONTENT_TYPE: Final = b"protobuf:dnstap.Dnstap"

_BILLION: Final = 10**9
_NSEC: Final = Struct("<I")  # fixed32
_FRAME: Final = Struct("!I")
_AUTH_QUERY: Final = b"\x08\x01"  # Message.type = 1
_AUTH_RESPONSE: Final = b"\x08\x02"
_SOCKET: Final = {(size, protocol): bytes((0x10, 1 if size == 4 else 2, 0x18, protocol)) for size in (4, 16) for protocol in (UDP, TCP)}
_TYPE_MESSAGE: Final = b"\x78\x01"  # Dnstap.type = MESSAGE


class Encoder:
    """Writes frames under one identity."""

    def __init__(self, identity: str, version: str, *, messages: str = "both", extra: bool = True) -> None:
        """`messages`: `queries`, `responses` or `both`; `extra`: with pool, site and reason."""
        self._head = _octets(1, identity.encode()) + _octets(2, version.encode())
        self._queries = messages != "responses"
        self._responses = messages != "queries"
        self._extra = extra

    @property
    def per_exchange(self) -> int:
        """Messages of one exchange."""
        return self._queries + self._responses

    def frames(self, seen: Exchange) -> bytes:
        """Write the frames of one exchange."""
        second, nano = divmod(seen.began, _BILLION)
        ends = (
            _SOCKET[len(seen.client), seen.protocol]
            + _octets(4, seen.client)
            + _octets(5, seen.server)
            + b"\x30"
            + _varint(seen.port)
            + b"\x38"
            + _varint(seen.server_port)
            + b"\x40"
            + _varint(second)
            + b"\x4d"
            + _NSEC.pack(nano)
        )
        zone = b"" if seen.decision.zone is None else _octets(11, seen.decision.zone)
        head = self._head + (extra(seen.decision) if self._extra else b"")
        out = b""
        if self._queries:
            out = _frame(head, _AUTH_QUERY + ends + _octets(10, seen.query) + zone)
        if self._responses:
            second, nano = divmod(seen.ended, _BILLION)
            out += _frame(head, _AUTH_RESPONSE + ends + zone + b"\x60" + _varint(second) + b"\x6d" + _NSEC.pack(nano) + _octets(14, seen.reply))
        return out


@lru_cache(4096)  # as many kinds of answers as are counted
def extra(decision: Decision) -> bytes:
    """Write the field `extra`: the decision as JSON; nothing where none was made."""
    told = {"pool": decision.pool, "site": decision.site, "reason": decision.why}
    told = {key: value for key, value in told.items() if value}
    return _octets(3, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()) if told else b""


def _frame(head: bytes, message: bytes) -> bytes:
    body = head + _octets(14, message) + _TYPE_MESSAGE
    return _FRAME.pack(len(body)) + body


def _octets(field: int, data: bytes) -> bytes:
    """Write a field of octets; `field` is below 16."""
    return bytes((field << 3 | 2,)) + _varint(len(data)) + data


@lru_cache(65536)  # ports, lengths, and the second that it is
def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
