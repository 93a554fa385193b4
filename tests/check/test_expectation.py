"""What an HTTP answer must look like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.check import expectation

JSON = {"status": "healthy", "db": {"ok": True, "lag": 0.5, "n": 1}, "nodes": [{"id": "a"}, {"id": "b"}], "a.b": 1, "none": None}
BODY = json.dumps(JSON).encode()


def unmet(expect, status=200, body=BODY, cut=False):
    assert not list(expectation.problems(expect))
    return expectation.read(expect).unmet(status, body, cut)


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


rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from(["status", "json", "body"]), rubbish))
def test_what_has_no_problems_can_be_read(expect):
    if not list(expectation.problems(expect)):
        expectation.read(expect).unmet(200, b"{}", cut=False)


@settings(deadline=None)  # the machine may be busy
@given(rubbish, st.text(min_size=1))
def test_no_answer_is_too_odd(data, path):
    wanted = expectation.Expectation(json=((path, "never this"),))
    assert wanted.unmet(200, json.dumps(data).encode(), cut=False)
