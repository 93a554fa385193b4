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
        ends = b"%b\x22%c%b%b\x30%b\x38%b\x40%b\x4d%b" % (
            _SOCKET[len(seen.client), seen.protocol],
            len(seen.client),
            seen.client,
            _server(seen.server),
            _varint(seen.port),
            _varint(seen.server_port),
            _varint(second),
            _NSEC.pack(nano),
        )
        extra, zone = _decision(seen.decision)
        head = self._head + extra if self._extra else self._head
        out = b""
        if self._queries:
            query = seen.query
            out = _frame(head, b"%b%b\x52%b%b%b" % (_AUTH_QUERY, ends, _varint(len(query)), query, zone))
        if self._responses:
            second, nano = divmod(seen.ended, _BILLION)
            reply = seen.reply
            times = b"\x60%b\x6d%b" % (_varint(second), _NSEC.pack(nano))
            out += _frame(head, b"%b%b%b%b\x72%b%b" % (_AUTH_RESPONSE, ends, zone, times, _varint(len(reply)), reply))
        return out


@lru_cache(4096)  # as many kinds of answers as are counted
def _decision(decision: Decision) -> tuple[bytes, bytes]:
    """Write the field `extra`, the decision as JSON, and the message's zone; nothing where there is none."""
    told = {"pool": decision.pool, "site": decision.site, "reason": decision.why}
    told = {key: value for key, value in told.items() if value}
    extra = _octets(3, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()) if told else b""
    return extra, b"" if decision.zone is None else _octets(11, decision.zone)


@lru_cache(256)  # our own addresses
def _server(address: bytes) -> bytes:
    return _octets(5, address)


def _frame(head: bytes, message: bytes) -> bytes:
    size = _varint(len(message))
    return b"%b%b\x72%b%b\x78\x01" % (_FRAME.pack(len(head) + len(size) + len(message) + 3), head, size, message)  # 0x78: Dnstap.type = MESSAGE


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
