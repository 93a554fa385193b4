"""The page of metrics is what is defined."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gslb import metrics
from gslb.cli import metrics_reference

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"


def test_the_page_is_as_defined():
    assert PAGE.read_text() == metrics_reference.page(), "python -m gslb.cli.metrics_reference > docs/reference/metrics.md"


def test_names_are_as_prometheus_wants_them():
    for name, series in metrics.SERIES.items():
        assert name.startswith("gslb_")
        assert (series.kind == "counter") == name.endswith("_total")
        assert not {"client", "qname", "name", "le"} & set(series.labels)
        assert series.text.endswith(".")


def test_labels_are_bounded(monkeypatch):
    monkeypatch.setattr(metrics, "_seen", {"zone": set(), "pool": set(), "target": set()})
    assert [metrics.pool_label(f"p{n}") for n in range(metrics.MOST_POOLS + 2)][-2:] == [metrics.OTHER] * 2
    assert not metrics.pool_shown("late")
    assert metrics.pool_label("p0") == "p0"
    others = partial(metrics.REGISTRY.get_sample_value, "gslb_member_state_changes_total", {"check": "other", "address": "other"})
    before = others() or 0  # of other tests in this process
    for n in range(metrics.MOST_TARGETS + 3):
        metrics.target_changed("bounded", f"t{n}")
    assert others() == before + 3
