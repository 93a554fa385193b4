"""From what a status knows to what is wrong: the root first, consequences not at all, and nothing where nothing is wrong."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from gslb.role.causes import CODES, FEW, Causes, causes, counts

NOW = 10_000.0


def member(site, state, name=None, *, checked=True, reason="refused"):
    check = {"check": "web", "state": state, "since": NOW - 60, "reason": reason}
    return {"member": name or site, "site": site, "state": state, "addresses": [{"state": state, "checks": [check] if checked else []}]}


def prober(name, **said):
    return {"name": name, "place": name, "age": 1.0, "fresh": True, "suspect": "", **said}


def well():
    """A fleet in which nothing is wrong."""
    return {
        "node": "ns1",
        "began": 0.0,
        "files": "present",
        "hold": None,
        "overrides": [],
        "store": {"url": "redis://h", "shared": True, "reached": True, "why": "", "age": 0.4},
        "probers": [prober("p1"), prober("p2")],
        "nodes": [{"node": "ns1", "age": 0.0, "same": True, "same_files": True}, {"node": "ns2", "age": 3.0, "same": True, "same_files": True}],
        "planes": [{"starts": 1, "restarted": 0.0}],
        "pools": [{"pool": "web", "members": [member("fra", "up"), member("iad", "up")]}, {"pool": "api", "members": [member("fra", "up")]}],
        "reload": {"ok": True, "count": 0, "problems": [], "at": 0.0},
        "geo": {"built": 5.0, "stale": [], "problems": []},
        "canary": {},
        "failing": {},
    }


def told(status):
    return [(one.code, one.subject) for one in causes(status, NOW)]


def test_nothing_is_wrong_where_nothing_is():
    assert causes(well(), NOW) == []
    assert set(counts([]).values()) == {0}
    assert "memory" not in str(causes(well() | {"store": {"shared": False, "reached": False, "why": "", "age": 9.0}}, NOW))


def test_a_site_that_is_down_is_one_cause_and_what_follows_comes_after():
    status = well()
    status["pools"] = [
        {"pool": "web", "members": [member("fra", "down"), member("iad", "up")]},
        {"pool": "api", "members": [member("fra", "down")]},
        {"pool": "odd", "members": [member("iad", "down", reason="status 503"), member("fra", "up", "static", checked=False)]},
    ]
    status["failing"] = {"api": "all down: all"}
    assert told(status) == [("site_down", "fra"), ("all_down", "api"), ("member_down", "odd/iad")]
    site, pool, one = causes(status, NOW)
    assert site.text == "site fra is down: all of its 2 members (api, web): refused"
    assert (site.level, site.since) == ("error", NOW - 60)
    assert "pool api has no member that is up" in pool.text
    assert one.text == "member odd/iad is down: status 503"


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"store": {"url": "redis://h", "shared": True, "reached": False, "why": "refused", "age": 70.0}},
            "store_lost",
            "out of reach for 70 s: refused",
        ),
        ({"probers": [prober("p1", suspect="no reference answers")]}, "prober_cut_off", "p1 (place p1) is cut off: no reference answers"),
        ({"probers": [prober("p1", fresh=False, age=31.0)]}, "prober_gone", "p1 (place p1) is gone: nothing heard for 31 s"),
        ({"hold": {"author": "ann", "reason": "move", "since": 5.0}}, "held", "all verdicts are held by ann: move"),
        ({"canary": {"192.0.2.53:53": "REFUSED"}}, "canary_failed", "192.0.2.53:53 does not answer the canary names: REFUSED"),
        ({"nodes": [{"node": "ns2", "age": 33.0, "same": True, "same_files": True}]}, "node_gone", "ns2 says nothing since 33 s"),
        ({"nodes": [{"node": "ns2", "age": 3.0, "same": False, "same_files": False}]}, "node_differs", "ns2 serves from other files"),
        ({"nodes": [{"node": "ns2", "age": 3.0, "same": False, "same_files": True}]}, "node_differs", "ns2 judges otherwise"),
        ({"geo": {"built": 5.0, "stale": ["db: geo data is 120 days old"], "problems": []}}, "geo_old", "120 days old"),
        ({"geo": {"built": None, "stale": [], "problems": ["geo data cannot be read"]}}, "geo_missing", "cannot be read"),
        ({"planes": [{"starts": 3, "restarted": NOW - 5}]}, "plane_restarts", "plane 0, which answers, ended and began anew, 2 times"),
        ({"config": {"version": 3, "newest": 4, "refused": "z.yaml:1: Z001"}}, "config_refused", "version 4 is not run here, version 3 is: z.yaml:1"),
        (
            {"nodes": [{"node": "ns2", "age": 1.0, "same": True, "same_files": True, "extra": {"refused": "z.yaml:1: Z001"}}]},
            "config_refused",
            "ns2 does not run the newest version: z.yaml:1: Z001",
        ),
        ({"files": "last accepted"}, "files_refused", "the last accepted ones are"),
        (
            {"reload": {"count": 2, "problems": [{"where": "zones/a.yaml:3:5", "code": "Z012", "message": "bad TTL"}], "at": 7.0}},
            "files_refused",
            "refused: zones/a.yaml:3:5: Z012 bad TTL (and 1 more)",
        ),
        (
            {"overrides": [{"level": "site", "subject": "fra", "kind": "drain", "author": "ann", "reason": "new switches", "since": 5.0}]},
            "drained",
            "site fra is drained by ann: new switches",
        ),
        (
            {"overrides": [{"level": "pool", "subject": "web", "kind": "weight", "weight": 3, "author": "", "reason": "", "since": 5.0}]},
            "forced",
            "pool web has its weight set to 3",
        ),
    ],
)
def test_each_cause(change, code, text):
    (one,) = causes(well() | change, NOW)
    assert one.code == code
    assert text in one.text
    assert one.hint


def test_the_worst_comes_first():
    status = well()
    status["store"] |= {"reached": False, "why": "refused"}
    status["geo"]["stale"] = ["old"]
    status["probers"][0]["suspect"] = "lonely"
    status["overrides"] = [{"level": "site", "subject": "fra", "kind": "drain", "author": "", "reason": "", "since": 1.0}]
    assert [code for code, _ in told(status)] == ["store_lost", "prober_cut_off", "geo_old", "drained"]


def test_many_of_a_kind_are_counted():
    status = well()
    status["pools"] = [{"pool": "web", "members": [*(member("fra", "down", f"m{n}") for n in range(FEW + 5)), member("fra", "up")]}]
    found = causes(status, NOW)
    assert len(found) == FEW + 1
    assert found[-1].text == "and 5 more of this kind (member_down)"


def test_since_when_is_remembered_and_a_moment_is_none():
    remembering = Causes()
    status = well()
    status["probers"][0]["suspect"] = "lonely"
    status["nodes"][1] |= {"same": False, "same_files": False}
    first = remembering.look(status, NOW)
    assert [(one["code"], one["since"]) for one in first] == [("prober_cut_off", NOW)]
    later = remembering.look(copy.deepcopy(status), NOW + 20)
    assert [(one["code"], one["since"]) for one in later] == [("prober_cut_off", NOW), ("node_differs", NOW)]
    assert remembering.look(well(), NOW + 21) == []
    assert [one["since"] for one in remembering.look(status, NOW + 22)] == [NOW + 22], "it began anew"


def test_every_code_is_explained():
    page = (Path(__file__).parents[2] / "docs/how-to/watch.md").read_text()
    for code in CODES:
        assert f"| `{code}` |" in page
