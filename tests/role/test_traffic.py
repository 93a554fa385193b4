"""Second by second: what planes count, what nodes tell each other, and never more than was asked for."""

from __future__ import annotations

import pytest

from gslb.errors import GslbError
from gslb.event import Event
from gslb.override import Hold
from gslb.role import traffic
from gslb.role.history import History
from gslb.role.journal import Journal
from gslb.role.plane_reports import PlaneReports
from gslb.role.traffic import KEPT, Traffic, merged
from gslb.store import MemoryStore, NodeReport, node_record


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_samples_are_rates_of_what_planes_report():
    clock = Clock()
    ring = Traffic(clock, lambda: 1000.0 + clock.now)
    plane = PlaneReports(0)
    plane.traffic = ring
    row = ["udp", "", 0, "web", "", 1, False, "fra"]
    plane.hear({"answers": [[*row, 30], [*row[:7], "iad", 10], ["tcp", "", 3, None, "", 1, False, "", 5]]})
    clock.now += 2.0
    ring.sample()
    clock.now += 1.0
    ring.sample()
    first, second = ring.told()["samples"]
    assert first == {
        "at": 1102.0,
        "qps": 22.5,
        "rcodes": {"NOERROR": 20.0, "NXDOMAIN": 2.5},
        "sites": {"fra": 15.0, "iad": 5.0},
        "pools": {"web": 20.0},
    }
    assert (second["qps"], second["rcodes"]) == (0.0, {})
    assert ring.brief()["qps"] == 11.2
    assert ring.brief()["sites"] == {"fra": 7.5, "iad": 2.5}


def test_the_ring_is_bounded_and_the_busiest_are_shown():
    clock = Clock()
    ring = Traffic(clock)
    assert ring.brief() == {"qps": 0.0, "rcodes": {}, "sites": {}, "pools": {}}
    for n in range(KEPT + 20):
        for pool in range(traffic.MOST + 5) if n == KEPT + 19 else ():
            ring.count("NOERROR", f"pool-{pool}", f"site-{pool}", pool + 1)
        clock.now += 1
        ring.sample()
    samples = ring.told()["samples"]
    assert len(samples) == KEPT
    assert len(samples[-1]["pools"]) == traffic.MOST
    assert "pool-0" not in samples[-1]["pools"]
    assert len(ring.brief()["pools"]) == traffic.FEW


def test_a_console_adds_up_what_nodes_say():
    ring = Traffic(Clock())
    ring.count("NOERROR", "web", "fra", 10)
    ring._clock.now += 1
    ring.sample()
    report = node_record.read("ns1", node_record.write(NodeReport("ns1", 50.0, extra={"role": "node", "traffic": ring.brief()})))
    odd = NodeReport("ns3", 50.0, extra={"traffic": {"qps": "many", "rcodes": {"NOERROR": "x"}, "sites": 3}})
    old = NodeReport("ns4", 1.0, extra={"traffic": ring.brief()})
    two = NodeReport("ns2", 50.0, extra={"traffic": {"qps": 5, "rcodes": {"NOERROR": 5}, "sites": {"fra": 2, "iad": 3}, "pools": {}}})
    found = merged({one.node: one for one in (report, two, odd, old, NodeReport("ns5", 50.0))}, 52.0)
    assert found == {"qps": 15.0, "rcodes": {"NOERROR": 15.0}, "sites": {"fra": 12.0, "iad": 3.0}, "pools": {"web": 10.0}}


async def test_over_the_local_socket():
    store, journal = MemoryStore(), Journal("ns1")
    history = History(journal, store, Traffic())
    await store.say([Hold("ann", "move", 1.0)], 0)
    journal.tell(Event("reload", "files", "accepted", 1.0))
    journal.tell(Event("plane", "plane 0", "began anew", 2.0, "error"))
    rows = (await history.events({"limit": 10}))["items"]
    assert [row["kind"] for row in rows] == ["plane", "reload"]
    assert [row["kind"] for row in (await history.events({"after": rows[1]["id"], "kinds": ["plane", "verdict"]}))["items"]] == ["plane"]
    assert [row["by"] for row in (await history.audit({}))["items"]] == ["ann"]
    assert (await history.traffic({}))["samples"] == []
    for wrong in ({"limit": 0}, {"limit": "x"}, {"kinds": "plane"}, {"after": "x"}, {"limit": 10**9}):
        with pytest.raises(GslbError):
            await history.events(wrong)
