"""A browser (Debian's Chromium) whose pages may not complain, and a fleet: Redis, two nameservers, three probers, a console, four sites, clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import lzma
import shutil
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dns.edns
import dns.message
import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from gslb.role import local
from gslb.role.simulated import Simulation
from gslb.testing.lab import RedisServer, redis_missing

CHROMIUM = shutil.which("chromium") or ""
PATIENCE = 30_000  # ms; a browser, seven services and a Redis share two cores
DESK = {"width": 1440, "height": 900}
NO_IMAGE = "<img src=x onerror=\"document.title='owned'\">"  # what stands in a TXT record

Opened = Callable[..., AbstractAsyncContextManager[Page]]

# The browser.


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def opened(browser: Browser) -> Opened:
    """Open a page; whatever it complains of fails the test, unless it is in `expected`."""

    @asynccontextmanager
    async def open_page(url: str, *, size: Any = DESK, theme: Any = "light", expected: tuple[str, ...] = (), token: str = "") -> AsyncIterator[Page]:
        context = await browser.new_context(viewport=size, color_scheme=theme)
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        complaints: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not any(text in message.text for text in expected):
                complaints.append(message.text)

        def asked(url_asked: str) -> None:
            if urlsplit(url_asked).netloc != urlsplit(url).netloc:
                complaints.append(f"asked elsewhere: {url_asked}")

        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"not caught: {error}"))
        page.on("request", lambda request: asked(request.url))
        await page.add_init_script("addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`))")
        if token:
            await page.add_init_script(f"sessionStorage.setItem('gslb-token', '{token}')")
        await page.goto(url)
        yield page
        await context.close()
        assert not complaints

    return open_page


# The fleet.

SITES = {"fra": "127.0.13.1", "iad": "127.0.13.2", "sin": "127.0.13.3", "gru": "127.0.13.4"}
PROBERS = {"p-fra": "fra", "p-iad": "iad", "p-sin": "sin"}
ASKED = ("81.2.69.0/24", "128.101.101.0/24", "200.160.2.0/24", "1.21.0.0/24", "196.25.1.0/24", "203.2.218.0/24")  # GB US BR JP ZA AU

ZONES = """
sites:
  fra: {{name: Frankfurt, location: [50.11, 8.68], capacity: 400}}
  iad: {{name: Ashburn, location: [39.04, -77.49], capacity: 600}}
  sin: {{name: Singapore, location: [1.35, 103.82], capacity: 200}}
  gru: {{name: São Paulo, location: [-23.55, -46.63], capacity: 150}}
checks:
  web: {{type: http, port: {port}, path: /healthz, interval: 1s, timeout: 0.8s, down: 2, ok: 5, up: 2}}
pools:
  web:
    policy: nearest
    check: web
    ttl: 30/1
    members:
      - {{site: fra, address: 198.51.100.10, check_address: {{198.51.100.10: 127.0.13.1}}}}
      - {{site: iad, address: 192.0.2.10, check_address: {{192.0.2.10: 127.0.13.2}}}}
      - {{site: sin, address: 203.0.113.10, check_address: {{203.0.113.10: 127.0.13.3}}}}
      - {{site: gru, address: 192.0.2.140, check_address: {{192.0.2.140: 127.0.13.4}}}}
  api:
    policy: weighted
    check: web
    ttl: 30/5
    members:
      - {{site: fra, address: 198.51.100.20, check_address: {{198.51.100.20: 127.0.13.1}}, weight: 3}}
      - {{site: iad, address: 192.0.2.20, check_address: {{192.0.2.20: 127.0.13.2}}}}
  db:
    policy: failover
    check: web
    ttl: 30/5
    members:
      - {{site: sin, address: 203.0.113.30, check_address: {{203.0.113.30: 127.0.13.3}}}}
      - {{site: fra, address: 198.51.100.30, check_address: {{198.51.100.30: 127.0.13.1}}}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 2026112001}}
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: [{{pool: web}}, {{type: TXT, value: "{hostile}"}}]
  api: {{pool: api}}
  db: {{pool: db}}
"""
MANAGED = """
zone: managed.example
soa: {primary: ns1.example.net., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.net., ns2.example.net.]}
  www: {type: A, value: 192.0.2.80}
  blog: {type: CNAME, value: www.managed.example.}
