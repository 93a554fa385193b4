"""Published versions through the API: listed, compared, published with guards, rolled back; and what if, over files that come with the request."""

from __future__ import annotations

from typing import Any

import pytest

FILES = {"a.yaml": "zone: a.example\nrecords:\n  '': {type: NS, values: [ns1.b.example.]}\n  www: {type: A, value: 192.0.2.1}\n"}
OTHER = {"a.yaml": FILES["a.yaml"].replace("192.0.2.1", "192.0.2.2")}


async def publish(service: Any, files: Any, **more: Any) -> tuple[int, Any]:
    query = "?dry_run=true" if more.pop("dry_run", False) else ""
    status, done, _ = await service.ask("POST", f"config/publish{query}", {"files": files, "message": "a change", **more})
    return status, done


async def test_published_compared_and_rolled_back(service: Any) -> None:
    assert (await service.get("config/versions"))["items"] == []
    status, dry = await publish(service, FILES, dry_run=True)
    assert (status, dry["dry_run"]) == (200, True)
    assert (await service.get("config/versions"))["items"] == []
    assert (await publish(service, FILES))[1]["version"] == 1
    assert (await publish(service, OTHER, based_on=1))[1]["version"] == 2
    heads = (await service.get("config/versions"))["items"]
    assert [(one["version"], one["author"], one["message"]) for one in heads] == [(2, "anonymous", "a change"), (1, "anonymous", "a change")]
    assert (await service.get("config/versions/1"))["files"] == FILES
    difference = await service.get("config/versions/1/diff?to=2")
    assert [one["name"] for one in difference["files"]] == ["a.yaml"]
    status, done, _ = await service.ask("POST", "config/rollback", {"version": 1})
    assert (status, done["version"], done["based_on"]) == (200, 3, 1)
    page = await service.get("config/versions?limit=2")
    assert [one["version"] for one in page["items"]] == [3, 2]
    assert [one["version"] for one in (await service.get(f"config/versions?cursor={page['next']}"))["items"]] == [1]


async def test_who_knows_an_old_version_publishes_nothing(service: Any) -> None:
    await publish(service, FILES)
    status, problem = await publish(service, OTHER, based_on=0)
    assert (status, problem["code"]) == (412, "changed")
    _, _, headers = await service.ask("GET", "config/versions/1")
    assert headers["ETag"] == '"1"'
    body = {"files": OTHER, "message": "x"}
    assert (await service.ask("POST", "config/publish", body, If_Match='"7"'))[0] == 412
    assert (await service.ask("POST", "config/publish", body, If_Match='"x"'))[0] == 412
    assert (await service.ask("POST", "config/publish", body, If_Match=headers["ETag"]))[0] == 200


async def test_what_cannot_be_served_is_not_published(service: Any) -> None:
    await publish(service, FILES)
    status, problem = await publish(service, {"a.yaml": "zone: ["})
    assert (status, problem["code"]) == (422, "invalid")
    assert problem["problems"][0]["where"].startswith("a.yaml:")
    assert "\n" not in problem["detail"]
    status, problem = await publish(service, {"b.yaml": "sites: {fra: {}}"})
    assert (status, problem["code"]) == (409, "guard")
    for name in ("../a.yaml", "/etc/passwd", "", "a\\b", "a\n.yaml", "x" * 300):
        status, problem = await publish(service, {name: "zone: a"})
        assert (status, problem["code"]) == (422, "invalid"), name
    for body in ({"files": {}}, {"files": {"a.yaml": 1}}, {"files": FILES, "message": " "}):
        assert (await service.ask("POST", "config/publish", {"message": "x", **body}))[0] == 422
    for number in ("0", "99", "x", "-1", "1" * 40):
        assert (await service.ask("GET", f"config/versions/{number}"))[0] == 404
    assert (await service.ask("POST", "config/rollback", {"version": 99}))[0] == 404
    assert len((await service.get("config/versions"))["items"]) == 1


async def test_published_checks_do_not_look_at_ourselves(service: Any) -> None:
    pool = "checks: {c: {type: http}}\npools: {p: {members: [{address: 127.0.0.1}], check: c}}\n"
    status, problem = await publish(service, {"a.yaml": pool + FILES["a.yaml"].replace("www: {type: A, value: 192.0.2.1}", "www: {pool: p}")})
    assert (status, problem["code"], problem["problems"][0]["code"]) == (409, "check_target", "F012")


async def test_who_holds_no_operators_key_says_so(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Signed:
        signed, signers = True, {}

    monkeypatch.setattr(service.deciding, "identity", Signed)
    for method, path, body in (
        ("PUT", "sites/fra/drain", {"reason": "x"}),
        ("PUT", "hold", {"reason": "x"}),
        ("POST", "config/publish", {"files": FILES, "message": "x"}),
        ("POST", "config/rollback", {"version": 1}),
    ):
        status, problem, _ = await service.ask(method, path, body)
        assert (status, problem["code"]) == (501, "not_set_up")
        assert "keys.operator" in problem["detail"]


async def test_what_if(service: Any) -> None:
    status, told, _ = await service.ask("POST", "simulate", {"names": ["www.example.com"], "assume_down": ["fra"], "sample": "192.0.2.0/24 10\n"})
    assert status == 200, told
    status, problem, _ = await service.ask("POST", "simulate", {"assume_down": ["paris"]})
    assert (status, problem["code"]) == (422, "invalid")
    files = {"example.com.yaml": (service.folder / "zones" / "example.com.yaml").read_text().replace("192.0.2.80", "192.0.2.81")}
    status, told, _ = await service.ask("POST", "diff", {"files": files, "sample": "192.0.2.0/24 10\n"})
    assert status == 200, told
    assert "static.example.com" in str(told)
    status, problem, _ = await service.ask("POST", "diff", {"files": {"a.yaml": "zone: ["}})
    assert (status, problem["code"]) == (422, "invalid")
    assert problem["problems"]
