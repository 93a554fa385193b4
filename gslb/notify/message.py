"""Messages: events gathered for one receiver, and what they mean for it: something began, something is over, or something was done.

Pure. An *incident* is one thing that can be wrong with one subject: `verdict/web 192.0.2.1`. It begins with an event that is a warning or
worse, and ends with the next good news on the same subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gslb.event import LEVELS, Event

SHOWN: Final = 50  # events that are spelled out in one message
OPEN: Final = 10_000  # incidents that are remembered; past them the oldest is told again when it is heard of again
ENDLESS: Final = frozenset({"plane", "publish", "rollback", "override", "registration", "hold"})  # kinds that begin nothing that would end


class State(StrEnum):
    """What an event means for an incident."""

    BEGINS = "firing"
    ENDS = "resolved"
    TOLD = "info"


@dataclass(frozen=True, slots=True)
class Notice:
    """One event, and what it means."""

    event: Event
    state: State

    @property
    def incident(self) -> str:
        """What it is about; the same when it begins and when it ends, and on every node."""
        return incident(self.event)


@dataclass(frozen=True, slots=True)
class Message:
    """What one receiver is told at once. `left_out`: events beyond those that are spelled out."""

    node: str
    at: float
    notices: tuple[Notice, ...]
    left_out: int = 0

    @property
    def id(self) -> str:
        """The same for every attempt to deliver it, and for every node that would tell the same."""
        return hashlib.sha256("\n".join(sorted(f"{one.state} {one.event.key}" for one in self.notices)).encode()).hexdigest()[:32]

    @property
    def state(self) -> State:
        """The worst of what it tells."""
        states = {one.state for one in self.notices}
        return next(state for state in State if state in states)

    @property
    def level(self) -> str:
        """The worst level of what begins, else of all."""
        notices = [one for one in self.notices if one.state is State.BEGINS] or self.notices
        return max((one.event.level for one in notices), key=LEVELS.index)

    @property
    def summary(self) -> str:
        """One line."""
        first = next((one for one in self.notices if one.state is self.state), self.notices[0])
        others = len(self.notices) + self.left_out - 1
        return f"{first.event.subject}: {first.event.what}{f' (and {others} more)' if others else ''}"


class Incidents:
    """What is wrong now, as one receiver has been told: so that the same is not told twice, and good news only after bad."""

    def __init__(self, level: str) -> None:
        self._level = LEVELS.index(level)
        self.open: dict[str, Event] = {}

    def notice(self, event: Event) -> Notice | None:
        """Judge an event; None where there is nothing to tell."""
        urgency = LEVELS.index(event.level)
        name = incident(event)
        known = self.open.get(name)
        if urgency == 0 and known is not None:
            del self.open[name]
            return Notice(event, State.ENDS)
        if urgency < self._level:
            return None
        if urgency == 0 or event.kind in ENDLESS:
            return Notice(event, State.TOLD if urgency == 0 else State.BEGINS)
        if known is not None and LEVELS.index(known.level) >= urgency:
            return None
        self.open[name] = event
        if len(self.open) > OPEN:
            del self.open[next(iter(self.open))]
        return Notice(event, State.BEGINS)


def gathered(node: str, at: float, notices: Sequence[Notice]) -> Message:
    """Make one message of some notices: the worst first, of very many only the first ones."""
    ranked = sorted(notices, key=lambda one: (list(State).index(one.state), -LEVELS.index(one.event.level)))
    return Message(node, at, tuple(ranked[:SHOWN]), max(0, len(ranked) - SHOWN))


def incident(event: Event) -> str:
    """Return what an event is about."""
    return f"{event.kind}/{event.subject}"
