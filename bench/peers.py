"""The servers that are measured: how each is configured and started, on one core, for the same zone.

All serve example.org on 127.0.0.1: `static.example.org` is static everywhere, `www.example.org` answers by continent where the server
can (gdnsd, Knot, PowerDNS as `geo.example.org`, gslb), two addresses a continent. NSD and BIND have it static.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asker import question

ROOT = Path(__file__).resolve().parent.parent
DAEMONS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])

ZONE = """\
$ORIGIN example.org.
$TTL 300
@ 3600 SOA ns1 hostmaster 1 7200 1800 259200 900
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
static 300 A 192.0.2.10
*.wild 300 A 192.0.2.11
"""
CONTINENTS = {"eu": ("198.51.100.1", "198.51.100.2"), "na": ("192.0.2.1", "192.0.2.2"), "ap": ("203.0.113.1", "203.0.113.2")}
MAP = {"EU": "eu na ap", "NA": "na eu ap", "SA": "na eu ap", "AS": "ap na eu", "OC": "ap na eu", "AF": "eu na ap", "default": "na eu ap"}


@dataclass(frozen=True)
class Peer:
    """A server: the program it needs, how to start it, and the name that is answered by geography."""

    name: str
    program: str
    start: Callable[[Path, Path, int], list[str]]
    geo_name: str | None = "www.example.org"


def gdnsd(home: Path, database: Path, port: int) -> list[str]:
    (home / "geoip").mkdir()
    (home / "zones").mkdir()
    shutil.copy(database, home / "geoip" / "geo.mmdb")
    lines = [line for line in ZONE.splitlines() if not line.startswith("$")]
    (home / "zones" / "example.org").write_text("\n".join([*lines, "www 30 DYNA geoip!www", ""]))
    continents = ", ".join(f"{key} => [{', '.join(order.split())}]" for key, order in MAP.items())
    centres = ", ".join(f"{dc} => {{ a => {a}, b => {b} }}" for dc, (a, b) in CONTINENTS.items())
    (home / "config").write_text(
        textwrap.dedent(f"""\
        options => {{ listen => 127.0.0.1:{port}, edns_client_subnet = true, udp_threads => 1, tcp_threads => 1,
                      run_dir => {home}/run, state_dir => {home}/state }}
        plugins => {{ geoip => {{
          maps => {{ m => {{ geoip2_db => geo.mmdb, datacenters => [na, eu, ap], map => {{ {continents} }} }} }}
          resources => {{ www => {{ map => m, service_types => up, dcmap => {{ {centres} }} }} }}
        }} }}
        """)
    )
    return ["gdnsd", "-c", str(home), "start"]


def knot(home: Path, database: Path, port: int) -> list[str]:
    (home / "example.org.zone").write_text(ZONE + "www 30 A 192.0.2.1\nwww 30 A 192.0.2.2\n")
    names = {"eu": "EU", "na": "NA", "ap": "AS"}
    (home / "geo.conf").write_text(
        "www.example.org:\n" + "".join(f'  - geo: "{names[dc]}"\n    A: [{a}, {b}]\n' for dc, (a, b) in CONTINENTS.items())
    )
    (home / "knot.conf").write_text(
        textwrap.dedent(f"""\
        server:
          listen: 127.0.0.1@{port}
          rundir: {home}/run
          udp-workers: 1
          tcp-workers: 1
          background-workers: 1
          edns-client-subnet: on
        database:
          storage: {home}/state
        mod-geoip:
          - id: geo
            config-file: {home}/geo.conf
            ttl: 30
            mode: geodb
            geodb-file: {database}
            geodb-key: [ continent/code ]
        zone:
          - domain: example.org
            storage: {home}
            file: example.org.zone
            zonefile-sync: -1
            journal-content: none
            module: mod-geoip/geo
        """)
    )
    return ["knotd", "-c", str(home / "knot.conf")]


def nsd(home: Path, _database: Path, port: int) -> list[str]:
    (home / "example.org.zone").write_text(ZONE + "www 30 A 192.0.2.1\nwww 30 A 192.0.2.2\n")
    (home / "nsd.conf").write_text(
        textwrap.dedent(f"""\
        server:
          server-count: 1
          rrl-ratelimit: 0
          ip-address: 127.0.0.1@{port}
          username: ""
          zonesdir: "{home}"
          database: ""
          pidfile: "{home}/run/nsd.pid"
          xfrdfile: "{home}/run/xfrd"
          zonelistfile: "{home}/run/zones"
        remote-control:
          control-enable: no
        zone:
          name: example.org
          zonefile: example.org.zone
        """)
    )
    return ["nsd", "-d", "-c", str(home / "nsd.conf")]


def powerdns(home: Path, database: Path, port: int) -> list[str]:
    (home / "pdns.conf").write_text(
        textwrap.dedent(f"""\
        launch=geoip
        geoip-database-files=mmdb:{database}
        geoip-zones-file={home}/zones.yml
        edns-subnet-processing=yes
        local-address=127.0.0.1
        local-port={port}
        socket-dir={home}/run
        receiver-threads=1
        distributor-threads=1
        daemon=no
        guardian=no
        """)
    )
    codes = {"eu": "eu", "na": "na", "ap": "as"}
    geo = "".join(f"    {codes[dc]}.geo.example.org: [{{a: {a}}}, {{a: {b}}}]\n" for dc, (a, b) in CONTINENTS.items())
    (home / "zones.yml").write_text(
        "domains:\n- domain: example.org\n  ttl: 30\n  records:\n    example.org:\n"
        "      - soa: ns1.example.org hostmaster.example.org 1 7200 1800 259200 900\n      - ns: ns1.example.org\n"
        f"    ns1.example.org: [{{a: 127.0.0.1}}]\n    static.example.org: [{{a: 192.0.2.10}}]\n{geo}"
        "  services:\n    geo.example.org: [ '%cn.geo.example.org' ]\n"
    )
    return ["pdns_server", f"--config-dir={home}"]


def bind(home: Path, _database: Path, port: int) -> list[str]:
    (home / "example.org.zone").write_text(ZONE + "www 30 A 192.0.2.1\nwww 30 A 192.0.2.2\n")
    (home / "named.conf").write_text(
        f'options {{ directory "{home}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; '
        f'pid-file "{home}/run/named.pid"; session-keyfile "{home}/run/key"; minimal-responses yes; }};\ncontrols {{ }};\n'
        'zone "example.org" { type primary; file "example.org.zone"; };\n'
    )
    return ["named", "-f", "-n", "1", "-c", str(home / "named.conf")]


def gslb(home: Path, database: Path, port: int) -> list[str]:
    (home / "zones").mkdir()
    (home / "zones" / "example.org.zone").write_text(ZONE + "www 30 GSLB www\n")
    rules = ", ".join(f"{key}: [{', '.join(order.split())}]" for key, order in MAP.items())
    members = "".join(f"      - {{site: {dc}, address: [{a}, {b}]}}\n" for dc, (a, b) in CONTINENTS.items())
    (home / "zones" / "pools.yaml").write_text(
        "sites: {eu: {}, na: {}, ap: {}}\npools:\n  www:\n    members:\n"
        + members
        + f"    policy: [{{geo: {{{rules}}}}}, {{limit: {{sites: 1}}}}]\n    pick: all\n    ttl: 30\n"
    )
    (home / "gslb.yaml").write_text(
        f'node: bench\ndns: {{listen: ["127.0.0.1:{port}"], threads: 1}}\nzones: [zones/]\ngeo: {{database: {database}}}\n'
        "metrics: {listen: 127.0.0.1:0}\nstate_dir: state/\n"
    )
    return [sys.executable, "-m", "gslb", "serve", "--config", str(home / "gslb.yaml")]


def echo(home: Path, _database: Path, port: int) -> list[str]:
    subprocess.run(["cc", "-O2", "-o", home / "echo", ROOT / "bench" / "echo.c"], check=True)
    return [str(home / "echo"), str(port)]


PEERS = (
    Peer("gslb", sys.executable, gslb),
    Peer("gdnsd", "gdnsd", gdnsd),
    Peer("NSD", "nsd", nsd, geo_name=None),
    Peer("Knot", "knotd", knot),
    Peer("BIND", "named", bind, geo_name=None),
    Peer("PowerDNS geoip", "pdns_server", powerdns, geo_name="geo.example.org"),
    Peer("bare echo", "cc", echo),
)


class Running:
    """One peer, started on core 0 and stopped again."""

    def __init__(self, peer: Peer, home: Path, database: Path) -> None:
        """Write its configuration under `home`, start it and wait until it answers."""
        for folder in ("run", "state"):
            (home / folder).mkdir(parents=True)
        self.peer = peer
        self.port = free_port()
        command = ["taskset", "-c", "0", *peer.start(home, database, self.port)]
        self.log = (home / "log").open("wb")
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, cwd=home, env={**os.environ, "PATH": DAEMONS, "PYTHONPATH": str(ROOT)}
        )
        began = time.monotonic()
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > began + 60:
                self.stop()
                raise RuntimeError(f"{peer.name} does not answer:\n{(home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        self.ready_after = time.monotonic() - began

    def stop(self) -> None:
        """Ask it to end, then make it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def family(self) -> list[int]:
        """Its process ids, children included."""
        return family(self.process.pid)


def family(pid: int) -> list[int]:
    kids = [int(k) for task in Path(f"/proc/{pid}/task").iterdir() for k in (task / "children").read_text().split()]
    return [pid, *(p for k in kids for p in family(k))]


def free_port() -> int:
    """Find a port free for UDP and TCP, below the range that connections take their own ports from."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def answers(port: int, name: str = "static.example.org") -> bool:
    query = b"\x12\x34" + question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        ask.settimeout(0.2)
        try:
            ask.connect(("127.0.0.1", port))
            ask.send(query)
            reply = ask.recv(4096)
            return reply[:2] == query[:2] and reply[2] & 0x80 > 0 and reply[3] & 15 == 0  # QR: not our own query, if the port met itself
        except OSError:
            return False
