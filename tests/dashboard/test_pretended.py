"""What the page does with many members, with hostile texts, without a token, and when nothing is heard any more; over a pretended service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from gslb.testing.pretended import Pretended

pytestmark = [pytest.mark.live, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="session")]

Opened = Callable[..., Any]
Pretend = Callable[..., Awaitable[tuple[Pretended, str]]]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = (
    "map",
    "pools",
    "traffic",
    "events",
    "explain?name=www.example.com&country=DE",
    "simulate",
    "probers",
    "nodes",
    "overrides",
    "zones",
    "zones/example.com.",
    "config",
    "audit",
)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest_asyncio.fixture(loop_scope="session")
async def pretend() -> AsyncIterator[Pretend]:
    running: list[Pretended] = []

    async def start(**said: Any) -> tuple[Pretended, str]:
        one = Pretended(**said)
        running.append(one)
        return one, await one.start()

    yield start
    for one in running:
        await one.stop()


async def test_five_hundred_members_are_useful_within_a_second(opened: Opened, pretend: Pretend) -> None:
    """From the first request to rows on the screen; of 500 members only those in sight are drawn."""
    _, url = await pretend(pools=20, members=25, probers=10)
    async with opened(f"{url}#/pools") as page:
        await expect(page.locator("tr[data-row]").first).to_be_visible()
        await page.reload()
        await expect(page.locator("tr[data-row]").first).to_be_visible()
        shown = await page.evaluate("performance.getEntriesByName('useful').at(0)?.startTime ?? -1")
        assert 0 < shown < 3000, "a second on a machine of its own; three where others take its cores"
        assert await page.locator("tr[data-row]").count() < 80
        await expect(page.locator("table.dense")).to_have_attribute("aria-rowcount", "521")
        await page.get_by_label("Filter members").fill("m-24")
        await expect(page.locator(".lede")).to_contain_text("20 shown")
        await page.get_by_label("Filter members").fill("")
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.locator('tr[data-id="pool-19/m-24"]')).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
async def test_every_page_fits_names_its_controls_and_keeps_hostile_texts_texts(opened: Opened, pretend: Pretend, size: Any, theme: str) -> None:
    _, url = await pretend(hostile=HOSTILE, members=8)
    async with opened(url, size=size, theme=theme, expected=("404", "422")) as page:
        for name in PAGES:
            await page.goto(f"{url}#/{name}")
            await expect(page.locator("h1")).to_be_visible()
            await expect(page.locator("main > :not(.wrong)", has_text="<img src=x").first).to_be_visible()
            assert await page.locator("img, main script").count() == 0, name
            assert await page.title() != "owned", name
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
            assert await unnamed(page) == [], name
        await page.goto(f"{url}#/pools/pool-0/m-5")
        await expect(page.locator("dialog").get_by_text("<img src=x", exact=False).first).to_be_visible()
        assert await page.locator("img").count() == 0
        assert await unnamed(page) == []


async def test_a_token_is_asked_for_and_kept_for_this_tab(opened: Opened, pretend: Pretend) -> None:
    service, url = await pretend(secret="gslb_right")
    async with opened(url, expected=("401",)) as page:
        dialog = page.get_by_role("dialog", name="A token is needed")
        await dialog.get_by_label("Token").fill("gslb_wrong")
        await dialog.get_by_role("button", name="Use it").click()
        await expect(dialog.get_by_role("alert")).to_have_text("This token is not known, or has expired.")
        await dialog.get_by_label("Token").fill("gslb_right")
        await dialog.get_by_role("button", name="Use it").click()
        await expect(page.locator(".fresh")).to_have_text("live")
        await page.reload()
        await expect(page.locator(".fresh")).to_have_text("live")
        assert await page.evaluate("JSON.stringify(localStorage)") == "{}"
        assert "gslb_right" not in await page.content()
        assert not any("gslb_right" in path for path in service.asked)


async def test_a_token_given_in_the_middle_of_a_deed_lets_it_go_on(opened: Opened, pretend: Pretend) -> None:
    _, url = await pretend(secret="gslb_right", writes=True)
    async with opened(url, expected=("401",)) as page:
        await page.get_by_role("button", name="Drain site fra").click()
        asking = page.get_by_role("dialog", name="A token is needed")
        await asking.get_by_label("Token").fill("gslb_right")
        await asking.get_by_role("button", name="Use it").click()
        deed = page.get_by_role("dialog", name="Drain site fra")
        await expect(deed.locator(".effect")).to_contain_text("answers from m-1")
        await deed.get_by_label("Reason").fill("new switches")
        await deed.get_by_role("button", name="Drain").click()
        await expect(deed).to_have_count(0)


async def test_silence_is_shown_and_ends_by_itself(opened: Opened, pretend: Pretend) -> None:
    service, url = await pretend()
    async with opened(url, expected=("503", "ERR_", "net::")) as page:
        await expect(page.locator(".fresh")).to_have_attribute("data-state", "live")
        service.silent = True
        await expect(page.locator(".fresh")).to_have_attribute("data-state", "stale")
        await expect(page.get_by_role("alert").filter(has_text="Stale since")).to_be_visible()
        service.silent = False
        await page.get_by_role("button", name="Try now").click()
        await expect(page.locator(".fresh")).to_have_attribute("data-state", "live")
        await expect(page.get_by_role("alert").filter(has_text="Stale since")).to_have_count(0)


async def test_hands_may_stay_on_the_keyboard(opened: Opened, pretend: Pretend) -> None:
    service, url = await pretend()
    async with opened(url) as page:
        await expect(page.locator(".world path[data-site]").first).to_be_visible()
        await page.keyboard.press("g")
        await page.keyboard.press("p")
        await expect(page.locator("h1")).to_have_text("Pools")
        await page.locator("tr[data-row]").first.focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator(":focus")).to_have_attribute("data-id", "pool-0/m-1")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="Member pool-0/m-1")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("Control+k")
        await page.keyboard.type("drain site fra")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Drain site fra")
        await expect(dialog.get_by_label("Reason")).to_be_focused()
        await expect(dialog.get_by_text("answers from m-1")).to_be_visible()
        await expect(dialog.get_by_role("button", name="Drain")).to_be_disabled()
        await page.keyboard.type("new switches")
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        assert "PUT /api/v1/sites/fra/drain?dry_run=true" in service.asked
        assert "PUT /api/v1/sites/fra/drain" in service.asked


async def test_the_world_goes_by_arrow_keys(opened: Opened, pretend: Pretend) -> None:
    _, url = await pretend()
    async with opened(url) as page:
        world = page.locator("svg.world")
        await expect(world.locator("path[data-site]").first).to_be_visible()
        await world.focus()
        for _ in range(3):
            await page.keyboard.press("ArrowRight")
        await expect(page.locator(".why-box b").first).to_be_visible()
        await page.locator('.mark[data-site="sin"]').focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".why-box")).to_contain_text("sin answers 5 countries")
        await page.get_by_role("button", name="As a table").click()
        await expect(page.get_by_role("table", name="Countries and the sites that answer them")).to_contain_text("Thailand")


async def unnamed(page: Page) -> list[str]:
    """Controls without a name, tables without one, and ids that occur twice: what a screen reader would stumble over."""
    found: list[str] = await page.evaluate("""() => {
        const name = (one) => one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent.trim() || one.title;
        const kinds = "button, a[href], input, select, textarea, [role=button], table, svg[role], figure[role], dialog";
        const controls = [...document.querySelectorAll(kinds)];
        const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
        const headings = [...document.querySelectorAll("h1")].filter((one) => !one.closest("dialog"));
        return [
            ...controls.filter((one) => !name(one)).map((one) => one.outerHTML.slice(0, 120)),
            ...ids.filter((id, at) => ids.indexOf(id) !== at),
            ...(document.querySelectorAll("main").length === 1 ? [] : ["main"]),
            ...(headings.length === 1 ? [] : ["h1"]),
        ];
    }""")
    return found
