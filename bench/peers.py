"""The servers that are measured: what each needs, how it is configured and started.

All serve example.org on 127.0.0.1: `static.example.org` is static everywhere, `www.example.org` answers by continent where the server
can (gdnsd, Knot, PowerDNS as `geo.example.org`, gslb), two addresses a continent. NSD and BIND have it static. Each runs with one thread that answers
(or with `threads`) and on the cores it is given; what else a server has (supervisors, control, background threads) shares these cores.
"""

from __future__ import annotations

import lzma
import shutil
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import debian
import load
import service
from command import ROOT, say
from server import PROGRAMS, Server, free_port

ZONE = """\
$ORIGIN example.org.
$TTL 300
@ 3600 SOA ns1 hostmaster 1 7200 1800 259200 900
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
static 300 A 192.0.2.10
*.wild 300 A 192.0.2.11
"""
STATIC_WWW = "www 30 A 192.0.2.1\nwww 30 A 192.0.2.2\n"
CONTINENTS = {"eu": ("198.51.100.1", "198.51.100.2"), "na": ("192.0.2.1", "192.0.2.2"), "ap": ("203.0.113.1", "203.0.113.2")}
MAP = {"EU": "eu na ap", "NA": "na eu ap", "SA": "na eu ap", "AS": "ap na eu", "OC": "ap na eu", "AF": "eu na ap", "default": "na eu ap"}
NEAREST = {code: CONTINENTS[order.split()[0]] for code, order in MAP.items()}


@dataclass(frozen=True)
class Setup:
    """Where a server lives and what it serves."""

    home: Path
    port: int
    database: Path  # geographic, unpacked
    zone: str = ZONE  # example.org but for www
    threads: int = 1


@dataclass(frozen=True)
class Peer:
    """A server: what it needs, how to start it, and the name that it answers by geography."""

    name: str
    program: str
    packages: tuple[str, ...]  # Debian; the version is that of the first
    start: Callable[[Setup], list[str]]
    geo_name: str | None = "www.example.org"
    environ: Mapping[str, str] = field(default_factory=dict)

    def missing(self) -> str:
        """Say what is missing here; nothing where it can run."""
        if engine := self.environ.get("GSLB_DNS_ENGINE"):
            return "" if engine in service.engines() else f"the {engine} engine is not installed"
        return "" if shutil.which(self.program, path=PROGRAMS) else f"{self.program} is not installed"

    def version(self) -> str:
        return debian.version(self.packages[0]) if self.packages else ""


def started(peer: Peer, home: Path, database: Path, *, cores: str = "0", zone: str = ZONE, threads: int = 1) -> Server:
    """Start a peer in a folder of its own; wait for it and stop it as any server."""
    for folder in ("run", "state"):
        (home / folder).mkdir(parents=True)
    setup = Setup(home, free_port(), database, zone, threads)
    return Server(peer.start(setup), home, setup.port, cores=cores, environ=peer.environ)


def unpacked_database(folder: Path) -> Path:
    """Unpack the shipped geo database, which all peers read."""
    database = folder / "geo.mmdb"
    with lzma.open(ROOT / "geodb" / "gslb-region.mmdb.xz") as packed, database.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return database


def gdnsd(at: Setup) -> list[str]:
    (at.home / "geoip").mkdir()
    (at.home / "zones").mkdir()
    shutil.copy(at.database, at.home / "geoip" / "geo.mmdb")
    lines = [line for line in at.zone.splitlines() if not line.startswith("$")]
    (at.home / "zones" / "example.org").write_text("\n".join([*lines, "www 30 DYNA geoip!www", ""]))
    continents = ", ".join(f"{key} => [{', '.join(order.split())}]" for key, order in MAP.items())
    centres = ", ".join(f"{dc} => {{ a => {a}, b => {b} }}" for dc, (a, b) in CONTINENTS.items())
    (at.home / "config").write_text(
        textwrap.dedent(f"""\
        options => {{ listen => 127.0.0.1:{at.port}, edns_client_subnet = true, udp_threads => {at.threads}, tcp_threads => 1,
                      run_dir => {at.home}/run, state_dir => {at.home}/state }}
        plugins => {{ geoip => {{
          maps => {{ m => {{ geoip2_db => geo.mmdb, datacenters => [na, eu, ap], map => {{ {continents} }} }} }}
          resources => {{ www => {{ map => m, service_types => up, dcmap => {{ {centres} }} }} }}
        }} }}
        """)
    )
    return ["gdnsd", "-c", str(at.home), "start"]


def knot(at: Setup) -> list[str]:
    (at.home / "example.org.zone").write_text(at.zone + STATIC_WWW)
    rules = "".join(f'  - geo: "{code}"\n    A: [{a}, {b}]\n' for code, (a, b) in NEAREST.items() if code != "default")
    (at.home / "geo.conf").write_text(f"www.example.org:\n{rules}")
    (at.home / "knot.conf").write_text(
        textwrap.dedent(f"""\
        server:
          listen: 127.0.0.1@{at.port}
          rundir: {at.home}/run
          udp-workers: {at.threads}
          tcp-workers: 1
          background-workers: 1
          edns-client-subnet: on
        database:
          storage: {at.home}/state
        mod-geoip:
          - id: geo
            config-file: {at.home}/geo.conf
            ttl: 30
            mode: geodb
            geodb-file: {at.database}
            geodb-key: [ continent/code ]
        zone:
          - domain: example.org
            storage: {at.home}
            file: example.org.zone
            zonefile-sync: -1
            journal-content: none
            module: mod-geoip/geo
        """)
    )
    return ["knotd", "-c", str(at.home / "knot.conf")]


