"""What a plane's tap tells control of itself (`gslb.transport.tap`), turned into metrics: sums of its life come, increments are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gslb import metrics


class TapReports:
    """What one plane's tap has told."""

    def __init__(self, number: int) -> None:
        self._plane = str(number)
        self._dnstap: Mapping[str, Any] = {}
        self._lines: Mapping[str, int] = {}

    def begin(self) -> None:
        """Count from nothing: the plane was started anew."""
        self._dnstap, self._lines = {}, {}

    def hear(self, report: Mapping[str, Any]) -> None:
        """Take one report; a plane that tells nothing has nothing in it."""
        if "dnstap" in report:
            before, self._dnstap = self._dnstap, report["dnstap"]
            metrics.dnstap_connected.labels(self._plane).set(self._dnstap["connected"])
            metrics.dnstap_messages.inc(max(0, self._dnstap["messages"] - before.get("messages", 0)))
            for reason, count in self._dnstap["dropped"].items():
                metrics.dnstap_dropped.labels(reason).inc(max(0, count - before.get("dropped", {}).get(reason, 0)))
        if "query_log" in report:
            lines, self._lines = self._lines, report["query_log"]
            metrics.query_log_lines.inc(max(0, self._lines["lines"] - lines.get("lines", 0)))
            metrics.query_log_dropped.inc(max(0, self._lines["dropped"] - lines.get("dropped", 0)))
