"""The dashboard's files: named by their content, under a policy that lets nothing else in, and just what others published."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from gslb.api import static

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    application = web.Application()
    application.add_routes(static.routes())
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_the_page_forbids_whatever_is_not_its_own(client: Client) -> None:
    answer = await client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    body = await answer.read()
    assert answer.status == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    found = re.search(rb'<script type="importmap">(.*?)</script>', body, re.DOTALL)
    assert found
    assert f"'sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}'" in policy
    assert body.count(b"<script") == 2, "one import map, one module"
    assert b"{{" not in body
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_every_file_that_the_page_names_is_served_for_ever(client: Client) -> None:
    body = await (await client.get("/")).text()
    named = set(re.findall(r'"(/assets/[^"]+)"', body))
    assert len(named) > 10
    for path in named:
        answer = await client.get(path)
        assert answer.status == 200, path
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.content_type in ("text/javascript", "text/css", "font/woff2", "image/svg+xml")


async def test_the_page_itself_is_asked_for_again_and_not_sent_again(client: Client) -> None:
    first = await client.get("/")
    assert first.headers["Cache-Control"] == "no-cache"
    second = await client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status, await second.read()) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/0000000000000000/app.js",
        "/assets/{tag}/nothing.js",
        "/assets/{tag}/../static.py",
        "/assets/{tag}/%2e%2e/static.py",
        "/assets/{tag}/index.html",
    ],
)
async def test_nothing_else_is_there(client: Client, path: str) -> None:
    assert (await client.get(path.replace("{tag}", static.page().tag))).status == 404


async def test_what_is_packed_is_the_same(client: Client) -> None:
    path = f"/assets/{static.page().tag}/app.js"
    async with ClientSession(auto_decompress=False) as session:
        url = client.make_url(path)
        packed = await (await session.get(url, headers={"Accept-Encoding": "gzip"})).read()
        plain = await (await session.get(url, headers={"Accept-Encoding": "identity"})).read()
    assert len(packed) < len(plain) / 2
    assert gzip.decompress(packed) == plain == (static.FOLDER / "app.js").read_bytes()


def test_what_others_made_is_what_they_published() -> None:
    vendor = static.FOLDER / "vendor"
    listed = dict(line.split("  ./")[::-1] for line in (vendor / "SHA256SUMS").read_text().splitlines())
    present = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()} - {"SHA256SUMS", "README.md", "refresh.sh"}
    assert present == set(listed)
    assert {name: hashlib.sha256((vendor / name).read_bytes()).hexdigest() for name in present} == listed
    assert all((folder / "LICENSE").exists() for folder in vendor.iterdir() if folder.is_dir())


def test_nothing_names_another_host() -> None:
    """Links that people follow are in `<a href>`; nothing is fetched from elsewhere, and no markup is ever parsed."""
    own = [path for path in static.FOLDER.rglob("*") if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts]
    assert len(own) > 20
    for path in own:
        text = path.read_text()
        assert not re.findall(r"https?://(?!db-ip\.com)[\w.]+", text), path
        assert not re.findall(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerouslySet", text), path


def test_sizes_stay_those_of_a_page() -> None:
    """All of it is some hundred kilobytes on the wire: over a slow line it is there within a second or two."""
    sizes = {path: len(asset.packed or asset.body) for path, asset in static.page().assets.items()}
    assert sum(sizes.values()) < 450_000
    assert max(sizes.values()) < 80_000


def test_pictures_of_the_documentation_are_there_and_small() -> None:
    docs = Path(__file__).parents[2] / "docs"
    named = re.findall(r"\]\(\.\./(screenshots/[\w-]+\.png)\)", (docs / "how-to" / "use-the-dashboard.md").read_text())
    assert len(named) > 5
    assert all((docs / name).stat().st_size < 150_000 for name in named)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_readable_on_its_ground(theme: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5:1 for every pair of text and ground that occurs."""
    text = (Path(static.FOLDER) / "css" / "tokens.css").read_text()
    tokens = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", text.split(':root[data-theme="dark"]')[theme]))
    states = ("up", "down", "degraded", "drained", "unknown")
    pairs = [(voice, ground) for voice in ("ink", "soft", "faint") for ground in ("ground", "raised", "sunken")]
    pairs += [(state, ground) for state in states for ground in ("ground", "raised", f"{state}-ground")]
    pairs += [("ink", f"{state}-ground") for state in states] + [("soft", f"{state}-ground") for state in ("down", "degraded", "unknown")]
    pairs += [("accent", "ground"), ("accent", "accent-ground"), ("on-accent", "accent"), ("raised", "down"), ("ink", "accent-ground")]
    pairs += [("ink", f"site-{number}") for number in range(8)]
    poor = {pair: round(ratio, 2) for pair in pairs if (ratio := _contrast(tokens[pair[0]], tokens[pair[1]])) < 4.5}
    assert not poor
