"""What an event means: what begins, what ends, what is only told; and how it reads at each receiver."""

from __future__ import annotations

import json

import pytest

from gslb.notify import message
from gslb.notify.message import SHOWN, Incidents, Notice, State, gathered
from gslb.notify.shapes import pagerduty, slack, webhook
from gslb.role.notifying import without_blips


def states(incidents, *events):
    return [notice.state.value if (notice := incidents.notice(event)) else None for event in events]


def test_an_incident_begins_once_and_ends_once(event):
    down, up = event(), event(what="up", level="info")
    assert states(Incidents("warning"), up, down, down, up, up, down) == [None, "firing", None, "resolved", None, "firing"]
    assert states(Incidents("error"), down, up) == [None, None], "what was not told does not end"
    worse = event(what="down for good", level="error")
    assert states(Incidents("warning"), down, worse, down) == ["firing", "firing", None]


def test_what_never_ends_begins_nothing(event):
    plane = event(kind="plane", level="error")
    drain = event(kind="override", level="info")
    assert states(Incidents("info"), plane, plane, drain, drain) == ["firing", "firing", "info", "info"]
    incidents = Incidents("info")
    states(incidents, plane, drain)
    assert not incidents.open


def test_what_ends_while_it_is_gathered_is_a_blip(event):
    def notices(*pairs):
        return [Notice(event(subject=subject, what=str(number)), state) for number, (subject, state) in enumerate(pairs)]

    kept = without_blips(
        notices(
            ("a", State.BEGINS), ("a", State.ENDS), ("b", State.ENDS), ("b", State.BEGINS), ("c", State.ENDS), ("d", State.TOLD), ("d", State.TOLD)
        )
    )
    assert [(one.event.subject, one.state.value) for one in kept] == [("b", "firing"), ("c", "resolved"), ("d", "info"), ("d", "info")]


def test_many_are_one_message_the_worst_first(event):
    notices = [Notice(event(subject=f"s{n}"), State.BEGINS) for n in range(SHOWN + 7)]
    notices += [Notice(event(subject="bad", what="all down", level="error", kind="pool"), State.BEGINS), Notice(event(subject="x"), State.ENDS)]
    message = gathered("ns1", 5.0, notices)
    assert len(message.notices) == SHOWN
    assert message.left_out == 9
    assert message.summary == f"bad: all down (and {SHOWN + 8} more)"
    assert (message.state, message.level) == (State.BEGINS, "error")
    assert message.id == gathered("ns2", 9.0, notices[::-1]).id or message.left_out, "the same for whoever tells the same"
    few = notices[:3]
    assert gathered("ns1", 5.0, few).id == gathered("ns2", 9.0, few[::-1]).id


def test_our_own_json(event):
    [body] = webhook(gathered("ns1", 5.0, [Notice(event(evidence={"votes": [1]}), State.BEGINS)]), "SECRET")
    told = json.loads(body)
    assert (told["state"], told["level"], told["summary"]) == ("firing", "warning", "web 192.0.2.1: down: refused")
    assert told["events"][0]["incident"] == "verdict/web 192.0.2.1"
    assert told["events"][0]["evidence"] == {"votes": [1]}
    assert b"SECRET" not in body


def test_chat_is_called_by_nobody_s_reason(event):
    evil = event(what="down: <!channel> *bold* `x` & <http://evil|click>\nnext")
    [body] = slack(gathered("ns1", 5.0, [Notice(evil, State.BEGINS), Notice(event(by="ann"), State.TOLD)]), "")
    text = json.loads(body)["text"]
    assert "&lt;!channel&gt;" in text
    assert "<" not in text
    assert len(text.splitlines()) == 3
    assert "(by ann)" in text
    long = slack(gathered("ns1", 5.0, [Notice(event(subject=f"s{n}", what="x" * 900), State.BEGINS) for n in range(60)]), "")
    assert len(json.loads(long[0])["text"]) < 3200


def test_pagerduty_gets_one_event_for_each_incident(event):
    notices = [Notice(event(), State.BEGINS), Notice(event(subject="p1", kind="prober", what="back"), State.ENDS), Notice(event(), State.TOLD)]
    trigger, resolve = (json.loads(body) for body in pagerduty(gathered("ns1", 5.0, notices), "ROUTING"))
    assert trigger["event_action"] == "trigger"
    assert trigger["routing_key"] == "ROUTING"
    assert trigger["dedup_key"] == "gslb/verdict/web 192.0.2.1"
    assert trigger["payload"] | {"custom_details": {}} == {
        "summary": "web 192.0.2.1: down: refused",
        "source": "ns1",
        "severity": "warning",
        "timestamp": "1970-01-12T13:46:40Z",
        "component": "web 192.0.2.1",
        "class": "verdict",
        "custom_details": {},
    }
    assert resolve == {"routing_key": "ROUTING", "dedup_key": "gslb/prober/p1", "event_action": "resolve"}


@pytest.mark.parametrize(("level", "severity"), [("error", "critical"), ("warning", "warning"), ("info", "info")])
def test_severities(event, level, severity):
    [body] = pagerduty(gathered("ns1", 5.0, [Notice(event(level=level), State.BEGINS)]), "")
    assert json.loads(body)["payload"]["severity"] == severity


def test_what_is_remembered_is_bounded(event, monkeypatch):
    monkeypatch.setattr(message, "OPEN", 3)
    incidents = Incidents("warning")
    for n in range(5):
        incidents.notice(event(f"s{n}"))
    assert [one.subject for one in incidents.open.values()] == ["s2", "s3", "s4"]
