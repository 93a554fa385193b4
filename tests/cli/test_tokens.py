"""`gslb token`: made once, shown once, known by digest only."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from gslb.api import tokens
from gslb.api.service import Scope
from gslb.cli import run
from gslb.errors import ConfigError


@pytest.fixture
def settings(tmp_path: Path) -> str:
    path = tmp_path / "gslb.yaml"
    path.write_text("api: {tokens: tokens.yaml}\n")
    return str(path)


def test_made_listed_checked_and_revoked(tmp_path: Path, settings: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--config", settings]
    assert run(["token", "create", "deploy", "--scope", "drain", "--zone", "Example.com.", "--expires", "2h", *words]) == 0
    said = capsys.readouterr()
    secret = said.out.strip()
    assert secret.startswith("gslb_")
    assert "nobody can show it again" in said.err
    file = tmp_path / "tokens.yaml"
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    token = tokens.load(file)["deploy"]
    assert (token.scope, token.zones, token.digest) == (Scope.DRAIN, ("example.com",), tokens.digest_of(secret))
    assert run(["token", "create", "deploy", *words]) == 2
    assert "already" in capsys.readouterr().err
    assert run(["token", "list", "--json", *words]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["name"], row["scope"], row["expired"]) == ("deploy", "drain", False)
    assert run(["token", "list", *words]) == 0
    assert "zones: example.com" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(secret + "\n"))
    assert run(["token", "check", *words]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("gslb_nonsense\n"))
    assert run(["token", "check", *words]) == 1
    assert run(["token", "revoke", "deploy", *words]) == 0
    assert run(["token", "revoke", "deploy", *words]) == 2
    assert "there are none" in capsys.readouterr().err
    assert run(["token", "list", *words]) == 0
    assert "no tokens" in capsys.readouterr().out


def test_what_has_expired_does_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "t.yaml"
    secret = tokens.create(file, "old", Scope.READ, (), 1.0)
    monkeypatch.setattr("sys.stdin", io.StringIO(secret))
    assert run(["token", "check", "--file", str(file)]) == 1
    assert "expired" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["a b"], ["x", "--scope", "root"], ["x", "--expires", "soon"], ["x", "--zone", "a b"], ["x" * 65], ["x", "--file", "/nowhere/t.yaml"]]
)
def test_what_makes_no_sense(tmp_path: Path, settings: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", *words, "--config", settings]) == 2
    assert capsys.readouterr().err.startswith("gslb: ")
    assert not (tmp_path / "tokens.yaml").exists()


def test_it_must_be_known_which_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gslb.yaml").write_text("node: a\n")
    assert run(["token", "list", "--config", str(tmp_path / "gslb.yaml")]) == 2
    assert "--file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "a: {}",
        "a: {hash: x, scope: read}",
        f"a: {{hash: 'sha256:{'0' * 64}', scope: root}}",
        f"a: {{hash: 'sha256:{'0' * 64}', scope: read, zones: x}}",
        f"a: {{hash: 'sha256:{'0' * 64}', scope: read, expires: 5}}",
        f"a: {{hash: 'sha256:{'0' * 64}', scope: read, expires: soon}}",
        f"a: {{hash: 'sha256:{'0' * 64}', scope: read, more: 1}}",
        f"'a b': {{hash: 'sha256:{'0' * 64}', scope: read}}",
        "a: {hash",
        "\x00",
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        tokens.load(tmp_path / "t.yaml")
    assert str(caught.value).startswith(str(tmp_path / "t.yaml"))


def test_an_empty_file_holds_none(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("")
    assert tokens.load(tmp_path / "t.yaml") == {}
    assert tokens.load(tmp_path / "nowhere.yaml") == {}
    assert tokens.Tokens(None).find("gslb_x") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_who_owned_the_file_owns_it_still(tmp_path: Path):
    path = tmp_path / "tokens.yaml"
    tokens.create(path, "ci", Scope.READ)
    os.chown(path, 12345, 12346)
    tokens.revoke(path, "ci")
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o600), "else the service cannot read that it was revoked"
