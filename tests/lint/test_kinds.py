"""Pools of names, pools inside pools, fences and ramps: what is told of them, whole files at a time."""

from __future__ import annotations

import pytest

from gslb import config
from gslb.errors import Severity

HEAD = """\
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30}
sites: {fra: {location: [50.1, 8.6]}, iad: {location: [39.0, -77.4]}}
checks: {web: {type: tcp, port: 80}}
pools:
  web: {members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}], check: web, policy: weighted}
  cdn: {members: [{name: a.example.net.}, {name: b.example.net., check_address: 192.0.2.7, check: web}], policy: weighted}
"""
RECORDS = "records:\n  '': {type: NS, values: [ns.example.org.]}\n  www: {pool: web}\n  c: {pool: cdn}\n"


@pytest.fixture
def told(tmp_path):
    def load(pools="", records=""):
        (tmp_path / "example.com.yaml").write_text(HEAD + "".join(f"  {line}\n" for line in pools.splitlines()) + RECORDS + records)
        found = config.load([tmp_path]).problems
        return [problem.code + ("?" if problem.severity is Severity.WARNING else "") for problem in found if problem.code != "L005"]

    return load


MEMBERS = "members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}], check: web"


@pytest.mark.parametrize(
    ("pools", "codes"),
    [
        ("", []),
        ("all: {members: [{pool: web}, {pool: inner}], policy: failover}\ninner: {members: [{pool: web}], policy: nearest}", []),
        ("x: {members: [{address: 192.0.2.3}, {name: a.example.net.}]}", ["L026"]),
        ("x: {members: [{pool: web}, {pool: cdn}]}", ["L026"]),
        ("x: {members: [{name: a.example.net.}], when_all_down: {backup: web}}", ["L035?", "L026"]),
        ("x: {members: [{pool: nowhere}]}", ["L003"]),
        ("x: {members: [{pool: x}]}", ["L004"]),
        ("x: {members: [{pool: y}]}\ny: {members: [{pool: web}], when_all_down: {backup: x}}", ["L004"]),
        ("x: {members: [{pool: y}]}\ny: {members: [{pool: x}]}", ["L004"]),
        (
            "a: {members: [{pool: b}]}\nb: {members: [{pool: c}]}\nc: {members: [{pool: d}]}\nd: {members: [{pool: web}]}",
            ["L027"],
        ),
        ("a: {members: [{pool: b}]}\nb: {members: [{pool: c}]}\nc: {members: [{pool: web}]}", []),
        ("x: {members: [{name: a.example.net.}], policy: [priority], answers: 2}", ["L028?"]),
        (f"x: {{{MEMBERS}, when_all_down: nodata}}", []),
        (f"x: {{{MEMBERS}, policy: nearest, when_all_down: nodata}}", ["L039"]),
        (f"x: {{{MEMBERS}, policy: [{{asn: {{AS64500: [fra]}}}}], when_all_down: nodata}}", ["L039"]),
        (f"x: {{{MEMBERS}, policy: nearest, when_all_down: {{backup: y}}}}\ny: {{{MEMBERS}, when_all_down: nodata}}", ["L039"]),
        (f"x: {{{MEMBERS}, when_all_down: {{backup: y}}}}\ny: {{{MEMBERS}, when_all_down: nodata}}", []),
        (f"x: {{{MEMBERS}, policy: [{{geofence: {{fra: [EU], iad: [NA]}}}}]}}", ["L040?"]),
        (f"x: {{{MEMBERS}, policy: [{{geofence: {{fra: [EU]}}}}]}}", []),
        (f"x: {{{MEMBERS}, policy: [{{geofence: {{fra: [EU], iad: [NA]}}}}], when_all_down: servfail}}", []),
        (f"x: {{{MEMBERS}, ramp: 5m}}", ["L041?"]),
        (f"x: {{{MEMBERS}, policy: weighted, ramp: 5m}}", []),
        (f"x: {{{MEMBERS}, policy: weighted, ttl: 60/10, ramp: 30s}}", ["L042?"]),
        (f"x: {{{MEMBERS}, policy: [{{ramp: {{step: 20s}}}}], pick: weighted}}", ["L042?"]),
    ],
)
def test_pools(told, pools, codes):
    assert told(pools) == codes


@pytest.mark.parametrize(
    ("records", "codes"),
    [
        ("  x: [{pool: cdn}, {type: TXT, value: hello}]\n", ["L089"]),
        ("  x: {pool: cdn, ttl: 20}\n", []),
    ],
)
def test_where_pools_of_names_stand(told, records, codes):
    assert told(records=records) == codes


def test_no_pool_of_names_at_the_apex(tmp_path):
    (tmp_path / "example.com.yaml").write_text(HEAD + "records:\n  '': [{type: NS, values: [ns.example.org.]}, {pool: cdn}]\n  www: {pool: web}\n")
    assert [problem.code for problem in config.load([tmp_path]).problems] == ["L089"]
