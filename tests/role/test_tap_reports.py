"""A tap's sums become increments of metrics; a plane that began anew begins at nothing."""

from __future__ import annotations

import pytest

from gslb import metrics
from gslb.role.tap_reports import TapReports


@pytest.fixture
def value():
    names = [("gslb_dnstap_messages_total", {}), ("gslb_dnstap_dropped_total", {"reason": "queue"}), ("gslb_query_log_dropped_total", {})]

    def read():
        return [metrics.REGISTRY.get_sample_value(name, labels) or 0 for name, labels in names]

    before = read()
    return lambda: [now - then for now, then in zip(read(), before, strict=True)]


def told(messages, dropped, lines):
    return {"dnstap": {"messages": messages, "connected": 1, "dropped": {"queue": dropped}}, "query_log": {"lines": 1, "dropped": lines}}


def test_sums_are_counted_once(value):
    reports = TapReports(7)
    for report in (told(5, 1, 2), told(5, 1, 2), told(9, 3, 2), {}):
        reports.hear(report)
    assert value() == [9, 3, 2]
    reports.begin()
    reports.hear(told(2, 0, 1))
    assert value() == [11, 3, 3]
    assert metrics.REGISTRY.get_sample_value("gslb_dnstap_connected", {"plane": "7"}) == 1
