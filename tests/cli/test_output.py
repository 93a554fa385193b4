"""What programs read: YAML that every reader takes back as it was, JSON, and the table only where it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from gslb.cli.output import Output, chosen, write, yaml

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
