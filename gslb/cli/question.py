"""One question over the wire and its answer as text, decoded by dnslib, which shares no code with the server.

Used by `gslb query` only. Raises UsageError for what makes no question and GslbError where no answer comes.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from typing import Any

import dnslib

from gslb.errors import GslbError, UsageError

ECS = 8  # RFC 7871 section 6


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, whom, and how."""

    name: str
    type: str
    server: str
    port: int
    subnet: str = ""
    tcp: bool = False
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    record: dnslib.DNSRecord
    question: Question
    size: int
    seconds: float

    @property
    def rcode(self) -> str:
        """The response code's name."""
        return str(dnslib.RCODE.get(self.record.header.rcode))

    def short(self) -> str:
        """Only the data of the answer section, one per line."""
        return "\n".join(str(rr.rdata) for rr in self.record.rr)

    def text(self) -> str:
        """Everything, in dig's order: status and flags, client subnet, sections, and what it took."""
        header = self.record.header
        flags = [name for name in ("qr", "aa", "tc", "rd", "ra") if getattr(header, name)]
        lines = [f";; {self.rcode}, flags: {' '.join(flags)}" + (f", subnet {scope}" if (scope := self._scope()) else "")]
        for title, records in (("answer", self.record.rr), ("authority", self.record.auth), ("additional", self.record.ar)):
            shown = [_line(rr) for rr in records if rr.rtype != dnslib.QTYPE.OPT]
            if shown:
                lines += [f";; {title}", *shown]
        how = "TCP" if self.question.tcp else "UDP"
        lines.append(f";; {self.size} octets from {self.question.server}#{self.question.port} over {how} in {1000 * self.seconds:.1f} ms")
        return "\n".join(lines)

    def data(self) -> dict[str, Any]:
        """Everything as plain data, for programs; `subnet` None where the server said nothing of one."""
        header, subnet = self.record.header, self._subnet()
        sections = (("answer", self.record.rr), ("authority", self.record.auth), ("additional", self.record.ar))
        return {
            "rcode": self.rcode,
            "flags": [name for name in ("qr", "aa", "tc", "rd", "ra") if getattr(header, name)],
            "subnet": {"network": subnet[0], "scope": subnet[1]} if subnet else None,
            **{title: [_told(rr) for rr in records if rr.rtype != dnslib.QTYPE.OPT] for title, records in sections},
            "server": self.question.server,
            "port": self.question.port,
            "over": "TCP" if self.question.tcp else "UDP",
            "octets": self.size,
            "seconds": round(self.seconds, 6),
        }

    def _scope(self) -> str:
        found = self._subnet()
        return f"{found[0]}: this answer holds for its whole /{found[1]}" if found else ""

    def _subnet(self) -> tuple[str, int] | None:
        for option in (option for rr in self.record.ar if rr.rtype == dnslib.QTYPE.OPT for option in rr.rdata):
            if option.code == ECS and len(option.data) >= 4:
                length, scope, octets = option.data[2], option.data[3], option.data[4:]
                family = socket.AF_INET if option.data[1] == 1 else socket.AF_INET6
                address = socket.inet_ntop(family, octets.ljust(4 if family == socket.AF_INET else 16, b"\0"))
                return f"{address}/{length}", scope
        return None


def parse_words(words: Sequence[str]) -> tuple[str, str, str]:
    """Sort dig's words: `@` marks the server, a known type is the type, the rest is the name."""
    name, kind, server = "", "", "127.0.0.1"
    for word in words:
        if word.startswith("@"):
            server = word[1:]
        elif name and not kind and (word.upper() in dnslib.QTYPE.reverse or word.upper().startswith("TYPE")):
            kind = word.upper()
        elif not name:
            name = word
        else:
            raise UsageError(f"{word!r} is one word too many: NAME [TYPE] [@SERVER]")
    if not name:
        raise UsageError("no name to ask for: gslb query www.example.com A @127.0.0.1")
    return name, kind or "A", server


def ask(question: Question) -> Answer:
    """Send it and wait; a truncated answer is asked for again over TCP, as resolvers do."""
    try:
        server = str(ip_address(question.server))
    except ValueError:
        raise UsageError(f"{question.server!r} is not an address: write @127.0.0.1 or @::1") from None
    query = _build(question).pack()
    began = time.perf_counter()
    try:
        wire = (_over_tcp if question.tcp else _over_udp)(query, server, question)
        record = dnslib.DNSRecord.parse(wire)
    except TimeoutError:
        raise GslbError(f"no answer from {server} port {question.port} within {question.seconds:g} s") from None
    except ConnectionRefusedError:
        raise GslbError(f"nobody listens on {server} port {question.port}: is the service running?") from None
    except (OSError, dnslib.DNSError, struct.error) as error:
        raise GslbError(f"no usable answer from {server} port {question.port}: {error}") from None
    if record.header.tc and not question.tcp:
        return ask(replace(question, tcp=True))
    return Answer(record, question, len(wire), time.perf_counter() - began)


def _over_udp(query: bytes, server: str, question: Question) -> bytes:
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(question.seconds)
        sock.connect((server, question.port))  # connected: only that server is heard, and a closed port is told
        sock.send(query)
        while True:
            wire = sock.recv(65_535)
            if wire[:2] == query[:2]:
                return wire


def _over_tcp(query: bytes, server: str, question: Question) -> bytes:
    with socket.create_connection((server, question.port), question.seconds) as sock, sock.makefile("rb") as stream:
        sock.sendall(struct.pack("!H", len(query)) + query)
        return stream.read(*struct.unpack("!H", stream.read(2)))


def _build(question: Question) -> dnslib.DNSRecord:
    number = _type_number(question.type)
    header = dnslib.DNSHeader(id=secrets.randbits(16), rd=0)
    options = [_subnet_option(question.subnet)] if question.subnet else []
    opt: Any = dnslib.EDNS0(udp_len=1232, opts=options)
    return dnslib.DNSRecord(header, q=dnslib.DNSQuestion(question.name, number), ar=[opt])


def _type_number(text: str) -> int:
    """Read a type's name, or `TYPE123` (RFC 3597 section 5)."""
    if text.startswith("TYPE") and text[4:].isdigit() and int(text[4:]) <= 65_535:
        return int(text[4:])
    if text not in dnslib.QTYPE.reverse:
        raise UsageError(f"unknown type {text}")
    return int(dnslib.QTYPE.reverse[text])


def _subnet_option(text: str) -> Any:
    try:
        network = ip_interface(text).network
    except ValueError:
        raise UsageError(f"{text!r} is no network: write 203.0.113.0/24 or 2001:db8::/56") from None
    length = network.prefixlen
    octets = network.network_address.packed[: (length + 7) // 8]
    return dnslib.EDNSOption(ECS, bytes([0, 1 if network.version == 4 else 2, length, 0]) + octets)


def _line(rr: Any) -> str:
    return f"{rr.rname!s:<32} {rr.ttl:>6} {dnslib.QTYPE.get(rr.rtype):<6} {rr.rdata}"


def _told(rr: Any) -> dict[str, Any]:
    return {"name": str(rr.rname), "ttl": rr.ttl, "type": str(dnslib.QTYPE.get(rr.rtype)), "data": str(rr.rdata)}
