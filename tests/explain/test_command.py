"""The command itself, on files: states from disk or none, what if, JSON whose keys are documented, one line for mistakes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gslb import cli, targets
from gslb.config import load
from gslb.override import Kind, Level, Override
from gslb.store import last_overrides, last_votes
from gslb.verdict import State, Vote

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "how-to" / "explain-an-answer.md"
CLIENT = ("--client", "203.0.113.9")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text((HERE / "stories" / "world.yaml").read_text())
    (tmp_path / "networks.yaml").write_text((HERE / "stories" / "networks.yaml").read_text())
    (tmp_path / "empty").mkdir()
    (tmp_path / "gslb.yaml").write_text("{node: ns1, zones: [zones/], geo: {networks: networks.yaml, database: none.mmdb}, state_dir: state}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", dict(os.environ))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["explain", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def test_without_a_node_or_votes_every_check_is_unknown(run: Any) -> None:
    code, out, _ = run("www.example.com", *CLIENT)
    assert code == 0
    assert out.startswith("www.example.com A for 203.0.113.9: 198.51.100.10 (fra), TTL 30\n")
    assert "nobody has looked" in out
    assert "without geo data" in out


def test_states_come_from_the_last_votes(run: Any, folder: Path) -> None:
    model = load([folder / "zones"], folder / "networks.yaml").model
    now = __import__("time").time()
    votes = [
        Vote(target, "p1", State.DOWN if member.site == "fra" else State.UP, now - 60, reason="connection refused")
        for pool in model.pools.values()
        for member in pool.members
        for target in targets.of_member(model, member)
    ]
    last_votes.save(folder / "state", votes, now)
    code, out, _ = run("www.example.com", *CLIENT)
    assert code == 0
    assert "192.0.2.10 (iad)" in out.splitlines()[0]
    assert "last votes" in out
    assert "down: connection refused" in out


def test_what_operators_said_is_on_disk_too(run: Any, folder: Path) -> None:
    last_overrides.save(folder / "state", [Override(Kind.DRAIN, Level.SITE, site="fra", author="ada", reason="new switches")])
    code, out, _ = run("www.example.com", *CLIENT)
    assert code == 0
    assert "because operators keep fra out" in out
    assert "drain at an operator's word by ada: new switches" in out


def test_json_is_documented_key_by_key(run: Any) -> None:
    keys: set[str] = set()
    for arguments in (
        ("www.example.com", "A", "--subnet", "203.0.113.0/24", "--assume-down", "fra"),
        ("api.example.com", "A", *CLIENT, "--assume-down", "fra", "--assume-down", "iad", "--at", "+2h"),
        ("old.example.com", "AAAA", "--country", "US"),
        ("sub.example.com", "A", *CLIENT),
    ):
        code, out, _ = run(*arguments, "--format", "json")
        assert code == 0
        told = json.loads(out)
        assert told["version"] == 1
        keys |= set(told)
        for part in ("assumed", "question", "name", "client", "region", "decision", "answer", "country"):
            keys |= set(told.get(part) or ())
        keys |= {key for step in (told["decision"] or {"steps": []})["steps"] for key in step}
        keys |= {key for one in (told["answer"]["members"]) for key in one} | set(told["answer"]["ttl"] or ())
    documented = set(re.findall(r"`([a-z_]+)`", DOCUMENT.read_text()))
    assert keys <= documented


def test_the_document_shows_what_is_said() -> None:
    assert (HERE / "stories" / "site-down.txt").read_text().partition("\n\n")[2] in DOCUMENT.read_text()


def mistakes() -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("www.example.com",), "for whom?"
    yield ("www.example.com", *CLIENT, "--assume-down", "nowhere"), "'nowhere' is neither a site nor POOL/MEMBER; sites: fra, iad, sjc, sin"
    yield ("www.example.com", *CLIENT, "--assume-down", "web/nobody"), "pool web has no member 'nobody'; it has fra, iad, sjc, sin"
    yield ("www.example.com", *CLIENT, "--live"), "no service runs here"


@pytest.mark.parametrize(("arguments", "message"), list(mistakes()))
def test_mistakes_are_one_line(run: Any, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert not out
    assert message in err
    assert len(err.splitlines()) == 1


def test_broken_files_are_shown(run: Any, folder: Path) -> None:
    (folder / "zones" / "example.com.yaml").write_text("pools: {web: {policy: nonsense}}")
    code, _, err = run("www.example.com", *CLIENT)
    assert code == 2
    assert "example.com.yaml:1:" in err


def test_unchecked_members_are_assumed_down_too(run: Any) -> None:
    code, out, _ = run("api.example.com", *CLIENT, "--assume-down", "sorry/192.0.2.99", "--assume-down", "fra", "--assume-down", "iad")
    assert code == 0
    assert "assumed down" in out
