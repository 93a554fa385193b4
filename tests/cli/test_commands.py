"""What commands print and return: one clear line for each mistake, never a traceback."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rrset
import pytest

from gslb import __version__, cli

GOOD = """
pools: {web: {policy: all, members: [{address: 192.0.2.1}]}}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: {pool: web}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", dict(os.environ))  # `--listen` goes there, for child processes

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "example.com.yaml").write_text(GOOD)
    return folder


def test_check_says_that_all_is_well(run: Run, zones: Path) -> None:
    assert run("check", str(zones)) == (0, "no problems: 1 zones, 1 pools, 0 sites\n", "")


def test_check_shows_every_problem_with_its_place(run: Run, zones: Path) -> None:
    (zones / "example.com.yaml").write_text(GOOD.replace("192.0.2.54", "192.0.2.540").replace("pool: web", "pool: wep"))
    code, out, _err = run("check", str(zones))
    assert code == 1
    assert "example.com.yaml:8:25: " in out
    assert "example.com.yaml:9:" in out
    assert "'wep'" in out
    assert "^" in out
    code, out, _err = run("check", str(zones), "--format", "json")
    assert code == 1
    assert len(json.loads(out)["problems"]) >= 2
    code, out, _err = run("check", str(zones), "--format", "github")
    assert code == 1
    assert out.startswith("::error file=")


