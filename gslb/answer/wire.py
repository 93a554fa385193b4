"""Reads a query. Called by `prepared`; every malformed thing is a returned verdict, never an exception.

Judged from the header first, so that rubbish costs little: silence only to responses and to less than a header
(a reply to a reply is a loop); everything else gets an rcode. Strict where NSD is strict: records in the answer or
authority section, records other than OPT and TSIG in the additional section, and octets behind the message are FORMERR.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.reply import BADVERS, FORMERR, NOERROR, NOTAUTH, NOTIMP, REFUSED, Drop
from gslb.answer.subnet import ECS, Subnet, parse_subnet

QR: Final = 0x8000
AA: Final = 0x0400
TC: Final = 0x0200
OPCODE: Final = 0x7800
RD: Final = 0x0100

OPT: Final = 41
TSIG: Final = 250
CLASS_IN: Final = 1
CLASS_ANY: Final = 255

# Meta types are no data. BIND answers 251–254 and the others the same way; NSD says NODATA to most.
_META: Final = {
    OPT: (FORMERR, "type"),
    128: (FORMERR, "type"),  # NXNAME, RFC 9824 section 3.5
    249: (FORMERR, "type"),  # TKEY
    TSIG: (FORMERR, "type"),
    251: (REFUSED, "transfer"),  # IXFR
    252: (REFUSED, "transfer"),  # AXFR
    253: (NOTIMP, "type"),  # MAILB, obsolete since RFC 1035
    254: (NOTIMP, "type"),  # MAILA
}
_IXFR: Final = 251
_BADKEY: Final = 17  # RFC 8945 section 3

Fault = tuple[int, str]  # rcode and reason; rcode 0: none
_BAD_RECORDS: Final = (FORMERR, "records")


class Edns(NamedTuple):
    """The query's OPT record. `cut`: octets of the client subnet's address that end the packet, 0 where something follows them."""

    payload: int
    do: bool
    subnet: Subnet | None = None
    cut: int = 0


class Query(NamedTuple):
    """One query. Where `rcode` is not 0 it is to be answered with that at once, for `reason`, and without a client subnet.

    `flags`: the reply's (QR, opcode and RD). `question`: as sent, echoed octet for octet. `name`: lower case.
    `labels`: where in `name` each label starts, the root's left out. `tsig`: a TSIG record for the reply.
    """

    flags: int
    rcode: int = 0
    reason: str = ""
    question: bytes = b""
    name: bytes = b""
    labels: tuple[int, ...] = ()
    type: int = 0
    qclass: int = CLASS_IN
    edns: Edns | None = None
    tsig: bytes = b""

    @property
    def octets(self) -> bytes:
        """The client subnet's address as it was sent."""
        return self.edns.subnet.octets if self.edns is not None and self.edns.subnet is not None else b""


def parse(packet: bytes, *, ecs: bool = True) -> Query | Drop:
    """Read a packet whole, or say what is wrong with it."""
    if len(packet) < 12:
        return Drop("short")
    flags = packet[2] << 8 | packet[3]
    if flags & QR:
        return Drop("response")
    flags = QR | flags & (OPCODE | RD)
    if flags & OPCODE:
        return Query(flags, NOTIMP, "opcode")  # its format is not ours to guess: the header alone goes back
    if packet[4:6] != b"\0\1":
        return Query(flags, FORMERR, "question count")  # RFC 9619 section 4
    labels = _labels(packet)
    if labels is None:
        return Query(flags, FORMERR, "question")
    end = labels.pop()
    question = packet[12:end]
    qtype = packet[end - 4] << 8 | packet[end - 3]
    qclass = packet[end - 2] << 8 | packet[end - 1]
    fault = (NOERROR, "")
    edns = None
    tsig = b""
    if packet[6:10] != b"\0\0\0\0":
        # RFC 1995 section 3: an IXFR query has the client's SOA in its authority section.
        fault = (REFUSED, "transfer") if qtype == _IXFR and packet[6:10] == b"\0\0\0\1" else (FORMERR, "records")
    else:
        if packet[10:12] != b"\0\0" or end != len(packet):
            fault, edns, tsig = _additional(packet, end, ecs=ecs)
        if not fault[0]:
            if qclass not in (CLASS_IN, CLASS_ANY):
                fault = (REFUSED, "class")
            elif qtype in _META:
                fault = _META[qtype]
    if fault[0] and edns is not None:
        edns = Edns(edns.payload, edns.do)
    return Query(flags, *fault, question, question[:-4].lower(), tuple(labels), qtype, qclass, edns, tsig)


