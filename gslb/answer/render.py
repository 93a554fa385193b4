"""Writes messages: header, question, whole RRsets with compressed names, and the OPT record.

Called by `prepared` and `shelf`. An RRset is written whole or not at all (RFC 2181 section 9). Compressed are owners and the names
in NS, CNAME, SOA, PTR and MX data, the RFC 1035 types a receiver must know (RFC 3597 section 4); others never.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from gslb.answer.lookup import Records
from gslb.answer.subnet import ECS
from gslb.answer.wire import OPT, Edns, Query

MAX_POINTER: Final = 0x4000  # a compression pointer has 14 bits (RFC 1035 section 4.1.4)
HEADER: Final = 12

_RR: Final = Struct("!HHI")
_COUNTS: Final = Struct("!HHHHH")
_OPT: Final = Struct("!BHHBBHH")
_ECS: Final = Struct("!HHHB")
_IN: Final = 1
_CLASS_IN: Final = b"\0\1"

# Octets before the names in the data, and how many names follow.
_NAMES_IN: Final = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1)}


class Message:
    """A message being written, the ID left 0. After `add` has returned False nothing more may be added."""

    __slots__ = ("counts", "limit", "out", "questions", "seen")

    def __init__(self, query: Query, limit: int) -> None:
        """Start with the question as it was sent. `limit`: octets for all but what the caller keeps room for."""
        self.out = bytearray(HEADER)
        self.out += query.question
        self.limit = limit
        self.questions = bool(query.question)
        self.counts = [0, 0, 0]
        name = query.name
        self.seen = {name[at:]: HEADER + at for at in query.labels}

    def add(self, section: int, records: Records) -> bool:
        """Write the RRset into a section (0 answer, 1 authority, 2 additional); False, and nothing written, where it does not fit."""
        owner, rtype, ttl, rdata = records
        out = self.out
        mark = len(out)
        self._name(owner)
        fixed = _RR.pack(rtype, _IN, ttl)
        names_in = _NAMES_IN.get(rtype)
        again = self._again(mark) if len(rdata) > 1 else b""
        lead = b""
        for data in rdata:
            out += lead
            out += fixed
            if names_in is None:
                out += len(data).to_bytes(2)
                out += data
            else:
                self._compressed(data, *names_in)
            if len(out) > self.limit:
                del out[mark:]
                return False
            lead = again
        self.counts[section] += len(rdata)
        return True

    def octets(self, flags: int, answers: int = 0, more: int = 0) -> bytes:
        """Return the message from octet 2 on (behind the ID).

        `answers`, `more`: answer and additional records that the caller appends.
        """
        answer, authority, additional = self.counts
        self.out[2:HEADER] = _COUNTS.pack(flags, self.questions, answer + answers, authority, additional + more)
        return bytes(self.out[2:])

    def _again(self, mark: int) -> bytes:
        """Return the owner that was written at `mark`, for the next records of its RRset."""
        if 0 < self.out[mark] < 0xC0 and mark < MAX_POINTER:
            return pointer(mark)
        end = mark
        while 0 < self.out[end] < 0xC0:
            end += 1 + self.out[end]
        return bytes(self.out[mark : end + (2 if self.out[end] else 1)])

    def _name(self, name: bytes) -> None:
        """Write a name, its longest known suffix as a pointer."""
        out = self.out
        seen = self.seen
        low = name.lower()
        known = seen.get(low)
        if known is not None:
            out += pointer(known)
            return
        here = len(out)
        at = 0
        while low[at]:
            suffix = low[at:]
            known = seen.get(suffix)
            if known is not None:
                out += name[:at]
                out += pointer(known)
                return
            if here + at < MAX_POINTER:
                seen[suffix] = here + at
            at += 1 + low[at]
        out += name

    def _compressed(self, data: bytes, before: int, names: int) -> None:
        """Write rdata that holds names, and its length."""
        out = self.out
        mark = len(out)
        out += b"\0\0"
        out += data[:before]
        at = before
        for _ in range(names):
            end = at
            while data[end]:
                end += 1 + data[end]
            self._name(data[at : end + 1])
            at = end + 1
        out += data[at:]
        out[mark : mark + 2] = (len(out) - mark - 2).to_bytes(2)


def header(flags: int, answers: int, authority: int, additional: int) -> bytes:
    """Return the header of a reply to one question, from octet 2 on (behind the ID)."""
    return _COUNTS.pack(flags, 1, answers, authority, additional)


def pointer(offset: int) -> bytes:
    """Return a compression pointer to an offset in the message."""
    return (0xC000 | offset).to_bytes(2)


def rrs(owner: bytes, rtype: int, ttl: int, rdata: list[bytes]) -> bytes:
    """Write records of a type that is never compressed; `owner` is a pointer or a name."""
    fixed = owner + _RR.pack(rtype, _IN, ttl)
    return b"".join([fixed + len(data).to_bytes(2) + data for data in rdata])


def opt(edns: Edns, rcode: int, payload: int) -> bytes:
    """Write the reply's OPT record, up to but without the SCOPE and ADDRESS of a client subnet, which the caller appends.

    Version 0, DO echoed, no other flag, no option that was not understood (RFC 6891 section 6.1). `payload`: octets we take over UDP.
    """
    flags = 0x8000 if edns.do else 0
    if edns.subnet is None:
        return _OPT.pack(0, OPT, payload, rcode >> 4, 0, flags, 0)
    bits, source, octets = edns.subnet
    option = _ECS.pack(ECS, 4 + len(octets), 1 if bits == 32 else 2, source)
    return _OPT.pack(0, OPT, payload, rcode >> 4, 0, flags, 8 + len(octets)) + option
