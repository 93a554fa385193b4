"""The filter `ramp`: a member that came back gets its share little by little, so that it can fill its caches and pools of connections.

Its weight grows from `start` percent to all of it over `over` seconds after it came up, in equal steps, none shorter than `step`: clients could not
see shorter ones, since they keep an answer for its TTL. What is unchecked never came back, and does not ramp.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import floor
from typing import Any, ClassVar, Final, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown

PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Ramp:
    """Lowers the weights of members that came up a short while ago. `now`: the moment it stands for; None = nobody ramps."""

    over: float
    start: int
    step: float
    now: float | None = None

    name: ClassVar = "ramp"
    doc: ClassVar = (
        "Gives a member that came back its share little by little: from `start` percent of its weight to all of it, over the time `over`. Where all "
        "members came back together, all ramp alike, so their shares are as ever. Works on weights: with the picks `weighted` and `sticky`. "
        "The pool's `ramp: 5m` puts it behind `healthy` in any preset."
    )
    example: ClassVar = Example(
        "policy: [{ramp: {over: 10m}}]\npick: weighted",
        (
            Shown("Germany", "", "fra*300 iad*28 sjc*100 sin*100"),
            Shown("Germany", "fra", "iad*28 sjc*100 sin*100"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "over": Option(Kind.DURATION, "Time until the member has its whole weight.", default=300.0, minimum=1, maximum=86_400),
        "start": Option(Kind.INTEGER, "Percent of its weight at the beginning.", default=10, minimum=1, maximum=100),
        "step": Option(Kind.DURATION, "Shortest step; should be no shorter than the pool's TTL.", default=60.0, minimum=1, maximum=86_400),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        over = float(options.get("over", 300.0))
        return cls(over, options.get("start", 10), min(over, float(options.get("step", 60.0))))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Nothing beyond the schema can be wrong."""
        del options, sites
        return ()

    def client_key(self, location: Location) -> Hashable:
        """Return None: the same for every client."""
        del location
        return None

    def at(self, now: float) -> Ramp:
        """Return the ramp of that moment."""
        return replace(self, now=now)

    def edge(self, candidates: tuple[Candidate, ...], now: float) -> float | None:
        """Return when the next member takes its next step."""
        return min((edge for c in candidates if c.since is not None and (edge := self._next_step(c.since, now)) is not None), default=None)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Count every weight in percent where one ramps; leave them alone otherwise."""
        del key
        percents = [self.percent(c.since) for c in candidates]
        if all(percent == PERCENT for percent in percents):
            return Outcome(candidates)
        return Outcome(tuple(replace(c, weight=c.weight * percent) for c, percent in zip(candidates, percents, strict=True)))

    def when_all_down(self) -> None:
        """Left out: what is down does not come back."""

    def percent(self, since: float | None) -> int:
        """Return what part of its weight a member has that came up then; never falls as time passes."""
        if since is None or self.now is None or self.now >= since + self.over:
            return PERCENT
        return self.start + (PERCENT - self.start) * self._steps_taken(since, self.now) // self._steps

    @property
    def _steps(self) -> int:
        return max(1, floor(self.over / self.step))

    def _steps_taken(self, since: float, now: float) -> int:
        taken = floor(max(0.0, now - since) * self._steps / self.over)
        # A product of floats may land a hair before the moment that `edge` named; that moment counts as reached.
        return taken + 1 if now >= since + (taken + 1) * self.over / self._steps else taken

    def _next_step(self, since: float, now: float) -> float | None:
        if now >= since + self.over:
            return None
        return since + min(self.over, (self._steps_taken(since, now) + 1) * self.over / self._steps)