"""


class Fleet:
    """All of it. `url`: of the dashboard; `token`: one that may do everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = RedisServer()
        self.sites = Simulation(SITES, _free_port())
        self.url = self.token = ""
        self._processes: dict[str, Process] = {}
        self._clients: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start everything; return when the console serves and has heard of everybody, with one site failing."""
        self.redis.start()
        await self.sites.start()
        await self.sites.obey("break sin stop")
        await asyncio.to_thread(self._write)
        self.token = await self._command("token", "create", "ann", "--scope", "admin", "--file", str(self.folder / "tokens.yaml"))
        await self._run(
            "control", "console", api={"listen": "127.0.0.1:0", "tokens": str(self.folder / "tokens.yaml"), "anonymous": [], **self._managed}
        )
        for name in ("ns1", "ns2"):
            await self._run("serve", name, dns={"listen": ["127.0.0.1:0"], "threads": 1}, stall_limit=60)
        for name, place in PROBERS.items():
            await self._run("probe", name, probe={"name": name, "place": place})
        self.url = await until(lambda: self._logged("console", "the API is served", "address")) + "/"
        ports = [await until(lambda name=name: self._logged(name, "listening", "addresses")) for name in ("ns1", "ns2")]
        self._clients = asyncio.create_task(_ask_for_ever([int(found[0].rpartition(":")[2]) for found in ports]))
        await until(self._settled)
        await self._publish()

    async def stop(self) -> None:
        if self._clients:
            self._clients.cancel()
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
        await self.sites.close()
        self.redis.close()

    async def status(self) -> dict[str, Any]:
        """What the console knows."""
        return await asyncio.to_thread(partial(local.ask, self.folder / "console" / "state" / "control.sock", "status", 20.0))

    async def _settled(self) -> bool:
        status = await self.status()
        states = [member["state"] for pool in status["pools"] for member in pool["members"]]
        heard = {one["node"] for one in status["nodes"]} >= {"ns1", "ns2"} and len(status["probers"]) == len(PROBERS)
        return heard and "down" in states and "unknown" not in states

    async def _publish(self) -> None:
        """Publish two versions of the files."""
        text = (self.folder / "zones" / "example.com.yaml").read_text()
        async with ClientSession(self.url, headers={"Authorization": f"Bearer {self.token}"}) as session:
            for content, message in ((text, "as it is"), (text.replace("weight: 3", "weight: 5"), "more for Frankfurt")):
                body = {"files": {"example.com.yaml": content}, "message": message}
                async with session.post("/api/v1/config/publish", json=body) as answer:
                    assert answer.ok, await answer.text()

    @property
    def _managed(self) -> dict[str, Any]:
        return {"managed": ["managed.example"], "managed_dir": str(self.folder / "managed")}

    def _write(self) -> None:
        port = next(iter(self.sites.sites.values())).port
        for folder, name, text in (
            ("zones", "example.com.yaml", ZONES.format(port=port, hostile=NO_IMAGE.replace('"', '\\"'))),
            ("managed", "managed.example.yaml", MANAGED),
        ):
            (self.folder / folder).mkdir()
            (self.folder / folder / name).write_text(text)
        geodb = Path(__file__).parents[2] / "geodb" / "gslb-region.mmdb.xz"
        (self.folder / "gslb-region.mmdb").write_bytes(lzma.decompress(geodb.read_bytes()))

    async def _run(self, role: str, name: str, **settings: Any) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        zones = [str(self.folder / "zones"), str(self.folder / "managed")]
        geo = {"database": str(self.folder / "gslb-region.mmdb")}
        common = {"node": name, "store": self.redis.url, "zones": zones, "state_dir": "state", "metrics": {"listen": None}, "geo": geo}
        (folder / "gslb.yaml").write_text(json.dumps(common | settings))
        with (folder / "log").open("wb") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gslb", role, "--config", str(folder / "gslb.yaml"), stdin=DEVNULL, stdout=log, stderr=log
            )

    def _logged(self, name: str, event: str, key: str) -> Any:
        process = self._processes[name]
        text = (self.folder / name / "log").read_text()
        assert process.returncode is None, text
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return next((line[key] for line in lines if line["event"] == event), None)

    async def _command(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gslb", *words, stdout=PIPE, stderr=DEVNULL, stdin=DEVNULL)
        said, _ = await process.communicate()
        return said.decode().strip()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fleet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    if why := redis_missing():
        pytest.skip(why)
    one = Fleet(tmp_path_factory.mktemp("fleet"))
    try:
        await one.start()
        yield one
    finally:
        await one.stop()


async def until(found: Callable[[], Any], seconds: float = 200.0) -> Any:
    """Wait for something to become true; what it is, is returned."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Exception):
            value = found()
            value = await value if asyncio.iscoroutine(value) else value
            if value:
                return value
        assert time.monotonic() < end, f"{found} did not come true within {seconds} s"
        await asyncio.sleep(0.05)


async def _ask_for_ever(ports: list[int]) -> None:
    """Ask as resolvers of six countries would, some sixty times a second."""
    number = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        while True:
            for subnet in ASKED:
                number += 1
                network, _, length = subnet.partition("/")
                name = ("www", "www", "api", "db", "nothing")[number % 5]
                option = dns.edns.ECSOption(network, int(length))
                wire = dns.message.make_query(f"{name}.example.com.", "A", options=[option]).to_wire()
                with contextlib.suppress(OSError):
                    line.sendto(wire, ("127.0.0.1", ports[number % len(ports)]))
                    line.recv(4096)
            await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as line:
        line.bind((SITES["fra"], 0))
        port: int = line.getsockname()[1]
        return port
