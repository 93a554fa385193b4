"""Writes: overrides and the hold. Judged, idempotent, guarded by entity tags, and `dry_run` writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from gslb.verdict import State


async def standing(service: Any) -> list[tuple[str, str, str]]:
    return [(one["level"], one["subject"], one["kind"]) for one in (await service.get("overrides"))["overrides"]]


@pytest.mark.parametrize(("path", "level", "subject"), [("sites/fra", "site", "fra"), ("pools/web/members/iad", "member", "web/iad")])
async def test_said_and_taken_back(service: Any, path: str, level: str, subject: str) -> None:
    for kind in ("drain", "down", "up", "weight"):
        body = {"reason": "new switches"} | ({"weight": 7} if kind == "weight" else {})
        status, done, headers = await service.ask("PUT", f"{path}/{kind}", body)
        assert status == 200, done
        [one] = done["overrides"]
        assert (one["kind"], one["author"], one["reason"], one["expires"]) == (kind, "anonymous", "new switches", None)
        assert headers["ETag"] == f'"overrides-{done["version"]}"'
        assert (level, subject, kind) in await standing(service)
        status, done, _ = await service.ask("DELETE", f"{path}/{kind}")
        assert (status, len(done["taken_back"])) == (200, 1)
        assert await standing(service) == []


async def test_taking_back_names_its_kind(service: Any) -> None:
    await service.ask("PUT", "sites/fra/up", {"reason": "x"})
    status, done, _ = await service.ask("DELETE", "sites/fra/down")  # `up` and `down` are one word; this one is not ours to take
    assert (status, done["taken_back"]) == (200, [])
    assert await standing(service) == [("site", "fra", "up")]


async def test_a_whole_pool_needs_force(service: Any) -> None:
    status, problem, _ = await service.ask("PUT", "pools/web/drain", {"reason": "x"})
    assert (status, problem["code"]) == (409, "guard")
    assert "pool web would be left with no member" in problem["detail"]
    assert "force" in problem["detail"]
    status, done, _ = await service.ask("PUT", "pools/web/drain", {"reason": "x", "force": True})
    assert (status, done["pools"][0]["left"]) == (200, [])


async def test_said_twice_is_said_once(service: Any) -> None:
    _, first, _ = await service.ask("PUT", "sites/fra/drain", {"reason": "x", "for": "2h"})
    _, again, _ = await service.ask("PUT", "sites/fra/drain", {"reason": "x", "for": "2h"})
    assert again["version"] == first["version"]
    assert again["overrides"] == first["overrides"]
    _, other, _ = await service.ask("PUT", "sites/fra/drain", {"reason": "y", "for": "2h"})
    assert other["version"] == first["version"] + 1
    for _ in range(2):
        status, _, _ = await service.ask("DELETE", "sites/fra/drain")
        assert status == 200


async def test_dry_run_writes_nothing(service: Any) -> None:
    status, done, _ = await service.ask("PUT", "sites/fra/drain?dry_run=true", {"reason": "x"})
    assert (status, done["dry_run"]) == (200, True)
    assert [one["left"] for one in done["pools"]] == [["iad", "sin"]]
    assert await standing(service) == []
    status, problem, _ = await service.ask("PUT", "pools/web/down?dry_run=true", {"reason": "x"})
    assert (status, problem["code"]) == (409, "guard")
    status, _, _ = await service.ask("PUT", "hold?dry_run=true", {"reason": "x"})
    assert status == 200
    assert (await service.get("hold"))["hold"] is None


async def test_who_knows_an_old_version_is_refused(service: Any) -> None:
    _, _, headers = await service.ask("GET", "overrides")
    known = headers["ETag"]
    status, _, _ = await service.ask("PUT", "sites/fra/drain", {"reason": "x"}, If_Match=known)
    assert status == 200
    for method, path, body in (("PUT", "sites/iad/drain", {"reason": "x"}), ("DELETE", "sites/fra/drain", None), ("PUT", "hold", {"reason": "x"})):
        status, problem, _ = await service.ask(method, path, body, If_Match=known)
        assert (status, problem["code"]) == (412, "changed"), path
    for tag in ('"nonsense"', '"overrides-x"', '"overrides-999999999999999999999999"', f'"overrides-{"9" * 5000}"', '"overrides-²"'):
        status, problem, _ = await service.ask("DELETE", "sites/fra/drain", If_Match=tag)
        assert (status, problem["code"]) == (412, "changed")
    status, problem, _ = await service.ask("DELETE", "sites/fra/drain", If_Match="overrides-1")
    assert (status, problem["code"]) == (400, "tag")
    status, _, _ = await service.ask("DELETE", "sites/fra/drain", If_Match="*")
    assert status == 200


async def test_the_hold(service: Any) -> None:
    status, done, _ = await service.ask("PUT", "hold", {"reason": "storm", "for": 600})
    assert (status, done["hold"]["author"], done["hold"]["reason"]) == (200, "anonymous", "storm")
    _, again, _ = await service.ask("PUT", "hold", {"reason": "storm", "for": 600})
    assert again["version"] == done["version"]
    await service.deciding.publisher.catch_up()
    for prober in ("p1", "p2", "p3"):
        await service.vote(prober, State.DOWN, "192.0.2.10")
    assert [one["state"] for one in (await service.get("verdicts?address=192.0.2.10"))["items"]] == ["up"]
    for _ in range(2):
        status, done, _ = await service.ask("DELETE", "hold?reason=over")
        assert (status, done["hold"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.reason"),
        ({"reason": ""}, "body.reason"),
        ({"reason": "   "}, "body.reason"),
        ({"reason": "x" * 401}, "body.reason"),
        ({"reason": 5}, "body.reason"),
        ({"reason": "x", "for": "soon"}, "body.for"),
        ({"reason": "x", "for": -1}, "body.for"),
        ({"reason": "x", "for": "800d"}, "body.for"),
        ({"reason": "x", "for": True}, "body.for"),
        ({"reason": "x", "force": "yes"}, "body.force"),
        ({"reason": "x", "reazon": "y"}, "body.reazon"),
        ([], "body"),
        ("x", "body"),
    ],
)
async def test_a_body_that_makes_no_sense(service: Any, body: Any, where: str) -> None:
    async with service.session.put(f"{service.url}/api/v1/sites/fra/drain", json=body) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["code"]) == (422, "invalid")
    assert problem["problems"][0]["where"] == where
    assert await standing(service) == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"reason": "x"', b"\xff\xfe", b"[" * 100_000, b'{"reason": NaN}', b'{"a":1}x'])
async def test_what_is_no_json(service: Any, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with service.session.put(f"{service.url}/api/v1/sites/fra/drain", data=body, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert answer.status in (400, 422), problem


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=x", "application/jsonx"])
async def test_only_json_is_taken(service: Any, content_type: str) -> None:
    """What a page of another site can send without asking first is none of these."""
    headers = {"Content-Type": content_type}
    async with service.session.put(f"{service.url}/api/v1/sites/fra/drain", data=b'{"reason":"x"}', headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (415, "content_type")


async def test_parameters_are_known_and_said_once(service: Any) -> None:
    for query in ("dryrun=true", "dry_run=yes", "dry_run=1", "dry_run=true&dry_run=false", "dry_run="):
        status, problem, _ = await service.ask("PUT", f"sites/fra/drain?{query}", {"reason": "x"})
        assert (status, problem["code"]) == (422, "invalid"), query
    for query in ("limit=0", "limit=1e3", "limit=99999999999999999999", "state=sideways", "x=1"):
        status, problem, _ = await service.ask("GET", f"votes?{query}")
        assert (status, problem["code"]) == (422, "invalid"), query
    status, problem, headers = await service.ask("POST", "sites/fra/drain", {"reason": "x"})
    assert (status, problem["code"], headers["Allow"]) == (405, "method", "DELETE, PUT")


async def test_reload_loads_whole_or_not_at_all(service: Any) -> None:
    status, done, _ = await service.ask("POST", "reload", {})
    assert (status, done["accepted"]) == (200, True)
    (service.folder / "zones" / "example.com.yaml").write_text("zone: [")
    status, problem, _ = await service.ask("POST", "reload", {"force": True})
    assert (status, problem["code"]) == (422, "files_refused")
    assert problem["problems"][0]["where"].startswith(str(service.folder))
    assert len((await service.get("zones"))["items"]) == 2
