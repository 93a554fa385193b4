"""`gslb health`, asked of real HTTP servers."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gslb import cli


@contextmanager
def vitals(answers: dict[str, tuple[int, str]]) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_words: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, port: int | str, host: str = "127.0.0.1") -> None:
    (folder / "gslb.yaml").write_text(f"metrics: {{listen: '{host}:{port}'}}\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_alive_and_not_ready(folder: Path, capsys: pytest.CaptureFixture[str], host: str) -> None:
    with vitals({"/livez": (200, "ok\n"), "/readyz": (503, "not listening yet\n")}) as port:
        settings(folder, port, host)
        assert cli.run(["health"]) == 0
        assert cli.run(["health", "--ready"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("ok\n", "gslb: not listening yet\n")


def test_nobody_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        settings(folder, taken.getsockname()[1])
        assert cli.run(["health"]) == 1
        assert capsys.readouterr().err == f"gslb: nobody answers at 127.0.0.1:{taken.getsockname()[1]}\n"


def test_who_answers_does_not_speak_http(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings(folder, server.getsockname()[1])

        def rubbish() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\0\1\2\r\n\r\n")

        thread = threading.Thread(target=rubbish)
        thread.start()
        assert cli.run(["health"]) == 1
        thread.join()
    assert "nobody answers" in capsys.readouterr().err
