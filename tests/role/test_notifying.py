"""Who is told, by whom, and what: from the journal to real receivers; and what the settings refuse."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from gslb.config.settings import load
from gslb.config.settings_notify import Notify
from gslb.errors import ConfigError
from gslb.event import Event
from gslb.role.journal import Journal
from gslb.role.notifying import Notifying, Place, sender
from gslb.store import NodeReport


@pytest.fixture
async def posted():
    """Where a receiver waits, and what it was sent."""
    got = []

    async def take(request):
        got.append(json.loads(await request.read()))
        return web.Response(status=500 if request.path == "/bad" else 200)

    application = web.Application()
    application.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    got.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield got
    await runner.cleanup()


@pytest.fixture
async def start():
    tasks = []

    def begin(notifying):
        tasks.extend(asyncio.get_running_loop().create_task(work()) for work in notifying.works())

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(ready):
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.005)


def down(subject, level="warning", kind="verdict", what="down", at=0.0):
    return Event(kind, subject, what, at, level)


async def test_from_the_journal_to_those_who_want_it(posted, start):
    url = posted.pop()
    journal = Journal("ns1")
    journal.tell(down("old", at=1000.0))
    settings = [
        Notify(name="ops", type="webhook", url=f"{url}/all", group=0.05),
        Notify(name="errors", type="webhook", url=f"{url}/errors", level="error", kinds=("pool",), group=0.05),
    ]
    start(Notifying(settings, journal, Place("ns1", "node", lambda: ({}, 0.0)), lambda: ""))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    journal.tell(down("a"))
    journal.tell(down("b"))
    journal.tell(down("web", "error", "pool"))
    journal.tell(down("ops", "warning", "notify"))
    await until(lambda: len(posted) == 2)
    by_count = sorted(posted, key=lambda one: len(one["events"]))
    assert [event["subject"] for event in by_count[0]["events"]] == ["web"]
    assert {event["subject"] for event in by_count[1]["events"]} == {"a", "b", "web"}, "about notifying nobody is notified"
    journal.tell(down("old", "info", what="up"))
    await until(lambda: len(posted) == 3)
    assert (posted[2]["state"], posted[2]["summary"]) == ("resolved", "old: up"), "what began before the start ends, too"


async def test_one_node_sends_and_the_next_takes_over(posted, start):
    url = posted.pop()
    nodes = {name: NodeReport(name, 100.0, extra={"notifies": ["ops"]}) for name in ("ns1", "ns3")}
    journal = Journal("ns2")
    settings = [Notify(name="ops", type="webhook", url=url, group=0.02)]
    start(Notifying(settings, journal, Place("ns2", "node", lambda: (nodes, 100.0)), lambda: ""))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    journal.tell(down("a"))
    await asyncio.sleep(0.3)
    assert posted == [], "ns1 sends"
    del nodes["ns1"]
    journal.tell(down("ns1", kind="node", what="says nothing any more"))
    await until(lambda: posted)
    assert {event["subject"] for event in posted[0]["events"]} == {"a", "ns1"}, "what it may not have told is told"
    assert len(posted) == 1


async def test_what_cannot_be_told_is_an_event_and_no_loop(posted, start, monkeypatch):
    monkeypatch.setattr("gslb.notify.delivery.ATTEMPTS", 1)
    url = posted.pop()
    journal = Journal("ns1")
    start(Notifying([Notify(name="ops", type="webhook", url=f"{url}/bad", group=0.0)], journal, Place("ns1", "node", lambda: ({}, 0.0)), lambda: ""))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    journal.tell(down("a"))
    await until(lambda: journal.page(kinds={"notify"}))
    (event,) = journal.page(kinds={"notify"})
    assert event.subject == "ops"
    assert event.what.startswith("could not be told: it answered 500")
    await asyncio.sleep(0.1)
    assert len(posted) == 1


TELLS = {"notifies": ["chat", "ops"]}


def test_a_console_sends_where_there_is_one():
    reports = {
        "ns1": NodeReport("ns1", 99.0, extra=TELLS),
        "web": NodeReport("web", 99.0, extra={"role": "control", **TELLS}),
        "old": NodeReport("old", 1.0, extra=TELLS),
    }

    def sends(me, role, now=100.0):
        return sender(Place(me, role, lambda: (reports, now)), "ops")

    assert sends("ns2", "node") == "web"
    assert sends("app", "control") == "app"
    del reports["web"]
    assert sends("ns2", "node") == "ns1"
    assert sends("ns2", "node", 500.0) == "ns2", "nobody else is heard of"


@pytest.mark.parametrize(
    "other",
    [
        NodeReport("a", 99.0, extra={"role": "control"}),
        NodeReport("a", 99.0, extra={"role": "control", "notifies": ["chat"]}),
        NodeReport("a", 99.0, extra={"notifies": "ops"}),
        NodeReport("probe/a", 99.0, extra={"role": "control", "notifies": ["ops"]}),
        NodeReport("a", 99.0, extra={"role": "prober", "notifies": ["ops"]}),
    ],
)
def test_who_does_not_know_a_receiver_does_not_silence_it(other):
    """A console without `notify` in its settings, for one; and a prober may say anything of itself."""
    assert sender(Place("ns1", "node", lambda: ({other.node: other}, 100.0)), "ops") == "ns1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{name: a, type: webhook}", "needs `url` or `url_file`"),
        ("{name: a, type: webhook, url: 'http://example.net/x'}", "http:// would show it to everybody"),
        ("{name: a, type: slack, url: 'ftp://example.net/x'}", "must be a URL such as"),
        ("{name: a, type: pagerduty}", "needs `secret_file`"),
        ("{name: a, type: exec, command: [bird]}", "needs `command`: [/absolute/path"),
        ("{name: a, type: webhook, url: 'https://example.net/x', kinds: weather}", "no kind of event 'weather'"),
        ("{name: 'a b', type: exec, command: [/bin/true]}", "name"),
        ("{name: a, type: exec, command: [/bin/true]}, {name: a, type: exec, command: [/bin/true]}", "two receivers 'a'"),
    ],
)
def test_settings_that_could_not_work(tmp_path, text, message):
    path = tmp_path / "gslb.yaml"
    path.write_text(f"notify: [{text}]\n")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    told = " ".join(map(str, caught.value.problems))
    assert message in told
    assert "example.net/x" not in told, "a URL may be a secret"


def test_settings_that_work(tmp_path):
    path = tmp_path / "gslb.yaml"
    path.write_text(
        "notify:\n"
        "- {name: ops, type: webhook, url: 'https://example.net/x', secret_file: key, kinds: [verdict, pool], group: 30s}\n"
        "- {name: chat, type: slack, url_file: chat.url}\n"
        "- {name: page, type: pagerduty, secret_file: /etc/pd, level: error}\n"
        "- {name: bgp, type: exec, command: [/usr/bin/birdc, enable], timeout: 5}\n"
    )
    ops, chat, page, bgp = load(path, {}).notify
    assert ops.secret_file == tmp_path / "key"
    assert chat.url_file == tmp_path / "chat.url"
    assert (page.level, str(page.secret_file)) == ("error", "/etc/pd")
    assert bgp.command == ("/usr/bin/birdc", "enable")
