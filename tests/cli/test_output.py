"""What programs read: YAML that every reader takes back as it was, JSON, and the table only where it is asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from gslb import cli
from gslb.cli.output import Output, as_json, chosen, shown, write, yaml

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


class Strict(pyyaml.SafeLoader):
    """PyYAML reads YAML 1.1; times and such are texts to us."""


Strict.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in found if "timestamp" not in tag and "float" not in tag]
    for key, found in pyyaml.SafeLoader.yaml_implicit_resolvers.items()
}


def numbers_as_text(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: numbers_as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [numbers_as_text(one) for one in data]
    return json.dumps(data) if isinstance(data, float) else data


@given(PLAIN)
def test_yaml_reads_back_as_it_was(data: Any) -> None:
    assert pyyaml.load(yaml(data), Strict) == numbers_as_text(data)


@pytest.mark.parametrize(
    "text", ["no", "NO", "yes", "~", "1", "0x1", "1e3", "2026-11-20", "", " a", "a: b", "- a", "#", "a #b", "null", "a\nb", "é", "=", "<<"]
)
def test_text_stays_text(text: str) -> None:
    assert pyyaml.safe_load(yaml({"key": text, text: [text]})) == {"key": text, text: [text]} or text == "key"


def test_it_is_pleasant_to_read() -> None:
    assert yaml(
        {"site": "fra", "location": [50.1, 8.7], "pools": [{"pool": "web", "none": None, "empty": [], "on": True}], "why": "drops fra: down"}
    ) == ('site: fra\nlocation: [50.1, 8.7]\npools:\n  - pool: web\n    none: null\n    empty: []\n    "on": true\nwhy: "drops fra: down"\n')


def test_the_table_is_made_only_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    def table() -> str:
        raise AssertionError

    write({"a": 1}, Output.JSON, table)
    write({"a": 1}, Output.YAML, table)
    write({"a": 1}, Output.TABLE, lambda: "A\n1\n")
    assert capsys.readouterr().out == '{\n  "a": 1\n}\na: 1\nA\n1\n'
    assert chosen(Output.TABLE, as_json=True) is Output.JSON
    assert chosen(Output.YAML, as_json=False) is Output.YAML


STORIES = Path(__file__).parents[1] / "explain" / "stories"


@pytest.mark.parametrize(
    ("words", "alias"),
    [
        (("check", "zones"), ("--format", "json")),
        (("explain", "www.example.com", "--client", "203.0.113.9", "--at", "2026-11-20"), ("--format", "json")),
        (("geodb", "info", "--database", "GEODB"), ()),
        (("geodb", "lookup", "192.0.2.1", "198.51.100.1", "--database", "GEODB"), ()),
    ],
)
def test_commands_that_read_write_all_of_it(  # noqa: PLR0917  fixtures
    words: tuple[str, ...],
    alias: tuple[str, ...],
    tmp_path: Path,
    geodb: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text((STORIES / "world.yaml").read_text())
    (tmp_path / "zones" / "empty.yaml").write_text("")
    (tmp_path / "gslb.yaml").write_text("{node: ns1, zones: [zones/], geo: {database: none.mmdb}, state_dir: state}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", dict(os.environ))
    words = tuple(str(geodb) if word == "GEODB" else word for word in words)

    def said(*more: str) -> str:
        assert cli.run([*words, *more]) == 0
        return capsys.readouterr().out

    found = json.loads(said("--output", "json"))
    assert found
    assert pyyaml.load(said("-o", "yaml"), Strict) == numbers_as_text(found)
    assert said("-o", "table") == said()
    if alias:
        assert json.loads(said(*alias)) == found


EVIL = "\x1b]0;owned\x07 \x1b[2J \x1b[31mred\x1b[0m \x9b2J \u202egnp.exe \ud800\tGrüße\n東京 😀"


def test_a_terminal_only_shows_what_is_written() -> None:
    assert shown(EVIL) == "�]0;owned� �[2J \x1b[31mred\x1b[0m �2J �gnp.exe �\tGrüße\n東京 😀"
    assert json.loads(as_json([EVIL])) == [EVIL]
    assert as_json(EVIL).isprintable()
    assert as_json(EVIL).encode()


def test_files_that_are_reviewed_do_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else's merge request is what `gslb diff` is for."""
    zone = 'checks: {web: {type: http, path: /%s}}\npools: {p: {check: web, members: [{id: "e%s", address: 192.0.2.1}]}}\n'
    zone += "zone: example.com\nrecords:\n  '': {type: NS, values: [ns1.example.net.]}\n  www: {pool: p}\n"
    for name, evil in (("old", ""), ("new", "\\e]0;owned\\a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(zone % (name, evil))
    for form in ("table", "markdown", "json", "yaml"):
        assert cli.run(["diff", str(tmp_path / "old"), str(tmp_path / "new"), "--output", form]) == 3
        said = capsys.readouterr().out
        assert "owned" in said
        assert "\x1b" not in said
        assert "\x07" not in said
