"""Who else is there: the store, the probers and the other nodes; says when one of them goes, comes back, doubts itself or serves something else.

Told by the publisher with every look at the store. Decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from gslb import log
from gslb.event import Event, Tell
from gslb.lease import Lease, Voter
from gslb.store import NodeReport

FRESH: Final = 20.0  # seconds without a report after which a node is taken to be gone: four reports
CONSOLE: Final = "control"
PROBERS: Final = "probe/"  # begins the names under which probers report
PROBER: Final = "prober"  # reports which published version it runs, and is no nameserver


class Neighbours:
    """As seen from one node, `me`."""

    def __init__(self, me: str, tell: Tell) -> None:
        self._me, self._tell = me, tell
        self._lost_at = 0.0
        self._probers: dict[str, tuple[str, Lease]] = {}
        self._nodes: dict[str, NodeReport] = {}
        self._looked = False

    def store_lost(self, why: str) -> None:
        """Say that the store cannot be read."""
        self._lost_at = time.time()
        log.warning("the store cannot be read; verdicts are held", reason=why)
        self._tell(Event("store", "store", f"out of reach, verdicts are held: {why}", self._lost_at, "warning", evidence={"why": why}))

    def store_back(self) -> None:
        """Say that it can be read again."""
        log.info("the store is read; verdicts follow votes")
        away = round(time.time() - self._lost_at, 1)
        self._tell(Event("store", "store", f"back after {away:g} s; verdicts follow votes", time.time(), evidence={"seconds": away}))

    def probers(self, voters: Mapping[str, Voter] | None, leases: Mapping[str, Lease], now: float) -> None:
        """Compare with the last look: who is gone, suspect, back, or new."""
        for name, voter in (voters or {}).items():
            lease = leases[name]
            state = "gone" if not voter.fresh else "suspect" if voter.suspect else "well"
            before, _last = self._probers.get(name, ("", lease))
            if state != (before or "well"):
                self._prober(name, state, before, lease, now)
            self._probers[name] = state, lease
        for name in self._probers.keys() - (voters or {}).keys():
            before, last = self._probers.pop(name)
            if before != "gone":
                self._prober(name, "left", before, last, now)

    def nodes(self, reports: Mapping[str, NodeReport], now: float) -> None:
        """Compare with the last look: who came, and who says nothing any more."""
        fresh = {name: one for name, one in reports.items() if now - one.at <= FRESH and name != self._me and role(one) != PROBER}
        before, self._nodes = self._nodes, fresh
        for name in sorted(before.keys() - fresh.keys()):
            last = before[name]
            log.warning(f"node {name} says nothing any more", version=last.version)
            told = {"last_report": last.at, "version": last.version}
            self._tell(Event("node", name, "says nothing any more", now, "warning", evidence=told, key=f"node/{name}/gone"))
        for name in sorted(fresh.keys() - before.keys()):
            if self._looked:  # at our own start all are new to us
                log.info(f"node {name} reports", version=fresh[name].version)
                self._tell(Event("node", name, f"reports, version {fresh[name].version}", now, key=f"node/{name}/reports"))

        self._looked = True

    def _prober(self, name: str, state: str, before: str, lease: Lease, now: float) -> None:
        """Say what became of a prober."""
        evidence: dict[str, Any] = {"place": lease.place, "targets": lease.targets, "down": lease.down, "was": before or "unheard of"}
        match state:
            case "gone":
                what, level = f"gone: no sign of life since its lease ran out; its votes no longer count (place {lease.place})", "warning"
            case "suspect":
                what, level = f"suspect: does not trust its own eyes, its votes are not counted: {lease.suspect}", "warning"
            case "left":
                what, level = "left in good order", "info"
            case _:
                what, level = "back: its votes count again", "info"
        say = log.warning if level == "warning" else log.info
        say(f"prober {name} is {what}" if state != "left" else f"prober {name} {what}", **evidence)
        self._tell(Event("prober", name, what, now, level, evidence=evidence, key=f"prober/{name}/{state}"))


def foremost(reports: Mapping[str, NodeReport], me: str, now: float) -> str:
    """Return who speaks for all: the first by name of those nodes that report now, ourselves among them."""
    return min([me, *(name for name, one in reports.items() if now - one.at <= FRESH and role(one) not in (CONSOLE, PROBER))])


def role(report: NodeReport) -> str:
    """Return what a node is: `node`, `control` for a console, or `prober`."""
    return str(report.extra.get("role") or "node")
