"""A query and what was made of it: what dnstap, the query log and nobody else are told. Words only.

Made by the loops that answer, for the few or many queries that are drawn; read by `dnstap` and `query_log`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

DNSTAP: Final = 1  # the query was drawn for dnstap
LOG: Final = 2  # it was drawn for the query log
UDP: Final = 1  # as in dnstap
TCP: Final = 2
_MAPPED: Final = bytes(10) + b"\xff\xff"


class Decision(NamedTuple):
    """What was decided about the answer: `gslb.answer.Meta`, with the pool by the name it had then ("" = none)."""

    zone: bytes | None = None
    rcode: int = 0
    pool: str = ""
    site: str = ""
    reason: str = ""
    truncated: bool = False

    @property
    def why(self) -> str:
        """The reason as metrics have it: a row without one was chosen among healthy."""
        return self.reason or ("chosen" if self.pool else "")


class Exchange(NamedTuple):
    """One query and its answer. Addresses have 4 or 16 octets; times are nanoseconds since 1970: taken from the socket, answer made."""

    wants: int  # DNSTAP, LOG or both
    protocol: int  # UDP or TCP
    client: bytes
    port: int
    server: bytes
    server_port: int
    began: int
    ended: int
    query: bytes
    reply: bytes
    decision: Decision


class Taken(NamedTuple):
    """What an engine hands over of what it has kept: frames for dnstap, so many messages in them; exchanges for the log; and what was lost."""

    frames: bytes = b""
    messages: int = 0
    logged: tuple[Exchange, ...] = ()
    dropped: int = 0  # messages of dnstap that found no room
    unlogged: int = 0  # lines that found none


def address(octets: bytes) -> bytes:
    """Return IPv4 in IPv6 as IPv4, anything else as it is."""
    return octets[12:] if octets[:12] == _MAPPED else octets


def exchange(told: tuple[tuple[Any, ...], tuple[Any, ...]]) -> Exchange:
    """Make one of what the native engine tells: its fields, and the decision's."""
    seen, decision = told
    return Exchange._make((*seen, Decision._make(decision)))
