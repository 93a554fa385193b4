"""Problems for people, machines and GitHub."""

from __future__ import annotations

import json
import time
import tracemalloc

from gslb.config import report
from gslb.errors import Problem, Severity, Where

SOURCES = {"zones/a.yaml": "zone: x\n\twww: {type: A, value: 1}\r\nlast: " + "y" * 300 + "\n"}
PROBLEMS = [
    Problem("C002", "unknown key 'zoen'", Where("zones/a.yaml", 1, 1), "did you mean 'zone'?"),
    Problem("R006", "100% wrong: a, b", Where("zones/a.yaml", 2, 24), severity=Severity.WARNING),
    Problem("Y001", "far \x1b[31mright", Where("zones/a.yaml", 3, 150)),
    Problem("F001", "no such file", Where("nope")),
]


def test_text_shows_line_caret_hint_and_summary():
    assert report.text(PROBLEMS[:2], SOURCES) == (
        "zones/a.yaml:1:1: C002 unknown key 'zoen'\n"
        "    1 | zone: x\n"
        "      | ^\n"
        "      = did you mean 'zone'?\n"
        "\n"
        "zones/a.yaml:2:24: R006 warning: 100% wrong: a, b\n"
        "    2 |  www: {type: A, value: 1}\n"
        "      |                        ^\n"
        "\n"
        "1 error, 1 warning\n"
    )


def test_nothing_to_say():
    assert report.text([], SOURCES) == ""
    assert report.github([], SOURCES) == ""
    assert json.loads(report.as_json([], {})) == {"problems": [], "errors": 0, "warnings": 0}
    assert report.summary([]) == "no problems"


def test_long_lines_are_cut_around_the_caret_and_terminals_are_safe():
    head, line, caret, *_ = report.text([PROBLEMS[2]], SOURCES).split("\n")
    assert head == "zones/a.yaml:3:150: Y001 far \N{REPLACEMENT CHARACTER}[31mright"
    assert len(line) < 190
    assert line[caret.index("^")] == "y"
    assert caret.index("^") == len("    3 | ") + 80


def test_many_mistakes_in_one_long_line_are_told_quickly():
    problems = [Problem("C002", "unknown key", Where("long.yaml", 1, column)) for column in range(1, 1_000_000, 1_000)]
    sources = {"long.yaml": "a\tb\x07" * 250_000}
    began = time.process_time()
    told = report.text(problems, sources)
    data = report.as_json(problems, sources)
    assert time.process_time() - began < 3  # where each cleans the whole line, it is a minute
    assert told.count("a b\N{REPLACEMENT CHARACTER}a") >= 1_000
    assert len(data) < 20_000_000
    assert json.loads(data)["problems"][0]["source"] == sources["long.yaml"][: report.LONGEST]


def test_lines_are_found_in_any_order_without_holding_all_of_them():
    sources = {"a": "one\ntwo\r\n\nfour", "b": ""}
    lines = report._Lines(sources)
    assert [lines.get("a", number) for number in (4, 1, 2, 2, 5, 3, 0, -1, 4)] == ["four", "one", "two", "two", "", "", "", "", "four"]
    assert [lines.get(file, 1) for file in "bc"] == ["", ""]
    tracemalloc.start()
    try:
        shown = report._Lines({"long": "x\n" * 200_000}).get("long", 190_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert shown == "x"
    assert peak < 800_000  # the text itself has 400,000; as a list of lines it would take two million


def test_a_place_without_a_known_line_is_shown_without():
    assert report.text([PROBLEMS[3]], SOURCES) == "nope: F001 no such file\n\n1 error\n"


def test_json_has_everything():
    data = json.loads(report.as_json(PROBLEMS, SOURCES))
    assert (data["errors"], data["warnings"]) == (3, 1)
    assert data["problems"][0] == {
        "code": "C002",
        "severity": "error",
        "message": "unknown key 'zoen'",
        "hint": "did you mean 'zone'?",
        "file": "zones/a.yaml",
        "line": 1,
        "column": 1,
        "source": "zone: x",
    }


def test_github_annotations_are_escaped():
    assert report.github([PROBLEMS[0], PROBLEMS[1], PROBLEMS[3]], SOURCES) == (
        "::error file=zones/a.yaml,line=1,col=1,title=C002::unknown key 'zoen' (did you mean 'zone'?)\n"
        "::warning file=zones/a.yaml,line=2,col=24,title=R006::100%25 wrong: a, b\n"
        "::error file=nope,title=F001::no such file\n"
    )
    evil = Problem("C001", "a\nb", Where("x:y,z\n.yaml", 1))
    assert report.github([evil], {}) == "::error file=x%3Ay%2Cz%0A.yaml,line=1,title=C001::a%0Ab\n"
