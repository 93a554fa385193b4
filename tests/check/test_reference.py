"""The reference page is what the code says, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gslb.check import CHECKS, check_named
from gslb.check.reference import page
from gslb.config.checks import CHECK
from gslb.model import Check
from gslb.option import REQUIRED, Kind

PAGE = Path(__file__).parents[2] / "docs/reference/checks.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "python -m gslb.check.reference > docs/reference/checks.md"


def test_the_common_keys_are_those_that_are_read():
    rows = dict(re.findall(r"^\| `(interval|timeout|down|ok|up)` \|.*\| (\S+) \|$", page(), re.MULTILINE))
    told = {key: float(value.strip("`s")) for key, value in rows.items()}
    assert told == {key: CHECK[key].default for key in told}
    listed = page().partition("## What every check has")[2].partition("A success has")[0]
    assert re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE) == [key for key in CHECK if key != "type"]
    assert all(not CHECK[key].default for key in CHECK.keys() - told.keys() - {"type"}), "the others are off"


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```", page(), re.MULTILINE | re.DOTALL))
def test_examples(text):
    for example in yaml.safe_load(text)["checks"].values():
        kind = check_named(example.pop("type"))
        own = {key: value for key, value in example.items() if key not in CHECK}
        assert own.keys() <= kind.options.keys()
        assert not list(kind.problems(own))
        assert kind.build(Check("example", kind.name, own, 5.0, 2.0, 3, 10, 5, "d"))


@pytest.mark.parametrize("kind", CHECKS.values(), ids=CHECKS)
def test_option_tables_are_sound(kind):
    """Defaults are of their kind and in bounds, and every option is explained."""
    types = {Kind.INTEGER: int, Kind.STRING: str, Kind.BOOLEAN: bool}
    for name, option in kind.options.items():
        assert option.doc, name
        if option.default is not REQUIRED and option.kind in types:
            assert isinstance(option.default, types[option.kind]), name
        if option.choices:
            assert option.default in option.choices, name
    assert not kind.options.keys() & CHECK.keys(), "the common keys belong to all checks"