def _labels(packet: bytes) -> list[int] | None:
    """Where each label of the question's name starts, counted from its first octet, and behind them where the question ends in the packet.

    None where it does not parse. Pointers are refused (RFC 9267 section 2): there is nothing before the question to point to.
    """
    at = 12
    found = []
    size = len(packet)
    while at < size and (length := packet[at]):
        found.append(at - 12)
        at += length + 1
        if length > 63 or at > 266:  # RFC 1035 section 2.3.4: 63 octets a label, 255 a name with the root's octet
            return None
    if at + 5 > size:
        return None
    found.append(at + 5)
    return found


def _additional(packet: bytes, at: int, *, ecs: bool) -> tuple[Fault, Edns | None, bytes]:
    """Read OPT and TSIG, the only records a query may carry: what is wrong, the OPT, and a TSIG for the reply."""
    size = len(packet)
    count = packet[10] << 8 | packet[11]
    edns = None
    for left in range(count, 0, -1):
        start = at
        at = _skip_name(packet, at)
        if at + 10 > size:
            return _BAD_RECORDS, edns, b""
        rtype = packet[at] << 8 | packet[at + 1]
        end = at + 10 + (packet[at + 8] << 8 | packet[at + 9])
        if end > size:
            return _BAD_RECORDS, edns, b""
        if rtype == OPT and at == start + 1 and edns is None:  # RFC 6891 section 6.1.1: one, owned by the root
            fault, edns = _opt(packet, at, end, ecs=ecs)
            if fault[0]:
                return fault, edns, b""
        elif rtype == TSIG and left == 1 and end == size:  # RFC 8945 section 5.1: the last record
            tsig = _refused_tsig(packet[start:at], packet[at:end])
            return ((NOTAUTH, "TSIG") if tsig else (FORMERR, "TSIG")), edns, tsig
        else:
            return _BAD_RECORDS, edns, b""
        at = end
    return ((FORMERR, "trailing octets") if at != size else (NOERROR, "")), edns, b""


def _skip_name(packet: bytes, at: int) -> int:
    """Where the name ends; past the packet where it does not. Queries of today compress no owner, so pointers do not parse."""
    size = len(packet)
    first = at
    while at < size and (length := packet[at]):
        at += length + 1
        if length > 63 or at - first > 254:
            return size
    return at + 1


def _opt(packet: bytes, at: int, end: int, *, ecs: bool) -> tuple[Fault, Edns]:
    """Read the OPT record whose type stands at `at`. Unknown options and flags are ignored (RFC 6891 section 6.1.2)."""
    payload = packet[at + 2] << 8 | packet[at + 3]
    do = packet[at + 6] > 0x7F
    if packet[at + 5]:
        return (BADVERS, "EDNS version"), Edns(payload, do)
    subnet = None
    cut = 0
    at += 10
    while at < end:
        begin = at + 4
        stop = begin + (packet[at + 2] << 8 | packet[at + 3]) if begin <= end else begin
        if stop > end:
            return (FORMERR, "EDNS options"), Edns(payload, do)
        if ecs and packet[at + 1] == ECS and not packet[at]:
            again = subnet is not None
            subnet = parse_subnet(packet[begin:stop])
            if subnet is None or again:
                return (FORMERR, "client subnet"), Edns(payload, do)
            cut = len(subnet.octets) if stop == len(packet) else 0
        at = stop
    return (NOERROR, ""), Edns(payload, do, subnet, cut)


def _refused_tsig(owner: bytes, record: bytes) -> bytes:
    """Return the TSIG of a reply that refuses the key: none is known here, so BADKEY, unsigned (RFC 8945 section 5.2.1). Empty where malformed."""
    rdata = record[10:]
    at = _skip_name(rdata, 0)
    mac = rdata[at + 8] << 8 | rdata[at + 9] if at + 10 <= len(rdata) else 0
    fixed = at + 10 + mac  # behind the MAC: original id, error, other length and data
    if record[2:8] != b"\0\xff\0\0\0\0" or fixed + 6 > len(rdata) or fixed + 6 + (rdata[fixed + 4] << 8 | rdata[fixed + 5]) != len(rdata):
        return b""
    answer = rdata[: at + 8] + b"\0\0" + rdata[fixed : fixed + 2] + bytes((0, _BADKEY, 0, 0))  # algorithm, time and fudge as asked; no MAC
    return owner + record[:8] + len(answer).to_bytes(2) + answer
