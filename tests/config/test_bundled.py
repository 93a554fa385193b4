"""A version's files: gathered from a folder as an operator has it, loaded from memory as every node loads them."""

from __future__ import annotations

import struct

import pytest

from gslb import config, names
from gslb.config import bundled

YAML = """
sites: {fra: {location: [50, 8]}}
pools: {web: {policy: all, members: [{address: 192.0.2.1, site: fra}]}}
zone: example.com
records:
  '': {type: NS, values: [ns1.example.net.]}
  www: {pool: web}
"""
MASTER = """$TTL 60
@ SOA ns1.example.net. host.example.net. 5 3600 900 1209600 60
@ NS ns1.example.net.
$INCLUDE inc/more.txt
$INCLUDE ./beside.inc
"""


@pytest.fixture
def folder(tmp_path):
    zones = tmp_path / "zones"
    (zones / "inc").mkdir(parents=True)
    (zones / "example.com.yaml").write_text(YAML)
    (zones / "example.org.zone").write_text(MASTER)
    (zones / "inc" / "more.txt").write_text("a A 192.0.2.7\n")
    (zones / "beside.inc").write_text("b A 192.0.2.8\n")
    (zones / "gslb.yaml").write_text("node: x\n")
    (zones / "README.md").write_text("no zone\n")
    return zones


def soa(model, zone):
    [found] = [one for one in model.zones[names.from_text(zone)].names[names.from_text(zone)].rrsets if one.type == 6]
    return struct.unpack("!5I", found.rdata[0][-20:])[0]


def test_what_is_gathered_loads_as_the_folder_does(folder, tmp_path):
    networks = tmp_path / "our.yaml"
    networks.write_text("203.0.113.0/24: {site: fra}\n")
    files, found = bundled.gather(folder, networks)
    assert not found.problems
    assert set(files) == {"example.com.yaml", "example.org.zone", "inc/more.txt", "beside.inc", "networks.yaml"}
    loaded = bundled.load(files, 7)
    assert not loaded.problems
    there = config.load([folder], networks).model
    assert loaded.model.pools == there.pools
    assert loaded.model.networks == there.networks
    assert loaded.model.zones.keys() == there.zones.keys()
    assert set(loaded.model.zones[names.from_text("example.org.")].names) == set(there.zones[names.from_text("example.org.")].names)
    assert (soa(loaded.model, "example.com."), soa(loaded.model, "example.org."), soa(there, "example.com.")) == (7, 5, 1)
    again = bundled.load(files, 8, before=loaded)
    apex = names.from_text("example.org.")
    assert again.model.zones[apex].names is loaded.model.zones[apex].names, "a master file that has not changed is not read again"
    assert soa(again.model, "example.com.") == 8


def test_a_serial_that_is_given_stays(folder):
    (folder / "example.com.yaml").write_text(YAML.replace("records:", "soa: {serial: 2026}\nrecords:", 1))
    files, _ = bundled.gather(folder)
    assert soa(bundled.load(files, 7).model, "example.com.") == 2026
    (folder / "example.com.yaml").write_text(YAML.replace("records:", "soa: {serial: version}\nrecords:", 1))
    files, _ = bundled.gather(folder)
    assert soa(bundled.load(files, 7).model, "example.com.") == 7


def test_broken_files_give_no_version_and_say_why(folder):
    (folder / "example.com.yaml").write_text(YAML.replace("pool: web", "pool: webb"))
    files, found = bundled.gather(folder)
    assert not files
    assert [one.code for one in found.problems if one.severity == "error"] == ["L003"]


def test_two_files_of_one_name_are_a_problem(folder, tmp_path):
    (folder / "networks.yaml").write_text("198.51.100.0/24: {country: DE}\n")
    other = tmp_path / "networks.yaml"
    other.write_text("203.0.113.0/24: {country: FR}\n")
    files, found = bundled.gather(folder, other)
    assert not files
    assert "F009" in {one.code for one in found.problems}


def test_mistakes_in_a_version_name_its_files():
    loaded = bundled.load({"example.com.yaml": YAML.replace("192.0.2.1", "192.0.2").encode(), "x.zone": b"\xff", "notes/y.zone": b"$"}, 1)
    assert {one.where.file for one in loaded.problems if one.severity == "error"} == {"example.com.yaml", "x.zone"}
    missing = bundled.load({"example.org.zone": MASTER.encode()}, 1)
    assert "no file 'inc/more.txt' in this version" in str([str(one) for one in missing.problems])
