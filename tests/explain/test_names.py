"""How names are found, against what the answer path returns for the same question."""

from __future__ import annotations

from typing import Any

import pytest

from gslb import names, plan
from gslb.answer.reply import NXDOMAIN, REFUSED
from gslb.explain import names as found_names

APEX = names.from_text("example.com.")
SOA = plan.RRset(6, 300, (b"\0\0" + bytes(16) + (30).to_bytes(4),))


def n(text: str) -> bytes:
    return names.from_text(text)


def alias(target: str, kind: int = 5) -> plan.Node:
    return plan.Node((plan.RRset(kind, 60, (n(target),), (n(target),)),))


@pytest.fixture(scope="module")
def snapshot() -> plan.Snapshot:
    address = plan.Node((plan.RRset(1, 60, (b"\xc0\0\2\1",)),))
    nodes = {
        APEX: plan.Node((SOA,)),
        n("www.example.com."): address,
        n("old.example.com."): alias("www.example.com."),
        n("out.example.com."): alias("www.example.net."),
        n("loop.example.com."): alias("pool.example.com."),
        n("pool.example.com."): alias("loop.example.com."),
        n("wild.example.com."): plan.Node(),
        n("*.wild.example.com."): address,
        n("tree.example.com."): alias("wild.example.com.", 39),
        n("sub.example.com."): plan.Node((plan.RRset(2, 60, (n("ns.example.net."),), (n("ns.example.net."),)),), cut=True),
        n("dyn.example.com."): plan.Node((), plan.Dynamic(7, (1, 28))),
    }
    row = plan.Row(plan.Pick.FIRST, 1, 60, (plan.Group(1, (b"\xc0\0\2\2",)),))
    pool = plan.Pool("web", plan.NO_PARTITION, {1: (row,), 28: (row,)}, {1: row, 28: row})
    return plan.Snapshot(1, {APEX: plan.Zone(APEX, SOA, 30, nodes, {})}, {7: pool}, {})


@pytest.mark.parametrize(
    ("name", "kind", "what", "ways"),
    [
        ("www.example.com.", 1, "records", ["exact"]),
        ("www.example.com.", 16, "nodata", ["exact"]),
        ("old.example.com.", 1, "records", ["exact → www.example.com.", "exact"]),
        ("old.example.com.", 5, "records", ["exact"]),
        ("old.example.com.", 255, "records", ["exact"]),
        ("out.example.com.", 1, "alias", ["exact → www.example.net."]),
        ("loop.example.com.", 1, "alias", ["exact → pool.example.com.", "exact → loop.example.com.", "exact"]),
        ("a.b.wild.example.com.", 1, "records", ["wildcard *.wild.example.com."]),
        ("a.tree.example.com.", 1, "records", ["DNAME tree.example.com. → a.wild.example.com.", "wildcard *.wild.example.com."]),
        ("a.sub.example.com.", 1, "delegation", ["delegation sub.example.com."]),
        ("sub.example.com.", 1, "delegation", ["exact"]),
        ("no.example.com.", 1, "nxdomain", ["nothing"]),
        ("dyn.example.com.", 28, "pool", ["exact"]),
        ("www.example.net.", 1, "outside", []),
    ],
)
def test_ways(name: str, kind: int, what: str, ways: list[str], snapshot: plan.Snapshot) -> None:
    found = found_names.find(snapshot, n(name), kind)
    told: dict[str, Any] = found_names.story(snapshot, found, n(name), kind)
    assert told["found"] == what
    said = [step["how"] + (f" {step['by']}" if "by" in step else "") + (f" → {step['alias']}" if "alias" in step else "") for step in told["steps"]]
    assert said == ways
    assert told["pool"] == ("web" if what == "pool" else None)
    assert told["rcode"] == {"nxdomain": "NXDOMAIN", "outside": "REFUSED"}.get(what, "NOERROR")
    assert found.rcode == {"nxdomain": NXDOMAIN, "outside": REFUSED}.get(what, 0)
