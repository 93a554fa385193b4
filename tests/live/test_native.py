"""A service with the native engine inside: every way to ask it, its threads, what it says of itself, and what it is refused for."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gslb import __version__
from gslb.testing import engines
from gslb.testing.ports import free_port

WHY = engines.native_missing()
pytestmark = [pytest.mark.live, pytest.mark.skipif(bool(WHY), reason=WHY)]

FRA = "198.51.100.10"


async def dig(where: str, port: int, *words: str) -> list[str]:
    """Ask with BIND's own client; it takes no answer from another address than the one it asked."""
    command = ["dig", f"@{where}", "-p", str(port), "+short", "+tries=1", "+time=20", *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    said, _ = await process.communicate()
    return said.decode().split()


def tasks(pid: int) -> dict[str, int]:
    """A process's threads by their names."""
    return {path.read_text().strip(): int(path.parent.name) for path in Path(f"/proc/{pid}/task").glob("*/comm")}


async def test_every_way_to_ask(start: Any) -> None:
    port = free_port()
    service = await start(engine="native", listen=f"0.0.0.0:{port} [::]:{port}")
    assert len(service.children("gslb.role.plane")) == 1
    for where in ("127.0.0.1", "127.0.0.2", "127.9.8.7", "::1"):
        for how in ("+notcp", "+tcp"):
            assert await dig(where, port, how, "www.example.com") == [FRA], (where, how)
    assert "status: NXDOMAIN," in " ".join(await dig("127.0.0.1", port, "+noshort", "+comments", "nosuch.example.com"))


async def test_its_threads_share_the_queries_each_on_its_core(start: Any, wait: Any) -> None:
    port = free_port()
    dns = {"listen": [f"127.0.0.1:{port}", f"[::1]:{port}"], "engine": "native", "threads": 2, "pin": True}
    service = await start(dns=dns)
    [plane] = service.children("gslb.role.plane")
    for _ in range(40):  # each from a port of its own: the kernel shares them out
        assert await dig("127.0.0.1", port, "www.example.com") == [FRA]
    assert await dig("::1", port, "www.example.com") == [FRA]

    async def told() -> list[dict[str, Any]]:
        [one] = (await service.ask("status"))["planes"]
        threads: list[dict[str, Any]] = one["threads"]
        return threads if sum(thread["sent"] for thread in threads) == 41 else []

    threads = await wait(told)
    assert all(thread["sent"] > 0 for thread in threads)
    cores = sorted(os.sched_getaffinity(0))
    assert [thread["cpu"] for thread in threads] == [cores[number % len(cores)] for number in range(2)]
    named = tasks(plane)
    for number in range(2):
        assert os.sched_getaffinity(named[f"gslb-udp-{number}"]) == {cores[number % len(cores)]}
    assert os.sched_getaffinity(plane) == set(cores)  # plans and TCP go where there is room


async def test_many_threads_at_many_addresses(start: Any, wait: Any) -> None:
    port = free_port()
    listen = [f"127.0.0.{last}:{port}" for last in range(1, 7)]
    service = await start(dns={"listen": listen, "engine": "native", "threads": 100})

    async def all_of_them() -> bool:
        [one] = (await service.ask("status"))["planes"]
        return len(one["threads"]) == 100  # 1,200 sockets, handed over as fast as the plane takes them

    await wait(all_of_them)
    for last in range(1, 7):
        for how in ("+notcp", "+tcp"):
            assert await dig(f"127.0.0.{last}", port, how, "www.example.com") == [FRA]
    assert await service.stop() == 0


async def test_it_says_what_answers(start: Any, wait: Any) -> None:
    port = free_port()
    service = await start(engine="native", metrics={"listen": f"127.0.0.1:{port}"})
    [line] = [line for line in service.log() if line["event"] == "listening"]
    assert (line["engine"], line["planes"], line["threads"]) == ("native", 1, 2)
    assert await dig("127.0.0.1", service.port, "www.example.com") == [FRA]

    async def scrape() -> str:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
            return text if 'gslb_dns_requests_total{proto="udp",type="A",zone="example.com."} 1.0' in text else ""

    text = await wait(scrape)
    assert f'gslb_engine_info{{engine="native",version="{__version__}"}} 1.0' in text
    assert "gslb_dns_request_duration_seconds_count 1.0" in text
    assert "gslb_plane_thread_restarts_total 0.0" in text
    code, said = await service.gslb("status")
    assert code == 0
    assert f"gslb {__version__}, native engine (2 threads), node test" in said


async def test_a_module_of_another_version_is_refused_or_left_alone(start: Any, wait: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old" / "gslb_core"
    old.mkdir(parents=True)
    (old / "__init__.py").write_text('__version__ = "0.0.9"\nWORDS = ()\n')
    monkeypatch.setenv("PYTHONPATH", str(old.parent), prepend=os.pathsep)
    service = await start(ready=False, engine="native")
    assert await asyncio.wait_for(service.process.wait(), 60) == 2
    assert (service.folder / "log").read_text() == (
        f"gslb: dns.engine: native is not possible here: gslb-core 0.0.9 is installed, and this is gslb {__version__} "
        "(pip install 'gslb[native]'; in a working copy: make native)\n"
    )
    service = await start(engine="auto")
    assert await dig("127.0.0.1", service.port, "www.example.com") == [FRA]
    [warned] = [line for line in service.log() if "does not fit" in line["event"]]
    assert "0.0.9" in warned["reason"]

    async def answering() -> str:
        code, said = await service.gslb("status", "--json")
        return "" if code else str(json.loads(said)["planes"][0]["engine"])  # "" until the plane has reported

    assert await wait(answering) == "python"
