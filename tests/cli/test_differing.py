"""`gslb simulate` and `gslb diff` as they are typed: what they print, their exit codes, one line for each mistake."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gslb import cli

HERE = Path(__file__).parents[1] / "explain" / "stories"
SAME = "no difference: the same names, the same answers"
WITHOUT = "warning: without geo data: none.mmdb: No such file or directory"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text((HERE / "world.yaml").read_text())
    (tmp_path / "networks.yaml").write_text((HERE / "networks.yaml").read_text())
    (tmp_path / "gslb.yaml").write_text("{node: ns1, zones: [zones/], geo: {networks: networks.yaml, database: none.mmdb}, state_dir: state}")
    shutil.copytree(tmp_path / "zones", tmp_path / "new")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", dict(os.environ))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    assert folder.is_dir()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_simulate_shows_who_goes_where(run: Run) -> None:
    code, out, _ = run("simulate", "www.example.com", "--assume-down", "site:fra", "--load", "1000")
    assert code == 0
    lines = out.splitlines()
    assert "of clients are sent elsewhere: fra" in lines[0]
    assert "without geo data" in out
    assert any(line.startswith("fra") and " 0 %" in line for line in lines)
    assert "COUNTRY" in out
    _code, now, _ = run("simulate", "www.example.com")
    assert "elsewhere" not in now
    assert "MOVED" not in now


def test_simulate_for_programs_is_the_same_in_json_and_yaml(run: Run) -> None:
    _code, out, _ = run("simulate", "-o", "json", "--assume-drained", "web/fra")
    told = json.loads(out)
    assert told["version"] == 1
    assert told["assumed"] == {"down": [], "drained": ["web/fra"], "at": None}
    _code, out, _ = run("simulate", "-o", "yaml", "--assume-drained", "web/fra")
    again = yaml.safe_load(out)
    assert again["sites"] == told["sites"]
    assert again["countries"] == told["countries"]


def test_simulate_other_files(run: Run, folder: Path) -> None:
    edit(folder / "new" / "example.com.yaml", "policy: nearest", "policy: failover")
    code, out, _ = run("simulate", "--zones", "new", "www.example.com", "-o", "json")
    told = json.loads(out)
    assert code == 0
    assert told["files"] == "changed"
    assert told["moved"] > 0


def test_simulate_a_sample(run: Run, folder: Path) -> None:
    (folder / "sample").write_text("# who asks\n203.0.113.0/24 300\n2001:db8:77::/48 100\n")
    code, out, _ = run("simulate", "www.example.com", "--sample", "sample", "-o", "json")
    assert code == 0
    assert {one["country"]: one["weight"] for one in json.loads(out)["countries"]} == {"DE": 75.0, "(unknown)": 25.0}


def test_a_folder_does_not_differ_from_itself(run: Run) -> None:
    assert run("diff", "zones", "new")[:2] == (0, f"{SAME}\n\n{WITHOUT}\n")
    assert run("diff", "zones", "new", "-o", "markdown")[:2] == (0, f"**{SAME}**\n")


def test_a_difference_has_an_exit_code_of_its_own(run: Run, folder: Path) -> None:
    edit(folder / "new" / "example.com.yaml", "policy: nearest", "policy: failover")
    code, out, err = run("diff", "zones", "new")
    assert code == 3
    assert not err
    assert out.startswith("1 pool changed; ")
    assert "policy: nearest, pick weighted → failover, pick weighted" in out
    told = json.loads(run("diff", "zones", "new", "-o", "json")[1])
    assert told["traffic"]["moved"] > 0
    assert [one["id"] for one in told["changes"]["pools"]["changed"]] == ["web"]
    assert yaml.safe_load(run("diff", "zones", "new", "-o", "yaml")[1])["verdict"] == told["verdict"]


def test_what_a_guard_refuses_is_another(run: Run, folder: Path) -> None:
    edit(folder / "new" / "example.com.yaml", "  api: {pool: api}", "  api: {type: TXT, value: gone}")
    code, out, _ = run("diff", "zones", "new")
    assert code == 4
    assert "REFUSED: 1 names are left without an address: api.example.com." in out


def test_a_comment_takes_names_as_they_stand(run: Run, folder: Path) -> None:
    edit(folder / "new" / "example.com.yaml", "records:", "records:\n  'a`b': {type: TXT, value: '```</details> | x'}")
    edit(folder / "new" / "example.com.yaml", "policy: nearest", "policy: failover")
    code, out, _ = run("diff", "zones", "new", "--output", "markdown")
    assert code == 3
    assert out.startswith("**1 name added; 1 pool changed; ")
    assert out.count("```") == 2
    assert "| SITE |" in out.upper()
    assert re.search(r"^\+ +a`b\.example\.com\.  TXT", out.replace("\\", ""), re.MULTILINE)


def test_git_revisions(run: Run, folder: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "zones", "networks.yaml")
    git("commit", "-qm", "first")
    edit(folder / "zones" / "example.com.yaml", "policy: nearest", "policy: failover")
    assert run("diff", "HEAD:zones/", "zones/")[0] == 3
    git("commit", "-qam", "second")
    assert run("diff", "HEAD:zones", "zones")[:2] == (0, f"{SAME}\n\n{WITHOUT}\n")
    assert run("diff", "HEAD~1:zones/", "HEAD:zones/")[0] == 3
    assert run("diff", "HEAD~1:zones/example.com.yaml", "HEAD:zones/example.com.yaml")[0] == 3
    code, _out, err = run("diff", "HEAD~7:zones/", "zones")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "HEAD~7" in err
    (folder / "zones" / "example.com.yaml").write_text("pools: {web: {policy: nonsense}}")
    git("commit", "-qam", "broken")
    code, _out, err = run("diff", "new", "HEAD:zones")
    assert code == 2
    assert "HEAD:zones/example.com.yaml:1:" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "zones"), "compare with what?"),
        (("diff", "zones", "nowhere"), "there is no nowhere"),
        (("diff", "--live", "zones", "new"), "--live compares the running node with one thing"),
        (("diff", "--live", "zones"), "no service runs here"),
        (("diff", "zones", "--upload-pack=x:zones"), "No such option"),
        (("simulate", "--live"), "no service runs here"),
        (("simulate", "--assume-down", "nowhere"), "'nowhere' is neither a site nor POOL/MEMBER"),
        (("simulate", "--assume-down", "pool:nowhere"), "'pool:nowhere' is not a pool; pools:"),
        (("simulate", "ns1.example.com"), "ns1.example.com leads to no pool"),
        (("simulate", "--type", "NONSENSE"), "NONSENSE"),
        (("simulate", "--sample", "nowhere"), "nowhere cannot be read"),
        (("simulate", "--load", "-1"), "load is the load of all clients"),
    ],
)
def test_mistakes_are_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert not out
    assert said in err


def test_escape_sequences_in_files_reach_no_terminal(run: Run, folder: Path) -> None:
    edit(folder / "zones" / "example.com.yaml", "fra: {location", 'fra: {name: "F\\e[31m\\nfurt", location')
    _code, out, _err = run("simulate", "www.example.com")
    assert "\x1b" not in out


def keys(told: Any) -> set[str]:
    """Return the keys of plain data, those of shares (which are sites) left out."""
    if isinstance(told, list):
        return {key for one in told[:20] for key in keys(one)}
    if not isinstance(told, dict):
        return set()
    return set(told) | {key for name, one in told.items() if name not in ("now", "then", "rules") for key in keys(one)}


@pytest.mark.parametrize(
    ("document", "arguments"), [("simulate-a-change", ("simulate", "--assume-down", "fra")), ("review-a-change", ("diff", "zones", "new"))]
)
def test_keys_are_documented(run: Run, folder: Path, document: str, arguments: tuple[str, ...]) -> None:
    edit(folder / "new" / "example.com.yaml", "policy: nearest", "policy: failover")
    text = (Path(__file__).parents[2] / "docs" / "how-to" / f"{document}.md").read_text()
    told = json.loads(run(*arguments, "-o", "json")[1])
    assert {key for key in keys(told) if f"`{key}`" not in text} == set()
