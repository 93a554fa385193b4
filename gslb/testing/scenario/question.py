"""Questions as scenarios ask them, and what comes back, encoded and decoded by dnslib: nothing here is the server's own code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

import dnslib

from gslb.testing.scenario.words import Words

NOWHERE: Final = IPv4Address("127.0.0.1")
"""Who asks where a scenario does not say: loopback, of which no geo data know anything."""

_ECS: Final = 8
_CLASSES: Final = {"IN": 1, "CH": 3, "ANY": 255}
_IDENT: Final = 0x5CA1


@dataclass(frozen=True, slots=True)
class Question:
    """One query. `draw`: the 64 bits of chance it is answered with. `bufsize` 0: no EDNS."""

    name: str
    type: str
    client: IPv4Address | IPv6Address = NOWHERE
    subnet: IPv4Network | IPv6Network | None = None
    tcp: bool = False
    do: bool = False
    bufsize: int = 0
    qclass: str = "IN"
    draw: int = 0

    def wire(self) -> bytes:
        """Encode; the draw is no part of it."""
        return _encoded(self.drawn(0))

    def encode(self) -> bytes:
        """Encode, whether it has been done before or not."""
        record = dnslib.DNSRecord(dnslib.DNSHeader(id=_IDENT, rd=0))
        try:
            number = dnslib.QTYPE.reverse.get(self.type) or int(self.type.removeprefix("TYPE"))
        except ValueError:
            number = 0
        record.add_question(dnslib.DNSQuestion(self.name, number, _CLASSES[self.qclass]))
        if self.bufsize:
            options = [dnslib.EDNSOption(_ECS, self._subnet())] if self.subnet else []
            record.add_ar(dnslib.EDNS0(udp_len=self.bufsize, flags="do" if self.do else "", opts=options))
        return bytes(record.pack())

    def drawn(self, draw: int) -> Question:
        """Return the same question with another draw."""
        return replace(self, draw=draw)

    def asked_by(self, address: int) -> Question:
        """Return the same question from another client; where it carries a client subnet, from that one."""
        if self.subnet is None:
            return replace(self, client=ip_address(address))
        return replace(self, subnet=ip_network((address, self.subnet.prefixlen), strict=False))

    def _subnet(self) -> bytes:
        assert self.subnet is not None
        length = self.subnet.prefixlen
        family = 1 if self.subnet.version == 4 else 2
        return family.to_bytes(2, "big") + bytes([length, 0]) + self.subnet.network_address.packed[: (length + 7) // 8]


@dataclass(frozen=True, slots=True)
class Reply:
    """A decoded reply. Records as (owner, type, TTL, rdata text); addresses canonical, names without the last dot. `scope` None: no client subnet."""

    rcode: str
    aa: bool
    tc: bool
    edns: bool
    scope: int | None
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    size: int

    def records(self, rtype: str) -> tuple[Record, ...]:
        """Return the answer's records of a type."""
        return tuple(record for record in self.answer if record.type == rtype)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a reply."""

    owner: str
    type: str
    ttl: int
    data: str


def ask(words: Words) -> Question:
    """Read `ask NAME TYPE …`."""
    question = Question(words.take("a name"), words.take("a type").upper())
    if question.type not in dnslib.QTYPE.reverse and not question.type.removeprefix("TYPE").isdigit():
        raise words.fail(f"unknown type {question.type}")
    while words:
        match words.take("an option"):
            case "from":
                question = replace(question, client=words.address("an address"))
            case "ecs":
                question = replace(question, subnet=network(words), bufsize=question.bufsize or 1232)
            case "edns":
                question = replace(question, bufsize=question.bufsize or 1232)
            case "do":
                question = replace(question, do=True, bufsize=question.bufsize or 1232)
            case "bufsize":
                question = replace(question, bufsize=words.integer("size", 1, 65535))
            case "tcp":
                question = replace(question, tcp=True)
            case "class":
                question = replace(question, qclass=words.take("a class"))
                if question.qclass not in _CLASSES:
                    raise words.fail(f"unknown class {question.qclass}: one of {', '.join(_CLASSES)}")
            case "draw":
                question = replace(question, draw=words.integer("draw"))
            case other:
                raise words.fail(f"ask does not know {other!r}")
    return question


def network(words: Words) -> IPv4Network | IPv6Network:
    """Take a network."""
    text = words.take("a network")
    try:
        return ip_network(text)
    except ValueError as error:
        raise words.fail(f"{text!r} is no network: {error}") from None


@lru_cache(maxsize=256)  # thousands of draws ask one thing and get a handful of answers
def _encoded(question: Question) -> bytes:
    return question.encode()


@lru_cache(maxsize=1024)
def decode(wire: bytes) -> Reply:
    """Decode a reply; dnslib's DNSError where it is none."""
    message = dnslib.DNSRecord.parse(wire)
    assert message.header.id == _IDENT, "another query's answer"
    options = [option for record in message.ar if record.rtype == 41 for option in (record.rdata or [])]
    subnets = [bytes(option.data) for option in options if option.code == _ECS]
    edns = [record for record in message.ar if record.rtype == 41]
    rcode = message.header.rcode | (edns[0].edns_rcode << 4 if edns else 0)
    return Reply(
        rcode=str(dnslib.RCODE.get(rcode, rcode)) if rcode != 16 else "BADVERS",
        aa=bool(message.header.aa),
        tc=bool(message.header.tc),
        edns=bool(edns),
        scope=subnets[0][3] if subnets else None,
        answer=tuple(map(_record, message.rr)),
        authority=tuple(map(_record, message.auth)),
        additional=tuple(_record(record) for record in message.ar if record.rtype != 41),
        size=len(wire),
    )


def _record(record: Any) -> Record:
    rtype = dnslib.QTYPE.forward.get(record.rtype, f"TYPE{record.rtype}")
    text = str(record.rdata)
    if rtype in {"A", "AAAA"}:
        text = str(ip_address(text))
    return Record(str(record.rname).rstrip("."), rtype, record.ttl, text)
