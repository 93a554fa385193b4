"""A machine that comes by itself: `gslb register` and `gslb push`, signed, over a Redis, to a nameserver's answers, and away again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dnslib
import pytest

from gslb.role import local
from gslb.store import keys
from gslb.testing.lab import RedisServer, redis_missing

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing() or "there is one")

OWN, COMES, PUSHED = "127.0.13.1", "127.0.13.7", "127.0.14.1"

ZONE = """
sites: {{fra: {{}}}}
checks:
  web: {{type: tcp, port: {port}, interval: 0.4s, timeout: 0.3s, down: 2, up: 2}}
  word: {{type: push, sites: [fra], interval: 0.4s, timeout: 0.3s, down: 2, up: 2}}
pools:
  web:
    policy: all
    check: web
    members: [{{site: fra, address: 127.0.13.1}}]
    register: {{networks: [127.0.13.0/24], site: fra, maximum: 2, keys: [fra]}}
  word: {{policy: all, check: word, members: [{{address: 127.0.14.1}}, {{address: 127.0.14.2}}]}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com.}}
records:
  '': {{type: NS, values: [ns1.example.net., ns2.example.net.]}}
  www: {{pool: web}}
  word: {{pool: word}}
"""


class World:
    """A Redis, one nameserver that probes, a site that holds a key, and one whose key nobody knows."""

    def __init__(self, folder: Path, redis: RedisServer, port: int) -> None:
        self.folder = folder
        self.trust: dict[str, dict[str, Any]] = {"probers": {}, "sites": {}}
        self.started: list[subprocess.Popen[bytes]] = []
        self.key("probers", "ns1")
        self.key("sites", "fra")
        self.key("strangers", "iad")
        (folder / "keys.yaml").write_text(json.dumps({name: self.trust[name] for name in ("probers", "sites")}))
        (folder / "zones").mkdir()
        (folder / "zones" / "example.com.yaml").write_text(ZONE.format(port=port))
        common = {"store": redis.url, "metrics": {"listen": None}}
        own = {"dns": {"listen": ["127.0.0.1:0"], "engine": "python", "threads": 1}, "probe": {}, "keys": {"prober": "ns1.key", "trust": "keys.yaml"}}
        (folder / "ns1.yaml").write_text(json.dumps(common | own | {"node": "ns1"}))
        for name in ("fra", "iad"):
            (folder / f"{name}.yaml").write_text(json.dumps(common | {"node": name, "keys": {"site": f"{name}.key"}}))

    def key(self, section: str, name: str) -> None:
        private, public = keys.generate(name)
        path = self.folder / f"{name}.key"
        path.write_text(private)
        path.chmod(0o600)
        self.trust.setdefault(section, {})[name] = {"keys": [public]}

    def start(self, *command: str, who: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{who}.log").open("ab") as log:
            line = [sys.executable, "-m", "gslb", *command, "--config", str(self.folder / f"{who}.yaml")]
            process = subprocess.Popen(line, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | {"GSLB_DEBUG": "1"})
        self.started.append(process)
        return process

    def say(self, *command: str, who: str = "fra") -> None:
        assert self.start(*command, who=who).wait(30) == 0, (self.folder / f"{who}.log").read_text()

    def status(self) -> dict[str, Any]:
        return local.ask(self.folder / "state" / "control.sock", "status", 20.0)

    def answer(self, name: str) -> set[str]:
        host, _, port = self.status()["listening"][0].rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(5)
            line.sendto(dnslib.DNSRecord.question(f"{name}.example.com").pack(), (host, int(port)))
            return {str(rr.rdata) for rr in dnslib.DNSRecord.parse(line.recv(4096)).rr}

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + 40
        while True:
            with suppress(Exception):
                if holds():
                    return
            assert time.monotonic() < end, "\n".join(path.read_text() for path in self.folder.glob("*.log"))
            time.sleep(0.1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with RedisServer() as redis, socket.create_server(("0.0.0.0", 0)) as listener:
        threading.Thread(target=_take, args=(listener,), daemon=True).start()
        made = World(tmp_path, redis, listener.getsockname()[1])
        try:
            yield made
        finally:
            for process in made.started:
                if process.poll() is None:
                    process.terminate()
                process.wait(20)


def _take(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


def test_comes_and_goes(world: World) -> None:
    world.start("serve", who="ns1")
    world.until(lambda: world.answer("www") == {OWN})
    world.say("register", "web", "203.0.113.9", "--once")
    world.say("register", "web", "127.0.13.8", "--once", who="iad")
    machine = world.start("register", "web", COMES, "--lease", "6s", who="fra")
    world.say("push", "word", PUSHED, "--once", "--lease", "1h")
    world.until(lambda: world.answer("www") == {OWN, COMES} and world.answer("word") == {PUSHED})
    assert [one["state"] for one in world.status()["registered"]] == ["joined"]
    machine.send_signal(signal.SIGTERM)
    assert machine.wait(20) == 0
    world.until(lambda: world.answer("www") == {OWN})
    log = (world.folder / "ns1.log").read_text()
    assert "a registration is refused" in log
    assert "no longer" in (world.folder / "fra.log").read_text()