def test_check_takes_warnings_for_errors_when_strict(run: Run, zones: Path) -> None:
    (zones / "empty.yaml").write_text("")
    code, out, _err = run("check", str(zones))
    assert (code, "C027" in out) == (0, True)
    assert run("check", "--strict", str(zones))[0] == 1
    assert run("check", "--strict", "--silence", "C027", str(zones))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nosuch",), "No such command 'nosuch'"),
        (("check", "/nowhere"), "there is no /nowhere"),
        (("check", "--format", "xml", "."), "'xml'"),
        (("query", "a.example", "@localhost"), "'localhost' is not an address"),
        (("query", "a.example", "A", "AAAA"), "'AAAA' is one word too many"),
        (("query", "a.example", "TYPE70000"), "unknown type TYPE70000"),
        (("query", "a.example", "--subnet", "fra"), "'fra' is no network"),
        (("status",), "no service runs here"),
        (("reload",), "no service runs here"),
        (("geodb", "lookup", "here"), "'here' is not an IP address"),
        (("demo",), "no zones to demonstrate with"),
        (("run", "--config", "nowhere.yaml"), "nowhere.yaml: F001 no such file"),
        (("run", "--listen", "localhost:53"), "'localhost:53' is not ADDRESS:PORT"),
    ],
)
def test_wrong_usage_is_one_clear_line(run: Run, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert says in err


def test_what_cannot_be_done_is_another_code(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = str(sock.getsockname()[1])
        code, _out, err = run("query", "a.example", "-p", port, "--timeout", "0.1")
        assert (code, err) == (1, f"gslb: no answer from 127.0.0.1 port {port} within 0.1 s\n")
    code, _out, err = run("query", "a.example", "-p", port)
    assert (code, err) == (1, f"gslb: nobody listens on 127.0.0.1 port {port}: is the service running?\n")
    code, _out, err = run("site-sim", "break", "fra")
    assert code == 1
    assert "start them with `gslb demo`" in err


def test_surprises_are_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.config.load", lambda *_args, **_options: 1 // 0)
    code, _out, err = run("check", ".")
    assert code == 1
    assert err.startswith("gslb: unexpected ZeroDivisionError")
    assert "GSLB_DEBUG=1" in err


def test_version_and_schema(run: Run) -> None:
    assert run("version")[1].startswith(f"gslb {__version__}, engine ")
    said = json.loads(run("version", "--json")[1])
    assert (said["version"], said["engine"]) == (__version__, "python" if said["not_native"] else "native")
    assert json.loads(run("schema")[1])["$schema"].startswith("https://json-schema.org/")


def test_geodb_commands(run: Run) -> None:
    database = str(Path(cli.__file__).parents[2] / "geodb")
    assert "IP Geolocation by DB-IP" in run("geodb", "info", "-d", database)[1]
    assert run("geodb", "info")[1] == run("geodb", "info", "-d", database)[1], "where none is set, the one that comes with gslb is meant"
    code, out, _err = run("geodb", "lookup", "137.132.0.1")
    assert code == 0
    assert '"country": "SG"' in out


@pytest.fixture
def server() -> Iterator[int]:
    """A nameserver of this test's own, written with dnspython: truncates names that begin with `tc`, unless over TCP."""

    def reply(wire: bytes, *, tcp: bool) -> bytes:
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        name = query.question[0].name
        if str(name).startswith("tc") and not tcp:
            response.flags |= dns.flags.TC
        else:
            response.answer.append(dns.rrset.from_text(name, 30, "IN", "A", "192.0.2.1", "192.0.2.2"))
        subnets = [dns.edns.ECSOption(o.address, o.srclen, 20) for o in query.options if isinstance(o, dns.edns.ECSOption)]
        response.use_edns(0, options=subnets)
        return response.to_wire()

    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    port = udp.getsockname()[1]
    tcp = socket.create_server(("127.0.0.1", port))

    def over_udp() -> None:
        while True:
            wire, peer = udp.recvfrom(4096)
            if not wire:
                return
            udp.sendto(b"\0\0 not yours", peer)
            udp.sendto(reply(wire, tcp=False), peer)

    def over_tcp() -> None:
        while True:
            client, _ = tcp.accept()
            with client:
                wire = client.recv(4096)
                if not wire:
                    return
                answer = reply(wire[2:], tcp=True)
                client.sendall(len(answer).to_bytes(2, "big") + answer)

    threads = [threading.Thread(target=over_udp), threading.Thread(target=over_tcp)]
    for thread in threads:
        thread.start()
    yield port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"", ("127.0.0.1", port))
    socket.create_connection(("127.0.0.1", port)).close()
    for thread in threads:
        thread.join()
    udp.close()
    tcp.close()


def test_query_shows_answers_and_scope(run: Run, server: int) -> None:
    code, out, _err = run("query", "www.example.com", "A", "@127.0.0.1", "-p", str(server), "--subnet", "203.0.113.77/24")
    assert code == 0
    assert out.startswith(";; NOERROR, flags: qr aa, subnet 203.0.113.0/24: this answer holds for its whole /20\n;; answer\nwww.example.com.")
    assert [line.split() for line in sorted(out.splitlines()[2:4])] == [["www.example.com.", "30", "A", f"192.0.2.{n}"] for n in (1, 2)]
    assert " over UDP in " in out
    assert sorted(run("query", "www.example.com", "-p", str(server), "--short")[1].split()) == ["192.0.2.1", "192.0.2.2"]
    assert "subnet 2001:db8::/56: this answer holds for its whole /20" in run("query", "x", "-p", str(server), "--subnet", "2001:db8::/56")[1]


def test_query_asks_again_over_tcp(run: Run, server: int) -> None:
    for arguments in (("tc.example.com",), ("tc.example.com", "--tcp")):
        code, out, _err = run("query", *arguments, "-p", str(server))
        assert code == 0
        assert " over TCP in " in out


def test_help_is_quick() -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run([sys.executable, "-m", "gslb", "--help"], capture_output=True, text=True, check=True)
        took.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    assert "demo" in done.stdout
    # CPU time, for the machine may be busy: 0.14 s. Importing rich, aiohttp or pydantic would double it.
    assert min(took) < 0.25


def test_help_imports_nothing_heavy() -> None:
    heavy = ["asyncio", "pydantic", "aiohttp", "numpy", "structlog", "rich.console", "dns"]
    code = f"import sys, gslb.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
