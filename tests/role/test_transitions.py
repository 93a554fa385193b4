"""What changes is told once, with its evidence; a storm costs few lines; neighbours are noticed when they go and come."""

from __future__ import annotations

import asyncio

import pytest

from gslb.lease import Lease, Voter
from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.role import flood, status
from gslb.role.neighbours import Neighbours, foremost
from gslb.role.transitions import Transitions
from gslb.store import NodeReport, Overrides
from gslb.verdict import State, Target, Verdict, Vote

TARGET = Target("web", "d1", "192.0.2.1")


@pytest.fixture
def lines(monkeypatch):
    said = []
    for level in ("info", "warning", "error"):
        monkeypatch.setattr(f"gslb.log.{level}", lambda event, **fields: said.append((event, fields)))
    return said


def test_a_verdict_is_told_with_its_evidence(lines):
    told = []
    votes = {"p1": Vote(TARGET, "p1", State.DOWN, 5.0, reason="refused"), "p2": Vote(TARGET, "p2", State.UP, 1.0, reason="status 200")}
    transitions = Transitions("p", told.append)
    transitions.target(TARGET, Verdict(State.UP, 1.0), Verdict(State.DOWN, 5.0, reason="2 of 3: refused"), ["web"], votes)
    (event,) = told
    assert (event.kind, event.subject, event.what, event.at, event.level) == ("verdict", "web 192.0.2.1", "down: 2 of 3: refused", 5.0, "warning")
    assert event.evidence["votes"][0] == {"prober": "p1", "state": "down", "reason": "refused"}
    assert event.evidence["was"] == "up"
    assert event.key == "verdict/web//192.0.2.1/down/5"
    ((line, fields),) = lines
    assert line == "192.0.2.1 is down"
    assert fields["votes"] == ["p1 down refused", "p2 up status 200"]


def test_a_start_is_no_event_but_what_is_down_then_is():
    told = []
    transitions = Transitions("p", told.append)
    transitions.target(TARGET, None, Verdict(State.UP, 1.0), ["web"])
    transitions.target(TARGET, None, Verdict(State.DOWN, 1.0), ["web"])
    assert [event.what for event in told] == ["down"]


async def test_a_storm_costs_few_lines_and_says_how_many_were_left_out(lines):
    told = []
    transitions = Transitions("p", told.append)
    transitions._flood._window = 0.05
    up, down = Verdict(State.UP, 1.0), Verdict(State.DOWN, 2.0)
    for n in range(2500):
        target = Target("web", "d1", f"192.0.{n // 250}.{n % 250}")
        transitions.target(target, up, down, ["web"])
        transitions.target(target, down, up, ["web"])
    assert len(lines) == len(told) == flood.MOST
    async with asyncio.timeout(20):
        while len(told) == flood.MOST:
            await asyncio.sleep(0.01)
    assert told[-1].what == "and 4,900 more at the same time: 2,450 down, 2,450 up"
    assert lines[-1][1]["left_out"] == 4900
    transitions.target(TARGET, up, down, ["web"])
    assert told[-1].subject == "web 192.0.2.1", "afterwards each is said again"


def test_words_of_operators_are_told_once_and_when_they_end():
    told = []
    transitions = Transitions("p", told.append)
    drain = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="new switches", since=10.0, expires=50.0)
    weight = Override(Kind.WEIGHT, Level.POOL, pool="web", weight=3, author="bob", since=11.0)
    hold = Hold("cat", "move", 12.0)
    said = Overrides().with_words([drain, weight, hold], 12.0)
    transitions.overrides(said, 12.0)
    transitions.overrides(said, 13.0)
    transitions.overrides(said.with_words([Withdrawal(weight.key, "dan", "done", 60.0), Withdrawal("hold", "cat", "", 61.0)], 61.0), 61.0)
    assert [(event.kind, event.subject, event.what, event.by) for event in told] == [
        ("override", "site fra", "drain: new switches", "ann"),
        ("override", "pool web", "weight 3", "bob"),
        ("hold", "verdicts", "hold of all verdicts: move", "cat"),
        ("override", "site fra", "drain: expired", ""),
        ("override", "pool web", "weight 3: taken back (done)", "dan"),
        ("hold", "verdicts", "hold of all verdicts: taken back", "cat"),
    ]


def test_probers_are_noticed_when_they_go_doubt_and_come_back():
    told = []
    neighbours = Neighbours("ns1", told.append)
    lease = Lease("p1", "fra", 100.0, suspect="", targets=9, epoch=7)
    doubting = Lease("p1", "fra", 130.0, suspect="no reference answers", epoch=7)
    neighbours.probers({"p1": Voter("fra")}, {"p1": lease}, 100.0)
    assert not told, "at a start all is new"
    neighbours.probers({"p1": Voter("fra", 7.0, fresh=False)}, {"p1": lease}, 107.0)
    neighbours.probers({"p1": Voter("fra", 8.0, fresh=False)}, {"p1": lease}, 108.0)
    neighbours.probers({"p1": Voter("fra", 0.0, suspect=True)}, {"p1": doubting}, 130.0)
    neighbours.probers({"p1": Voter("fra")}, {"p1": lease}, 131.0)
    neighbours.probers({}, {}, 140.0)
    assert [event.what.partition(":")[0] for event in told] == ["gone", "suspect", "back", "left in good order"]
    assert "no reference answers" in told[1].what
    assert [event.level for event in told] == ["warning", "warning", "info", "info"]


def test_nodes_are_noticed_when_they_go_and_come():
    told = []
    neighbours = Neighbours("ns1", told.append)
    neighbours.nodes({"ns1": NodeReport("ns1", 100.0), "ns2": NodeReport("ns2", 100.0, "1.0")}, 100.0)
    neighbours.nodes({"ns2": NodeReport("ns2", 100.0, "1.0")}, 121.0)
    neighbours.nodes({"ns2": NodeReport("ns2", 130.0, "1.1"), "ns3": NodeReport("ns3", 130.0, "1.1")}, 130.0)
    assert [(event.subject, event.what) for event in told] == [
        ("ns2", "says nothing any more"),
        ("ns2", "reports, version 1.1"),
        ("ns3", "reports, version 1.1"),
    ]


def test_probers_that_report_are_no_nodes():
    told = []
    neighbours = Neighbours("ns1", told.append)
    report = NodeReport("probe/p1", 100.0, extra={"role": "prober"})
    neighbours.nodes({}, 99.0)
    neighbours.nodes({"probe/p1": report}, 100.0)
    neighbours.nodes({"probe/p1": report}, 150.0)
    assert not told, "their lease says whether they live"
    [row] = [one for one in status.nodes({"probe/p1": report}, NodeReport("ns1", 100.0, "1", "aa", "ff"), 100.0) if one["role"] == "prober"]
    assert (row["same"], row["same_files"]) == (True, True)


def test_one_speaks_for_all():
    reports = {"ns1": NodeReport("ns1", 50.0), "ns3": NodeReport("ns3", 99.0)}
    assert foremost(reports, "ns2", 100.0) == "ns2", "ns1 has said nothing for long"
    assert foremost(reports, "ns4", 100.0) == "ns3"
    assert foremost({}, "ns4", 100.0) == "ns4"
    others = {name: NodeReport(name, 99.0, extra={"role": role}) for name, role in (("app", "control"), ("probe/p1", "prober"))}
    assert foremost(others, "zz", 100.0) == "zz", "only nodes judge, and so only they speak of verdicts"
