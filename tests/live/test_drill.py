"""The drill: what an operator sees at three in the morning. Something is broken, at most two commands are given, and their output names the cause.

A nameserver that follows published versions, three probers in three places, Redis, and sites that can be broken; whole processes all of them.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from gslb import metrics
from gslb.bundle import Bundle
from gslb.role import local
from gslb.role.simulated import Simulation
from gslb.store import Identity, open_store
from gslb.store.keys import generate, read_signer
from gslb.testing.lab import RedisServer, redis_missing
from gslb.testing.lab.redis import free_port

pytestmark = [pytest.mark.live, pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")]

PLACES = {"p-fra": "fra", "p-iad": "iad", "p-sin": "sin"}
KEYS = (("ns1", "operator", "ann"), *((name, "prober", name) for name in PLACES))  # process, what it signs as, whose key
REFERENCE = "127.0.11.9"
DAY = 86_400
ZONE = """
sites: {{fra: {{location: [50.11, 8.68]}}, iad: {{location: [39.04, -77.49]}}}}
checks: {{web: {{type: http, port: {port}, path: /healthz, interval: 2s, timeout: 1.8s, down: 2, ok: 2, up: 1}}}}
pools:
  web:
    policy: failover
    check: web
    ttl: 30/1
    members:
      - {{site: fra, address: 198.51.100.10, check_address: {{198.51.100.10: 127.0.11.1}}}}
      - {{site: iad, address: 192.0.2.10, check_address: {{192.0.2.10: 127.0.11.2}}}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}}
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: {{pool: web}}
"""


class Drill:
    """The service, and the two commands."""

    def __init__(self, folder: Path, redis: RedisServer, sites: Simulation) -> None:
        self.folder, self.redis, self.sites = folder, redis, sites
        self.port = next(iter(sites.sites.values())).port
        self.metrics = free_port()
        self.geodb = folder / "geo.mmdb"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "zones").mkdir()
        lines = {}
        for _, _, name in KEYS:
            private, lines[name] = generate(name)
            (folder / f"{name}.key").write_text(private)
            (folder / f"{name}.key").chmod(0o600)
        probers = {name: {"place": place, "keys": [lines[name]]} for name, place in PLACES.items()}
        (folder / "keys.yaml").write_text(json.dumps({"probers": probers, "operators": {"ann": {"keys": [lines["ann"]]}}}))
        (folder / "zones" / "example.com.yaml").write_text(ZONE.format(port=self.port))
        self.ann = Identity("drill", signers={"operator": read_signer(folder / "ann.key")})

    def start(self) -> None:
        common = {"store": self.redis.url, "zones": [str(self.folder / "zones")], "state_dir": "state"}
        own = {name: {"keys": {"trust": str(self.folder / "keys.yaml"), who: str(self.folder / f"{key}.key")}} for name, who, key in KEYS}
        node = {"node": "ns1", "dns": {"listen": ["127.0.0.1:0"], "threads": 1}, "geo": {"database": str(self.geodb)}, "stall_limit": 60}
        self._run("serve", "ns1", common | node | own["ns1"] | {"metrics": {"listen": f"127.0.0.1:{self.metrics}"}, "fleet": {"follow": True}})
        for name, place in PLACES.items():
            references = {"references": {"web": [REFERENCE]}} if name == "p-sin" else {}
            self._run("probe", name, common | own[name] | {"metrics": {"listen": None}, "probe": {"name": name, "place": place, **references}})

    def _run(self, role: str, name: str, settings: dict[str, Any]) -> None:
        home = self.folder / name
        home.mkdir()
        (home / "gslb.yaml").write_text(json.dumps(settings))
        with (home / "log").open("ab") as log:
            command = [sys.executable, "-m", "gslb", role, "--config", str(home / "gslb.yaml")]
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    async def publish(self, text: str) -> None:
        """Publish files without anybody's judging them first: whoever has the key and not our command line can."""
        store = open_store(self.redis.url, self.ann)
        try:
            newest = await store.newest()
            number = newest.floor + 1
            files = {"example.com.yaml": text.encode()}
            await store.publish_bundle(Bundle(number, 0.0, "ann", "drill", files, 0), newest.floor)
        finally:
            await store.close()

    def old_geo(self, days: int) -> None:
        writer = MMDBWriter(6, "Test-Country", ipv4_compatible=True)
        writer.insert_network(IPSet(["192.0.2.0/24"]), {"country": {"iso_code": "DE"}})
        beside = self.folder / "geo.new"
        then, now = int(time.time()) - days * DAY, time.time
        time.time = lambda: float(then)  # what the writer puts into the file
        try:
            writer.to_db_file(str(beside))
        finally:
            time.time = now
        beside.replace(self.geodb)

    async def gslb(self, *words: str) -> str:
        """Give one command, as an operator does; what it prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gslb",
            *words,
            "--config",
            str(self.folder / "ns1" / "gslb.yaml"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"COLUMNS": "250", "PATH": "/usr/bin:/bin"},
        )
        out, _ = await process.communicate()
        return out.decode()

    async def codes(self) -> set[str]:
        """What is wrong, as the service says it to programs; this only waits for what the commands are then asked."""
        status = await asyncio.to_thread(local.ask, self.folder / "ns1" / "state" / "control.sock", "status", 20.0)
        return {one["code"] for one in status["degraded"]}

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def end(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            process.wait(30)


@pytest.fixture
async def drill(tmp_path: Path, sites: Simulation) -> AsyncIterator[Drill]:
    with RedisServer() as redis:
        one = Drill(tmp_path, redis, sites)
        one.old_geo(1)
        yield one
        await asyncio.to_thread(one.end)


def wrong(text: str, cause: str) -> tuple[str, str]:
    """Of what `gslb status` begins with, the line that holds the cause, and the one below it: what to do."""
    head, _, rest = text.partition("\n")
    assert head == "what is wrong", text
    lines = rest.partition("\ngslb ")[0].splitlines()
    assert any(cause in line for line in lines), text
    at = next(number for number, line in enumerate(lines) if cause in line)
    return lines[at], lines[at + 1]


@pytest.mark.timeout(300)
async def test_two_commands_name_the_cause(drill: Drill, sites: Simulation, wait: Any) -> None:
    reference = Simulation({"ref": REFERENCE}, drill.port)
    await reference.start()
    good = ZONE.format(port=drill.port)
    await drill.publish(good)
    drill.start()
    try:
        await wait(lambda: _answers(drill), 90)
        await wait(lambda: _is(drill, set()), 60)
        await wait(lambda: _well(drill), 60)
        await _site_down(drill, sites, wait)
        await _prober_cut_off(drill, reference, wait)
        await _drained(drill, wait)
        await _geo_old(drill, wait)
        await _bad_publish(drill, good, wait)
        _scraped(drill)
        await _redis_lost(drill, wait)
    finally:
        await reference.close()


async def _answers(drill: Drill) -> bool:
    await drill.codes()
    return True


async def _well(drill: Drill) -> bool:
    """Nothing is said to be wrong where nothing is."""
    return (await drill.gslb("status")).startswith("gslb ")


async def _is(drill: Drill, codes: set[str]) -> bool:
    return await drill.codes() == codes


async def _has(drill: Drill, code: str) -> bool:
    return code in await drill.codes()


async def _site_down(drill: Drill, sites: Simulation, wait: Any) -> None:
    await sites.sites["fra"].turn("stop")
    await wait(lambda: _has(drill, "site_down"))
    first, hint = wrong(await drill.gslb("status"), "site fra is down: its only member (web): ")
    assert "refused" in first
    assert "look at fra" in hint
    events = await drill.gslb("events", "--kind", "verdict")
    assert "web 127.0.11.1: down: " in events
    assert "of 3" in events, "who says so"
    await sites.sites["fra"].turn("ok")
    await wait(lambda: _is(drill, set()), 60)


async def _prober_cut_off(drill: Drill, reference: Simulation, wait: Any) -> None:
    await reference.sites["ref"].turn("stop")
    await wait(lambda: _has(drill, "prober_cut_off"))
    _, hint = wrong(await drill.gslb("status"), "prober p-sin (place sin) is cut off: ")
    assert "others decide; look at the network of sin" in hint
    assert "p-sin: suspect: does not trust its own eyes" in await drill.gslb("events", "--kind", "prober")
    drill.processes["p-iad"].send_signal(signal.SIGSTOP)
    await wait(lambda: _has(drill, "prober_gone"))
    wrong(await drill.gslb("status"), "prober p-iad (place iad) is gone: nothing heard for")
    drill.processes["p-iad"].send_signal(signal.SIGCONT)
    await reference.sites["ref"].turn("ok")
    await wait(lambda: _is(drill, set()), 60)


async def _drained(drill: Drill, wait: Any) -> None:
    assert "is drained" in await drill.gslb("site", "drain", "iad", "--reason", "new switches", "--by", "ann")
    await wait(lambda: _has(drill, "drained"))
    _, hint = wrong(await drill.gslb("status"), "site iad is drained by ann: new switches")
    assert "`gslb site undrain iad` takes it back" in hint
    assert re.search(r"ann  site iad drain: new switches", await drill.gslb("audit"))
    await drill.gslb("site", "undrain", "iad")
    await wait(lambda: _is(drill, set()), 60)


async def _geo_old(drill: Drill, wait: Any) -> None:
    drill.old_geo(120)
    await drill.gslb("reload")
    await wait(lambda: _has(drill, "geo_old"))
    _, hint = wrong(await drill.gslb("status"), "geo.mmdb: geo data is 120 days old")
    assert "bring a newer database" in hint
    drill.old_geo(1)
    await drill.gslb("reload")
    await wait(lambda: _is(drill, set()), 60)


async def _bad_publish(drill: Drill, good: str, wait: Any) -> None:
    await drill.publish(good.replace("www: {pool: web}", "www: {pool: wbe}"))
    await wait(lambda: _has(drill, "config_refused"))
    first, hint = wrong(await drill.gslb("status"), "the published version 2 is not run here, version 1 is: ")
    assert "example.com.yaml:16:8: L003" in first, "file, line, column"
    assert "wbe" in first
    assert "publish a mended version" in hint
    assert re.search(r"(config|reload) .*refused.*wbe", await drill.gslb("events"))
    await drill.publish(good)
    await wait(lambda: _is(drill, set()), 60)


async def _redis_lost(drill: Drill, wait: Any) -> None:
    drill.redis.kill()
    await wait(lambda: _has(drill, "store_lost"))
    first, hint = wrong(await drill.gslb("status"), "the store unix:")
    assert re.search(r"the store \S+ is out of reach for \d+ s: \S+", first)
    assert "answers stay as they were" in hint
    assert "store    store: out of reach, verdicts are held" in await drill.gslb("events")
    assert drill.page("/livez")[0] == 200
    assert drill.page("/readyz")[0] == 200, "a nameserver that can answer is ready, whatever became of Redis"
    text = drill.page("/metrics")[1]
    assert "gslb_store_up 0.0" in text
    assert 'gslb_degraded{code="store_lost"} 1.0' in text


def _scraped(drill: Drill) -> None:
    """Every metric that dashboards and rules name is in what the running node shows, with its labels."""
    text = drill.page("/metrics")[1]
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    labels: dict[str, set[str]] = {}
    for name, inside in re.findall(r"^(\w+)\{([^}]*)\}", text, re.MULTILINE):
        labels.setdefault(name, set()).update(re.findall(r"(\w+)=", inside))
    folder = Path(__file__).parents[2]
    spec = importlib.util.spec_from_file_location("promql", folder / "tests/deploy/promql.py")
    assert spec
    assert spec.loader
    promql = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(promql)
    boards = [json.loads(path.read_text()) for path in (folder / "deploy/grafana").glob("*.json")]
    expressions = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", ())]
    expressions += re.findall(r"^ +expr: (.*)$", (folder / "deploy/prometheus/rules.yaml").read_text(), re.MULTILINE)
    assert len(expressions) > 60
    used = {promql.base(metric) for expression in expressions for metric in promql.named(expression).metrics} - {"up"}
    absent = {name for name in used if name not in types and name.removesuffix("_total") not in types}
    assert not absent
    for name, asked in labels.items():
        series = metrics.SERIES.get(name) or metrics.SERIES.get(promql.base(name))
        assert series, f"{name} is shown and described nowhere"
        assert asked <= {*series.labels, "le"}
