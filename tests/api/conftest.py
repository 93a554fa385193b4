"""A real service behind a real server: everything that decides, over a memory store, in this process; without planes and probers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gslb.api.limits import Rates
from gslb.api.server import ApiServer
from gslb.config.settings import Settings, load
from gslb.lease import Lease
from gslb.role import managed
from gslb.role.deciding import Deciding
from gslb.role.explaining import Explaining
from gslb.role.node_status import NodeStatus
from gslb.role.operating import Operating
from gslb.role.works import Works
from gslb.verdict import State, Vote

ZONES = """
sites:
  fra: {name: Frankfurt, location: [50.11, 8.68], capacity: 400}
  iad: {name: Ashburn, location: [39.04, -77.49]}
  sin: {name: Singapore, location: [1.35, 103.82]}
checks: {web: {type: tcp, port: 80, interval: 5s, timeout: 2s, down: 2, ok: 5, up: 2}}
pools:
  web:
    members:
      - {site: fra, address: [198.51.100.10, "2001:db8:1::10"], weight: 3}
      - {site: iad, address: 192.0.2.10}
      - {site: sin, address: 203.0.113.10}
    check: web
    policy: nearest
    ttl: 60/10
    when_all_down: {backup: sorry}
  sorry: {members: [{address: 192.0.2.99}], policy: all}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 7}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: [{pool: web}, {type: TXT, value: hello}]
  static: {type: A, value: 192.0.2.80}
"""
DYN = """
zone: dyn.example
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  host: {type: A, value: 192.0.2.7}
"""
PROBERS = ("p1", "p2", "p3")


@dataclass
class Running:
    """One service, and a client of it."""

    folder: Path
    server: ApiServer
    deciding: Deciding
    operating: Operating
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.listening

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> tuple[int, Any, Any]:
        """Do one request: its status, data and headers."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {self.tokens.get(token, token)}"
        data = None if body is None else json.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        where = path if path.startswith("/") else f"/api/v1/{path}"
        async with self.session.request(method, self.url + where, data=data, headers=sent) as answer:
            text = await answer.text()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, json.loads(text) if is_json and text else text, answer.headers

    async def get(self, path: str, **headers: str) -> Any:
        """GET what must be there."""
        status, data, _ = await self.ask("GET", path, **headers)
        assert status == 200, data
        return data

    async def vote(self, prober: str, state: State, *addresses: str, reason: str = "refused") -> None:
        """Let a prober say something of these addresses (all, where none is named), and wait until it is judged."""
        now = await self.deciding.store.now()
        await self.deciding.store.renew(Lease(prober, prober, now, lasts=600))
        targets = [one for one in self.deciding.load.index.probes if not addresses or one.address in addresses]
        votes = [Vote(target, prober, state, now, 100 if state is State.UP else 0, reason="" if state is State.UP else reason) for target in targets]
        await self.deciding.store.publish(prober, votes)
        await self.deciding.publisher.catch_up()


Start = Callable[..., Awaitable[Running]]


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for something to become true; what it is, is returned."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"{condition} did not come true within {seconds} s"
        await asyncio.sleep(0.01)


def write(folder: Path, geodb: Path, zones: str, api: dict[str, Any]) -> Settings:
    """Write files and settings with this section `api`; paths in it start at the folder."""
    for name in ("zones", "zones/managed", "state"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "zones" / "example.com.yaml").write_text(zones)
    (folder / "zones" / "managed" / "dyn.example.yaml").write_text(DYN)
    section = {"listen": "127.0.0.1:0", "managed": ["dyn.example"], **api}
    (folder / "gslb.yaml").write_text(json.dumps({"node": "test", "metrics": {"listen": None}, "geo": {"database": str(geodb)}, "api": section}))
    return managed.prepared(load(folder / "gslb.yaml", {}))


@contextlib.asynccontextmanager
async def running(folder: Path, geodb: Path, zones: str = ZONES, **api: Any) -> AsyncIterator[Running]:
    """Run a service."""
    settings = write(folder, geodb, zones, api)
    works = Works("test", asyncio.Event())
    deciding = Deciding(settings, [], works, list, probing=False)
    status = NodeStatus(deciding, [], time.time())
    await deciding.begin()

    async def reload(*, force: bool = False) -> dict[str, Any]:
        return {**await deciding.reload(force=force), "served": True}

    operating = Operating(deciding, status, Explaining("test", deciding.publisher), reload, lambda: "")
    assert settings.api
    server = ApiServer(settings.api, operating)
    try:
        await server.start()
        async with aiohttp.ClientSession() as session:
            yield Running(folder, server, deciding, operating, session)
    finally:
        await server.close()
        works.cancel()
        await deciding.end()
    assert not works.failed


@pytest.fixture
async def start(tmp_path: Path, geodb: Path) -> AsyncIterator[Start]:
    """Start services; all are ended with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(zones: str = ZONES, **api: Any) -> Running:
            return await stack.enter_async_context(running(tmp_path, geodb, zones, **api))

        yield make


@pytest.fixture
def wait() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory, geodb: Path) -> Iterator[Running]:
    """A service on a loop of its own, in a thread, for clients that wait; everybody may do everything, as fast as they can."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="service")
    thread.start()
    context = running(tmp_path_factory.mktemp("beside"), geodb, anonymous=["admin"])

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    one: Running = do(context.__aenter__())
    one.server._door._rates = Rates(1e9, 1e9)
    for prober in PROBERS:
        do(one.vote(prober, State.UP))
    yield one
    do(context.__aexit__(None, None, None))
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


@pytest.fixture
async def service(start: Start) -> Running:
    """A service where three probers see all up, and everybody may do everything."""
    one = await start(anonymous=["admin"])
    for prober in PROBERS:
        await one.vote(prober, State.UP)
    return one
