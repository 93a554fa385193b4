"""Words of what happened: an event of the service, for the timeline, the log and whoever is paged; and what somebody did, for the audit.

Told by the roles, kept by the journal (`gslb.role.journal`), shared through the store. Nothing is ever decided by them. No behaviour here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

KINDS: Final = (
    "verdict",  # a target is up, down or unknown
    "pool",  # a pool answers in spite of its health, or does so no more
    "member",  # a member as a whole
    "override",  # an operator spoke, took it back, or it expired
    "hold",  # all verdicts are held, or go on
    "reload",  # files were accepted or refused
    "publish",  # a version was published for the fleet
    "rollback",  # an older version was published again
    "config",  # a node follows a published version, or refuses it
    "prober",  # a prober is gone, suspect, or back
    "node",  # a nameserver came, went, or serves from something else
    "store",  # the store is lost, or back
    "plane",  # an answering process began anew
    "registration",  # a member registered itself, joined, or left
    "notify",  # somebody could not be notified
)
LEVELS: Final = ("info", "warning", "error")  # the order is the urgency

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `what`: one line for people. `at`: seconds since the epoch. `by`: who did it, "" = nobody.

    `node`: who told. `key`: the same for one happening that several nodes tell; readers merge by it. `id`: "<ms>-<n>", given by the journal,
    greater for what was told later. `evidence`: plain data (JSON), small.
    """

    kind: str
    subject: str
    what: str
    at: float
    level: str = "info"
    by: str = ""
    node: str = ""
    evidence: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    key: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What somebody did, as the store keeps it: who signed (`by`), one line for people (`what`), and all of it (`details`: plain data)."""

    id: str
    at: float
    by: str
    what: str
    version: int = 0
    details: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


Tell = Callable[[Event], None]  # never waits


def untold(_event: Event) -> None:
    """Tell nobody."""
