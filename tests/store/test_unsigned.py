"""What anybody may have written into the store: it costs no more than it may, and does nothing to whoever shows it."""

from __future__ import annotations

import json

import pytest

from gslb.event import Event
from gslb.notify.message import Notice, State, gathered
from gslb.notify.shapes import SHAPES
from gslb.store import event_record, node_record
from gslb.store.envelope import RefusedError
from gslb.store.state import NodeReport

EVENT = Event("pool", "web", "no member is up", 1000.0, "error", node="ns2", evidence={"votes": [{"prober": "p1", "state": "down"}]}, key="pool/web")


def forged(**fields):
    return json.dumps({**event_record.as_data(EVENT), **fields}).encode()


def deep(levels):
    return b"[" * levels + b"]" * levels


def test_what_we_write_is_read():
    full = {"votes": [{"prober": f"p{n}", "state": "down", "reason": "refused"} for n in range(20)], "pools": [f"pool{n}" for n in range(20)]}
    event = Event("verdict", "web 192.0.2.1", "down: refused", 1000.0, "warning", evidence=full, node="ns1", key="k", id="1-1")
    assert event_record.read(event_record.write(event), "1-1") == event
    extra = {"traffic": {"qps": 1.0, "sites": {f"s{n}": 0.5 for n in range(180)}}}
    assert node_record.read("ns1", node_record.write(NodeReport("ns1", 1.0, extra=extra))).extra == extra


@pytest.mark.parametrize("at", [1e300, -1e300, float("nan"), float("inf"), 10**400])
def test_times_that_no_clock_shows_are_refused(at):
    with pytest.raises(RefusedError):
        event_record.read(forged(at=at), "1-1")


@pytest.mark.parametrize(
    "evidence", [b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":' + deep(900) + b"}", b'{"a":[' + b",".join([b"{}"] * 1200) + b"]}"]
)
def test_evidence_is_bounded_and_is_json(evidence):
    record = forged(evidence={}).replace(b'"evidence": {}', b'"evidence": ' + evidence)
    assert len(record) <= event_record.LARGEST
    with pytest.raises(RefusedError):
        event_record.read(record, "1-1")


def test_a_report_of_a_node_is_as_deep_as_ours():
    record = node_record.write(NodeReport("ns1", 1.0)).replace(b'"extra":{}', b'"extra":{"a":' + deep(900) + b"}")
    with pytest.raises(RefusedError):
        node_record.read("ns1", record)


def test_texts_do_nothing_to_a_terminal():
    event = event_record.read(forged(what="\x1b]0;owned\x07 a\nb\ud800", subject="\u202eweb", node="\x9b2J"), "1-1")
    assert (event.what, event.subject, event.node) == (" ]0;owned  a b ", " web", " 2J")


@pytest.mark.parametrize("shape", SHAPES)
def test_any_time_can_be_told_to_receivers(shape):
    event = Event("verdict", "web", "down", 1e300, "error")  # since when is a prober's word
    assert SHAPES[shape](gathered("ns1", 1.0, [Notice(event, State.BEGINS)]), "secret")
