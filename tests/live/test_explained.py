"""What a running node explains is what it answers over real sockets, with either engine; and what it says of everybody at once."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import dns.asyncquery
import dns.edns
import dns.message
import pytest
import yaml

from gslb.testing.engines import native_missing
from gslb.testing.explained.check import read, unlike

pytestmark = pytest.mark.live

CLIENTS = 60
ZONES = """
sites: {fra: {location: [50.11, 8.68], capacity: 400}, iad: {location: [39.04, -77.49]}, sin: {location: [1.35, 103.82]}}
pools:
  near: &near
    policy: nearest
    ttl: 60/10
    members:
      - {site: fra, address: [198.51.100.10, "2001:db8:1::10"], weight: 3}
      - {site: iad, address: [192.0.2.10, "2001:db8:2::10"]}
      - {site: sin, address: 203.0.113.10}
  weighted: {<<: *near, policy: weighted}
  turn: {<<: *near, policy: round-robin, ttl: 20}
  sticky: {<<: *near, policy: sticky}
  map: {<<: *near, policy: {preset: geo, EU: [fra, iad], default: [iad]}}
  whole: {<<: *near, policy: all}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  near: {pool: near}
  weighted: {pool: weighted}
  turn: [{pool: turn, ttl: 15}]
  sticky: {pool: sticky}
  map: {pool: map}
  whole: {pool: whole}
"""
NAMES = ("near", "weighted", "turn", "sticky", "map", "whole", "ns1", "nowhere")


def subnet(chance: random.Random) -> Any:
    if chance.random() < 0.6:
        return IPv4Network((chance.getrandbits(32), chance.choice([24, 24, 20, 32, 0])), strict=False)
    if chance.random() < 0.3:
        return chance.choice([IPv6Network("::ffff:81.2.69.0/120"), IPv6Network("fc00::/48"), IPv6Network("2002:5102:4500::/40")])
    return IPv6Network((0x2000 << 112 | chance.getrandbits(125), chance.choice([56, 48, 64])), strict=False)


async def compare(service: Any, seed: int) -> None:
    """Explain random questions, and ask them over UDP and TCP."""
    chance = random.Random(seed)
    for _ in range(CLIENTS):
        name, kind, client = f"{chance.choice(NAMES)}.example.com", chance.choice(["A", "AAAA"]), subnet(chance)
        told = await service.ask("explain", question={"name": name, "type": kind, "client": "127.0.0.1", "subnet": str(client)})
        allowed = {data for one in told["answer"]["members"] for data in one["data"]}
        for ask in (dns.asyncquery.udp, dns.asyncquery.udp, dns.asyncquery.tcp):
            option = dns.edns.ECSOption(str(client.network_address), client.prefixlen, 0)
            query = dns.message.make_query(name, kind, use_edns=True, options=[option])
            reply = await ask(query, "127.0.0.1", port=service.port, timeout=20)
            assert not unlike(told, read(reply.to_wire(), {"A": 1, "AAAA": 28}[kind]), allowed), (name, kind, client, told["summary"])


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=pytest.mark.skipif(bool(native_missing()), reason="not built"))])
async def test_it_answers_as_it_explains(start: Any, wait: Any, engine: str) -> None:
    service = await start(zone=ZONES, engine=engine, planes=1)
    await compare(service, 1)
    said = {"level": "site", "author": "ada", "reason": "new switches"}
    answer = await service.ask("override", verb="drain", names=["fra"], **said)
    assert "error" not in answer, answer

    async def drained() -> bool:
        query = dns.message.make_query("whole.example.com", "A")
        reply = await dns.asyncquery.udp(query, "127.0.0.1", port=service.port, timeout=20)
        return "198.51.100.10" not in {rdata.to_text() for rdata in reply.answer[0]}

    await wait(drained)
    await compare(service, 2)


async def test_everybody_at_once(start: Any) -> None:
    service = await start(zone=ZONES)
    code, out = await service.gslb("simulate", "--live", "--assume-down", "site:fra", "--load", "1000", "-o", "json")
    assert code == 0, out
    told = json.loads(out)
    assert told["states"] == "node"
    assert told["generation"] >= 1
    fra = next(one for one in told["sites"] if one["site"] == "fra")
    assert fra["now"] > fra["then"] == 0

    world = await service.ask("world", name="near.example.com")
    began = asyncio.get_running_loop().time()
    assert await service.ask("world", name="near.example.com") == world
    assert asyncio.get_running_loop().time() - began < 20
    assert world["pool"] == "near"
    assert (await service.ask("world", name="ns1.example.com"))["error"] == "ns1.example.com leads to no pool"

    code, out = await service.gslb("diff", "--live", str(service.folder / "zones"))
    assert code == 0, out
    (service.folder / "new").mkdir()
    (service.folder / "new" / "example.com.yaml").write_text(ZONES.replace("policy: weighted", "policy: failover"))
    code, out = await service.gslb("diff", "--live", str(service.folder / "new"))
    assert code == 3, out
    assert "~ weighted" in out
    (service.folder / "new" / "example.com.yaml").write_text("pools: {web: {policy: nonsense}}")
    code, out = await service.gslb("diff", "--live", str(service.folder / "new"))
    assert code == 2
    assert "example.com.yaml:1:" in out
    for command in ("status", "overrides"):
        code, out = await service.gslb(command, "-o", "yaml")
        assert code == 0, out
        assert yaml.safe_load(out).keys() == json.loads((await service.gslb(command, "--json"))[1]).keys()
    words = ("query", "near.example.com", "A", "-p", str(service.port), "--subnet", "192.0.2.0/24", "-o", "json")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gslb", *words, stdout=asyncio.subprocess.PIPE)
    told = json.loads((await process.communicate())[0])
    assert (told["rcode"], told["subnet"]["network"], told["answer"][0]["type"]) == ("NOERROR", "192.0.2.0/24", "A")

    code, out = await service.gslb("simulate", "--live", "--zones", str(service.folder / "zones"), "-o", "json")
    assert (code, json.loads(out)["files"]) == (0, "changed")
