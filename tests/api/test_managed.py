"""Records of managed zones: judged with everything else, written, served; nothing else is ever written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gslb.verdict import State

A = {"type": "A", "value": "192.0.2.8"}
WWW = "zones/dyn.example/records/www"


def file(service: Any) -> Path:
    return service.folder / "zones" / "managed" / "dyn.example.yaml"


async def test_a_name_comes_changes_and_goes(service: Any) -> None:
    status, done, headers = await service.ask("PUT", WWW, {"records": [A, {"type": "TXT", "value": "ö € 😀"}]})
    assert (status, done["served"], done["before"]) == (200, True, [])
    row = await service.get(WWW)
    assert row["records"] == done["records"]
    assert headers["ETag"] == f'"{row["version"]}"'
    _, listed, _ = await service.ask("GET", "zones/dyn.example/records?q=www")
    assert listed["items"] == [row]
    told = await service.get("explain?name=www.dyn.example&client=192.0.2.1")
    assert told["name"]["found"] != "NXDOMAIN"
    status, done, _ = await service.ask("PUT", WWW, {"records": [{"pool": "web"}]})
    assert (status, done["before"][0]) == (200, A)
    status, done, _ = await service.ask("DELETE", WWW)
    assert (status, done["records"]) == (200, [])
    status, _, _ = await service.ask("GET", WWW)
    assert status == 404
    status, _, _ = await service.ask("DELETE", WWW)
    assert status == 200


async def test_the_same_again_is_not_written(service: Any) -> None:
    await service.ask("PUT", WWW, {"records": [A]})
    before = file(service).stat().st_mtime_ns
    status, done, _ = await service.ask("PUT", WWW, {"records": [A]})
    assert (status, done["served"], file(service).stat().st_mtime_ns) == (200, True, before)


async def test_names_that_are_written_differently_are_one(service: Any) -> None:
    await service.ask("PUT", "zones/dyn.example/records/WWW.dyn.example.", {"records": [A]})
    await service.ask("PUT", WWW, {"records": [{"type": "A", "value": "192.0.2.9"}]})
    assert file(service).read_text().count("192.0.2.9") == 1
    assert "192.0.2.8" not in file(service).read_text()
    status, done, _ = await service.ask(
        "PUT", "zones/dyn.example/records/@", {"records": [{"type": "NS", "values": ["ns2.example.com.", "ns1.example.com."]}]}
    )
    assert (status, done["name"]) == (200, "@")


async def test_what_cannot_be_served_changes_nothing(service: Any) -> None:
    before = file(service).read_text()
    for records, code in (
        ([{"type": "A", "value": "192.0.2.300"}], "R006"),
        ([{"typ": "A"}], "R003"),
        ([{"pool": "nowhere"}], "L0"),
        ([{"type": "A", "value": "192.0.2.1"}, {"pool": "web"}], ""),
        ([{"type": "CNAME", "value": "a."}, {"type": "A", "value": "192.0.2.1"}], ""),
        ([{"type": "A", "value": {"a": [1, None]}}], ""),
        ([{"\u2028": 1}], ""),
    ):
        status, problem, _ = await service.ask("PUT", WWW, {"records": records})
        assert (status, problem["code"]) == (422, "invalid"), records
        assert any(one["code"].startswith(code) for one in problem["problems"]), problem
    for body in ({"records": []}, {"records": [1]}, {}, {"records": "x"}):
        status, problem, _ = await service.ask("PUT", WWW, body)
        assert status == 422
    assert file(service).read_text() == before


async def test_texts_are_kept_to_the_letter(service: Any) -> None:
    text = "\u0001 \u0085 \ufeff \u2028 'quoted' \"so\" # no comment: 😀 {}[]"
    status, _, _ = await service.ask("PUT", WWW, {"records": [{"type": "TXT", "value": text}]})
    assert status == 200
    assert (await service.get(WWW))["records"] == [{"type": "TXT", "value": text}]


async def test_dry_run_and_entity_tags(service: Any) -> None:
    status, done, _ = await service.ask("PUT", f"{WWW}?dry_run=true", {"records": [A]})
    assert (status, done["dry_run"], done["served"]) == (200, True, False)
    status, _, headers = await service.ask("PUT", WWW, {"records": [A]}, If_None_Match="*")
    assert status == 200
    status, problem, _ = await service.ask("PUT", WWW, {"records": [{"pool": "web"}]}, If_None_Match="*")
    assert (status, problem["code"]) == (412, "changed")
    status, problem, _ = await service.ask("PUT", WWW, {"records": [{"pool": "web"}]}, If_Match='"other"')
    assert (status, problem["code"]) == (412, "changed")
    status, _, _ = await service.ask("PUT", WWW, {"records": [{"pool": "web"}]}, If_Match=f'"other", {headers["ETag"]}')
    assert status == 200


async def test_other_zones_are_the_operators(service: Any) -> None:
    before = (service.folder / "zones" / "example.com.yaml").read_text()
    status, problem, _ = await service.ask("PUT", "zones/example.com/records/www", {"records": [A]})
    assert (status, problem["code"]) == (409, "not_managed")
    assert "api.managed" in problem["detail"]
    for zone in ("example.net", "..", "%2e%2e%2fetc", "dyn.example%2f..%2fx", "x" * 300, "%00"):
        status, problem, _ = await service.ask("PUT", f"zones/{zone}/records/www", {"records": [A]})
        assert status == 404, zone
    for name in ("www.example.com.", "a..b", "x" * 64, "*.*..", "."):
        status, problem, _ = await service.ask("PUT", f"zones/dyn.example/records/{name}", {"records": [A]})
        assert status in (404, 422), name
    assert (service.folder / "zones" / "example.com.yaml").read_text() == before
    assert sorted(path.name for path in (service.folder / "zones").iterdir()) == ["example.com.yaml", "managed"]
    assert [path.name for path in (service.folder / "zones" / "managed").iterdir()] == ["dyn.example.yaml"]


async def test_other_files_that_are_broken_are_not_our_callers_fault(service: Any) -> None:
    (service.folder / "zones" / "example.com.yaml").write_text("zone: [")
    status, problem, _ = await service.ask("PUT", WWW, {"records": [A]})
    assert (status, problem["code"]) == (409, "files_broken")
    assert "example.com.yaml" in problem["problems"][0]["where"]
    assert "192.0.2.8" not in file(service).read_text()


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1"])
async def test_checks_that_come_this_way_do_not_look_at_ourselves(start: Any, address: str) -> None:
    dynamic = {"pools": {"a": {"values": [{"value": address}]}}, "rules": [{"pool": "a"}]}
    kind = "AAAA" if ":" in address else "A"
    record = {"type": kind, "ttl": 60, "value": address, "dynamic": dynamic, "octodns": {"healthcheck": {"protocol": "HTTP", "path": "/"}}}
    service = await start(anonymous=["admin"])
    status, problem, _ = await service.ask("PUT", WWW, {"records": [record]})
    assert (status, problem["code"]) in ((409, "check_target"), (422, "invalid")), problem
    if problem["code"] == "check_target":
        assert "api.check_targets" in problem["problems"][0]["hint"]


async def test_the_operator_may_allow_it(start: Any) -> None:
    dynamic = {"pools": {"a": {"values": [{"value": "127.0.0.1"}]}}, "rules": [{"pool": "a"}]}
    record = {"type": "A", "ttl": 60, "value": "127.0.0.1", "dynamic": dynamic, "octodns": {"healthcheck": {"protocol": "HTTP", "path": "/"}}}
    service = await start(anonymous=["admin"], check_targets=["127.0.0.0/8"])
    status, done, _ = await service.ask("PUT", WWW, {"records": [record]})
    assert status == 200, done
    await service.vote("p1", State.UP, "127.0.0.1")
