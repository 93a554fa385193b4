"""The dashboard's files: read once, served from memory, under a name that changes with their content.

Mounted by the API's server: `application.add_routes(static.routes())`. Nothing in them is secret, so they are served without a token. The page
itself is always asked for again; what it loads stands under `/assets/HASH/`, whose hash covers every file, and may be kept for ever. Loads nothing
from elsewhere, and the page may not either: the policy below is part of every answer.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

FOLDER: Final = Path(__file__).parent / "dashboard"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    "": "text/plain; charset=utf-8",  # LICENSE
}
LAZY: Final = ("vendor/uplot/", "pages/")  # modules that the page loads when it shows them
_SMALL: Final = 1024  # octets; below, packing saves less than its header costs
_PACKED: Final = frozenset({".woff2"})  # packed in themselves
_MODULES: Final = frozenset({".js", ".mjs"})
_IMPORT_MAP: Final = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)


class Asset(NamedTuple):
    """One file as it is served."""

    body: bytes
    packed: bytes  # the same through gzip; empty where that saves nothing
    type: str


class Page(NamedTuple):
    """The page, its policy, and everything that it loads by path below `/assets/HASH/`."""

    entry: Asset
    policy: str
    tag: str
    assets: dict[str, Asset]


def routes() -> list[web.RouteDef]:
    """Return the routes of the dashboard: the page and what it loads."""
    return [web.get("/", _index), web.get("/assets/{tag}/{path:.+}", _asset)]


@cache
def page() -> Page:
    """Read the folder, once. The hash of all that is in it names it."""
    assets = dict(_read(FOLDER))
    digest = hashlib.sha256()
    for path in sorted(assets):
        digest.update(path.encode() + b"\0" + hashlib.sha256(assets[path].body).digest())
    tag = digest.hexdigest()[:16]
    early = [path for path in sorted(assets) if Path(path).suffix in _MODULES and not path.startswith(LAZY)]
    preload = "\n".join(f'<link rel="modulepreload" href="/assets/{tag}/{path}">' for path in early)
    body = (FOLDER / "index.html").read_bytes().replace(b"{{preload}}", preload.encode()).replace(b"{{assets}}", f"/assets/{tag}".encode())
    return Page(_made(body, ".html"), policy(body), tag, assets)


def policy(body: bytes) -> str:
    """Return the Content-Security-Policy of a page: our own files, and the one import map in it by its hash."""
    maps = "".join(f" 'sha256-{base64.b64encode(hashlib.sha256(found).digest()).decode()}'" for found in _IMPORT_MAP.findall(body))
    return (
        f"default-src 'none'; script-src 'self'{maps}; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _read(folder: Path) -> Iterator[tuple[str, Asset]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in TYPES and path.name != "index.html":
            yield path.relative_to(folder).as_posix(), _made(path.read_bytes(), path.suffix)


def _made(body: bytes, suffix: str) -> Asset:
    packed = gzip.compress(body, mtime=0) if len(body) > _SMALL and suffix not in _PACKED else b""
    return Asset(body, packed if len(packed) < len(body) else b"", TYPES[suffix])


async def _index(request: web.Request) -> web.Response:
    found = page()
    etag = f'"{hashlib.sha256(found.entry.body).hexdigest()[:16]}"'
    headers = _headers(found) | {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return _answer(request, found.entry, headers)


async def _asset(request: web.Request) -> web.Response:
    found = page()
    asset = found.assets.get(request.match_info["path"])
    if asset is None or request.match_info["tag"] != found.tag:
        raise web.HTTPNotFound(text="no such file; load the page again\n", headers={"Cache-Control": "no-store"})
    return _answer(request, asset, _headers(found) | {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{found.tag}"'})


def _headers(found: Page) -> dict[str, str]:
    return {
        "Content-Security-Policy": found.policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _answer(request: web.Request, asset: Asset, headers: dict[str, str]) -> web.Response:
    headers = headers | {"Content-Type": asset.type, "Vary": "Accept-Encoding"}
    if asset.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=asset.packed, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=asset.body, headers=headers)
