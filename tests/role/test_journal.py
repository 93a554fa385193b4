"""The journal: what happened here and elsewhere, each happening once, within bounds, and never in anybody's way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from gslb.errors import StoreError
from gslb.event import Event
from gslb.role import journal as journal_module
from gslb.role.journal import LIMIT, SLOW, Journal
from gslb.store import MemoryStore

DOWN = Event("verdict", "web 192.0.2.1", "down: refused", 100.0, "warning", evidence={"reason": "refused"}, key="verdict/web/192.0.2.1/down/100")


class Clock:
    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(journal_module, "LOOK", 0.01)
    monkeypatch.setattr(journal_module, "SAVE", 1)


@pytest.fixture
async def running():
    """Run journals beside, and end them."""
    tasks = []

    def start(journal):
        tasks.append(asyncio.get_running_loop().create_task(journal.run()))
        return journal

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(ready):
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.005)


async def test_pages_go_back_from_the_newest_and_forth_from_any():
    clock = Clock()
    journal = Journal("ns1", clock=clock)
    for n in range(5):
        clock.now += n % 2  # several in the same millisecond
        journal.tell(Event("reload" if n % 2 else "plane", f"s{n % 3}", f"{n}", 0.0))
    events = journal.page()
    assert [event.what for event in events] == ["4", "3", "2", "1", "0"]
    assert {event.node for event in events} == {"ns1"}
    assert events[0].at == clock.now
    assert [event.what for event in journal.page(limit=2, before=events[1].id)] == ["2", "1"]
    assert [event.what for event in journal.page(after=events[2].id)] == ["4", "3"]
    assert [event.what for event in journal.page(kinds={"reload"})] == ["3", "1"]
    assert [event.what for event in journal.page(subject="s0")] == ["3", "0"]
    with pytest.raises(StoreError, match="is no entry's id"):
        journal.page(before="yesterday")


async def test_times_are_those_that_clocks_show():
    journal = Journal("ns1")
    journal.tell(replace(DOWN, at=1e300))
    journal.tell(replace(DOWN, at=-5.0))
    assert [time.gmtime(event.at).tm_year for event in journal.page()] == [1970, 2242]


async def test_memory_is_bounded():
    journal = Journal("ns1")
    for n in range(LIMIT + 50):
        journal.tell(replace(DOWN, at=float(n), key=f"k{n}"))
    assert len(journal.page(limit=2 * LIMIT)) == LIMIT
    assert journal.page(limit=1)[0].key == f"k{LIMIT + 49}"
    assert len(journal._keys) == LIMIT


async def test_nodes_hear_each_other_and_one_happening_is_one_event(running):
    store = MemoryStore()
    first = running(Journal("ns1", store=store))
    second = running(Journal("ns2", store=store, first=lambda: False))
    first.tell(DOWN)
    second.tell(replace(DOWN, at=102.0))
    second.tell(Event("prober", "p1", "gone", 100.0, key="prober/p1/gone"))  # the first one will tell that
    second.tell(Event("reload", "files", "refused", 200.0, "error"))
    await until(lambda: len(first.page()) == 2 and len(second.page()) == 3)
    assert {(event.kind, event.node) for event in first.page()} == {("verdict", "ns1"), ("reload", "ns2")}
    assert {(event.kind, event.node) for event in second.page()} == {("verdict", "ns2"), ("prober", "ns2"), ("reload", "ns2")}
    assert [event.kind for event in await store.told("", 10)] == ["verdict", "reload"]
    first.tell(replace(DOWN, at=900.0))
    await until(lambda: len(second.page()) == 4)
    assert second.page()[0].at == 900.0, "the same again much later is another happening"


async def test_while_the_store_is_away_events_wait_and_nothing_else_does(running):
    store = MemoryStore()
    whole, broken = store.tell, [True]

    async def tell(events):
        if broken[0]:
            raise StoreError("away")
        await whole(events)

    store.tell = tell
    journal = running(Journal("ns1", store=store))
    for n in range(journal_module.WAITING + 5):
        journal.tell(replace(DOWN, key=f"k{n}"))
    await asyncio.sleep(0.05)
    broken[0] = False
    await until(lambda: not journal._out)
    told = await store.told("", 10_000)
    assert [event.key for event in told[:2]] == ["k5", "k6"], "the oldest gave way"
    assert len(told) == journal_module.WAITING
    assert len(journal.page(limit=LIMIT)) == journal_module.WAITING + 5


async def test_a_restart_remembers_and_does_not_tell_twice(tmp_path, running):
    store, clock = MemoryStore(), Clock()
    journal = Journal("ns1", store=store, state_dir=tmp_path, clock=clock)
    journal.tell(DOWN)
    await journal.save()
    clock.now -= 500  # a clock that was set back
    again = Journal("ns1", store=store, state_dir=tmp_path, clock=clock)
    again.remember()
    again.tell(DOWN)  # judged anew from the same votes
    assert [event.key for event in again.page()] == [DOWN.key]
    again.tell(replace(DOWN, key="later"))
    assert [event.key for event in again.page()] == ["later", DOWN.key], "ids go on"


async def test_a_damaged_file_and_a_full_disk_are_said_and_no_more(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: said.append(event))
    (tmp_path / "events").write_text("gslb-events 1 nonsense\n[]")
    journal = Journal("ns1", state_dir=tmp_path)
    journal.remember()
    assert journal.page() == []
    blocked = tmp_path / "file"
    blocked.write_text("")
    journal = Journal("ns1", state_dir=blocked)
    for n in range(3):
        journal.tell(replace(DOWN, key=f"k{n}"))
        await journal.save()
    assert said == ["events from before are not shown", "events are not kept for a restart"]


async def test_who_listens_hears_and_who_is_slow_is_told_how_much_it_missed():
    journal = Journal("ns1")
    fast, slow = journal.listen(), journal.listen()
    heard = asyncio.ensure_future(anext(fast))
    late = asyncio.ensure_future(anext(slow))
    await asyncio.sleep(0)
    journal.tell(DOWN)
    assert (await heard).what == (await late).what == DOWN.what
    for n in range(SLOW + 7):
        journal.tell(replace(DOWN, key=f"k{n}"))
    missed = await anext(slow)
    assert missed.what.startswith("7 events were left out")
    assert (await anext(slow)).key == "k7"
    await slow.aclose()
    await fast.aclose()
    assert not journal._listeners


async def test_a_store_that_forbids_it_is_said_once(running, monkeypatch):
    said = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: said.append(event))

    class Forbidding:
        asked = 0

        async def tell(self, _events):
            raise StoreError("NOPERM this user has no permissions")

        async def told(self, _after, _limit):
            self.asked += 1
            raise StoreError("NOPERM this user has no permissions")

    store = Forbidding()
    running(Journal("ns1", store=store))
    await until(lambda: store.asked >= 3)
    assert said == ["events are not shared with other nodes"]
