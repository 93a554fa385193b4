"""What becomes of loads: accepted, refused, and failed by a fault of our own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gslb import metrics
from gslb.config.settings import Settings
from gslb.errors import GslbError
from gslb.role.keeper import Keeper
from gslb.role.loading import Load, Loader
from gslb.role.loads import Loads


@pytest.fixture
def loads(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Loads:
    for level in ("info", "warning", "error"):
        monkeypatch.setattr(f"gslb.log.{level}", lambda *_words, **_fields: None)
    return Loads(Loader(settings), Keeper(settings.state_dir, tuple))


async def adopt(_load: Load) -> int:
    return 7


def broken(settings: Settings) -> Path:
    file = settings.zones[0] / "example.com.yaml"
    file.write_text("pools: {web: {policy: nearst}}")
    return file


async def kept(settings: Settings) -> None:
    async with asyncio.timeout(30):
        while not list(settings.state_dir.glob("accepted*")):
            await asyncio.sleep(0.01)


async def test_an_accepted_load_is_adopted_and_kept(loads: Loads, settings: Settings) -> None:
    answer = await loads.again(adopt)
    assert (answer["accepted"], answer["generation"], answer["zones"], answer["problems"]) == (True, 7, 1, [])
    await kept(settings)
    assert metrics.REGISTRY.get_sample_value("gslb_config_last_reload_successful") == 1


async def test_a_refused_load_says_where_and_is_not_adopted(loads: Loads, settings: Settings) -> None:
    broken(settings)

    async def never(_load: Load) -> int:
        raise AssertionError

    answer = await loads.again(never)
    assert not answer["accepted"]
    assert answer["problems"][0]["where"].endswith("example.com.yaml:1:14")
    assert "nearst" in answer["text"]
    assert metrics.REGISTRY.get_sample_value("gslb_config_last_reload_successful") == 0
    assert (metrics.REGISTRY.get_sample_value("gslb_config_problems", {"severity": "error"}) or 0) >= 1


async def test_a_fault_of_our_own_changes_nothing_and_is_said(loads: Loads) -> None:
    async def fail(_load: Load) -> int:
        raise ZeroDivisionError

    answer = await loads.again(fail)
    assert not answer["accepted"]
    assert "ZeroDivisionError" in answer["text"]
    assert (await loads.again(adopt))["accepted"]


async def test_many_who_ask_while_a_load_runs_share_the_next_one(loads: Loads, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    generations = iter(range(1, 100))

    async def slow(_load: Load) -> int:
        begun.set()
        await go.wait()
        return next(generations)

    first = asyncio.create_task(loads.again(slow))
    await begun.wait()
    zone = (settings.zones[0] / "example.com.yaml").read_text().partition("zone:")
    (settings.zones[0] / "more.yaml").write_text("".join(zone[1:]).replace("example.com", "example.net"))
    gone = asyncio.create_task(loads.again(slow))
    rest = [asyncio.create_task(loads.again(slow)) for _ in range(300)]
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    answers = await asyncio.gather(*rest)
    assert ((await first)["generation"], (await first)["zones"]) == (1, 1)
    assert {(answer["generation"], answer["zones"]) for answer in answers} == {(2, 2)}  # and they see what was written before they asked
    assert (await loads.again(slow))["generation"] == 3
    answers[0]["served"] = True
    assert "served" not in answers[1]


async def test_who_waits_with_others_can_force_and_the_next_is_not_forced(loads: Loads, settings: Settings) -> None:
    assert (await loads.again(adopt))["accepted"]
    file = settings.zones[0] / "example.com.yaml"
    text = file.read_text()
    file.unlink()
    answers = await asyncio.gather(loads.again(adopt), loads.again(adopt, force=True), loads.again(adopt))
    assert [answer["accepted"] for answer in answers] == [True] * 3
    file.write_text(text)
    assert (await loads.again(adopt))["accepted"]
    file.unlink()
    assert not (await loads.again(adopt))["accepted"]


async def test_what_is_wrong_beside_the_files_is_part_of_the_answer(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr("gslb.log.info", lambda *_words, **_fields: None)
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: logged.append(event))
    broken = tmp_path / "geo.mmdb"
    broken.write_bytes(b"rubbish")
    geo = settings.geo.model_copy(update={"database": broken})
    loads = Loads(Loader(settings.model_copy(update={"geo": geo})), Keeper(settings.state_dir, tuple))
    answer = await loads.again(adopt)
    assert answer["accepted"]
    [warning] = answer["warnings"]
    assert warning.startswith("geo data cannot be read; every client is at an unknown place")
    assert "geo.mmdb" in warning
    assert logged == [warning]


async def test_a_start_with_broken_files_uses_the_last_accepted(loads: Loads, settings: Settings) -> None:
    await loads.again(adopt)
    await kept(settings)
    broken(settings)
    load = await loads.first()
    assert loads.on_last
    assert list(load.model.pools) == ["web", "other"]
    loads.accepted(load)
    assert metrics.REGISTRY.get_sample_value("gslb_config_last_reload_successful") == 0


async def test_a_first_start_with_broken_files_ends_with_all_problems(loads: Loads, settings: Settings) -> None:
    broken(settings)
    with pytest.raises(GslbError, match=r"example\.com\.yaml:1:14: \w+ "):
        await loads.first()


async def test_a_fault_at_start_uses_the_last_accepted_too(loads: Loads, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    await loads.again(adopt)
    await kept(settings)

    def fail(*_: Any) -> Load:
        raise ZeroDivisionError

    monkeypatch.setattr(loads._loader, "load", fail)
    await loads.first()
    assert loads.on_last


async def test_a_load_without_what_is_served_is_refused_unless_forced(loads: Loads, settings: Settings) -> None:
    assert (await loads.again(adopt))["accepted"]
    (settings.zones[0] / "example.com.yaml").unlink()

    async def never(_load: Load) -> int:
        raise AssertionError

    answer = await loads.again(never)
    assert not answer["accepted"]
    assert [problem["code"] for problem in answer["problems"]] == ["F008", "F005"]
    assert "1 of 1 zones (example.com.)" in answer["text"]
    forced = await loads.again(adopt, force=True)
    assert (forced["accepted"], forced["zones"]) == (True, 0)


async def test_a_start_with_an_emptied_folder_uses_the_last_accepted(loads: Loads, settings: Settings) -> None:
    await loads.again(adopt)
    await kept(settings)
    (settings.zones[0] / "example.com.yaml").unlink()
    load = await loads.first()
    assert loads.on_last
    assert len(load.model.zones) == 1
    loads.accepted(load)
    assert not (await loads.again(adopt))["accepted"]
    assert (await loads.again(adopt, force=True))["accepted"]


async def test_a_first_start_with_an_empty_folder_is_no_failure(loads: Loads, settings: Settings) -> None:
    (settings.zones[0] / "example.com.yaml").unlink()
    load = await loads.first()
    assert not loads.on_last
    assert [problem.code for problem in load.loaded.problems] == ["F005"]
