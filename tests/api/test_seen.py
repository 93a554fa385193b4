"""What is seen through the API: every list, every single thing, filters, pages, entity tags."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from gslb.role import overview
from gslb.role.operating import ROWS
from gslb.verdict import State


async def test_the_service_says_where_everything_is(service: Any) -> None:
    links = (await service.get(""))["links"]
    for link, path in links.items():
        if link in ("stream", "explain", "simulate", "diff"):
            continue  # need a question, or never end
        status, _, _ = await service.ask("GET", path)
        assert status in (200, 501), link
    assert (await service.get("whoami"))["scopes"] == ["read", "drain", "write", "admin"]
    assert await service.get("/livez") == "ok\n"
    assert await service.get("/readyz") == "ok\n"
    assert "gslb_plan_generation" in await service.get("/metrics")


async def test_status_counts(service: Any) -> None:
    await service.vote("p1", State.DOWN, "192.0.2.10")
    await service.vote("p2", State.DOWN, "192.0.2.10")
    status = await service.get("status")
    assert status["counts"] == {"zones": 2, "pools": 2, "members": 4, "up": 3, "down": 1, "unknown": 0, "drained": 0}
    assert status["managed"] == ["dyn.example"]
    assert "pools" not in status
    assert "DB-IP" in status["geo"]["attribution"]
    assert [one["code"] for one in status["degraded"]] == ["site_down"]


async def test_sites_and_pools(service: Any) -> None:
    for prober in ("p1", "p2"):
        await service.vote(prober, State.DOWN, "198.51.100.10", "2001:db8:1::10", "192.0.2.10")
    sites = {one["site"]: one for one in (await service.get("sites"))["items"]}
    assert [sites[name]["state"] for name in ("fra", "iad", "sin")] == ["down", "down", "up"]
    assert sites["fra"]["location"] == [50.11, 8.68]
    assert sites["fra"] == await service.get("sites/fra")
    pool = await service.get("pools/web")
    assert pool["sites"] == {"sin": 1.0}
    assert pool["ratio"] == round(1 / 3, 4)
    assert (pool["policy"], pool["ttl"], pool["names"], pool["kind"]) == ("nearest", {"min": 10, "max": 60}, 1, "addresses")
    assert [one["weight"] for one in pool["members"]] == [3, 1, 1]
    check = pool["members"][0]["addresses"][0]["checks"][0]
    assert [(one["prober"], one["state"]) for one in check["votes"]] == [("p1", "down"), ("p2", "down"), ("p3", "up")]
    assert (await service.get("pools/web/members/fra"))["state"] == "down"
    assert [one["member"] for one in (await service.get("pools/web/members"))["items"]] == ["fra", "iad", "sin"]


async def test_pools_are_filtered(service: Any) -> None:
    await service.vote("p1", State.DOWN, "192.0.2.10")
    await service.vote("p2", State.DOWN, "192.0.2.10")

    async def named(query: str) -> list[str]:
        return [one["pool"] for one in (await service.get(f"pools?{query}"))["items"]]

    assert await named("state=degraded") == ["web"]
    assert await named("state=up") == ["sorry"]
    assert await named("site=fra") == ["web"]
    assert await named("q=192.0.2.99") == ["sorry"]
    assert await named("q=nothing") == []


async def test_votes_verdicts_and_the_matrix_agree(service: Any) -> None:
    await service.vote("p2", State.DOWN, "203.0.113.10", reason="timed out")
    votes = (await service.get("votes?state=down"))["items"]
    assert [(one["prober"], one["address"], one["reason"], one["counted"]) for one in votes] == [("p2", "203.0.113.10", "timed out", True)]
    verdicts = (await service.get("verdicts?address=203.0.113.10"))["items"]
    assert [(one["state"], one["pools"], one["quorum"]) for one in verdicts] == [("up", ["web"], "majority")]
    matrix = await service.get("matrix")
    assert matrix["probers"] == ["p1", "p2", "p3"]
    assert len(matrix["votes"]) == 12
    down = [(matrix["probers"][one[0]], matrix["targets"][one[1]]["address"]) for one in matrix["votes"] if one[2] == "down"]
    assert down == [("p2", "203.0.113.10")]
    check = await service.get("checks/web")
    assert (check["targets"], check["up"], check["down"]) == (4, 4, 0)
    assert [one["name"] for one in (await service.get("probers"))["items"]] == ["p1", "p2", "p3"]
    assert (await service.get("probers/p2"))["fresh"]


async def test_pages_show_everything_once(service: Any) -> None:
    seen, query, pages = [], "limit=5", 0
    while True:
        page = await service.get(f"votes?{query}")
        seen += [(one["address"], one["prober"]) for one in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        query = f"limit=5&cursor={page['next']}"
    assert pages == 3
    assert len(seen) == len(set(seen)) == 12
    names = await service.get("zones/example.com/records?limit=2")
    more = await service.get(f"zones/example.com/records?limit=10&cursor={names['next']}")
    assert [one["name"] for one in names["items"] + more["items"]] == ["@", "ns1", "ns2", "static", "www"]


async def test_a_cursor_of_somebody_else_is_refused(service: Any) -> None:
    for cursor in ("x", "W10", "bnVsbA", "%ff", "ey" * 2000):
        status, problem, _ = await service.ask("GET", f"votes?cursor={cursor}")
        assert (status, problem["code"]) in ((422, "cursor"), (422, "invalid")), problem


async def test_zones_and_records(service: Any) -> None:
    zones = {one["zone"]: one for one in (await service.get("zones"))["items"]}
    assert (zones["example.com"]["serial"], zones["example.com"]["managed"], zones["dyn.example"]["managed"]) == (7, False, True)
    www = await service.get("zones/example.com/records/www")
    assert {"pool": "web", "types": ["A", "AAAA"]} in www["records"]
    assert any(one.get("type") == "TXT" for one in www["records"])
    assert www == await service.get("zones/EXAMPLE.com./records/www.example.com.")
    assert (await service.get("zones/dyn.example/records/host"))["records"] == [{"type": "A", "value": "192.0.2.7"}]


async def test_what_is_not_there_is_named(service: Any) -> None:
    for path, text in (
        ("pools/wep", "web"),
        ("sites/paris", "fra"),
        ("pools/web/members/par", "fra"),
        ("checks/x", "web"),
        ("probers/x", "p1"),
        ("nodes/x", "test"),
        ("zones/example.net", "example.com"),
        ("zones/example.com/records/nope", "nope"),
        ("nothing", "/api/v1/"),
    ):
        status, problem, headers = await service.ask("GET", path)
        assert (status, problem["code"]) == (404, "unknown"), path
        assert headers["Content-Type"] == "application/problem+json"
        assert text in problem["detail"]


async def test_who_has_it_already_gets_nothing(service: Any) -> None:
    _, _, headers = await service.ask("GET", "zones")
    status, body, again = await service.ask("GET", "zones", If_None_Match=headers["ETag"])
    assert (status, body, again["ETag"]) == (304, "", headers["ETag"])
    status, _, _ = await service.ask("GET", "zones", If_None_Match='"other", W/"more"')
    assert status == 200


async def test_explain_says_what_gslb_explain_says(service: Any) -> None:
    told = await service.get("explain?name=www.example.com&client=192.0.2.1")
    status, same, _ = await service.ask("POST", "explain", {"name": "www.example.com", "client": "192.0.2.1"})
    assert status == 200
    assert told["summary"] == same["summary"]
    assert told["question"]["name"] == "www.example.com."
    down = await service.get("explain?name=www.example.com&client=192.0.2.1&assume_down=fra&assume_down=iad")
    assert [one["site"] for one in down["answer"]["members"]] == ["sin"]
    status, problem, _ = await service.ask("GET", "explain?name=www.example.com")
    assert (status, problem["code"]) == (422, "invalid")
    assert (await service.get("world"))["countries"] is not None


async def test_events_are_pages(service: Any) -> None:
    await service.ask("PUT", "sites/fra/drain", {"reason": "new switches"})
    await service.deciding.publisher.catch_up()
    page = await service.get("events?kind=override")
    assert page["items"][0]["by"] == "anonymous"
    assert "fra" in page["items"][0]["subject"]
    status, problem, _ = await service.ask("GET", "events?after=x")
    assert status == 422
    assert problem["problems"][0]["where"] == "query.after"
    assert (await service.get("events?subject=nothing"))["items"] == []
    assert (await service.get("traffic"))["samples"] == []


async def test_a_flood_of_questions_leaves_threads_to_what_decides(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[None] = []
    go = threading.Event()

    def slow(_view: Any) -> dict[str, Any]:
        began.append(None)
        go.wait(30)
        return {"probers": [], "targets": [], "votes": []}

    monkeypatch.setattr(overview, "matrix", slow)
    asking = [asyncio.create_task(service.ask("GET", "matrix")) for _ in range(60)]
    try:
        async with asyncio.timeout(20):
            while len(began) < ROWS:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(time.time)  # in the queue of those that compile and save
        assert len(began) == ROWS
    finally:
        go.set()
    assert {status for status, _, _ in await asyncio.gather(*asking)} == {200}
