"""`dig TXT _gslb.NAME`, dnstap and the query log of a whole service, with each engine."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import dns.flags
import dns.message
import dns.query
import pytest

from gslb.testing.dnstap import Reader
from gslb.testing.ports import free_port

pytestmark = pytest.mark.live


async def dig(port: int, *words: str) -> str:
    process = await asyncio.create_subprocess_exec("dig", "@127.0.0.1", "-p", str(port), *words, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 40)
    return said.decode()


async def test_a_listed_client_is_told_why(start: Any, engine_name: str) -> None:
    service = await start(engine=engine_name, debug={"clients": ["127.0.0.1/32"]})
    said = await dig(service.port, "TXT", "_gslb.www.example.com", "+subnet=198.51.100.0/24", "-b", "127.0.0.1")
    lines = [json.loads(line.split(None, 4)[4]) for line in said.splitlines() if line.startswith("_gslb.")]
    about = {line.partition(":")[0]: line for line in lines}
    assert "status: NOERROR" in said
    assert " aa" in said
    assert "; CLIENT-SUBNET: 198.51.100.0/24/" in said
    assert about["answer"].startswith("answer: www.example.com A for 198.51.100.0/24: 198.51.100.10 (fra), TTL ")
    assert about["pool"] == "pool: web, policy failover: healthy 2 of 2 > priority 1 of 2 > pick first" or "policy failover" in about["pool"]
    assert about["member"].startswith("member: fra 198.51.100.10, 100 %, up for ")
    assert about["other"].startswith("other: iad, up for ")
    assert about["node"].startswith("node: test, generation ")
    assert {line.split()[1] for line in said.splitlines() if line.startswith("_gslb.")} == {"0"}

    query = dns.message.make_query("_gslb.www.example.com", "TXT")
    by_udp = await asyncio.to_thread(dns.query.udp, query, "127.0.0.1", 30, service.port, source="127.0.0.1")
    assert by_udp.flags & dns.flags.TC
    assert not by_udp.answer
    for way in ("+notcp", "+tcp"):
        assert "status: NXDOMAIN" in await dig(service.port, "TXT", "_gslb.www.example.com", way, "-b", "127.0.0.2")


async def test_what_is_asked_is_told_and_counted(start: Any, wait: Any, engine_name: str) -> None:
    metrics = free_port()
    with Reader(0) as reader:
        wire = {"dnstap": {"socket": f"127.0.0.1:{reader.port}"}, "query_log": {"sample": 1.0}}
        service = await start(engine=engine_name, planes=1, metrics={"listen": f"127.0.0.1:{metrics}"}, log={"format": "json"}, **wire)
        for way in ("+notcp", "+tcp"):
            assert "NOERROR" in await dig(service.port, "A", "www.example.com", way)
        try:
            await wait(lambda: reader.count == 4)
        except AssertionError:
            raise AssertionError(f"{reader.count} messages, frames {reader.heard}\n{service.log()}") from None
        lines = await wait(lambda: len(found := [line for line in service.log() if line["event"] == "query"]) == 2 and found)
        assert [(line["name"], line["client"], line["proto"], line["site"]) for line in lines] == [
            ("www.example.com.", "127.0.0.0/24", proto, "fra") for proto in ("udp", "tcp")
        ]

        def counted() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20) as page:
                text = page.read().decode()
            wanted = ('gslb_dnstap_connected{plane="0"} 1.0', "gslb_dnstap_messages_total 4.0", "gslb_query_log_lines_total 2.0")
            return all(line in text for line in wanted) and 'gslb_dnstap_dropped_total{reason="queue"} 0.0' in text

        await wait(lambda: asyncio.to_thread(counted))
        assert await service.stop() == 0
        await wait(lambda: reader.heard[-1] == 3)  # STOP: it has said goodbye
