"""Every page and every action of the dashboard against a real fleet, whose site in Singapore fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.live, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="session")]

Opened = Callable[..., AbstractAsyncContextManager[Page]]


async def test_a_token_opens_the_page(opened: Opened, fleet: Any) -> None:
    async with opened(fleet.url, expected=("401",)) as page:
        dialog = page.get_by_role("dialog", name="A token is needed")
        await dialog.get_by_label("Token").fill(fleet.token)
        await dialog.get_by_role("button", name="Use it").click()
        await expect(page.locator(".fresh")).to_have_text("live")
        await expect(page.get_by_text("You are ann: read, drain, write, admin")).to_be_visible()
        await expect(page.get_by_role("link", name="IP Geolocation by DB-IP")).to_have_attribute("href", "https://db-ip.com")


async def test_the_world_shows_the_failing_site_first_and_who_serves_whom(opened: Opened, fleet: Any) -> None:
    async with opened(fleet.url, token=fleet.token) as page:
        await expect(page.get_by_role("region", name="What is wrong").locator("li").first).to_contain_text("sin")
        await expect(page.locator(".mark")).to_have_count(4)
        await expect(page.locator('.mark[data-site="sin"]')).to_have_attribute("data-state", "down")
        await expect(page.locator('.mark[data-site="fra"]')).to_have_attribute("data-state", "up")
        await page.locator("select.mono").select_option(label="www.example.com.")
        await expect(page.locator(".lede")).to_contain_text("by pool web")
        await expect(page.locator('.world path[data-code="DE"]')).to_have_attribute("data-site", "fra")
        await expect(page.locator('.world path[data-site="sin"]')).to_have_count(0)
        await page.locator('.world path[data-code="DZ"]').hover()
        await expect(page.locator(".why-box")).to_contain_text("Algeria")
        await expect(page.locator(".why-box")).to_contain_text("drops")
        await page.locator("select.mono").select_option(label="api.example.com.")
        await expect(page.locator(".lede")).to_contain_text("by pool api")
        await page.locator('.world path[data-code="DZ"]').hover()
        await expect(page.locator(".why-box")).to_contain_text("75 %")


async def test_a_member_is_drained_and_taken_back(opened: Opened, fleet: Any) -> None:
    """The effect is shown before; afterwards every page knows it, with the author and the reason."""
    async with opened(f"{fleet.url}#/pools", token=fleet.token) as page:
        row = page.locator('tr[data-id="web/iad"]')
        await expect(row.locator(".state")).to_have_text("up")
        await row.hover()
        await row.get_by_role("button", name="Drain web/iad").click()
        dialog = page.get_by_role("dialog", name="Drain web/iad")
        await expect(dialog.locator(".effect")).to_contain_text("answers from fra, gru")
        await expect(dialog.locator(".effect")).to_contain_text("leaves caches in")
        await dialog.get_by_label("Reason").fill("new switches <img src=x onerror=alert(1)>")
        await dialog.get_by_role("button", name="Drain").click()
        await expect(dialog).to_have_count(0)
        await expect(row.locator(".state")).to_have_text("drained")
        await expect(row).to_contain_text("by ann: new switches <img src=x onerror=alert(1)>")
        assert await page.locator("img").count() == 0

        await page.goto(f"{fleet.url}#/overrides")
        said = page.locator('tr[data-subject="web/iad"]')
        await expect(said).to_contain_text("new switches <img")
        await said.get_by_role("button", name="Take back drain of web/iad").click()
        back = page.get_by_role("dialog", name="Take back: drain of web/iad")
        await expect(back.locator(".effect")).to_contain_text("no longer stands")
        await back.get_by_role("button", name="Take back").click()
        await expect(said).to_have_count(0)
        await page.goto(f"{fleet.url}#/audit")
        await expect(page.locator(".happening").first).to_contain_text("ann")
        await page.goto(f"{fleet.url}#/events?kind=override")
        await expect(page.locator(".happening").first).to_contain_text("web/iad")


@pytest.mark.parametrize(
    ("button", "kind", "shown"), [("Force down", "down", "down (forced)"), ("Force up", "up", "up (forced)"), ("Weight", "weight", "weight 7")]
)
async def test_a_member_is_forced_and_weighed(opened: Opened, fleet: Any, button: str, kind: str, shown: str) -> None:
    async with opened(f"{fleet.url}#/pools/api/iad", token=fleet.token) as page:
        sheet = page.get_by_role("dialog", name="Member api/iad")
        await expect(sheet.get_by_role("table", name="Votes").locator("tbody tr")).to_have_count(3)
        await sheet.get_by_role("button", name=button, exact=True).click()
        dialog = page.locator("dialog:not(.sheet)")
        await dialog.get_by_label("Reason").fill("a test")
        if kind == "weight":
            await dialog.get_by_label("Weight", exact=True).fill("7")
        await dialog.locator("button[type=submit]").click()
        await expect(dialog).to_have_count(0)
        await expect(sheet.locator(".facts-list .state").first).to_have_text(shown)
        await sheet.get_by_role("button", name=f"Take back {kind}").click()
        await dialog.get_by_role("button", name="Take back").click()
        await expect(dialog).to_have_count(0)
        await expect(sheet.locator(".facts-list .state").first).to_have_text("up")


async def test_a_site_and_a_pool_are_drained_and_what_empties_a_pool_is_refused(opened: Opened, fleet: Any) -> None:
    async with opened(fleet.url, token=fleet.token, expected=("409",)) as page:
        await page.get_by_role("button", name="Drain site gru").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill("power")
        await expect(dialog.locator(".effect")).to_contain_text("pool web")
        await dialog.get_by_role("button", name="Drain").click()
        await expect(page.locator('.mark[data-site="gru"]')).to_have_attribute("data-state", "drained")
        await page.get_by_role("button", name="Undrain site gru").click()
        await dialog.get_by_role("button", name="Take back").click()
        await expect(page.locator('.mark[data-site="gru"]')).to_have_attribute("data-state", "up")

        await page.goto(f"{fleet.url}#/pools")
        await page.locator(".pool-line", has_text="api").get_by_role("button", name="Drain pool api").click()
        await expect(dialog.locator(".effect .problem")).to_be_visible()
        await dialog.get_by_label("Reason").fill("all of it")
        await expect(dialog.get_by_role("button", name="Drain")).to_be_disabled()
        await dialog.get_by_label("Do it all the same").check()
        await expect(dialog.locator(".effect")).to_contain_text("nobody is left")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_have_count(0)


async def test_members_are_filtered_and_sorted(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/pools", token=fleet.token) as page:
        await expect(page.locator("tr[data-row]")).to_have_count(8)
        await page.get_by_label("State", exact=True).select_option("down")
        await expect(page.locator("tr[data-row]")).to_have_count(2)
        await expect(page.locator("tr[data-row]").first).to_contain_text("refused")
        await page.get_by_label("State", exact=True).select_option("")
        await page.get_by_label("Filter members").fill("198.51.100.20")
        await expect(page.locator("tr[data-row]")).to_have_count(1)
        await page.get_by_role("link", name="Clear").click()
        await page.get_by_role("button", name="State", exact=True).click()
        await expect(page.locator("tr[data-row]").first).to_contain_text("down")
        await expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")


async def test_an_answer_is_explained_as_the_server_explains_it(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/explain", token=fleet.token) as page:
        await page.get_by_label("Name", exact=True).fill("www.example.com")
        await page.get_by_label("Client subnet (ECS)").fill("81.2.69.0/24")
        await page.get_by_role("button", name="Explain").click()
        await expect(page.locator(".summary")).to_contain_text("198.51.100.10 (fra)")
        await expect(page.get_by_role("table", name="Members of web").locator("tbody tr")).to_have_count(4)
        await expect(page.locator(".step", has_text="nearest").first).to_be_visible()
        await expect(page.get_by_role("table", name="Answer")).to_contain_text("100 %")
        assert "subnet=81.2.69.0" in page.url
        await page.get_by_label("Assume down").fill("fra")
        await page.get_by_role("button", name="Explain").click()
        await expect(page.locator(".asked")).to_contain_text("assumed down: fra")
        await expect(page.locator(".summary")).to_contain_text("(iad)")


async def test_an_explanation_says_what_is_wrong_with_the_question_and_shows_hostile_records_as_text(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/explain?name=www.example.com&client=nowhere", token=fleet.token, expected=("422",)) as page:
        await expect(page.get_by_role("alert")).to_contain_text("is not an IP address")
        await page.goto(f"{fleet.url}#/explain?name=www.example.com&type=TXT&client=81.2.69.1")
        await expect(page.locator(".records")).to_contain_text("<img src=x")
        await page.goto(f"{fleet.url}#/zones/example.com")
        await expect(page.get_by_role("table", name="Records of example.com")).to_contain_text("<img src=x")
        assert await page.locator("img").count() == 0
        assert await page.title() != "owned"


async def test_a_site_is_taken_down_in_thought(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/simulate", token=fleet.token) as page:
        await page.get_by_label("Names (none: all)").fill("www.example.com")
        await page.get_by_role("button", name="Simulate").click()
        await page.get_by_role("button", name="fra", exact=True).click()
        sites = page.get_by_role("table", name="Sites now and then")
        await expect(sites.locator("tr", has_text="Frankfurt").locator("td").nth(2)).to_have_text("0 %")
        await expect(page.locator(".summary")).to_contain_text("of clients are sent elsewhere")
        await expect(page.get_by_role("table", name="Countries now and then")).to_contain_text("Germany")
        await expect(page.locator('tr[data-id="DE"]')).to_contain_text("iad")


async def test_traffic_is_drawn_as_it_comes(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/traffic", token=fleet.token) as page:
        await expect(page.locator(".chart canvas").first).to_be_visible()
        await expect(page.locator(".figures dd").first).not_to_have_text("0")
        await expect(page.get_by_role("table", name="Share of answers by site, last minute")).to_contain_text("fra")
        await expect(page.locator(".chart[aria-label*=NXDOMAIN]")).to_be_visible()


async def test_what_happens_is_told_while_one_looks(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/events", token=fleet.token) as page:
        await expect(page.locator(".happening", has_text="127.0.13.3").first).to_contain_text("down")
        await fleet.sites.obey("break gru error")
        first = page.locator(".happening").filter(has_text="127.0.13.4").filter(has_text="down").first
        await expect(first).to_be_visible()
        await first.get_by_role("button", name="Evidence").click()
        await expect(first.locator(".evidence")).to_contain_text("503")
        await fleet.sites.obey("mend gru")
        await expect(page.locator(".happening").filter(has_text="127.0.13.4").filter(has_text="up: ").first).to_be_visible()
        await page.get_by_role("button", name="verdict", exact=True).click()
        await expect(page.locator('.happening:not([data-kind="verdict"])')).to_have_count(0)
        await page.get_by_label("Filter events").fill("no such thing")
        await expect(page.get_by_text("Nothing happened yet that is like that.")).to_be_visible()


async def test_probers_and_what_each_says(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/probers", token=fleet.token) as page:
        for name in ("p-fra", "p-iad", "p-sin"):
            await expect(page.locator(f'tr[data-prober="{name}"]')).to_contain_text("believed")
        failing = page.locator('tr[data-id="web 127.0.13.3"]')
        await expect(failing.locator('.vote[data-state="down"]')).to_have_count(3)
        await page.get_by_role("button", name="Only odd ones").click()
        await expect(page.locator('tr[data-id="web 127.0.13.1"]')).to_have_count(0)
        await expect(failing).to_be_visible()


async def test_nodes_and_what_they_serve_from(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/nodes", token=fleet.token) as page:
        for name in ("ns1", "ns2"):
            await expect(page.locator(f'tr[data-node="{name}"]')).to_be_visible()
        await expect(page.get_by_text("redis").or_(page.get_by_text("unix://")).first).to_be_visible()


async def test_verdicts_are_held_and_released(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/overrides", token=fleet.token) as page:
        await page.get_by_role("button", name="Hold all verdicts").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill("the network is repaired")
        await dialog.get_by_role("button", name="Hold").click()
        await expect(page.locator(".note")).to_contain_text("All verdicts are held by ann")
        await page.get_by_role("button", name="Release the hold").click()
        await dialog.get_by_role("button", name="Release").click()
        await expect(page.locator(".note")).to_have_count(0)


async def test_records_of_a_managed_zone_are_changed(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/zones", token=fleet.token, expected=("422",)) as page:
        await expect(page.locator("tr", has_text="managed.example").locator(".tag")).to_have_text("managed")
        await page.get_by_role("link", name="managed.example").click()
        table = page.get_by_role("table", name="Records of managed.example")
        await expect(table).to_contain_text("192.0.2.80")
        await page.get_by_role("button", name="Edit www").click()
        dialog = page.get_by_role("dialog")
        records = dialog.get_by_label("Records, as in zone files (JSON)")
        await records.fill('[{"type": "A", "value": "not an address"}]')
        await expect(dialog.locator(".effect .problem").first).to_be_visible()
        await expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()
        await records.fill('[{"type": "A", "ttl": 60, "value": "192.0.2.81"}]')
        await expect(dialog.locator(".effect")).to_contain_text("1 record becomes 1")
        await dialog.get_by_role("button", name="Apply").click()
        await expect(table).to_contain_text("192.0.2.81")
        await page.get_by_role("button", name="New name").click()
        await dialog.get_by_label("Name, relative to the zone").fill("shop")
        await expect(dialog.locator(".effect")).to_contain_text("would be new")
        await dialog.get_by_role("button", name="Apply").click()
        await expect(table).to_contain_text("shop")
        await page.get_by_role("button", name="Edit shop").click()
        await dialog.get_by_role("button", name="Delete the name").click()
        await expect(table).not_to_contain_text("shop")
        await page.goto(f"{fleet.url}#/zones/example.com")
        await expect(page.locator(".lede")).to_contain_text("read only")
        await expect(page.get_by_role("button", name="New name")).to_have_count(0)


async def test_versions_are_compared_and_rolled_back(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/config", token=fleet.token) as page:
        versions = page.get_by_role("table", name="Published versions")
        await expect(versions.locator("tr[data-version]")).to_have_count(2)
        await page.get_by_role("button", name="What version 2 changed").click()
        difference = page.get_by_role("region", name="Version 1 to 2")
        await expect(difference.locator('.diff [data-line="new"]').filter(has_text="weight: 5")).to_be_visible()
        await expect(difference).to_contain_text("weight 3 → 5")
        await page.get_by_role("button", name="Roll back to version 1").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator(".effect")).to_contain_text("It would be published as version 3")
        await expect(dialog.locator(".effect")).to_contain_text("weight 5 → 3")
        await dialog.get_by_role("button", name="Roll back").click()
        await expect(versions.locator('tr[data-version="3"]')).to_contain_text("brings back 1")
        await page.goto(f"{fleet.url}#/events?kind=publish,rollback")
        await expect(page.locator(".happening").first).to_contain_text("rolled back to version 1")


async def test_files_are_loaded_anew(opened: Opened, fleet: Any) -> None:
    async with opened(f"{fleet.url}#/config", token=fleet.token) as page:
        await page.get_by_role("button", name="Reload files").click()
        await expect(page.get_by_role("status").filter(has_text="Accepted.")).to_be_visible()
