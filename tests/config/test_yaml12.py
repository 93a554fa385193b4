"""YAML 1.2 with places: what scalars mean, where things stand, and what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.config import yaml12
from gslb.errors import Problems


def read(text):
    problems = Problems()
    return yaml12.load("f.yaml", text, problems), problems.found


def value(text):
    document, problems = read(text)
    assert not problems
    return document.value


def codes(text):
    document, problems = read(text)
    assert document is None
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *((word, word) for word in ("NO", "No", "no", "ON", "off", "y", "Y", "yes", "1:30", "1:30:00", "0123", "-012", "1_000")),
        *((word, word) for word in ("2026-11-20", "<<x", "=", "0b1")),
        *((word, word) for word in ("192.0.2.1", "2001:db8::1", "60/10", "+", ".", "0x", "0o8", "0xg", "1e", "1.2.3", "nUll", "tRUE", "+.nan")),
        ("null", None), ("~", None), ("Null", None), ("NULL", None), ("true", True), ("FALSE", False), ("0", 0), ("-7", -7), ("+7", 7), ("0o17", 15),
        ("0x1F", 31), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-1.5E-3", -0.0015), ("00.5", 0.5), (".inf", float("inf")),
        ("-.INF", float("-inf")),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_the_core_schema_says(text, meaning):
    found = value(f"a: {text}")["a"]
    assert found == meaning
    assert type(found) is type(meaning)


def test_not_a_number_is_one():
    found = value("a: .nan")["a"]
    assert found != found  # noqa: PLR0124  NaN is the one value that differs from itself


def test_quoted_scalars_are_text_whatever_they_look_like():
    assert value("a: ['1', \"true\", '~', 'null']") == {"a": ["1", "true", "~", "null"]}


def test_keys_are_text():
    assert value("1: a\nNO: b\nnull: c\n1.10: d\n'': e\ntrue: f") == {"1": "a", "NO": "b", "null": "c", "1.10": "d", "": "e", "true": "f"}


def test_numbers_remember_how_they_were_written():
    document, _ = read("a: 1.10\nb: [0x1F, 7, TRUE]")
    assert document.root.child("a").text == "1.10"
    assert [child.text for child in document.root.child("b").values()] == ["0x1F", "7", "TRUE"]


def test_every_value_and_key_knows_its_place():
    text = "zone: x\nrecords:\n  www:\n    - {type: A, value: 192.0.2.1}\n    - type: TXT\n      value: hi\n"
    document, _ = read(text)
    lines = text.split("\n")

    def check(node):
        if isinstance(node.value, dict):
            for key, child in node.items():
                where = child.key_where
                assert lines[where.line - 1][where.column - 1 :].startswith(key)
                check(child)
        elif isinstance(node.value, list):
            for child in node.values():
                check(child)
        else:
            assert lines[node.where.line - 1][node.where.column - 1 :].startswith(str(node.value))

    check(document.root)
    found, steps = document.root.at(("records", "www", 1, "value"))
    assert (found.value, found.where.line, found.where.column, steps) == ("hi", 6, 14, 4)
    found, steps = document.root.at(("records", "www", 7, "value"))
    assert (found.where.line, steps) == (4, 2)


def test_aliases_share_values_and_merges_fill_in():
    text = "base: &b {x: 1, y: 1.10}\nother: &o {x: 5, z: 3}\na: {<<: *b, x: 2}\nb: {<<: [*o, *b]}\nc: *b\nd: {'<<': literal}\ne: &k key\n*k : v"
    document, problems = read(text)
    assert not problems
    assert document.value["a"] == {"x": 2, "y": 1.1}
    assert document.value["b"] == {"x": 5, "z": 3, "y": 1.1}
    assert document.value["c"] is document.value["base"]
    assert document.value["d"] == {"<<": "literal"}
    assert document.value["key"] == "v"
    assert document.root.child("a").child("y").text == "1.10"
    assert document.root.child("a").child("y").where.line == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", ["Y002"]), ("a: {b: 1, b: 2, b: 3}", ["Y002", "Y002"]), ("1: a\n'1': b", ["Y002"]), ("<<: {}\n<<: {}", ["Y002"]),
        ("a: !!str 1", ["Y003"]), ("a: !x {}", ["Y003"]), ("!!map {}", ["Y003"]), ("a: !!python/object/apply:os.system [ls]", ["Y003"]),
        ("a: 1\n---\nb: 1", ["Y006"]), ("a: *b", ["Y007"]), ("a: &a [*a]", ["Y007"]), ("? [a]\n: 1", ["Y008"]), ("? {a: 1}\n: 1", ["Y008"]),
        ("? \n: 1", ["Y008"]), ("a: &a [1]\n*a : 1", ["Y008"]), ("<<: 3", ["Y009"]), ("<<: [{a: 1}, 3]", ["Y009"]), ("a: [", ["Y001"]),
        ("a:\n\tb: 1", ["Y001"]), ("a: @b", ["Y001"]), ("a: b: c", ["Y001"]), ("a: \x01", ["Y001"]),
        ("a: \ud800", ["Y001"]), ("%YAML 9.9\n---\n1", ["Y001"]),
        ("[" * 51, ["Y005"]), ("{a: " * 60, ["Y005"]),
    ],
)  # fmt: skip
def test_what_is_refused(text, expected):
    assert codes(text) == expected


def test_fifty_levels_are_allowed():
    assert value("[" * 50 + "]" * 50) is not None


def test_a_very_deep_file_is_refused_without_recursion():
    assert codes("[" * 200_000) == ["Y005"]


def test_a_bomb_is_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    begin = time.process_time()
    assert codes("\n".join(lines)) == ["Y004"]
    assert time.process_time() - begin < 0.1


def test_a_bomb_of_merges_is_refused_at_once():
    wide = "{" + ", ".join(f"k{i}: 1" for i in range(2000)) + "}"
    text = f"w: &w {wide}\n" + "\n".join(f"m{i}: {{<<: [{', '.join(['*w'] * 50)}]}}" for i in range(50))
    begin = time.process_time()
    assert codes(text) == ["Y004"]
    assert time.process_time() - begin < 0.5


def test_honest_aliases_are_not_a_bomb():
    text = "r: &r [{type: A, value: 192.0.2.1}]\n" + "".join(f"n{i}: *r\n" for i in range(20_000))
    assert len(value(text)) == 20_001


def test_the_place_of_a_forbidden_character_counts_characters_not_octets():
    _, [problem] = read("ok: 1\né: 'ü\x01'")
    assert (problem.where.line, problem.where.column) == (2, 6)


def test_endless_mistakes_end():
    _, problems = read("\n".join(f"a: {i}" for i in range(5000)))
    assert len(problems) == yaml12.MAX_MISTAKES


def test_crlf_and_byte_order_mark_are_no_trouble():
    assert value("a: 1\r\nb: two\r\n") == {"a": 1, "b": "two"}


@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@`#\n\t \\<~0.ex\r", max_size=80))
def test_any_text_is_read_or_refused(text):
    document, problems = read(text)
    assert (document is None) == bool(problems)


_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)  # JSON's pairs of surrogates are not YAML's
_SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=20)


@given(_VALUES)
def test_json_is_yaml(data):
    import json

    assert value(json.dumps({"x": data})) == {"x": data}


@pytest.mark.parametrize(
    ("head", "tail", "column"),
    [('a: 1\nb: "', '"\n', 1), ("a: 1\nb:\n", "c: 2\n", 1), ("a: 1\nb:\n  - x\n  - '", "'\n", 5)],
    ids=["quote", "comments", "item"],
)
def test_what_goes_on_without_a_value_is_stopped_before_it_is_held(head, tail, column):
    line = "# " + "x" * 97 + "\n"
    document, problems = read(head + line * (2 * yaml12.MAX_VALUE // len(line)) + tail)
    assert document is None
    assert [problem.message for problem in problems] == ["more than 8 MiB follow without a value"]
    assert problems[0].code == "Y010"
    assert (problems[0].where.line, problems[0].where.column) == (3 if column == 5 else 2, column)
    document, problems = read(head + line * (yaml12.MAX_VALUE // 2 // len(line)) + tail)
    assert document is not None


def test_half_a_surrogate_pair_far_inside_is_told_where_it_stands():
    _, problems = read("a:\n" + "- b\n# é\n" * 5_000 + "- x\ud800\n")
    assert [(problem.code, problem.where.line, problem.where.column) for problem in problems] == [("Y001", 10_002, 4)]


def test_aliases_of_a_large_file_do_not_stand_for_more_than_a_bound(monkeypatch):
    text = "a: &a [" + "1, " * 1_000 + "]\nb: [" + "1, " * 10_000 + "]\nc: [" + "*a, " * 200 + "]\n"
    assert read(text)[0] is not None  # its own values would allow 210,000
    monkeypatch.setattr(yaml12, "MAX_EXPANSION", 150_000)
    assert codes(text) == ["Y004"]
