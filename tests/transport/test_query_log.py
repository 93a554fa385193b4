"""Lines of the query log: what stands on them, and how much of the client."""

from __future__ import annotations

import json
from typing import Any

import dns.edns
import dns.message
import pytest

from gslb import log
from gslb.transport.exchange import LOG, TCP, UDP, Decision, Exchange
from gslb.transport.query_log import MOST, QueryLog

V6 = bytes.fromhex("20010db8123456789abcdef012345678")


def exchange(name: str = "www.example.", kind: str = "A", subnet: str = "", client: bytes = b"\xcb\0\x71\x09", **decided: Any) -> Exchange:
    address, _, length = subnet.partition("/")
    options = [dns.edns.ECSOption(address, int(length))] if subnet else []
    query = dns.message.make_query(name, kind, use_edns=bool(options), options=options).to_wire()
    return Exchange(LOG, UDP, client, 4711, b"\x7f\0\0\1", 53, 1_795_189_992_000_007_999, 1_795_189_992_000_020_249, query, b"", Decision(**decided))


def line(clients: str, seen: Exchange) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(QueryLog(clients, node="n\u00fc", engine="python").line(seen))
    return said


def test_a_line_is_whole() -> None:
    seen = exchange("Www.example.", "HTTPS", zone=b"\7example\0", rcode=3, pool='w"eb', site="fra", reason="all-down", truncated=True)
    assert line("truncated", seen) == {
        "ts": "2026-11-20T15:53:12.000007Z",
        "event": "query",
        "name": "www.example.",
        "type": "HTTPS",
        "client": "203.0.113.0/24",
        "proto": "udp",
        "rcode": "NXDOMAIN",
        "truncated": True,
        "zone": "example.",
        "pool": 'w"eb',
        "site": "fra",
        "reason": "all-down",
        "node": "n\u00fc",
        "engine": "python",
        "latency_us": 12.2,
    }


@pytest.mark.parametrize(
    ("clients", "client", "subnet", "told"),
    [
        ("truncated", b"\xcb\0\x71\x09", "198.51.100.77/32", ("203.0.113.0/24", "198.51.100.0/24")),
        ("truncated", b"\xcb\0\x71\x09", "198.51.96.0/20", ("203.0.113.0/24", "198.51.96.0/20")),
        ("truncated", V6, "2001:db8:1234:5678::/64", ("2001:db8:1234:5600::/56", "2001:db8:1234:5600::/56")),
        ("truncated", V6, "0.0.0.0/0", ("2001:db8:1234:5600::/56", "0.0.0.0/0")),
        ("full", b"\xcb\0\x71\x09", "198.51.100.77/32", ("203.0.113.9", "198.51.100.77")),
        ("full", V6, "2001:db8:1234::/48", ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::/48")),
        ("none", V6, "198.51.100.0/24", (None, None)),
    ],
)
def test_as_much_of_clients_as_the_operator_wants(clients: str, client: bytes, subnet: str, told: tuple[str | None, str | None]) -> None:
    said = line(clients, exchange(client=client, subnet=subnet))
    assert (said.get("client"), said.get("ecs")) == told


def test_odd_queries_are_told_as_far_as_they_go() -> None:
    assert line("full", exchange("a\\.b\\000.example.", "TYPE65400"))["name"] == "a\\.b\\000.example."
    assert line("full", exchange(kind="TYPE65400"))["type"] == "TYPE65400"
    formerr = exchange(rcode=1, reason="question")._replace(query=bytes(12), protocol=TCP)
    said = line("full", formerr)
    assert (said["proto"], said["rcode"], said["reason"], "name" in said) == ("tcp", "FORMERR", "question", False)
    assert line("full", exchange(rcode=23))["rcode"] == "23"


def test_lines_are_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(log, "lines", lambda lines: taken.append(len(lines)) or len(lines))
    written = QueryLog("none")
    written.write([exchange()] * (MOST + 30))
    assert (taken, written.written, written.dropped) == ([MOST], MOST, 30)
