"""Answers `_gslb.NAME` for a plane that was asked by a client whom the operator lists (`gslb.transport.debug`).

Part of control, which has the model: the reply is made here whole, so that planes of both engines send the same octets. Whatever goes wrong, the
plane hears of it and says what the zone says.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, Final

from gslb import log, metrics, names
from gslb.answer.lookup import Records
from gslb.answer.render import Message, opt
from gslb.answer.wire import AA, Query, parse
from gslb.explain.short import short
from gslb.role.explaining import Explaining
from gslb.transport.debug import LABEL, TXT
from gslb.transport.pipe import Feed, Report

LARGEST: Final = 16_384  # octets of a reply: some 60 lines; the pipe's packets hold three times that, in hexadecimal
TTL: Final = 0  # nobody is to keep it


class Why:
    """Explains for planes."""

    def __init__(self, explaining: Explaining, *, max_udp: int, ecs: bool) -> None:
        self._explaining = explaining
        self._max_udp = max_udp
        self._ecs = ecs

    async def tell(self, feed: Feed, report: Report) -> None:
        """Answer a plane's question, with nothing where that cannot be. Raises nothing."""
        try:
            reply = await self.reply(bytes.fromhex(report["query"]), bytes.fromhex(report["client"]))
        except Exception as error:  # noqa: BLE001  a question must not end control
            log.warning("a question for _gslb could not be explained", reason=repr(error))
            reply = b""
        metrics.debug_asked.labels("explained" if reply else "failed").inc()
        feed.say({"why": report["why"], "reply": reply.hex()})

    async def reply(self, packet: bytes, client: bytes) -> bytes:
        """Write the whole reply to a query; empty where it is none of ours. Raises UsageError."""
        query = parse(packet, ecs=self._ecs)
        if not isinstance(query, Query) or query.rcode or query.name[: len(LABEL)] != LABEL or query.type != TXT:
            return b""
        data = await self._explain(query, client, "A")
        if not data["answer"]["members"] and data["answer"]["rcode"] == "NOERROR":
            other = await self._explain(query, client, "AAAA")
            data = other if other["answer"]["members"] else data
        return packet[:2] + self._write(query, short(data), data["answer"]["scope"] or 0)

    async def _explain(self, query: Query, client: bytes, kind: str) -> dict[str, Any]:
        question = {"name": names.to_text(query.name[len(LABEL) :]), "type": kind, "client": str(ip_address(client))}
        subnet = query.edns.subnet if query.edns else None
        if subnet:
            question["subnet"] = str(ip_network((subnet.octets.ljust(subnet.bits // 8, b"\0"), subnet.source)))
        return await self._explaining.explain({"question": question})

    def _write(self, query: Query, lines: list[bytes], scope: int) -> bytes:
        """Write the message behind the ID: a record for each line."""
        message = Message(query, LARGEST)
        while not message.add(0, Records(query.name, TXT, TTL, tuple(bytes((len(line),)) + line for line in lines))):
            lines = lines[:-1]
        last = b""
        if query.edns:
            last = opt(query.edns, 0, self._max_udp) + (bytes((scope,)) + query.octets if query.edns.subnet else b"")
        return message.octets(query.flags | AA, 0, int(bool(last))) + last
