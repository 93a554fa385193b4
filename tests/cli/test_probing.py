"""`gslb probe`: what it wants to be told; `--once`: steps, verdicts, exit codes; against real servers."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from gslb import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["probe", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": "healthy", "queue": 75}'
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write(folder: Path, check: str, settings: str = "") -> None:
    (folder / "gslb.yaml").write_text(f"zones: [zones/]\n{settings}\n")
    (folder / "zones").mkdir(exist_ok=True)
    (folder / "zones" / "checks.yaml").write_text(
        f"checks: {{web: {check}}}\npools: {{p: {{check: web, policy: all, members: [{{address: 127.0.0.1}}]}}}}\n"
    )


def test_every_step_of_https(run: Run, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.example.com").configure_cert(tls)
    with serving(tls) as port:
        expect = "expect: {status: 200, json: {status: healthy, queue: {below: 100, degraded_above: 50}}}"
        write(tmp_path, f"{{type: https, port: {port}, host: www.example.com, path: /healthz, ca_file: {tmp_path}/ca.pem, {expect}}}")
        code, out, _err = run("--once", "web", "127.0.0.1")
        as_json = run("--once", "web", "127.0.0.1", "--format", "json")
    assert code == 0
    first, *lines, last = out.splitlines()
    assert first == "check web (https) at 127.0.0.1, timeout 2 s"
    steps = [line.partition(" ms  ")[2].rpartition(":")[0] for line in lines if " ms  " in line]
    assert steps == ["connecting", "shaking hands (TLS)", "waiting for an answer", "reading the body", "judging the answer"]
    told = [" ".join(line.split()) for line in lines]
    for wanted in ("ok status: 200", 'ok status: "healthy"', "ok queue: 75", "certificate for: www.example.com", "request: GET /healthz"):
        assert wanted in told
    assert ", grade 50: status 200, certificate " in last
    assert last.startswith("ok in ")
    data = json.loads(as_json[1])
    assert (as_json[0], data["result"], data["grade"]) == (0, "ok", 50)
    assert [step["step"] for step in data["steps"]] == steps
    assert sum(step["seconds"] for step in data["steps"]) == pytest.approx(data["seconds"], abs=0.05)
    assert {"what": "queue", "text": "75", "passed": True} in data["steps"][-1]["judged"]


def test_what_failed_is_seen_beside_what_did_not(run: Run, tmp_path: Path) -> None:
    with serving() as port:
        write(tmp_path, f"{{type: http, port: {port}, expect: {{body: never, json: {{status: ill, queue: 75}}}}}}")
        code, out, _err = run("--once", "web", "127.0.0.1")
    told = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 1
    assert {'FAIL body holds "never": no', 'FAIL status: "healthy"', "ok queue: 75", "ok status: 200"} <= set(told)
    assert told[-1].endswith('status 200, body lacks "never"')


def test_a_refused_connection(run: Run, tmp_path: Path) -> None:
    with serving() as port:
        write(tmp_path, f"{{type: tcp, port: {port}}}")
    code, out, _err = run("--once", "web", "127.0.0.1")
    assert code == 1
    assert [line.partition(" ms  ")[2].partition(":")[0] for line in out.splitlines()[1:-1]] == ["connecting"]
    assert out.endswith(": connection refused\n")


def test_a_program_runs_only_where_it_may(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "{type: exec, command: [/bin/echo, fine]}")
    code, out, _err = run("--once", "web", "127.0.0.1")
    assert (code, out.splitlines()[-1]) == (3, "unknown in 0.0 ms: own fault: programs may not run here: probe: {exec: true}")
    write(tmp_path, "{type: exec, command: [/bin/echo, fine]}", "probe: {exec: true}")
    code, out, _err = run("--once", "web", "127.0.0.1")
    assert code == 0
    assert out.endswith(": fine\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "needs a store that others read too"),
        (("web", "127.0.0.1"), "say --once"),
        (("--once", "web"), "needs a check and an address"),
        (("--once", "web", "www.example.com"), "'www.example.com' is not an IP address"),
        (("--once", "wbe", "127.0.0.1"), "there is no check 'wbe'; there are: web"),
        (("--once", "web", "127.0.0.1", "--config", "none.yaml"), "none.yaml"),
    ],
)
def test_wrong_usage(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    write(tmp_path, "{type: tcp, port: 80}")
    code, _out, err = run(*arguments)
    assert code == 2
    assert message in err


def test_broken_files_are_told(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "{type: tcp}")
    code, _out, err = run("--once", "web", "127.0.0.1")
    assert code == 2
    assert "C003 check 'web' has no 'port'" in err


def test_the_reference_shows_what_is_printed(run: Run, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/checks.md").read_text()
    shown = re.search(r"^\$ gslb probe (.*)\n([^`]*)```", page, re.MULTILINE)
    assert shown
    with serving() as port:
        limits = "queue: {below: 100, degraded_above: 50}"
        write(tmp_path, f"{{type: http, port: {port}, path: /healthz, expect: {{json: {{status: healthy, {limits}}}}}}}")
        code, out, _err = run(*shown[1].split())
    assert code == 0
    assert times_aside(out) == times_aside(shown[2])


def times_aside(text: str) -> list[str]:
    return [re.sub(r"[0-9]+\.[0-9] ms", "T ms", line).strip() for line in text.splitlines()]
