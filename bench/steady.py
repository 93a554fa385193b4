"""What clients notice while things go wrong behind the plane: reloads good, broken and large, control killed and stopped, a site that dies.

Starts `gslb run` with one plane and simulated sites in a folder of its own, asks at a steady rate, and prints
for each phase how many queries were lost or wrongly answered and how long answers took. Every answer is checked against what
may be said at that moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import command
from asker import Seen, ask
from dnslib import DNSRecord
from server import free_port
from service import ENGINES, GSLB, Service

LARGE = 100_000

POOLS = """\
sites: {{fra: {{location: [50.11, 8.68]}}, iad: {{location: [39.04, -77.49]}}}}
checks:
  web: {{type: http, port: {port}, path: /healthz, interval: 1s, timeout: 500ms, down: 2, ok: 5, up: 2}}
pools:
  web:
    policy: failover
    ttl: 30
    check: web
    members:
      - {{site: fra, address: 198.51.100.10, check_address: {{198.51.100.10: 127.0.11.1}}}}
      - {{site: iad, address: 192.0.2.10, check_address: {{192.0.2.10: 127.0.11.2}}}}
"""
ZONE = """\
$ORIGIN example.org.
$TTL 300
@ 3600 SOA ns1 hostmaster {serial} 7200 1800 259200 30
@ 3600 NS ns1
ns1 A 127.0.0.1
static A {address}
www 30 GSLB web
"""


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rate", type=int, default=2000, help="queries a second")
    parser.add_argument("--seconds", type=float, default=4.0, help="of asking around each event")
    parser.add_argument("--engine", choices=["auto", *ENGINES], default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gslb-steady-") as folder:
        health = free_port()
        zones = {"pools.yaml": POOLS.format(port=health), "example.org.zone": zone("192.0.2.80", 1)}
        fra, _iad = Site("127.0.11.1", health), Site("127.0.11.2", health)
        with Service(Path(folder), zones, engine=options.engine, role="run") as service:
            service.wait()
            os.sched_setaffinity(0, {1})
            Bench(service, fra, options.rate, options.seconds).run()


def zone(address: str, serial: int, extra: str = "") -> str:
    return ZONE.format(address=address, serial=serial) + extra


class Site:
    """A site's web server: says 200 until it is stopped."""

    def __init__(self, address: str, port: int) -> None:
        self.where = (address, port)
        self.sock: socket.socket | None = None
        self.start()

    def start(self) -> None:
        self.sock = socket.create_server(self.where)
        threading.Thread(target=self._serve, args=(self.sock,), daemon=True).start()

    def stop(self) -> None:
        if self.sock:
            self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
            self.sock = None

    @staticmethod
    def _serve(sock: socket.socket) -> None:
        while True:
            try:
                client, _ = sock.accept()
            except OSError:
                return  # stopped
            with client, contextlib.suppress(OSError):
                client.settimeout(1)
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


class Bench:
    """One service and what happens to it."""

    def __init__(self, service: Service, fra: Site, rate: int, seconds: float) -> None:
        self.service, self.home, self.port = service, service.home, service.port
        self.fra, self.rate, self.seconds = fra, rate, seconds

    def write(self, address: str, serial: int, extra: str = "") -> None:
        (self.home / "zones" / "example.org.zone").write_text(zone(address, serial, extra))

    def run(self) -> None:
        self.phase("at rest", lambda: None, {"192.0.2.80"}, {"198.51.100.10"})
        self.write("192.0.2.81", 2)
        self.phase("reload, changed zone", self.reload, {"192.0.2.80", "192.0.2.81"}, {"198.51.100.10"})
        self.write("192.0.2.82", 3, "broken A 1.2.3.4.5\n")
        said = self.phase("reload, broken zone", self.reload, {"192.0.2.81"}, {"198.51.100.10"})
        print(f"    refused: {said.strip().splitlines()[0]}")
        self.write("192.0.2.81", 4, "".join(f"n{i} A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(LARGE)))
        self.phase(f"reload, {LARGE:,} names", self.reload, {"192.0.2.81"}, {"198.51.100.10"})
        self.write("192.0.2.83", 5)
        self.phase(f"reload, {LARGE:,} names gone", lambda: self.reload("--force"), {"192.0.2.81", "192.0.2.83"}, {"198.51.100.10"})
        self.phase("control killed (SIGKILL)", lambda: os.kill(self.control(), signal.SIGKILL), {"192.0.2.83"}, {"198.51.100.10"})
        control = self.control()
        self.phase("control stopped (SIGSTOP)", lambda: os.kill(control, signal.SIGSTOP), {"192.0.2.83"}, {"198.51.100.10"})
        os.kill(control, signal.SIGCONT)
        self.settled()
        self.failover("a site stops", self.fra.stop, "192.0.2.10", 2 * 1 + 0.5 + 0.5)
        self.failover("it comes back", self.fra.start, "198.51.100.10", 2 * 1 + 0.5 + 0.5)

    def phase(self, title: str, act: Callable[[], object], static: set[str], dynamic: set[str]) -> str:
        """Ask, let it happen, ask on."""
        allowed = {"static.example.org": static, "www.example.org": dynamic}
        said: list[object] = []
        worker = threading.Timer(self.seconds / 4, lambda: said.append(act()))
        worker.start()
        end = time.monotonic() + self.seconds
        seen = ask(self.port, list(allowed), self.rate, lambda: time.monotonic() > end and not worker.is_alive(), judge(allowed))
        worker.join()
        report(title, seen)
        return str(said[0])

    def failover(self, title: str, act: Callable[[], None], expected: str, limit: float) -> None:
        """Ask every 10 ms until the answer has changed."""
        changed: list[float] = []

        def look(name: str, reply: bytes) -> str | None:
            found = addresses(reply)
            if expected in found and not changed:
                changed.append(time.monotonic())
            return None if found and reply[3] & 15 == 0 else f"{name}: no address"

        began = time.monotonic()
        act()
        seen = ask(self.port, ["www.example.org"], 100, lambda: bool(changed) or time.monotonic() > began + 30, look)
        report(title, seen)
        print(f"    answers changed after {changed[0] - began:.2f} s (limit {limit:.1f} s)" if changed else "    answers did not change")

    def reload(self, *words: str) -> str:
        done = subprocess.run([*GSLB, "reload", *words], cwd=self.home, capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}"

    def control(self) -> int:
        """Pid of the control process, once there is one."""
        while not (found := self.service.pids_of("control")):
            time.sleep(0.05)
        return found[0]

    def settled(self) -> None:
        """Wait until control answers on its socket again."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            done = subprocess.run([*GSLB, "status", "--json"], cwd=self.home, capture_output=True, text=True, check=False)
            if done.returncode == 0 and json.loads(done.stdout):
                return
            time.sleep(0.2)


def judge(allowed: dict[str, set[str]]) -> Callable[[str, bytes], str | None]:
    def look(name: str, reply: bytes) -> str | None:
        found = addresses(reply)
        return None if found and found <= allowed[name] and reply[3] & 15 == 0 else f"answered {sorted(found)}, rcode {reply[3] & 15}"

    return look


def addresses(reply: bytes) -> set[str]:
    return {str(record.rdata) for record in DNSRecord.parse(reply).rr}


def report(title: str, seen: Seen) -> None:
    print(f"{title:32} {seen.line()}", *(f"\n    {fault}" for fault in sorted(set(seen.wrong))[:5]), flush=True)


if __name__ == "__main__":
    command.run(main)
