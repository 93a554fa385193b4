"""`gslb events`, `gslb audit` and `gslb top`, against a journal that is asked as control is."""

from __future__ import annotations

import asyncio
import json

import pytest

from gslb import cli
from gslb.cli import events, serving, top_view
from gslb.errors import UsageError
from gslb.event import Event
from gslb.override import Kind, Level, Override
from gslb.role.history import History
from gslb.role.journal import Journal
from gslb.role.traffic import Traffic
from gslb.store import MemoryStore


@pytest.fixture
def journal(monkeypatch):
    """A journal that commands find in place of a running service."""
    journal, store = Journal("ns1"), MemoryStore()
    asyncio.run(store.say([Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="new switches", since=1.0)], 0))
    history = History(journal, store, Traffic())

    def ask(command, _config, **said):
        return json.loads(json.dumps(asyncio.run(history.commands[command](said))))

    monkeypatch.setattr(serving, "ask", ask)
    journal.tell(Event("verdict", "web 192.0.2.1", "down: 2 of 3: refused", 1000.0, "warning", evidence={"votes": []}))
    journal.tell(Event("reload", "files", "accepted", 1001.0, by="ann"))
    return journal


def run(capsys, *words):
    code = cli.run(words)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out


def test_events_for_people_and_programs(journal, capsys):
    code, out = run(capsys, "events")
    first, second = out.splitlines()
    assert code == 0
    assert "verdict  web 192.0.2.1: down: 2 of 3: refused" in first
    assert second.endswith("reload   files: accepted (by ann)  [ns1]")
    assert [row["kind"] for row in json.loads(run(capsys, "events", "-o", "json")[1])] == ["verdict", "reload"]
    assert run(capsys, "events", "-k", "reload", "-o", "yaml")[1].count("kind: reload") == 1
    assert run(capsys, "events", "-n", "1")[1].splitlines() == [second]
    assert run(capsys, "events", "-s", "nobody")[1] == "nothing has happened\n"


def test_following(journal, capsys, monkeypatch):
    naps = iter([lambda: journal.tell(Event("prober", "p1", "gone", 1002.0, "warning")), lambda: None, None])

    def nap(_seconds):
        step = next(naps)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(events, "sleep", nap)
    code, out = run(capsys, "events", "-f", "-o", "json", "-n", "1")
    assert code == 130
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["reload", "prober"]


def test_audit(journal, capsys):
    _, out = run(capsys, "audit")
    assert out.endswith("  ann  site fra drain: new switches\n")
    assert json.loads(run(capsys, "audit", "-o", "json")[1])[0]["details"]["words"][0]["reason"] == "new switches"


STATUS = {
    "node": "ns1",
    "generation": 7,
    "degraded": [{"code": "site_down", "level": "error", "text": "site fra is down", "hint": "look at fra", "since": None, "subject": "fra"}],
    "pools": [
        {
            "pool": "web",
            "members": [
                {"member": "iad", "state": "up", "forced": None, "addresses": []},
                {"member": "sin", "state": "up", "forced": "drained", "addresses": []},
                {"member": "fra", "state": "down", "forced": None, "addresses": [{"checks": [{"state": "down", "reason": "refused"}]}]},
            ],
        }
    ],
}
SAMPLE = {"at": 1.0, "qps": 1234.0, "rcodes": {"NOERROR": 1200.0, "SERVFAIL": 34.0}, "sites": {"fra": 900.0, "iad": 300.0}, "pools": {"web": 1200.0}}


def test_top(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(serving, "ask", lambda command, _config: STATUS if command == "status" else {"samples": [SAMPLE | {"qps": 617.0}, SAMPLE]})
    _, out = run(capsys, "top", "--once")
    for text in ("1,234 q/s", "▅█", "SERVFAIL 34", "site fra is down", "75%", "web/fra", "refused", "drained", "1 of 3 members are up"):
        assert text in out
    assert out.index("web/fra") < out.index("web/sin")
    answers = iter([STATUS, UsageError("no service runs here"), KeyboardInterrupt()])

    def ask(command, _config):
        if command == "traffic":
            return {"samples": []}
        if isinstance(answer := next(answers), BaseException):
            raise answer
        return {**answer, "degraded": []}

    monkeypatch.setattr(serving, "ask", ask)
    monkeypatch.setattr(top_view, "EVERY", 0.0)
    _, out = run(capsys, "top")
    assert "no service runs here" in out
    assert top_view.line([]) == ""
