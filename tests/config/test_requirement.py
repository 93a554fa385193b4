"""Which checks of a pool or member must pass."""

from __future__ import annotations

import pytest

HEAD = "checks: {a: {type: tcp, port: 1}, b: {type: tcp, port: 2}, c: {type: tcp, port: 3}}\n"
REST = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n  x: {pool: p}\n"


@pytest.fixture
def load(load_text):
    def pool(check, own=""):
        member = f"{{address: 192.0.2.1{', check: ' + own if own else ''}}}"
        return load_text(x__yaml=f"{HEAD}pools: {{p: {{members: [{member}], {check}}}}}\n{REST}")

    return pool


@pytest.mark.parametrize(
    ("pool", "own", "checks", "need"),
    [
        ("check: a", "", ("a",), 0),
        ("check: [a, b, a]", "", ("a", "b"), 0),
        ("check: {all: [a, b]}", "", ("a", "b"), 0),
        ("check: {any: [a, b]}", "", ("a", "b"), 1),
        ("check: {any: a}", "", ("a",), 1),
        ("check: {at_least: 2, of: [a, b, c]}", "", ("a", "b", "c"), 2),
        ("check: {at_least: 2, of: [a, b, c]}", "a", ("a",), 0),
        ("check: a", "{any: [b, c]}", ("b", "c"), 1),
        ("check: a", "[]", (), 0),
        ("policy: all", "", (), 0),
    ],
)
def test_forms(load, pool, own, checks, need):
    loaded = load(pool, own)
    assert not loaded.fatal, loaded.problems
    (member,) = loaded.model.pools["p"].members
    assert (member.checks, member.need) == (checks, need)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("{some: [a]}", "C031"),
        ("{}", "C031"),
        ("{any: [a], all: [b]}", "C031"),
        ("{at_least: 2}", "C031"),
        ("{of: [a, b]}", "C031"),
        ("{at_least: 0, of: [a, b]}", "C031"),
        ("{at_least: 3, of: [a, b]}", "C031"),
        ("{at_least: 2, of: [a, a]}", "C031"),
        ("{at_least: two, of: [a, b]}", "C031"),
        ("{at_least: true, of: [a, b]}", "C031"),
        ("{any: []}", "C017"),
        ("{any: {a: 1}}", "C004"),
        ("7.5x", "L002"),
        ("true", "C004"),
        ("{any: [a, d]}", "L002"),
    ],
)
def test_mistakes(load, check, code):
    errors = [problem.code for problem in load(f"check: {check}").problems if problem.severity == "error"]
    assert errors == [code]
