# ruff: noqa: INP001  a script beside its pictures, no package
"""Makes the screenshots of the documentation anew: `python docs/screenshots/make.py URL [TOKEN]`, of a dashboard that has something to show.

The pictures here are of the fleet of tests/dashboard: two nameservers, three probers, a site that is down. Chromium draws them; colours are
reduced to 256, so that each is some tens of kilobytes.
"""

from __future__ import annotations

import asyncio
import shutil
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page, async_playwright

HERE = Path(__file__).parent
DESK, PHONE = (1440, 900), (390, 844)
NAME = "name=www.example.com"
PICTURES = (
    ("world-light", "map?" + NAME, "light", DESK),
    ("world-dark", "map?" + NAME, "dark", DESK),
    ("pools-light", "pools", "light", DESK),
    ("member-dark", "pools/web/sin", "dark", DESK),
    ("drain-dark", "map?" + NAME, "dark", DESK),
    ("explain-light", f"explain?{NAME}&subnet=81.2.69.0/24", "light", DESK),
    ("simulate-dark", "simulate?down=fra&names=www.example.com", "dark", DESK),
    ("traffic-dark", "traffic", "dark", DESK),
    ("events-light", "events", "light", DESK),
    ("probers-light", "probers", "light", DESK),
    ("versions-light", "config?from=1&to=2", "light", DESK),
    ("phone-world", "map?" + NAME, "light", PHONE),
    ("phone-pools", "pools", "dark", PHONE),
    ("phone-events", "events", "light", PHONE),
)
SETTLED = 1500  # ms after the page is quiet: charts and maps are drawn


async def main(url: str, token: str) -> None:
    """Make all of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium") or "", args=["--no-sandbox"])
        for name, path, theme, (width, height) in PICTURES:
            page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
            await page.add_init_script(f"sessionStorage.setItem('gslb-token', {token!r})")
            await page.goto(f"{url.rstrip('/')}/#/{path}")
            await page.locator(".fresh[data-state=live]").wait_for()
            await ready(page, name)
            await page.wait_for_timeout(SETTLED)
            picture = HERE / f"{name}.png"
            picture.write_bytes(await asyncio.to_thread(reduced, await page.screenshot()))
            print(f"{picture.name}: {picture.stat().st_size >> 10} KiB")  # noqa: T201  a script
            await page.close()
        await browser.close()


async def ready(page: Page, name: str) -> None:
    """Wait for what the picture is of, and do what it shows."""
    wanted = {
        "world": ".world path[data-site]",
        "phone-world": ".world path[data-site]",
        "explain": ".trace",
        "simulate": ".bars",
        "traffic": "canvas",
    }
    if selector := wanted.get(name) or wanted.get(name.partition("-")[0]):
        await page.locator(selector).first.wait_for(timeout=60_000)
    if name.startswith("world"):
        await page.locator('.world path[data-code="IN"]').hover()
    if name.startswith("drain"):
        await page.get_by_role("button", name="Drain site iad").click()
        await page.get_by_label("Reason").fill("new switches")
        await page.locator(".effect[data-ready]").wait_for()


def reduced(png: bytes) -> bytes:
    """Return the same picture with at most 256 colours: those that occur most, the others as the nearest of them."""
    pixels = decoded(png)
    packed = (pixels[..., 0].astype(np.uint32) << 16) | (pixels[..., 1].astype(np.uint32) << 8) | pixels[..., 2]
    colours, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    kept = _spread(colours, counts)
    table = np.stack([kept >> 16, kept >> 8 & 255, kept & 255], axis=1).astype(np.int32)
    every = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    nearest = np.concatenate([((part[:, None] - table[None]) ** 2).sum(2).argmin(1) for part in np.array_split(every, max(1, len(every) // 2000))])
    rows = nearest[place].astype(np.uint8).reshape(packed.shape)
    height, width = rows.shape
    body = zlib.compress(np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes(), 9)
    head = struct.pack("!2I5B", width, height, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", head), (b"PLTE", table.astype(np.uint8).tobytes()), (b"IDAT", body), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _spread(colours: Any, counts: Any) -> Any:
    """Choose colours: of each small cube of the colour space the most frequent one, the most frequent cubes first."""
    order = np.argsort(-counts, kind="stable")
    cubes = (colours >> 19 & 31) << 10 | (colours >> 11 & 31) << 5 | (colours >> 3 & 31)
    _, first = np.unique(cubes[order], return_index=True)
    return colours[order[np.sort(first)][:256]]


def decoded(png: bytes) -> Any:
    """Read a picture as Chromium writes it: eight bits, RGB or RGBA, not interlaced (PNG specification, 9.2)."""
    at, data, width, height, depth = 8, b"", 0, 0, 3
    while at < len(png):
        size, kind = struct.unpack_from("!I4s", png, at)
        chunk = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack_from("!2I2B", chunk)
            depth = 4 if colour == 6 else 3
        elif kind == b"IDAT":
            data += chunk
        at += size + 12
    raw = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * depth)
    out = np.zeros((height + 1, (width + 1) * depth), np.int32)
    for row in range(height):
        line, filtered = raw[row, 1:].astype(np.int32), raw[row, 0]
        above, here = out[row], out[row + 1]
        match filtered:
            case 0:
                here[depth:] = line
            case 2:
                here[depth:] = (line + above[depth:]) & 255
            case 1:
                here[depth:] = np.cumsum(line.reshape(width, depth), axis=0).reshape(-1) & 255
            case _:
                _unfilter(line, above, here, depth, paeth=filtered == 4)
    return out[1:, depth:].reshape(height, width, depth)[..., :3].astype(np.uint8)


def _unfilter(line: Any, above: Any, here: Any, depth: int, *, paeth: bool) -> None:
    values, top, done = line.tolist(), above.tolist(), here.tolist()
    for at, value in enumerate(values):
        left, up, corner = done[at], top[at + depth], top[at]
        if paeth:
            guess = left + up - corner
            a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
            base = left if a <= b and a <= c else up if b <= c else corner
        else:
            base = (left + up) >> 1
        done[at + depth] = (value + base) & 255
    here[:] = done


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
