"""The recipe of the shipped database, run over a small city database of each maker's shape."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import maxminddb

from gslb import geo
from gslb.geo import inspect
from gslb.model import Location

from .conftest import SHIPPED, Make


def place(country: str, state: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {"country_code": country, "state1": state, "city": f"{latitude}", "latitude": latitude, "longitude": longitude}


CITY4 = {
    "198.51.100.0/25": place("US", "California", 34.0, -118.0),
    "198.51.100.128/26": place("US", "California", 40.0, -124.0),
    "198.51.100.192/26": place("US", "Virginia", 39.0, -77.5),
    "203.0.113.0/25": place("DE", "Bavaria", 48.0, 11.0),
    "203.0.113.128/25": place("DE", "Berlin", 52.0, 13.0),
}
CITY6 = {
    "2001:db8::/48": place("DE", "Hesse", 50.0, 8.0),
    "2001:db8:1::/48": place("FR", "Paris", 48.9, 2.3),
    "2600::/30": place("JP", "Tokyo", 35.7, 139.7),
}


def test_states_of_large_countries_and_countries_elsewhere(make: Make, tmp_path: Path) -> None:
    (tmp_path / "4.mmdb").write_bytes(make(CITY4, ip_version=4))
    (tmp_path / "6.mmdb").write_bytes(make(CITY6))
    made = tmp_path / "made.mmdb.xz"
    command = [sys.executable, SHIPPED.parent / "build.py", tmp_path / "4.mmdb", tmp_path / "6.mmdb", made]
    subprocess.run(command, check=True, timeout=60, env=os.environ | {"PYTHONPATH": str(SHIPPED.parents[1])})
    atlas = geo.load(made, [], {})

    def where(text: str) -> Location:
        return atlas.lookup(ip_address(text))[0]

    assert where("198.51.100.1") == where("198.51.100.129") == Location("US", "NA", "CA", (36.0, -120.0))  # two thirds and one third
    assert where("198.51.100.200") == Location("US", "NA", "VA", (39.0, -77.5))
    assert where("203.0.113.1") == where("203.0.113.129") == Location("DE", "EU", None, (50.0, 12.0))
    assert where("2001:db8::1") == where("2001:db8:1::1") == where("203.0.113.1")  # the block of 40 bits belongs to its first address
    assert where("2600::1") == Location("JP", "AS", "Tokyo", (35.7, 139.7))
    assert where("192.0.2.1") == Location()
    assert inspect.verify(made, samples=800)["readers"] == ["maxminddb", "geoip2"]
    assert inspect.verify(made, samples=800)["ok"]


def test_the_shipped_file_has_the_shape_the_recipe_writes(unpacked: Path) -> None:
    with maxminddb.open_database(str(unpacked)) as reader:
        record: Any = reader.get("128.32.0.1")
    assert record["subdivisions"] == [{"names": {"en": "California"}, "iso_code": "CA"}]
    assert record["country"] == {"iso_code": "US", "names": {"en": "United States"}}
