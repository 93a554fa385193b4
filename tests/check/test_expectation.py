"""What an HTTP answer must look like."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.check import expectation
from gslb.check.answer import Answer
from gslb.check.attempt import Progress

JSON = {"status": "healthy", "db": {"ok": True, "lag": 0.5, "n": 1}, "nodes": [{"id": "a"}, {"id": "b"}], "a.b": 1, "none": None}
BODY = json.dumps(JSON).encode()


def judged(wanted, status=200, body=BODY, cut=False, fields=()):
    progress = Progress()
    return asyncio.run(wanted.unmet(Answer(status, tuple(fields), body, cut), progress)), progress


def unmet(expect, status=200, body=BODY, cut=False, fields=()):
    assert not list(expectation.problems(expect))
    return judged(expectation.read(expect), status, body, cut, fields)[0]


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (200, [200], [199, 201, 204]),
        ([200, 301], [200, 301], [201, 302]),
        (["200-299", 301], [200, 250, 299, 301], [199, 300, 302]),
        ("2xx", [200, 299], [199, 300]),
        (["2xx", "4xx", "503"], [204, 404, 503], [302, 502]),
        ("200 - 204", [204], [205]),
    ],
)
def test_status(wanted, good, bad):
    assert [unmet({"status": wanted}, status) for status in good] == [None] * len(good)
    assert [unmet({"status": wanted}, status) for status in bad] == [f"status {status}" for status in bad]


def test_without_a_word_any_2xx_will_do():
    assert [status for status in range(100, 600) if unmet({}, status) is None] == list(range(200, 300))


@pytest.mark.parametrize("status", ["fine", 99, 600, "299-200", True, 2.0, [], None, "200-", {"a": 1}, ["200", []]])
def test_bad_status(status):
    assert [(c.code, c.path) for c in expectation.problems({"status": status})] == [("H005", ("expect", "status"))]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("status", "healthy", None),
        ("db.ok", True, None),
        ("db.lag", 0.5, None),
        ("db.n", 1.0, None),
        ("nodes.1.id", "b", None),
        ("none", None, None),
        ("db.ok", 1, "db.ok is true, not 1"),
        ("db.n", True, "db.n is 1, not true"),
        ("db.n", "1", 'db.n is 1, not "1"'),
        ("nodes.2.id", "b", "no nodes.2.id in the body"),
        ("nodes.-1.id", "b", "no nodes.-1.id in the body"),
        ("status.x", "b", "no status.x in the body"),
        ("a.b", 1, "no a.b in the body"),
        ("missing", None, "no missing in the body"),
    ],
)
def test_json(path, value, reason):
    assert unmet({"json": {path: value}}) == (f"status 200, {reason}" if reason else None)


@pytest.mark.parametrize("body", [b"", b"healthy", b"{", b"\xff\xfe", b"[" * 60_000])
def test_what_is_not_json(body):
    assert unmet({"json": {"status": "healthy"}}, body=body) == "status 200, body is not JSON"


def test_all_must_be_met():
    expect = {"status": 200, "json": {"status": "healthy", "db.ok": False}, "body": "nodes"}
    assert unmet(expect) == "status 200, db.ok is true, not false"
    assert unmet(expect | {"body": "never"}) == 'status 200, body lacks "never"'
    assert unmet({"body": "healthy"}, cut=True) is None


def test_reasons_stay_short():
    reason = unmet({"json": {"status": "x" * 500}}, body=json.dumps({"status": "y\n" * 500}).encode())
    assert len(reason) < 160
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ([], [("H004", ("expect",))]),
        ({"stat": 200}, [("H004", ("expect", "stat"))]),
        ({"body": ""}, [("H004", ("expect", "body"))]),
        ({"json": "healthy"}, [("H006", ("expect", "json"))]),
        ({"json": {"": 1, "a": [1], "b": 2}}, [("H006", ("expect", "json", "")), ("H006", ("expect", "json", "a"))]),
        ({"status": 7, "body": 7, "json": 7, "x": 7}, [("H004", ("expect", "x")), ("H005", ("expect", "status"))]),
    ],
)
def test_all_mistakes_at_once(expect, found):
    assert [(c.code, c.path) for c in expectation.problems(expect)][: len(found)] == found


# ---- header fields ----

FIELDS = (("x-ready", "yes"), ("x-ready", "maybe"), ("server", "haproxy/2.8.3"), ("x-empty", ""))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X-Ready": "yes"}, None),
        ({"x-ready": "maybe"}, None),
        ({"X-Empty": ""}, None),
        ({"Server": {"regex": "^haproxy/2\\."}}, None),
        ({"X-Ready": "no"}, 'header X-Ready is "yes", "maybe", not "no"'),
        ({"X-Ready": "ye"}, 'header X-Ready is "yes", "maybe", not "ye"'),
        ({"X-None": "a"}, 'header X-None is not there, not "a"'),
        ({"Server": {"regex": "^nginx"}}, 'header Server is "haproxy/2.8.3", not "/^nginx/"'),
    ],
)
def test_header_fields(headers, reason):
    assert unmet({"headers": headers}, fields=FIELDS) == (f"status 200, {reason}" if reason else None)


# ---- patterns ----


def test_patterns():
    assert unmet({"body": {"regex": '"lag": 0\\.[0-9]+'}}) is None
    assert unmet({"body": {"regex": "lag: [0-9]"}}) == 'status 200, body lacks "/lag: [0-9]/"'
    assert unmet({"body": {"regex": "✓.$"}}, body=b"\xe2\x9c\x93\xff") is None, "an octet that is no UTF-8 is one odd character"


# ---- limits ----


@pytest.mark.parametrize(
    ("limits", "value", "grade", "reason"),
    [
        ({"below": 100, "degraded_above": 50}, 50, 100, None),
        ({"below": 100, "degraded_above": 50}, 75, 50, None),
        ({"below": 100, "degraded_above": 50}, 99.9, 1, None),
        ({"below": 100, "degraded_above": 50}, 100, None, "n is 100, not below 100"),
        ({"above": 10, "degraded_below": 50}, 50, 100, None),
        ({"above": 10, "degraded_below": 50}, 30, 50, None),
        ({"above": 10, "degraded_below": 50}, 10, None, "n is 10, not above 10"),
        ({"degraded_above": 50}, 10**9, 50, None),
        ({"below": 10, "above": 0}, 0, None, "n is 0, not below 10 and above 0"),
        ({"below": 10}, "5", None, 'n is "5", not below 10'),
        ({"below": 10}, True, None, "n is true, not below 10"),
        ({"below": 10}, None, None, "n is null, not below 10"),
        ({"above": 10}, 10**400, None, f"n is 1{'0' * 58}…, not above 10"),
        ({"degraded_above": 10}, [], None, "n is [], not a number"),
    ],
)
def test_limits(limits, value, grade, reason):
    expect = {"json": {"n": limits}}
    assert not list(expectation.problems(expect))
    said, progress = judged(expectation.read(expect), body=json.dumps({"n": value}).encode())
    assert said == (f"status 200, {reason}" if reason else None)
    if grade:
        assert progress.grade == grade
        assert progress.why == ([f"n is {value}"] if grade < 100 else [])


def test_what_json_does_not_have_is_no_number():
    for body in (b'{"n": NaN}', b'{"n": Infinity}', b'{"n": 1e999}'):
        assert unmet({"json": {"n": {"above": 0}}}, body=body)


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ({"json": {"n": {}}}, [("H011", ("expect", "json", "n"))]),
        ({"json": {"n": {"belov": 5}}}, [("H011", ("expect", "json", "n", "belov"))]),
        ({"json": {"n": {"below": "5"}}}, [("H011", ("expect", "json", "n", "below"))]),
        ({"json": {"n": {"below": True}}}, [("H011", ("expect", "json", "n", "below"))]),
        ({"json": {"n": {"below": 5, "degraded_above": 5}}}, [("H011", ("expect", "json", "n", "degraded_above"))]),
        ({"json": {"n": {"below": 5, "above": 6}}}, [("H011", ("expect", "json", "n", "above"))]),
        ({"body": {"regex": "("}}, [("H010", ("expect", "body", "regex"))]),
        ({"body": {"regex": r"(a)\1"}}, [("H010", ("expect", "body", "regex"))]),
        ({"body": {"regex": ""}}, [("H004", ("expect", "body"))]),
        ({"body": {"pattern": "a"}}, [("H004", ("expect", "body"))]),
        ({"body": "é" * 2049}, [("H009", ("expect", "body"))]),
        ({"headers": {"X": None}}, [("H004", ("expect", "headers", "X"))]),
        ({"headers": ["X"]}, [("H004", ("expect", "headers"))]),
        ({"headers": {"X": {"regex": "["}}}, [("H010", ("expect", "headers", "X", "regex"))]),
    ],
)
def test_mistakes_in_patterns_limits_and_headers(expect, found):
    assert [(c.code, c.path) for c in expectation.problems(expect)] == found


rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from(["status", "headers", "json", "body"]), rubbish))
def test_what_has_no_problems_can_be_read(expect):
    if not list(expectation.problems(expect)):
        judged(expectation.read(expect), body=b"{}")


@settings(deadline=None)  # the machine may be busy
@given(rubbish, st.text(min_size=1))
def test_no_answer_is_too_odd(data, path):
    wanted = expectation.Expectation(json=((path, "never this"),))
    assert judged(wanted, body=json.dumps(data).encode())[0]
