"""What is shown of probers, nodes and the votes behind a verdict; the digest by which nodes are compared."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from gslb.cli import status_view
from gslb.lease import Lease
from gslb.model import Check, Member, Model, Policy, Pool
from gslb.moment import Moment
from gslb.quorum import Quorum
from gslb.role import digest, status
from gslb.role.health import Health
from gslb.store import NodeReport
from gslb.store import State as Stored
from gslb.targets import index
from gslb.verdict import State, Target, Verdict, Vote

CHECK = Check("web", "tcp", {}, 5.0, 2.0, 3, 10, 5, "d")
MEMBER = Member("fra", (ip_address("192.0.2.1"),), checks=("web",), quorum=Quorum("at_least", 2).key)
MODEL = Model({}, {"web": CHECK}, {"web": Pool("web", (MEMBER,), Policy((), "first"), 1, 60, 10)}, {})
TARGET = Target("web", "d", "192.0.2.1")
NOW, STEADY = 1000.0, 50.0


@pytest.fixture
def health() -> Health:
    """Three probers: one says "down", one says "up" and is suspect, one said "down" and has not been heard of since."""
    votes = {name: Vote(TARGET, name, state, 900.0, reason=name) for name, state in (("p", State.DOWN), ("q", State.UP), ("r", State.DOWN))}
    leases = {
        "p": Lease("p", "fra", NOW, targets=1, down=1, lateness=0.02),
        "q": Lease("q", "iad", NOW, suspect="references fail"),
        "r": Lease("r", "sin", 900.0),
    }
    found = Health()
    found.judge_these(index(MODEL).quorums, index(MODEL).pools)
    found.hear(Stored({TARGET: votes}, NOW, leases=leases, run="one"), STEADY)
    found.judge(found.all(), NOW, STEADY)
    return found


def test_the_votes_behind_a_verdict(health: Health) -> None:
    [pool] = status.pools(MODEL, Moment(health.verdicts, NOW), health, STEADY)
    [check] = pool["members"][0]["addresses"][0]["checks"]
    assert (check["state"], check["held"], check["quorum"], check["reason"]) == ("unknown", False, "at_least 2", "held: 1 of 3 probers heard")
    assert [(one["prober"], one["place"], one["state"], one["counted"]) for one in check["votes"]] == [
        ("p", "fra", "down", True),
        ("q", "iad", "up", False),
        ("r", "sin", "down", False),
    ]


def test_of_very_many_votes_only_those_that_matter_are_shown(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "FEW", 2)
    key = next(iter(health.verdicts))

    def shown(verdict: Verdict) -> int:
        [pool] = status.pools(MODEL, Moment({key: verdict}, NOW), health, STEADY)
        return len(pool["members"][0]["addresses"][0]["checks"][0]["votes"])

    assert [shown(Verdict(State.UP, 1.0)), shown(Verdict(State.UP, 1.0, held=True)), shown(Verdict(State.DOWN, 1.0))] == [0, 3, 3]


def test_probers_and_nodes(health: Health) -> None:
    assert [(one["name"], one["fresh"], one["suspect"], one["age"]) for one in status.probers(health, STEADY)] == [
        ("p", True, "", 0.0),
        ("q", True, "references fail", 0.0),
        ("r", False, "", 100.0),
    ]
    me = NodeReport("ns1", NOW, "1", "aa", "ff")
    others = {"ns1": replace(me, digest="old"), "ns2": NodeReport("ns2", NOW - 3, "1", "aa", "ff"), "ns3": NodeReport("ns3", NOW, "1", "bb", "f0")}
    told = [(one["node"], one["age"], one["same"], one["same_files"]) for one in status.nodes(others, me, NOW)]
    assert told == [("ns1", 0.0, True, True), ("ns2", 3.0, True, True), ("ns3", 0.0, False, False)]


def test_what_the_digest_is_of() -> None:
    verdicts = {TARGET: Verdict(State.UP, 1.0), replace(TARGET, address="192.0.2.2"): Verdict(State.DOWN, 2.0)}
    files = digest.of_files({"/etc/gslb/a.yaml": "one", "/etc/gslb/b.yaml": "two"}, [5])
    assert files == digest.of_files({"zones/b.yaml": "two", "zones/a.yaml": "one"}, [5])  # wherever they are kept
    assert files != digest.of_files({"zones/a.yaml": "one", "zones/b.yaml": "two "}, [5])
    assert files != digest.of_files({"zones/a.yaml": "one", "zones/b.yaml": "two"}, [6])
    whole = digest.of_all(files, verdicts, verdicts, ["a", "b"])
    later = {target: replace(verdict, since=9.0, reason="another", held=True) for target, verdict in reversed(verdicts.items())}
    assert whole == digest.of_all(files, later, later, ["b", "a"])  # nodes may have seen it at different moments
    for other in ({TARGET: Verdict(State.DOWN, 1.0)}, {TARGET: Verdict(State.UP, 1.0, 90)}):
        assert whole != digest.of_all(files, verdicts | other, verdicts, ["a", "b"])
    assert whole != digest.of_all(files, verdicts, verdicts, ["a"])
    assert whole != digest.of_all(files, verdicts, [TARGET], ["a", "b"])


def _answer(health: Health) -> dict[str, Any]:
    me = NodeReport("ns1", NOW, "1", "aa", "ff")
    others = {"ns2": NodeReport("ns2", NOW - 3, "1", "bb", "ff"), "ns3": NodeReport("ns3", NOW, "1", "bb", "f0")}
    store = {
        "url": "redis://h",
        "shared": True,
        "reached": False,
        "why": "refused",
        "age": 70.0,
        "run": "",
        "signed": False,
        "refused": {"signature": 3},
    }
    return {
        "version": "1",
        "node": "ns1",
        "listening": ["127.0.0.1:53"],
        "zones": 1,
        "generation": 4,
        "began": 0.0,
        "files": "present",
        "hold": None,
        "store": store,
        "probers": status.probers(health, STEADY),
        "nodes": status.nodes(others, me, NOW),
        "pools": status.pools(MODEL, Moment(health.verdicts, NOW), health, STEADY),
        "planes": [],
    }


def test_the_view(health: Health, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    status_view.show(_answer(health))
    out = capsys.readouterr().out
    for text in (
        "out of reach for 70 s",
        "nothing is verified",
        "3 signature",
        "suspect: references fail",
        "silent",
        "other files",
        "other verdicts",
    ):
        assert text in out
    calls = iter([_answer(health), KeyboardInterrupt()])

    def ask() -> dict[str, Any]:
        one = next(calls)
        if isinstance(one, BaseException):
            raise one
        return one

    monkeypatch.setattr(status_view, "WATCH", 0.0)
    status_view.watch(ask)
    assert "held: 1 of 3 probers heard" in capsys.readouterr().out
