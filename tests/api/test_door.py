"""Who is let in: the matrix of all operations against no token, wrong scopes, expired and foreign tokens, foreign hosts and pages."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from gslb import log
from gslb.api import tokens
from gslb.api.document import DOCUMENT, STREAM
from gslb.api.resources import OPERATIONS
from gslb.api.server import ApiServer
from gslb.api.service import SCOPES, Scope
from gslb.config.settings import load
from gslb.config.settings_api import Api
from gslb.errors import ConfigError, ListenError

PARTS = {"node": "test", "name": "www", "site": "fra", "pool": "web", "member": "fra", "check": "web", "zone": "dyn.example", "version": "1"}


def every() -> Iterator[tuple[str, str, Scope | None]]:
    """Every operation that there is, with what it needs."""
    for operation in OPERATIONS:
        yield operation.method, operation.path.format(**PARTS), operation.scope
    yield "GET", DOCUMENT, Scope.READ
    yield "GET", STREAM, Scope.READ


EVERY = list(every())
OPEN = {"/livez", "/readyz"}  # for load balancers and watchdogs: they say no more than that


@pytest.fixture
async def guarded(start: Any, tmp_path: Path) -> Any:
    """A service with tokens, and nothing for anybody without one."""
    path = tmp_path / "tokens.yaml"
    made = {scope.value: tokens.create(path, scope.value, scope, (), None) for scope in SCOPES}
    made["expired"] = tokens.create(path, "expired", Scope.ADMIN, (), time.time() - 1)
    made["zone"] = tokens.create(path, "zone", Scope.ADMIN, ("other.example",), None)
    made["nobody"] = tokens.PREFIX + "x" * 43
    one = await start(anonymous=[], tokens="tokens.yaml")
    one.tokens.update(made)
    return one


async def test_nothing_without_a_token(guarded: Any) -> None:
    for method, path, scope in EVERY:
        for token in ("", "expired", "nobody", "x", "a b c"):
            status, problem, headers = await guarded.ask(method, path, token=token)
            if path in OPEN and not token:
                assert status == 200
                continue
            assert status == 401, (method, path, token)
            assert problem["code"] in ("token_needed", "token_refused")
            assert headers["WWW-Authenticate"].startswith("Bearer")
            assert headers["Content-Type"] == "application/problem+json"
            assert scope is not None or token
        guarded.server._door._rates._left.clear()  # how many there may be is another test's


async def test_nothing_beyond_the_scope(guarded: Any) -> None:
    for method, path, scope in EVERY:
        for token in SCOPES:
            if scope is None or SCOPES.index(token) >= SCOPES.index(scope):
                continue
            status, problem, _ = await guarded.ask(method, path, token=token.value)
            assert (status, problem["code"]) == (403, "scope"), (method, path, token)
            assert scope.value in problem["detail"]


async def test_a_token_for_zones_changes_nothing_else(guarded: Any) -> None:
    for method, path, scope in EVERY:
        if scope in (None, Scope.READ):
            continue
        body = {"records": [{"type": "A", "value": "192.0.2.1"}]} if "/records/" in path and method == "PUT" else None
        status, problem, _ = await guarded.ask(method, path, body, token="zone")
        assert (status, problem["code"]) in ((403, "zones_only"), (403, "forbidden")), (method, path)
    status, _, _ = await guarded.ask("GET", "zones", token="zone")
    assert status == 200


async def test_what_the_scope_allows_is_done(guarded: Any) -> None:
    for token in ("read", "drain", "write", "admin"):
        assert (await guarded.ask("GET", "whoami", token=token))[1]["scopes"][-1] == token
    assert (await guarded.ask("PUT", "sites/fra/drain", {"reason": "x"}, token="drain"))[1]["overrides"][0]["author"] == "drain"
    assert (await guarded.ask("DELETE", "sites/fra/drain", token="drain"))[0] == 200
    assert (await guarded.ask("PUT", "sites/fra/down", {"reason": "x"}, token="write"))[0] == 200


async def test_foreign_hosts_are_turned_away(guarded: Any) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "192.0.2.1", "localhost.", "", "[::2]", "127.0.0.1@evil", "gslb.example.com:8054"):
        for method, path, _ in EVERY[:: 1 if host == "evil.example" else 9]:
            status, problem, _ = await guarded.ask(method, path, Host=host, token="admin")
            if host == "localhost.":
                assert status != 421
            else:
                assert (status, problem["code"]) == (421, "host"), (host, path)
        guarded.server._door._rates._left.clear()  # turned away before it is counted; the rest is another test's
    for host in ("localhost", "LOCALHOST:99", "127.0.0.1", "127.9.9.9:1", "[::1]:8054"):
        assert (await guarded.ask("GET", "whoami", Host=host, token="read"))[0] == 200


async def test_our_own_names(start: Any) -> None:
    one = await start(hosts=["gslb.example.com"])
    assert (await one.ask("GET", "whoami", Host="gslb.example.com:443"))[0] == 200
    assert (await one.ask("GET", "whoami", Host="GSLB.example.com."))[0] == 200


async def test_pages_of_other_sites_are_turned_away(service: Any) -> None:
    """Even where nobody needs a token: what a browser sends for another site's page does nothing, and no answer lets it read."""
    for site in ("cross-site", "same-site"):
        status, problem, _ = await service.ask("DELETE", "sites/fra/drain", Sec_Fetch_Site=site, Sec_Fetch_Mode="cors")
        assert (status, problem["code"]) == (403, "cross_site")
    status, _, headers = await service.ask("GET", "status", Origin="https://evil.example")
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert "Set-Cookie" not in headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"], headers["Server"]) == ("no-store", "nosniff", "gslb")
    status, problem, headers = await service.ask("OPTIONS", "sites/fra/drain", Origin="https://evil.example", Access_Control_Request_Method="PUT")
    assert status == 405
    assert not [name for name in headers if name.lower().startswith("access-control")]


