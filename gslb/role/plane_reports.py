"""What planes tell control, turned into metrics and into `gslb status`.

One per plane. Reports are sums of a plane's life; a plane that was started anew begins at nothing, which its process id shows. Kinds of
answers come as increments, told once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from gslb import metrics
from gslb.config.rdata import type_text
from gslb.event import Event, Tell, untold
from gslb.names import to_text
from gslb.role.tap_reports import TapReports
from gslb.role.traffic import Traffic
from gslb.transport.pipe import Report

UNBOUNDED: Final = 2**64 - 1  # the bound of what took longer than every bound
RCODES: Final = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS"}


class PlaneReports:
    """What one plane has told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.tell: Tell = untold
        self.traffic: Traffic | None = None
        self.generation = 0
        self.applied = 0  # the last generation that this control sent and the plane took
        self.pid = 0
        self.wanted: list[tuple[int, int, int]] = []
        self._engine = ("", "")  # name and version
        self.starts = 0
        self.heard = time.monotonic()  # when it said anything last
        self.restarted = 0.0  # when it began anew last; 0 = never
        self._threads: list[dict[str, Any]] = []
        self._latency: dict[int, int] = {}  # queries by an upper bound of their time in ns
        self._tap = TapReports(number)
        self._udp: dict[str, int] = {}
        self._tcp: dict[str, int] = {}

    def hear(self, report: Report) -> None:
        """Take one report."""
        self.heard = time.monotonic()
        if "applied" in report:
            self.generation = self.applied = report["applied"]
        if "pid" in report:
            self._sums(report)
        for row in report.get("answers", ()):
            self._count(row)
        for reason, count in report.get("dropped", {}).items():
            metrics.dns_dropped.labels(reason).inc(count)

    def status(self) -> dict[str, Any]:
        """Say how it is, for `gslb status`."""
        engine, version = self._engine
        told = {"engine": engine, "version": version, "threads": self._threads, "udp": self._udp, "tcp": self._tcp}
        return {"pid": self.pid, "generation": self.generation, "starts": self.starts, "restarted": self.restarted, **told}

    def _sums(self, report: Report) -> None:
        if report["pid"] != self.pid:
            ended, self.pid = self.pid, report["pid"]
            self.starts += 1
            if ended:
                self.restarted = time.time()
                self.tell(
                    Event("plane", f"plane {self.number}", f"began anew: process {ended} ended", time.time(), "error", evidence={"pid": self.pid})
                )
            metrics.tcp_connections.dec(self._tcp.get("open", 0))
            self._udp, self._tcp, self._latency = {}, {}, {}
            self._tap.begin()
            metrics.plane_starts.labels(str(self.number)).inc()
        self.generation = report["generation"]
        metrics.plane_generation.labels(str(self.number)).set(self.generation)
        if self._engine != (engine := tuple(report["engine"])):
            self._engine = engine
            metrics.engine_info.clear()
            metrics.engine_info.labels(*engine).set(1)
        self._threads = report.get("threads", [])
        before, self._latency = self._latency, dict(report.get("latency", ()))
        for bound, count in self._latency.items():
            metrics.dns_seconds.add(bound / 1e9 if bound < UNBOUNDED else math.inf, max(0, count - before.get(bound, 0)))
        self._count_udp(report["udp"])
        self._count_tcp(report["tcp"])
        self._tap.hear(report)

    def _count(self, row: Sequence[Any]) -> None:
        """Count one kind of answer: what `gslb.transport.untold` puts into a report."""
        proto, zone, rcode, pool, reason, kind, truncated, site, count = row
        name = to_text(bytes.fromhex(zone)) if zone else ""
        code = RCODES.get(rcode, metrics.OTHER)
        metrics.answered(proto, name, type_label(kind), code, count)
        if self.traffic:
            self.traffic.count(code, pool, site, count)
        if truncated:
            metrics.dns_truncated.labels(metrics.zone_label(name)).inc(count)
        if pool is not None:
            metrics.answers.labels(metrics.zone_label(name), metrics.pool_label(pool), site, reason or "chosen").inc(count)

    def _count_udp(self, udp: dict[str, int]) -> None:
        before, self._udp = self._udp, udp
        for family in ("v4", "v6"):
            metrics.dns_received.labels(family).inc(max(0, udp.get(family, 0) - before.get(family, 0)))
        metrics.dns_octets.inc(max(0, udp.get("octets", 0) - before.get("octets", 0)))
        metrics.plane_faults.inc(max(0, self._udp["faults"] - before.get("faults", 0)))
        metrics.thread_restarts.inc(max(0, self._udp["restarts"] - before.get("restarts", 0)))
        metrics.udp_unsent.inc(max(0, self._udp["unsent"] - before.get("unsent", 0)))
        metrics.udp_kernel_drops.inc(max(0, self._udp["kernel_drops"] - before.get("kernel_drops", 0)))

    def _count_tcp(self, tcp: dict[str, int]) -> None:
        before, self._tcp = self._tcp, tcp
        metrics.tcp_connections.inc(self._tcp["open"] - before.get("open", 0))
        for reason in ("refused", "idle", "evicted"):
            metrics.tcp_closed.labels(reason).inc(max(0, self._tcp[reason] - before.get(reason, 0)))


def type_label(number: int) -> str:
    """Name a type that has a name; all others are one."""
    text = type_text(number)
    return metrics.OTHER if text.startswith("TYPE") else text