def nsd(at: Setup) -> list[str]:
    (at.home / "example.org.zone").write_text(at.zone + STATIC_WWW)
    (at.home / "nsd.conf").write_text(
        textwrap.dedent(f"""\
        server:
          server-count: {at.threads}
          rrl-ratelimit: 0
          ip-address: 127.0.0.1@{at.port}
          username: ""
          zonesdir: "{at.home}"
          database: ""
          pidfile: "{at.home}/run/nsd.pid"
          xfrdfile: "{at.home}/run/xfrd"
          zonelistfile: "{at.home}/run/zones"
        remote-control:
          control-enable: no
        zone:
          name: example.org
          zonefile: example.org.zone
        """)
    )
    return ["nsd", "-d", "-c", str(at.home / "nsd.conf")]


def powerdns(at: Setup) -> list[str]:
    (at.home / "pdns.conf").write_text(
        textwrap.dedent(f"""\
        launch=geoip
        geoip-database-files=mmdb:{at.database}
        geoip-zones-file={at.home}/zones.yml
        edns-subnet-processing=yes
        local-address=127.0.0.1
        local-port={at.port}
        socket-dir={at.home}/run
        receiver-threads={at.threads}
        distributor-threads={at.threads}
        daemon=no
        guardian=no
        """)
    )
    geo = "".join(f"    {code.lower().replace('default', 'unknown')}.geo.example.org: [{{a: {a}}}, {{a: {b}}}]\n" for code, (a, b) in NEAREST.items())
    (at.home / "zones.yml").write_text(
        "domains:\n- domain: example.org\n  ttl: 30\n  records:\n    example.org:\n"
        "      - soa: ns1.example.org hostmaster.example.org 1 7200 1800 259200 900\n      - ns: ns1.example.org\n"
        f"    ns1.example.org: [{{a: 127.0.0.1}}]\n    static.example.org: [{{a: 192.0.2.10}}]\n{geo}"
        "  services:\n    geo.example.org: [ '%cn.geo.example.org' ]\n"
    )
    return ["pdns_server", f"--config-dir={at.home}"]


def bind(at: Setup) -> list[str]:
    (at.home / "example.org.zone").write_text(at.zone + STATIC_WWW)
    (at.home / "named.conf").write_text(
        f'options {{ directory "{at.home}"; listen-on port {at.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; '
        f'pid-file "{at.home}/run/named.pid"; session-keyfile "{at.home}/run/key"; minimal-responses yes; }};\ncontrols {{ }};\n'
        'zone "example.org" { type primary; file "example.org.zone"; };\n'
    )
    return ["named", "-f", "-n", str(at.threads), "-c", str(at.home / "named.conf")]


def gslb(at: Setup) -> list[str]:
    service.configure(at.home, at.port, gslb_zones(at.zone), database=at.database, threads=at.threads)
    return [*service.GSLB, "serve"]


def gslb_zones(zone: str = ZONE) -> dict[str, str]:
    """Return the files of example.org and its pool."""
    rules = ", ".join(f"{key}: [{', '.join(order.split())}]" for key, order in MAP.items())
    members = "".join(f"      - {{site: {dc}, address: [{a}, {b}]}}\n" for dc, (a, b) in CONTINENTS.items())
    pools = (
        "sites: {eu: {}, na: {}, ap: {}}\npools:\n  www:\n    members:\n"
        + members
        + f"    policy: [{{geo: {{{rules}}}}}, {{limit: {{sites: 1}}}}]\n    pick: all\n    ttl: 30\n"
    )
    return {"example.org.zone": zone + "www 30 GSLB www\n", "pools.yaml": pools}


def echo(at: Setup) -> list[str]:
    return [str(load.built("echo")), str(at.port)]


ECHO = Peer("bare echo", "cc", (), echo)
PEERS = (
    *(Peer(f"gslb {engine}", "gslb", (), gslb, environ={"GSLB_DNS_ENGINE": engine}) for engine in service.ENGINES),
    Peer("gdnsd", "gdnsd", ("gdnsd",), gdnsd),
    Peer("Knot", "knotd", ("knot", "knot-module-geoip"), knot),
    Peer("NSD", "nsd", ("nsd",), nsd, geo_name=None),
    Peer("BIND", "named", ("bind9",), bind, geo_name=None),
    Peer("PowerDNS geoip", "pdns_server", ("pdns-server", "pdns-backend-geoip"), powerdns, geo_name="geo.example.org"),
    ECHO,
)


def chosen(names: str = "", *, install: bool = True) -> list[Peer]:
    """Return the peers whose names begin with one of these (by commas; none: all) and that can run here; say which cannot."""
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    peers = [peer for peer in PEERS if not wanted or any(peer.name.lower().startswith(name) for name in wanted)]
    if install:
        debian.install(package for peer in peers for package in peer.packages)
    for peer in peers:
        if peer.missing():
            say(f"{peer.name} is left out: {peer.missing()}")
    return [peer for peer in peers if not peer.missing()]
