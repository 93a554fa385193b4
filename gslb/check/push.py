"""The `push` check: nobody looks at the target; its site says that it is well, under a lease that it renews.

For what cannot be reached from outside, or knows best itself: a batch node, a site behind a firewall. Sites speak with `gslb push`, signed with their
key. While the store is out of reach, or has forgotten, the prober abstains: nothing is down for want of a store.

    the last word of the sites that count           the observation
    ----------------------------------------------  ---------------
    its lease lasts, grade 1 to 100                 ok, with that grade
    its lease lasts, grade 0 (`gslb push --down`)   fail
    its lease has ended, or was taken back          fail
    none was ever heard, or the store is away       unknown
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

from gslb.check.board import Board
from gslb.check.observation import Observation, Result
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option


class Push:
    """Believe what the target's own site says. `board`: where it is heard; None where no prober follows a store (`gslb probe --once`)."""

    name: ClassVar[str] = "push"
    doc: ClassVar[str] = "A word of the site itself, by `gslb push`, under a lease that it renews; nothing is sent to the address."
    example: ClassVar[str] = "{type: push, sites: [fra], interval: 2s, timeout: 1s}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {"sites": Option(Kind.STRINGS, "names of the sites (in keys.yaml) whose word counts; of several the one whose lease ends last", REQUIRED)}
    )

    def __init__(self, check: str, sites: tuple[str, ...], board: Board | None = None) -> None:
        self.check = check
        self.sites = sites
        self.board = board

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        return cls(definition.id, tuple(definition.options["sites"]))

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Find sites that are none."""
        if not options.get("sites"):
            yield Complaint("H018", ("sites",), "no site is named, so nobody's word would count", "name sites of keys.yaml: sites: [fra]")

    async def observe(self, address: Address) -> Observation:
        """Look at the board: it takes no time."""
        if self.board is None:
            return Observation(Result.UNKNOWN, 0.0, "own fault: only a prober that runs hears what sites say")
        word, holds, lost = self.board.find(self.check, str(address), self.sites)
        if word is None:
            return Observation(Result.UNKNOWN, 0.0, lost)
        if not holds:
            return Observation(Result.FAIL, 0.0, f"the lease of {word.registrant} has ended")
        if word.grade == 0:
            return Observation(Result.FAIL, 0.0, f"{word.registrant} says it is down")
        return Observation(Result.OK, 0.0, f"{word.registrant} says it is well", word.grade)
