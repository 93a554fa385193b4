"""The words checks speak: one observation of one address, and the Check protocol itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import Complaint, Option


class Result(StrEnum):
    """`unknown` is the prober's own fault (no permission, no route to itself): it is no vote."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run of a check saw. `seconds`: how long it took. `reason`: short, for operators, no secrets."""

    result: Result
    seconds: float
    reason: str
    grade: int = 100


class Check(Protocol):
    """One check type. Keeps to `timeout` as one total deadline, cancels cleanly, never raises, bounds what it reads.

    `doc` is a sentence and `example` a definition on one line of YAML, both for the reference.
    """

    name: ClassVar[str]
    doc: ClassVar[str]
    example: ClassVar[str]
    options: ClassVar[Mapping[str, Option]]

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        ...

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge what the option schema cannot; called at load."""
        ...

    async def observe(self, address: Address) -> Observation:
        """Look at one address once, within the definition's timeout."""
        ...
