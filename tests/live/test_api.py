"""The API of whole services: what it says changes answers, the console reaches a fleet, and bad clients reach nobody's DNS."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gslb.testing import http_flood
from gslb.testing.lab import RedisServer, redis_missing

pytestmark = pytest.mark.live


def address(log: str) -> str:
    """Where the API listens, by the log; "" while it does not."""
    said = [json.loads(line)["address"] for line in log.splitlines() if line.startswith("{") and '"the API is served"' in line]
    return said[-1] if said else ""


async def ask(url: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, f"{url}/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_what_is_said_changes_answers(start: Any, wait: Callable[..., Any], make_asker: Any) -> None:
    service = await start(api={"listen": "127.0.0.1:0", "anonymous": ["admin"], "managed": ["dyn.example"]})
    url = await wait(lambda: address((service.folder / "log").read_text()), 60)
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        assert (page.status, page.content_type) == (200, "text/html")
    status, told = await ask(url, "GET", "status")
    assert (status, told["listening"]) == (200, [f"127.0.0.1:{service.port}"])
    async with make_asker(service.port, "www.example.com") as asker:
        await wait(lambda: asker.answers)
        before = asker.answers[-1].data
        status, done = await ask(url, "PUT", "sites/fra/drain", {"reason": "new switches"})
        assert (status, done["kept"]) == (200, True)
        await wait(lambda: asker.answers[-1].data != before, 60)
        assert asker.lost == 0
    code, said = await service.gslb("overrides")  # one implementation, two doors
    assert code == 0
    assert "new switches" in said
    servers = {"records": [{"type": "NS", "values": ["ns1.example.com.", "ns2.example.com."]}]}
    assert (await ask(url, "PUT", "zones/dyn.example/records/@", servers))[0] == 200
    status, done = await ask(url, "PUT", "zones/dyn.example/records/host", {"records": [{"type": "A", "value": "192.0.2.77"}]})
    assert (status, done["served"]) == (200, True)
    async with make_asker(service.port, "host.dyn.example") as asker:
        await wait(lambda: asker.answers)
        assert asker.answers[0].data == ("192.0.2.77",)  # at once: the answer came when it was served


async def test_a_flood_of_bad_clients_reaches_nobodys_dns(start: Any, wait: Callable[..., Any], make_asker: Any) -> None:
    service = await start(api={"listen": "127.0.0.1:0", "anonymous": ["admin"]})
    url = await wait(lambda: address((service.folder / "log").read_text()), 60)
    [control] = service.children("gslb.role.control")

    def memory() -> int:
        return int(Path(f"/proc/{control}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before, port = memory(), int(url.rpartition(":")[2])
    kinds = (http_flood.huge_body, http_flood.endless_body, http_flood.huge_head, http_flood.slow_head)
    async with make_asker(service.port, interval=0.05) as asker:
        ends = await http_flood.flood(port, 150, 150, kinds)
        assert len(asker.answers) > 20
    assert asker.lost == 0
    assert not [end for end in ends if end.endswith("kept")], ends
    assert memory() - before < 150 << 20
    assert service.children("gslb.role.control") == [control]
    assert (await ask(url, "GET", "whoami"))[0] == 200


@pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")
async def test_the_console_reaches_a_fleet(start: Any, wait: Callable[..., Any], make_asker: Any, tmp_path: Path) -> None:
    with RedisServer() as redis:
        service = await start(store=redis.url)
        settings = json.loads((service.folder / "gslb.yaml").read_text())
        settings |= {"node": "console", "state_dir": "console", "api": {"listen": "127.0.0.1:0", "anonymous": ["admin"]}}
        (service.folder / "console.yaml").write_text(json.dumps(settings))
        with (tmp_path / "console.log").open("wb") as log:
            command = [sys.executable, "-m", "gslb", "control", "--config", str(service.folder / "console.yaml")]
            console = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, stdin=DEVNULL)
        try:
            url = await wait(lambda: address((tmp_path / "console.log").read_text()), 60)

            async def nodes() -> set[str]:
                return {one["node"] for one in (await ask(url, "GET", "nodes"))[1]["items"]}

            async def probed() -> bool:
                return bool((await ask(url, "GET", "votes?state=up"))[1]["items"])

            async def seen() -> bool:
                return "test" in await nodes() and await probed()

            await wait(seen, 60)
            async with make_asker(service.port, "www.example.com") as asker:
                await wait(lambda: asker.answers)
                before = asker.answers[-1].data
                assert (await ask(url, "PUT", "sites/fra/drain", {"reason": "from afar"}))[0] == 200
                await wait(lambda: asker.answers[-1].data != before, 60)
            assert (await ask(url, "GET", "traffic"))[0] == 200
            console.send_signal(signal.SIGHUP)
            await wait(lambda: (tmp_path / "console.log").read_text().count('"loaded"') == 2, 60)
        finally:
            console.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(console.wait(), 60) == 0
