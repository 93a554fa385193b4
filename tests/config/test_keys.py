"""`keys.yaml`: every mistake at its place, and none of it believed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gslb.config import keys
from gslb.errors import ConfigError
from gslb.store.envelope import REASONS
from gslb.store.trust import Known, key_id, write_key


def public():
    octets = os.urandom(32)
    return key_id(octets), octets, write_key(octets, key_id(octets))


@pytest.fixture
def load(tmp_path):
    def call(text):
        path = tmp_path / "keys.yaml"
        path.write_text(text)
        return keys.load(path)

    return call


def test_all_of_it(load):
    (one, a, first), (two, b, second), (three, c, third) = public(), public(), public()
    trust = load(f"""
probers:
  fra-1: {{place: fra, keys: ['{first}', '{second}']}}
  iad-1: {{keys: '{third}'}}
operators:
  ann: {{keys: ['{first}']}}
""")
    assert trust["prober"] == {"fra-1": Known({one: a, two: b}, "fra"), "iad-1": Known({three: c})}
    assert trust["operator"] == {"ann": Known({one: a})}
    assert trust["site"] == {}


def test_a_key_needs_no_quotes(load):
    _, _, line = public()
    assert list(load(f"operators:\n  ann:\n    keys:\n      - {line}\n")["operator"]) == ["ann"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("[]", ["C001"]),
        ("prober: {}", ["C002"]),
        ("probers: []", ["C004"]),
        ("probers: {p1: []}", ["C001"]),
        ("probers: {p1: {}}", ["C003"]),
        ("probers: {p1: {keys: []}}", ["S006"]),
        ("probers: {p1: {keys: [abc]}}", ["S006"]),
        ("probers: {p1: {keys: {}}}", ["C004"]),
        ("operators: {ann: {keys: ['ed25519:00000000:AAAA'], place: fra}}", ["C002", "S006"]),
        (f"sites: {{{'x' * 65}: {{keys: []}}}}", ["C005"]),
        ("probers: {p1: {keys: [abc]}, p2: {keys: [def]}}", ["S006", "S006"]),
        ("probers: {", ["Y001"]),
    ],
)
def test_mistakes_are_told_all_at_once(load, text, codes):
    with pytest.raises(ConfigError) as error:
        load(text)
    assert sorted(problem.code for problem in error.value.problems) == codes
    assert all(problem.where.line for problem in error.value.problems)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError) as error:
        keys.load(tmp_path / "none.yaml")
    assert [problem.code for problem in error.value.problems] == ["F001"]


def test_the_page_tells_a_file_that_is_taken(load):
    page = (Path(__file__).parents[2] / "docs/how-to/sign-votes.md").read_text()
    (text,) = re.findall(r"```yaml\n(# keys\.yaml.*?)```", page, re.DOTALL)
    trust = load(text)
    assert {writer: sorted(names) for writer, names in trust.items()} == {"prober": ["fra-1", "iad-1"], "operator": ["ann"], "site": ["fra"]}
    assert trust["prober"]["fra-1"].place == "fra"


def test_the_page_tells_every_reason():
    page = (Path(__file__).parents[2] / "docs/how-to/sign-votes.md").read_text()
    told = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == set(REASONS)


def test_an_empty_file_trusts_nobody(load):
    assert not any(load("").values())
