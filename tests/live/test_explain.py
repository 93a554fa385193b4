"""`gslb explain --live` against a running service: its own states, overrides and plan, and the answers it gives."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import dns.asyncquery
import dns.message
import pytest

pytestmark = pytest.mark.live


async def gslb(service: Any, *arguments: str) -> tuple[int, str]:
    """Run a command as an operator does, beside the service."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gslb", *arguments, "--config", str(service.folder / "gslb.yaml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def told(service: Any, *arguments: str) -> dict[str, Any]:
    code, out = await gslb(service, "explain", "www.example.com", "A", "--client", "127.0.0.1", "--live", "--format", "json", *arguments)
    assert code == 0, out
    return json.loads(out)


async def answered(service: Any) -> tuple[list[str], int]:
    reply = await dns.asyncquery.udp(dns.message.make_query("www.example.com", "A"), "127.0.0.1", port=service.port, timeout=5)
    return [rdata.to_text() for rdata in reply.answer[0]], reply.answer[0].ttl


async def test_the_running_node_explains_what_it_answers(start: Any, wait: Any) -> None:
    service = await start()
    at_first = await wait(lambda: settled(service, "fra"))
    assert at_first["states"] == "node"
    assert at_first["node"] == "test"
    assert at_first["generation"] >= 1
    assert (at_first["answer"]["members"][0]["data"], at_first["answer"]["ttl"]["seconds"]) == await answered(service)

    what_if = await told(service, "--assume-down", "fra")
    assert [one["member"] for one in what_if["answer"]["members"]] == ["iad"]
    assert (await answered(service))[0] == ["198.51.100.10"]  # nothing was done

    assert (await gslb(service, "site", "drain", "fra", "--reason", "new switches", "--for", "2h"))[0] == 0
    drained = await wait(lambda: settled(service, "iad"))
    (fra,) = (one for one in drained["decision"]["members"] if one["member"] == "fra")
    assert (fra["state"], fra["reserve"], fra["override"]["kind"], fra["override"]["reason"]) == ("up", True, "drain", "new switches")
    assert drained["because"] == "operators keep fra out"
    assert (await gslb(service, "site", "undrain", "fra", "--reason", "done"))[0] == 0
    await wait(lambda: settled(service, "fra"))

    await service.sites.sites["fra"].turn("error")
    after = await wait(lambda: settled(service, "iad"))
    (fra,) = (one for one in after["decision"]["members"] if one["member"] == "fra")
    assert fra["state"] == "down"
    assert "500" in fra["why"] or "503" in fra["why"]
    assert after["generation"] > at_first["generation"]
    assert (await answered(service))[0] == ["192.0.2.10"]

    async def from_disk() -> str | None:  # votes are saved a little after they are cast
        code, out = await gslb(service, "explain", "www.example.com", "--client", "127.0.0.1")
        assert code == 0
        assert "states are from the last votes on this machine's disk" in out
        return out if "drops fra: down" in out else None

    out = await wait(from_disk)

    code, out = await gslb(service, "explain", "www.example.com", "--live", "--client", "127.0.0.1", "--assume-down", "nowhere")
    assert code != 0
    assert "'nowhere' is neither a site nor POOL/MEMBER" in out


async def settled(service: Any, site: str) -> dict[str, Any] | None:
    """The explanation, once the node serves this site and the explanation agrees."""
    found = await told(service)
    mine = [one["site"] for one in found["answer"]["members"]] == [site]
    up = all(one["state"] != "unknown" for one in found["decision"]["members"])
    return found if mine and up and found["decision"]["agrees"] and (await answered(service))[0] == found["answer"]["members"][0]["data"] else None
