"""A browser (Debian's Chromium) for all tests here, whose pages may not log an error, break the policy, or ask anybody else for anything."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or ""
PATIENCE = 25_000  # ms; a browser, five services and a Redis share two cores
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

Opened = Callable[..., AbstractAsyncContextManager[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def opened(browser: Browser) -> Opened:
    """Open a page; whatever it complains of fails the test, unless it is in `expected`."""

    @asynccontextmanager
    async def open_page(url: str, *, size: dict[str, int] = DESK, theme: Any = "light", expected: tuple[str, ...] = ()) -> AsyncIterator[Page]:
        context = await browser.new_context(viewport=size, color_scheme=theme, has_touch=size is PHONE)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        complaints: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not any(text in message.text for text in expected):
                complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"not caught: {error}"))
        page.on(
            "request", lambda request: urlsplit(request.url).netloc == urlsplit(url).netloc or complaints.append(f"asked elsewhere: {request.url}")
        )
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        await page.goto(url)
        yield page
        await context.close()
        assert not complaints

    return open_page
