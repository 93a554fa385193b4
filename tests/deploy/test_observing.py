"""Dashboards and alert rules name nothing that is not there: every metric, every label; and they are of the form that Grafana and Prometheus read."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gslb import metrics
from gslb.role.causes import CODES

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())
SCRAPED = {"instance", "job", "role"}  # labels that Prometheus adds

_spec = importlib.util.spec_from_file_location("promql", Path(__file__).with_name("promql.py"))
promql = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(promql)


def faults(expression):
    """Say what an expression names that is not there."""
    found = promql.named(expression)
    for metric, labels in found.metrics.items():
        if metric == "up":
            continue
        series = metrics.SERIES.get(metric) or metrics.SERIES.get(promql.base(metric))
        if series is None:
            yield f"no metric {metric}: {expression}"
            continue
        if (series.kind == "histogram") != (metric != promql.base(metric)):
            yield f"{metric} is not read as a {series.kind} is: {expression}"
        own = {*series.labels, *SCRAPED, "le"}
        yield from (f"{metric} has no label {label}: {expression}" for label in (labels | found.grouped) - own)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard(path):
    board = json.loads(path.read_text())
    assert board["schemaVersion"] >= 39
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    wrong = []
    for panel in board["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            assert set(re.findall(r"\$(\w+)", target["expr"].replace("$__rate_interval", ""))) <= variables.keys()
            wrong += faults(target["expr"])
            asked = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            first, *_ = promql.named(target["expr"]).metrics
            wrong += [f"{first} has no label {label} for its legend" for label in asked - {*labels_of(first), *SCRAPED}]
    for one in variables.values():
        if one["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", one["definition"]).groups()
            wrong += faults(f'{metric}{{{label}=""}}')
    assert not wrong


def labels_of(metric):
    series = metrics.SERIES.get(metric) or metrics.SERIES.get(promql.base(metric))
    return series.labels if series else ()


def test_rules_name_what_is_there():
    wrong = []
    for rule in (rule for group in RULES["groups"] for rule in group["rules"]):
        assert rule["alert"].startswith("Gslb")
        assert rule["labels"]["severity"] in {"page", "warn"}
        assert {"summary", "description"} == rule["annotations"].keys()
        wrong += faults(rule["expr"])
        metric, *_ = promql.named(rule["expr"]).metrics
        asked = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        wrong += [f"{rule['alert']}: no label {label}" for label in asked - {*labels_of(metric), *SCRAPED}]
        for code in re.findall(r'\bcode="(\w+)"', rule["expr"]):
            assert code in CODES
    assert not wrong


def test_all_rules_of_the_task_are_there():
    alerts = {rule["alert"].removeprefix("Gslb") for group in RULES["groups"] for rule in group["rules"]}
    assert {"AllMembersDown", "StateStale", "ProberMissing", "ReloadFailed", "ServfailRatio", "GeoDbOld"} <= alerts


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_takes_them():
    for words in (["check", "rules", DEPLOY / "prometheus/rules.yaml"], ["check", "config", "--syntax-only", DEPLOY / "prometheus/prometheus.yaml"]):
        subprocess.run(["promtool", *map(str, words)], check=True, capture_output=True)


def test_the_parser_finds_faults():
    assert list(faults('rate(gslb_dns_requests_total{zone="x"}[5m])')) == []
    assert "no metric gslb_dns_requests" in next(faults("gslb_dns_requests"))
    assert "no label colour" in next(faults('sum by (colour) (gslb_member_up{pool=~"$pool"})'))
    assert "no label colour" in next(faults('gslb_member_up{colour!="red"}'))
    assert "is not read as a histogram is" in next(faults("gslb_probe_duration_seconds"))
    with pytest.raises(ValueError, match="unbalanced"):
        promql.named("sum(up")
