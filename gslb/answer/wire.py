"""Reads a query. Called by `prepared`; every malformed thing is a returned verdict, never an exception.

Judged from the header first, so that rubbish costs little: silence only to responses and to less than a header
(a reply to a reply is a loop); everything else gets an rcode. Strict where NSD is strict: records in the answer or
authority section, records other than OPT and TSIG in the additional section, and octets behind the message are FORMERR.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.reply import BADVERS, FORMERR, NOTAUTH, NOTIMP, REFUSED, Drop
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
_ONE_QUESTION: Final = b"\0\1\0\0\0\0"  # QDCOUNT, ANCOUNT, NSCOUNT
_DO: Final = 0x8000
_BADKEY: Final = 17  # RFC 8945 section 3


class Edns(NamedTuple):
    """The query's OPT record. `cut`: octets of the client subnet's address that end the packet, 0 where something follows them."""

    payload: int
    do: bool
    subnet: Subnet | None = None
    cut: int = 0


class Query(NamedTuple):
    """One query. Where `rcode` is not 0 it is to be answered with that at once, for `reason`.

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
    query = Query(flags, 0, "", question, question[:-4].lower(), tuple(labels), qtype, qclass)
    if packet[4:10] != _ONE_QUESTION:
        if qtype == _IXFR and packet[6:10] == b"\0\0\0\1":  # RFC 1995 section 3: the client's SOA stands in authority
            return query._replace(rcode=REFUSED, reason="transfer")
        return query._replace(rcode=FORMERR, reason="records")
    if packet[10:12] != b"\0\0" or end != len(packet):
        query = _additional(packet, end, query, ecs=ecs)
        if query.rcode:
            return query
    if qclass not in (CLASS_IN, CLASS_ANY):
        return query._replace(rcode=REFUSED, reason="class")
    if qtype in _META:
        rcode, reason = _META[qtype]
        return query._replace(rcode=rcode, reason=reason)
    return query


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


def _additional(packet: bytes, at: int, query: Query, *, ecs: bool) -> Query:
    """Read OPT and TSIG, the only records a query may carry."""
    size = len(packet)
    count = packet[10] << 8 | packet[11]
    for left in range(count, 0, -1):
        start = at
        at = _skip_name(packet, at)
        if at + 10 > size:
            return query._replace(rcode=FORMERR, reason="records")
        rtype = packet[at] << 8 | packet[at + 1]
        begin = at + 10
        end = begin + (packet[at + 8] << 8 | packet[at + 9])
        if end > size:
            return query._replace(rcode=FORMERR, reason="records")
        if rtype == OPT and at == start + 1 and query.edns is None:  # RFC 6891 section 6.1.1: one, owned by the root
            query = _opt(packet, at, end, query, ecs=ecs)
        elif rtype == TSIG and left == 1 and end == size:  # RFC 8945 section 5.1: the last record, or FORMERR
            query = _tsig(packet[start:at], packet[at:end], query)
        else:
            return query._replace(rcode=FORMERR, reason="records")
        if query.rcode:
            return query
        at = end
    if at != size:
        return query._replace(rcode=FORMERR, reason="trailing octets")
    return query


def _skip_name(packet: bytes, at: int) -> int:
    """Where the name ends; past the packet where it does not. Queries of today compress no owner, so pointers do not parse."""
    size = len(packet)
    first = at
    while at < size and (length := packet[at]):
        at += length + 1
        if length > 63 or at - first > 254:
            return size
    return at + 1


def _opt(packet: bytes, at: int, end: int, query: Query, *, ecs: bool) -> Query:
    """Read the OPT record whose type stands at `at`. Unknown options and flags are ignored (RFC 6891 section 6.1.2)."""
    payload = packet[at + 2] << 8 | packet[at + 3]
    do = bool(packet[at + 6] & 0x80)
    query = query._replace(edns=Edns(payload, do))
    if packet[at + 5]:
        return query._replace(rcode=BADVERS, reason="EDNS version")
    subnet = None
    cut = 0
    option = at + 10
    while option < end:
        begin = option + 4
        if begin > end:
            return query._replace(rcode=FORMERR, reason="EDNS options")
        stop = begin + (packet[option + 2] << 8 | packet[option + 3])
        if stop > end:
            return query._replace(rcode=FORMERR, reason="EDNS options")
        if ecs and packet[option] == 0 and packet[option + 1] == ECS:
            found = parse_subnet(packet[begin:stop])
            if found is None or subnet is not None:
                return query._replace(rcode=FORMERR, reason="client subnet")
            subnet = found
            cut = len(found.octets) if stop == len(packet) else 0
        option = stop
    return query._replace(edns=Edns(payload, do, subnet, cut))


def _tsig(owner: bytes, record: bytes, query: Query) -> Query:
    """Refuse a signed query: no key is known here, so NOTAUTH with BADKEY, unsigned (RFC 8945 section 5.2.1)."""
    rdata = record[10:]
    at = _skip_name(rdata, 0)
    mac_size = rdata[at + 8] << 8 | rdata[at + 9] if at + 10 <= len(rdata) else 0
    fixed = at + 10 + mac_size  # behind it: original id, error, other length and data
    if record[2:8] != b"\0\xff\0\0\0\0" or fixed + 6 > len(rdata) or fixed + 6 + (rdata[fixed + 4] << 8 | rdata[fixed + 5]) != len(rdata):
        return query._replace(rcode=FORMERR, reason="TSIG")
    answer = rdata[: at + 8] + b"\0\0" + rdata[fixed : fixed + 2] + bytes((0, _BADKEY, 0, 0))  # name, time and fudge as asked; no MAC
    tsig = owner + record[:8] + len(answer).to_bytes(2) + answer
    return query._replace(rcode=NOTAUTH, reason="TSIG", tsig=tsig)
