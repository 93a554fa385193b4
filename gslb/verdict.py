"""Words of health: what is observed, what a prober says of it, and what is judged.

Written by probers and the judge, read by policies and the compiler. No behaviour here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class State(IntEnum):
    """A target's judged state; the order is the rank by which `healthy` prefers members."""

    DOWN = 0
    UNKNOWN = 1
    UP = 2


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What is probed once, whatever the number of pools: one check definition at one address.

    `check` is the check's name; `digest` identifies its definition, so that an edited check is
    another target (which inherits the verdict by (check, address) until its first vote).
    `quorum`: the key of a quorum (`gslb.quorum`). It tells verdicts apart, and is "" wherever something is probed or voted on.
    """

    check: str
    digest: str
    address: str
    quorum: str = ""

    @property
    def probed(self) -> Target:
        """The target as probers know it, whatever the quorum."""
        return Target(self.check, self.digest, self.address) if self.quorum else self


@dataclass(frozen=True, slots=True)
class Vote:
    """A prober's present opinion of one target. Times are seconds in the store's clock.

    `since`: when this state began. `seconds_to_change`: the least time in which the prober's
    counters could change the state, None while the counters are at rest (calculated TTL). `last_up`: when it
    last ceased to be up, None if this prober never saw it up; carried here, so that a node that starts anew knows it.
    `changed`: whether the prober saw it come into this state; False while the state is that of its first result.
    """

    target: Target
    prober: str
    state: State
    since: float
    grade: int = 100
    seconds_to_change: float | None = None
    reason: str = ""
    last_up: float | None = None
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judged state of a target. `last_up`: the last time it was up, None if never seen up. `changed`: whether it is known to have been otherwise
    before; what was up when first seen has not come back from anything (`ramp`, `failback_delay`). `held`: kept, for too few have an opinion now.
    """

    state: State
    since: float
    grade: int = 100
    last_up: float | None = None
    seconds_to_change: float | None = None
    reason: str = ""
    changed: bool = True
    held: bool = False


Verdicts = Mapping[Target, Verdict]
