"""The `dns` check: one question to a nameserver, judged by its rcode and its answers.

dnslib writes and reads the messages, as in `gslb query`: what judges nameservers should not be our own. Over UDP an answer counts only
with our id, our question and from the address asked (RFC 5452 section 9.1); a truncated one is asked for again over TCP (RFC 7766).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from gslb.check.attempt import Progress, Unfit, attempt
from gslb.check.line import connected
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option

if TYPE_CHECKING:
    from dnslib import DNSRecord

_TYPES: Final = ("A", "AAAA", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
_RCODES: Final = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")  # in the order of their numbers
_NAME: Final = re.compile(r"(?!.{255})(?:\.|(?:[!-\-/-~]{1,63}\.)*[!-\-/-~]{1,63}\.?)")


class Dns:
    """Ask once; want this rcode, and these answers among all."""

    name: ClassVar[str] = "dns"
    doc: ClassVar[str] = "One DNS question; rcode and answers are judged."
    example: ClassVar[str] = "{type: dns, name: www.example.com, query: A, answers: [192.0.2.10]}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            "name": Option(Kind.STRING, "name to ask for", REQUIRED),
            "query": Option(Kind.STRING, "record type to ask for", "A", choices=_TYPES),
            "port": Option(Kind.INTEGER, "UDP or TCP port", 53, 1, 65535),
            "transport": Option(Kind.STRING, "`udp` (TCP where that is truncated) or `tcp`", "udp", choices=("udp", "tcp")),
            "recurse": Option(Kind.BOOLEAN, "ask to recurse: for resolvers", default=False),
            "rcode": Option(Kind.STRING, "what must come back", "NOERROR", choices=_RCODES),
            "at_least": Option(Kind.INTEGER, "so many records of that type must be in the answer", 0, 0, 1000),
            "authoritative": Option(Kind.BOOLEAN, "the answer must come with authority (AA): for nameservers", default=False),
            "answers": Option(Kind.STRINGS, "data of that type which must be in the answer, as dig writes it: 192.0.2.1, or `10 mx.example.com.`"),
        }
    )

    def __init__(self, options: Mapping[str, Any], timeout: float) -> None:
        self.options_ = {key: option.default for key, option in self.options.items()} | dict(options)
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        return cls(definition.options, definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge the name."""
        name = options.get("name", ".")
        if isinstance(name, str) and not _NAME.fullmatch(name):
            yield Complaint("H014", ("name",), f"{name!r} is not a domain name", "labels of 1 to 63 characters, such as www.example.com")
        if options.get("at_least") and options.get("rcode", "NOERROR") != "NOERROR":
            yield Complaint("H014", ("at_least",), f"answers do not come with {options['rcode']}", "leave one of the two out")
        if options.get("answers") and options.get("rcode", "NOERROR") != "NOERROR":
            yield Complaint("H014", ("answers",), f"answers do not come with {options['rcode']}", "leave one of the two out")

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            from dnslib import QTYPE, DNSHeader, DNSQuestion, DNSRecord  # noqa: PLC0415 - 30 ms, and only who has such checks needs it

            chosen = self.options_
            header = DNSHeader(id=secrets.randbits(16), rd=int(chosen["recurse"]))
            question = DNSRecord(header, q=DNSQuestion(chosen["name"], getattr(QTYPE, chosen["query"])))
            answer = None
            if chosen["transport"] == "udp":
                answer = await self._datagram(address, question, progress)
                progress.fact("answer over UDP", f"truncated: {'yes' if answer.header.tc else 'no'}")
            if answer is None or answer.header.tc:
                answer = await self._stream(address, question, progress)
            return self._judge(answer, progress)

        return await attempt(address, self.timeout, look)

    async def _datagram(self, address: Address, question: DNSRecord, progress: Progress) -> DNSRecord:
        """Ask over UDP; what is no answer to our question is left alone until the time is up."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
            line.connect((str(address), self.options_["port"]))  # the kernel takes answers from there only
            progress.stage = "waiting for an answer (UDP)"
            await loop.sock_sendall(line, question.pack())
            while (answer := _read(await loop.sock_recv(line, 65535), question)) is None:
                progress.stage = "waiting for a right answer (UDP)"
                await asyncio.sleep(0)  # a flood of wrong ones must not hold the loop
            return answer

    async def _stream(self, address: Address, question: DNSRecord, progress: Progress) -> DNSRecord:
        """Ask over TCP."""
        progress.stage = "connecting"
        async with connected(address, self.options_["port"], progress) as line:
            progress.stage = "waiting for an answer (TCP)"
            wire = question.pack()
            line.writer.write(len(wire).to_bytes(2) + wire)
            length = int.from_bytes(await line.reader.readexactly(2))
            answer = _read(await line.reader.readexactly(length), question)
        if answer is None:
            raise Unfit("not an answer to the question")
        return answer

    def _judge(self, answer: DNSRecord, progress: Progress) -> str:
        from dnslib import QTYPE, RCODE  # noqa: PLC0415 - as above

        rcode, chosen = RCODE.get(answer.header.rcode), self.options_
        wanted = chosen["rcode"]
        progress.judged("rcode", rcode == wanted, rcode)
        if rcode != wanted:
            raise Unfit(f"{rcode}, not {wanted}")
        if chosen["authoritative"]:
            progress.judged("authoritative", bool(answer.header.aa), "yes" if answer.header.aa else "no")
            if not answer.header.aa:  # a lame delegation: RFC 1912 section 2.8
                raise Unfit(f"{rcode}, but without authority")
        number = getattr(QTYPE, chosen["query"])
        data = [_plain(str(record.rdata)) for record in answer.rr if record.rtype == number]
        if chosen["at_least"]:
            progress.judged(f"at least {chosen['at_least']} answers", len(data) >= chosen["at_least"], len(data))
            if len(data) < chosen["at_least"]:
                raise Unfit(f"{rcode}, {len(data)} answers, not {chosen['at_least']}")
        for one in chosen["answers"] or ():
            progress.judged(f"answer {one}", _plain(one) in data, ", ".join(data) or "none")
            if _plain(one) not in data:
                raise Unfit(f"{rcode}, {one} is not among {len(data)} answers")
        return f"{rcode}, {len(data)} answers"


def _read(wire: bytes, question: DNSRecord) -> DNSRecord | None:
    """Read a message; None where it is no answer to the question."""
    from dnslib import DNSRecord  # noqa: PLC0415 - as above

    try:
        answer = DNSRecord.parse(wire)
    except Exception:  # noqa: BLE001 - whatever a stranger's octets make the decoder raise
        return None
    asked, heard = question.header, answer.header
    if heard.id != asked.id or not heard.qr or heard.opcode != asked.opcode or len(answer.questions) != 1:
        return None
    same = answer.q.qname == question.q.qname and (answer.q.qtype, answer.q.qclass) == (question.q.qtype, question.q.qclass)
    return answer if same else None


def _plain(data: str) -> str:
    """Return record data without quotes, case and the final dots of names."""
    return " ".join(word.strip('"').rstrip(".") for word in data.lower().split())
