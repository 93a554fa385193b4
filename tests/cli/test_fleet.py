"""`gslb publish`, `rollback`, `config`: an operator at a machine with a store and a key, and nothing else."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from gslb import cli
from gslb.config import settings as settings_file
from gslb.store.keys import generate
from gslb.testing.lab import RedisServer, redis_missing

PAGE = Path(__file__).parents[2] / "docs/how-to/publish-to-a-fleet.md"
ZONE = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns1.example.net.]}\n  www: {type: A, value: 192.0.2.1}\n"


@pytest.fixture(scope="module")
def server():
    if why := redis_missing():
        pytest.skip(why)
    with RedisServer() as redis:
        yield redis


@pytest.fixture
def desk(server, tmp_path, monkeypatch):
    """A folder with settings, keys and zones."""
    server.wipe()
    monkeypatch.chdir(tmp_path)
    text, line = generate("ann")
    (tmp_path / "ann.key").write_text(text)
    (tmp_path / "ann.key").chmod(0o600)
    (tmp_path / "keys.yaml").write_text(json.dumps({"operators": {"ann": {"keys": [line]}}}))
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text(ZONE)
    settings(tmp_path, store=server.url, keys={"trust": "keys.yaml", "operator": "ann.key"})
    return tmp_path


def settings(folder, **given):
    (folder / "gslb.yaml").write_text(json.dumps(given))


@pytest.fixture
def run(desk, capsys):
    def call(*arguments):
        code = cli.run(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def test_a_version_is_published_shown_compared_and_rolled_back(run, desk):
    code, out, _ = run("config", "list")
    assert (code, out) == (0, "nothing has been published yet: gslb publish DIR\n")
    code, out, _ = run("publish", "zones", "--message", "the first", "--by", "ann")
    assert code == 0
    assert "version 1, published by ann at" in out
    assert out.endswith(f"the first (1 file, {len(ZONE)} B, key ann)\nno node follows published versions yet (fleet: {{follow: true}})\n")
    code, out, _ = run("publish", "zones", "--message", "the first")
    assert (code, out.splitlines()[0]) == (0, "nothing has changed: version 1 has these files already")
    (desk / "zones" / "example.com.yaml").write_text(ZONE + "  ftp: {type: A, value: 192.0.2.2}\n")
    code, out, _ = run("publish", "zones", "--dry-run")
    assert (code, out.splitlines()[-1]) == (0, "after version 1, this would be published as version 2")
    assert "+ ftp.example.com.  A 192.0.2.2" in out
    code, out, _ = run("publish", "zones", "-m", "ftp", "--after", "1", "--output", "json")
    assert (code, json.loads(out)["version"], json.loads(out)["signed_by"]) == (0, 2, "ann")
    code, _, err = run("publish", "zones", "-m", "ftp", "--after", "1")
    assert (code, "the newest version is 2, not 1" in err) == (1, True)
    code, out, _ = run("config", "diff")
    assert code == 3
    assert "+  ftp: {type: A, value: 192.0.2.2}" in out
    assert "example.com.yaml" in out
    code, out, _ = run("rollback", "1", "--wait", "0")
    assert (code, "version 3, back to version 1" in out) == (0, True)
    assert run("config", "diff", "1", "3")[:2] == (0, "versions 1 and 3 have the same files\n")
    code, out, _ = run("config", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["VERSION", "3", "2", "1"]
    assert "back to version 1" in out
    code, out, _ = run("config", "show", "2", "--into", "copy")
    assert (desk / "copy" / "example.com.yaml").read_text() == ZONE + "  ftp: {type: A, value: 192.0.2.2}\n"
    assert run("config", "show", "--into", "copy")[0] == 2, "nothing is written over"
    assert ZONE.strip() in run("config", "show")[1]


def test_what_is_refused_says_why_and_how_it_is_done_all_the_same(run, desk):
    zone = desk / "zones" / "example.com.yaml"
    run("publish", "zones", "-m", "the first")
    zone.write_text(ZONE.replace("type: A, value: 192.0.2.1", "type: TXT, value: nobody"))
    code, _, err = run("publish", "zones", "-m", "x")
    assert code == 1
    assert "refused: this version would leave 1 name with nothing to answer with: www.example.com." in err
    assert "--force does it all the same" in err
    assert run("publish", "zones", "-m", "x", "-n")[0] == 1
    zone.write_text("records: nonsense\n")
    code, _, err = run("publish", "zones", "-m", "x", "--force")
    assert (code, "C001" in err) == (1, True)
    assert [one["version"] for one in json.loads(run("config", "list", "-o", "json")[1])["versions"]] == [1]
    zone.write_text(ZONE.replace("192.0.2.1", "192.0.2.9"))
    code, _, err = run("publish", "zones")
    assert (code, "say what changes" in err) == (2, True)
    assert run("publish", "elsewhere", "-m", "x")[0] == 2
    assert "there is only version 1" in run("rollback", "7")[2]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"store": "memory://"}, "shared store"),
        ({"keys": {"operator": "ann.key"}}, "keys.trust"),
        ({"keys": {"trust": "keys.yaml"}}, "no operator's key"),
        ({"store": "redis://127.0.0.1:1"}, "127.0.0.1:1"),
    ],
)
def test_what_is_missing_is_said(run, desk, server, given, says):
    settings(desk, **({"store": server.url, "keys": {"trust": "keys.yaml", "operator": "ann.key"}} | given))
    code, _, err = run("publish", "zones", "-m", "x")
    assert code in {1, 2}
    assert says in err


def test_the_page_says_what_there_is(capsys, tmp_path):
    """Its settings load, and its commands and their options exist."""
    text = PAGE.read_text()
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "gslb.yaml" in block]
    assert len(blocks) == 2
    for block in blocks:
        (tmp_path / "gslb.yaml").write_text(block)
        assert settings_file.load(tmp_path / "gslb.yaml", {}).keys.trust
    commands = set(re.findall(r"(?:\$ |`)(gslb [^`\n]+)", text))
    assert len(commands) > 8
    for command in sorted(commands):
        words = shlex.split(command)
        name = [word for word in words[1:3] if re.fullmatch(r"[a-z]+", word)]
        assert cli.run([*name, "--help"]) == 0, command
        options = set(re.findall(r"--[a-z-]+", command))
        assert options <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out)), command
