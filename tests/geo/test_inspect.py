"""What `gslb geodb` tells of databases: the shipped one, made ones, and one that lies."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from gslb.errors import GeoError, UsageError
from gslb.geo import facts, inspect
from gslb.model import NetworkFact, Site

from .conftest import SHIPPED, Make


def test_info_of_the_shipped_database() -> None:
    (told,) = inspect.info(SHIPPED.parent, now=1_800_000_000)
    assert told["type"] == "GSLB-Region-City"
    assert told["shapes"] == {"nested": 1280}
    assert told["facts"] == ["country", "continent", "subdivision", "coordinates"]
    assert told["built"] == "2026-11-20T09:01:42+00:00"
    assert (told["age_days"], told["stale"]) == (56.0, False)
    assert told["networks"] == {"ipv4": 2_587_942, "ipv6": 693_037}
    assert (told["locations"], told["countries"]) == (1280, 250)
    assert told["attribution"].startswith("IP Geolocation by DB-IP (https://db-ip.com)")
    json.dumps(told)


def test_info_of_an_old_one(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "GeoLite2-ASN.mmdb"
    path.write_bytes(make({"192.0.2.0/24": {"asn": 64500}}, ip_version=4, database_type="GeoLite2-ASN"))
    (told,) = inspect.info([path], now=4e9)
    assert told["stale"] is True
    assert told["age_days"] > 10_000
    assert told["facts"] == ["asn"]
    assert "MaxMind" in told["attribution"]
    assert told["networks"] == {"ipv4": 1, "ipv6": 0}


def test_lookup_names_its_sources(make: Make, tmp_path: Path) -> None:
    (tmp_path / "city.mmdb").write_bytes(make({"192.0.2.0/24": {"country_code": "DE"}}))
    (tmp_path / "asn.mmdb").write_bytes(make({"192.0.2.0/25": {"asn": 64500}}))
    networks = [NetworkFact(ip_network("192.0.2.0/26"), site="fra", tags=frozenset({"b", "a"})), NetworkFact(ip_network("10.0.0.0/8"), site="fra")]
    told = inspect.lookup("192.0.2.1", tmp_path, networks, {"fra": Site("fra", location=(50.11, 8.68))})
    assert told["network"] == "192.0.2.0/26"
    assert told["location"] == {
        "country": "DE",
        "continent": "EU",
        "coordinates": (50.11, 8.68),
        "asn": 64500,
        "site": "fra",
        "tags": ["a", "b"],
        "network": "192.0.2.0/26",
    }
    assert [source["source"] for source in told["sources"]] == ["asn.mmdb", "city.mmdb", "networks"]
    assert [source["network"] for source in told["sources"]] == ["192.0.2.0/25", "192.0.2.0/24", "192.0.2.0/26"]
    json.dumps(told)


def test_lookup_without_a_database() -> None:
    told = inspect.lookup("2001:db8::1", None)
    assert told == {"address": "2001:db8::1", "network": "2001:800::/21", "location": {}, "sources": []}


def test_lookup_of_no_address() -> None:
    with pytest.raises(UsageError, match=r"'www\.example\.com' is not an IP address"):
        inspect.lookup("www.example.com", None)


def test_verify_the_shipped_database() -> None:
    told = inspect.verify(SHIPPED, samples=8000)
    assert told["ok"] is True
    assert told["differences"] == []
    assert told["readers"] == ["maxminddb", "geoip2"]
    assert told["nodes"] == 3_281_089
    assert told["addresses"]["ipv4"] > 3000
    assert told["addresses"]["ipv6"] > 3000
    json.dumps(told)


@pytest.mark.parametrize("ip_version", [4, 6])
def test_verify_flat_files(ip_version: int, make: Make, tmp_path: Path) -> None:
    path = tmp_path / "x.mmdb"
    path.write_bytes(make({"192.0.2.0/24": {"country_code": "DE"}, "192.0.2.7/32": {"country_code": "FR"}}, ip_version=ip_version))
    told = inspect.verify(path, samples=400)
    assert (told["ok"], told["readers"]) == (True, ["maxminddb"])


def test_verify_notices_a_difference(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Let our own flattening get one country wrong: both other readers must object.
    path = tmp_path / "x.mmdb"
    record = {"country": {"iso_code": "DE"}, "location": {"latitude": 50.0, "longitude": 8.0}}
    path.write_bytes(make({"0.0.0.0/1": record, "2000::/3": record}, database_type="Test-City"))
    true = facts.location

    def wrong(found: Any, table: Any) -> Any:
        return true({**found, "country": {"iso_code": "FR"}}, table)

    monkeypatch.setattr(inspect.mmdb.facts, "location", wrong)
    database = inspect.mmdb.read(path.read_bytes(), "x", inspect.countries())
    monkeypatch.setattr(inspect.mmdb.facts, "location", true)
    monkeypatch.setattr(inspect.mmdb, "read", lambda *_: database)
    told = inspect.verify(path, samples=400)
    assert told["ok"] is False
    assert {difference.split(",")[0] for difference in told["differences"]} == {"maxminddb", "geoip2"}
    assert 1 < len(told["differences"]) <= 40


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mmdb"
    path.write_bytes(b"rubbish")
    for ask in (inspect.info, inspect.verify):
        with pytest.raises(GeoError, match=r"x\.mmdb: not an MMDB file"):
            ask(path)
