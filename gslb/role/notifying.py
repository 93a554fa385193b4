"""Who is told of what happens: events of the journal, gathered for each receiver of the settings, and sent by one node for all.

Part of control and of the console. Each receiver is told by one of those that have it in their settings and report: a console where one is among
them, else the first node by name; the others know what it has to tell, and take over when it is gone. Without the store, when nobody knows of
anybody, each node speaks for itself. Events about notifying itself are told to nobody: a receiver that fails must not be told so for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gslb.config.settings_notify import PAGERDUTY, Notify, checked_url
from gslb.event import Event
from gslb.notify.delivery import Delivery
from gslb.notify.message import Incidents, Notice, State, gathered
from gslb.notify.program import Program
from gslb.notify.shapes import SHAPES
from gslb.role.journal import LIMIT, Journal
from gslb.role.neighbours import CONSOLE, FRESH, PROBER, PROBERS, role
from gslb.store import NodeReport

TAKEOVER: Final = 60.0  # seconds: what began within them may not have been told by a sender that is gone
LARGEST: Final = 4096  # octets of a file that holds a URL or a secret

Work = Callable[[], Coroutine[Any, Any, None]]


class Place(NamedTuple):
    """Where it is told from: the node, its role, and what the others say of themselves, with the store's time."""

    node: str
    role: str
    seen: Callable[[], tuple[Mapping[str, NodeReport], float]]


class Notifying:
    """All receivers of one process."""

    def __init__(self, settings: Sequence[Notify], journal: Journal, place: Place, why_not_ready: Callable[[], str]) -> None:
        self._journal, self._place = journal, place
        self._receivers = [self._receiver(one) for one in settings if one.type != "exec"]
        self._programs = [
            Program(one.name, one.command, place.node, why_not_ready, timeout=one.timeout, given_up=self._given_up)
            for one in settings
            if one.type == "exec" and place.role != CONSOLE
        ]

    def works(self) -> list[Work]:
        """Return what is to run beside, and again where it fails."""
        running: list[Work] = [program.run for program in self._programs]
        for receiver in self._receivers:
            running += [receiver.delivery.run, receiver.run]
        return [*running, self._follow] if self._receivers else running

    async def end(self) -> None:
        """Withdraw this node: the service stops."""
        await asyncio.gather(*(program.end() for program in self._programs))

    async def _follow(self) -> None:
        """Hand every event to every receiver, until cancelled. What was wrong before the start is known, and not told again."""
        for event in reversed(self._journal.page(limit=LIMIT)):
            for receiver in self._receivers:
                receiver.remember(event)
        async for event in self._journal.listen():
            if event.kind != "notify":
                for receiver in self._receivers:
                    receiver.hear(event)

    def _receiver(self, one: Notify) -> _Receiver:
        delivery = Delivery(
            one.name,
            SHAPES[one.type],
            lambda: checked_url(_read(one.url_file)) if one.url_file else one.url or PAGERDUTY,
            lambda: _read(one.secret_file) if one.secret_file else "",
            signed=one.type == "webhook",
            timeout=one.timeout,
            given_up=self._given_up,
        )
        return _Receiver(one, delivery, self._place.node, lambda: sender(self._place, one.name) == self._place.node)

    def _given_up(self, name: str, why: str) -> None:
        self._journal.tell(Event("notify", name, f"could not be told: {why}", time.time(), "warning"))


class _Receiver:
    """One receiver: what it has been told, and what is gathered for it."""

    def __init__(self, settings: Notify, delivery: Delivery, node: str, sends: Callable[[], bool]) -> None:
        self.delivery = delivery
        self._kinds, self._group, self._node, self._sends = frozenset(settings.kinds), settings.group, node, sends
        self._incidents = Incidents(settings.level)
        self._gathered: list[Notice] = []
        self._news = asyncio.Event()
        self._sending = False

    def remember(self, event: Event) -> None:
        """Take an event of before."""
        if event.kind != "notify" and (not self._kinds or event.kind in self._kinds):
            self._incidents.notice(event)

    def hear(self, event: Event) -> None:
        """Take an event; never waits."""
        if self._kinds and event.kind not in self._kinds:
            return
        if notice := self._incidents.notice(event):
            self._gathered.append(notice)
            self._news.set()

    async def run(self) -> None:
        """Send what was gathered, some time after its first event, where this node is the one that sends."""
        while True:
            await self._news.wait()
            await asyncio.sleep(self._group)
            self._news.clear()
            some, self._gathered = self._gathered, []
            sent_before, self._sending = self._sending, self._sends()
            if not self._sending:
                continue
            if not sent_before:
                some = self._taken_over(some)
            if some := without_blips(some):
                self.delivery.put(gathered(self._node, time.time(), some))

    def _taken_over(self, some: Sequence[Notice]) -> list[Notice]:
        """Add what the sender before us may not have told: what is wrong since lately."""
        said = {one.incident for one in some}
        lately = time.time() - TAKEOVER
        untold = [event for name, event in self._incidents.open.items() if name not in said and event.at >= lately]
        return [*(Notice(event, State.BEGINS) for event in untold), *some]


def without_blips(notices: Sequence[Notice]) -> list[Notice]:
    """Leave out what began and ended while it was gathered, and of several words on one incident all but the last."""
    last: dict[str, Notice] = {}
    first: dict[str, State] = {}
    single = []
    for one in notices:
        if one.state is State.TOLD:
            single.append(one)
            continue
        first.setdefault(one.incident, one.state)
        last[one.incident] = one
    kept = [one for name, one in last.items() if not (first[name] is State.BEGINS and one.state is State.ENDS)]
    return [*kept, *single]


def sender(place: Place, receiver: str) -> str:
    """Return which node tells a receiver: a console, else the first by name, of those that have it and report now, ourselves among them."""
    reports, now = place.seen()
    fresh = {name: role(one) for name, one in reports.items() if now - one.at <= FRESH and _tells(name, one, receiver)} | {place.node: place.role}
    return min(fresh, key=lambda name: (fresh[name] != CONSOLE, name))


def _tells(name: str, report: NodeReport, receiver: str) -> bool:
    """Whether somebody who reports has a receiver; probers, who may write reports of their own name only, never have."""
    tells = report.extra.get("notifies")
    return isinstance(tells, list) and receiver in tells and role(report) != PROBER and not name.startswith(PROBERS)


def _read(path: Any) -> str:
    """Read a small file that holds one secret. Raises OSError, ValueError."""
    with path.open(encoding="utf-8") as file:
        text: str = file.read(LARGEST).strip()
    return text