async def test_nobody_is_somebody_only_on_this_machine(service: Any) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        status, problem, _ = await service.ask("GET", "status", **{header.replace("-", "_"): "192.0.2.1"})
        assert (status, problem["code"]) == (401, "token_needed"), header


async def test_tokens_that_are_revoked_or_made_count_at_once(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOOK", 0.0)
    path = guarded.folder / "tokens.yaml"
    assert (await guarded.ask("GET", "whoami", token="read"))[0] == 200
    tokens.revoke(path, "read")
    assert (await guarded.ask("GET", "whoami", token="read"))[0] == 401
    fresh = tokens.create(path, "fresh", Scope.READ)
    assert (await guarded.ask("GET", "whoami", token=fresh))[1]["name"] == "fresh"
    path.write_text("fresh: {hash: nonsense}")
    assert (await guarded.ask("GET", "whoami", token=fresh))[0] == 200  # a slip of the finger locks nobody out


async def test_a_stream_ends_with_its_token(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOOK", 0.0)
    headers = {"Authorization": f"Bearer {guarded.tokens['read']}"}
    async with guarded.session.get(f"{guarded.url}/api/v1/stream", headers=headers) as stream:
        assert (await stream.content.readline()) == b"retry: 2000\n"
        tokens.revoke(guarded.folder / "tokens.yaml", "read")
        await guarded.ask("PUT", "sites/fra/drain", {"reason": "x"}, token="drain")
        async with asyncio.timeout(30):
            assert b"PUT" not in await stream.content.read()  # it ends


async def test_one_caller_does_not_take_it_all(service: Any) -> None:
    service.server._door._rates = type(service.server._door._rates)(rate=1.0, burst=5.0)
    found = [(await service.ask("GET", "whoami"))[0] for _ in range(8)]
    assert found == [200] * 5 + [429] * 3
    status, problem, headers = await service.ask("GET", "whoami")
    assert (status, problem["code"]) == (429, "too_many")
    assert int(headers["Retry-After"]) >= 1


async def test_secrets_are_in_no_log_and_no_answer(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    for level in ("debug", "info", "warning", "error"):
        monkeypatch.setattr(log._WRITER, level, lines.append, raising=False)
    log._logger.cache_clear()
    monkeypatch.setattr(guarded.operating, "status", None)  # a fault of ours
    secrets = list(guarded.tokens.values())
    paths = ("status", "whoami", "explain?name={}", "nodes", "pools/{}/drain")
    answers = [str((await guarded.ask("GET", path.format("x" * 8), token=secret))[1]) for secret in secrets for path in paths]
    for secret in secrets:
        await guarded.ask("GET", f"explain?name={secret}", token=secret)
    assert any("a request failed" in line for line in lines)
    for secret in secrets:
        assert not any(secret in text for text in (*lines, *answers, (guarded.folder / "tokens.yaml").read_text()))


async def test_users_of_this_machine_by_the_unix_socket(start: Any, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    one = await start(listen=f"unix://{path}", anonymous=[])
    assert path.stat().st_mode & 0o777 == 0o600
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session, session.get("http://localhost/api/v1/whoami") as answer:
        who = await answer.json()
    assert (who["how"], who["scopes"][-1]) == ("socket", "admin")
    assert who["name"] == pwd.getpwuid(os.getuid()).pw_name
    assert one.url == f"unix://{path}"


async def test_others_hear_it_by_tls_only(start: Any, tmp_path: Path, wait: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.api.tls.LOOK", 0.02)
    folder, authority = tmp_path, trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    secret = tokens.create(folder / "tokens.yaml", "ops", Scope.READ)
    one = await start(listen="0.0.0.0:0", tokens="tokens.yaml", tls={"cert": "cert.pem", "key": "key.pem"})
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session,
        session.get(f"https://127.0.0.1:{one.port}/api/v1/whoami", headers=headers) as answer,
    ):
        assert (await answer.json())["name"] == "ops"
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    writer.write(b"GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(30):
        assert not (await reader.read(100)).startswith(b"HTTP/1.1 2")
    writer.close()
    await _renewed(one, folder, authority, wait)


async def _renewed(one: Any, folder: Path, authority: trustme.CA, wait: Any) -> None:
    """Put another certificate in place; it is shown soon, and nonsense never."""

    async def shown() -> bytes:
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        _, writer = await asyncio.open_connection("127.0.0.1", one.port, ssl=trust)
        found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return found

    before = await shown()
    (folder / "cert.pem").write_text("nonsense")
    fresh = authority.issue_cert("localhost", "127.0.0.1")
    await asyncio.sleep(0.1)
    assert await shown() == before
    fresh.private_key_pem.write_to_path(folder / "key.pem")
    fresh.cert_chain_pems[0].write_to_path(folder / "cert.pem")

    async def other() -> bool:
        return await shown() != before

    await wait(other)


@pytest.mark.parametrize(
    "section",
    [
        {"listen": "0.0.0.0:8054"},
        {"listen": "192.0.2.1:8054", "tokens": "t.yaml"},
        {"listen": "[2001:db8::1]:8054", "tls": {"cert": "c", "key": "k"}},
        {"listen": "[::]:8054"},
    ],
)
def test_it_does_not_listen_to_others_without_a_token_and_tls(tmp_path: Path, section: dict[str, Any]) -> None:
    (tmp_path / "gslb.yaml").write_text(json.dumps({"api": section}))
    with pytest.raises(ConfigError, match="is not loopback: there the API needs `tls` and `tokens`"):
        load(tmp_path / "gslb.yaml", {})


async def test_an_address_that_is_taken(start: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ListenError, match="the API cannot listen on"):
            await start(listen=f"127.0.0.1:{taken.getsockname()[1]}")


async def test_a_socket_takes_no_other_ones_place(start: Any, tmp_path: Path) -> None:
    """A path with a slip in it may be that of anything; and of two services of the same settings the second is the one too many."""
    (tmp_path / "keys.yaml").write_text("precious")
    with pytest.raises(ListenError, match="something else is there"):
        await start(listen=f"unix://{tmp_path / 'keys.yaml'}")
    assert (tmp_path / "keys.yaml").read_text() == "precious"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "api.sock"))
    service = await start(listen=f"unix://{tmp_path / 'api.sock'}")  # in place of what a dead process left
    with pytest.raises(ListenError, match="another service listens there"):
        await ApiServer(Api(listen=f"unix://{tmp_path / 'api.sock'}"), service.operating).start()
    assert (tmp_path / "api.sock").is_socket()


async def test_a_token_that_may_drain_does_so_within_the_guards(guarded: Any) -> None:
    for body, expected in (({"reason": "x"}, 200), ({"reason": "x", "force": True}, 403)):
        status, answer, _ = await guarded.ask("PUT", "sites/fra/drain", body, token="drain")
        assert status == expected, answer
    assert answer["code"] == "scope"
    status, _, _ = await guarded.ask("PUT", "pools/web/drain", {"reason": "x", "force": True}, token="write")
    assert status == 200
