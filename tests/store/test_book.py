"""What operators, sites and nameservers say, as plain data: there and back, and nothing odd gets through."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.store import book, node_record, push_record
from gslb.store.envelope import RefusedError
from gslb.store.state import NodeReport, Overrides, Push

texts = st.text(max_size=30)
moments = st.floats(0, 4e9)
words = st.one_of(
    st.builds(
        Override,
        st.sampled_from(Kind),
        st.sampled_from(Level),
        texts,
        texts,
        texts,
        st.integers(0, 1000),
        texts,
        texts,
        moments,
        st.none() | moments,
    ),
    st.builds(Hold, texts, texts, moments, st.none() | moments),
    st.builds(Withdrawal, texts, texts, texts, moments),
)
odd = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4))
PUSH = Push("fra", "192.0.2.1", 10.0, 40.0, check="app", grade=80)
REPORT = NodeReport("ns1", 10.0, "1.0", "abc", "def", 7, 3, ("192.0.2.53:53", "[2001:db8::53]:53"))


@given(st.lists(words, max_size=10), st.integers(1, 2**62))
def test_books_there_and_back(said, version):
    overrides = Overrides(version, {word.key: word for word in said})
    found = book.read(json.loads(json.dumps(book.content(overrides))), b"sealed")
    assert (found, found.sealed) == (overrides, b"sealed")


@given(odd, st.sampled_from(["kind", "level", "weight", "since", "expires", "author", "word"]))
def test_odd_words_are_refused(value, field):
    row = book.rows([Override(Kind.DOWN, Level.SITE, site="fra", since=1.0)])[0]
    for content in (value, {"version": value, "words": []}, {"version": 1, "words": value}, {"version": 1, "words": [{**row, field: value}]}):
        with contextlib.suppress(RefusedError):
            found = book.read(content)
            assert json.dumps(book.content(found), allow_nan=False)
            assert all(word.key for word in found.words.values())


@pytest.mark.parametrize("version", [0, -1, True, 1.5, "1", None, 2**63])
def test_a_version_is_a_number(version):
    with pytest.raises(RefusedError):
        book.read({"version": version, "words": []})


def test_fields_of_a_later_version_are_passed_over():
    row = book.rows([Hold("ann", "x", 1.0)])[0]
    found = book.read({"version": 3, "words": [{**row, "colour": "red"}], "more": 1})
    assert found.words == {"hold": Hold("ann", "x", 1.0)}


def test_pushes_there_and_back():
    for word in (PUSH, Push("fra", "2001:db8::1", 10.0, 40.0, pool="web", site="fra", weight=3)):
        assert push_record.read(json.loads(json.dumps(push_record.content(word))), "fra", word.key) == word


@pytest.mark.parametrize(
    "false",
    [
        {"registrant": "iad"},
        {"address": "192.0.2.300"},
        {"address": "www.example.com"},
        {"pool": "web"},
        {"check": ""},
        {"until": float("inf")},
        {"until": 10.0 + push_record.LONGEST + 1},
        {"grade": 101},
        {"weight": -1},
        {"weight": True},
        {"site": "x" * 300},
        {"check": "other"},
    ],
)
def test_false_pushes_are_refused(false):
    with pytest.raises(RefusedError):
        push_record.read({**push_record.content(PUSH), **false}, "fra", PUSH.key)


def test_an_address_has_one_spelling():
    word = replace(PUSH, address="2001:0db8::0001")
    with pytest.raises(RefusedError):
        push_record.read(push_record.content(word), "fra", word.key)


@given(odd, odd)
def test_odd_pushes_and_reports_are_refused(a, b):
    with contextlib.suppress(RefusedError):
        push_record.read(a, "fra", PUSH.key)
    for field in push_record.content(PUSH):
        with contextlib.suppress(RefusedError):
            push_record.read({**push_record.content(PUSH), field: b}, "fra", PUSH.key)
    with contextlib.suppress(RefusedError):
        node_record.read("ns1", json.dumps(a).encode())
    for field in json.loads(node_record.write(REPORT)):
        with contextlib.suppress(RefusedError):
            node_record.read("ns1", json.dumps({**json.loads(node_record.write(REPORT)), field: b}).encode())


def test_reports_there_and_back_and_bounded():
    assert node_record.read("ns1", node_record.write(REPORT)) == REPORT
    with pytest.raises(RefusedError, match="another"):
        node_record.read("ns2", node_record.write(REPORT))
    many = replace(REPORT, listening=tuple(f"192.0.2.{n}:53" for n in range(256)))
    assert len(node_record.write(many)) <= node_record.LARGEST
    assert node_record.read("ns1", node_record.write(many)).listening == many.listening[:32]
    large = replace(REPORT, extra={"role": "node", "config": 7, "traffic": {"x": "y" * 4000}, "ready": ""})
    assert node_record.read("ns1", node_record.write(large)).extra == {"role": "node", "config": 7, "ready": ""}, "what does not fit is left out"
    earlier = {key: value for key, value in json.loads(node_record.write(REPORT)).items() if key != "extra"}
    assert node_record.read("ns1", json.dumps(earlier).encode()).extra == {}
    with pytest.raises(RefusedError, match="extra"):
        node_record.read("ns1", json.dumps(earlier | {"extra": {"x": "y" * 4000}}).encode())
    with pytest.raises(RefusedError, match="octets"):
        node_record.read("ns1", b" " * (node_record.LARGEST + 1))
    for junk in (b"", b"\xff", b"[" * 4000, b"{}"):
        with pytest.raises(RefusedError):
            node_record.read("ns1", junk)
