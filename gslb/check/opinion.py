"""What one prober thinks of one target: its counters, and the vote that follows from them.

Pure: time comes with each observation. `gslb.check.prober` keeps one per target and publishes `vote` when it changes.
An observation that is the prober's own fault counts nothing: the vote becomes an abstention (state UNKNOWN) until
the next real result, and the counters wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from gslb.check.counters import Counters, Thresholds, seconds_to_change, step
from gslb.check.observation import Observation, Result
from gslb.model import Check
from gslb.verdict import State, Target, Vote


@dataclass(frozen=True, slots=True)
class Opinion:
    """`counters` is None until the first result; until then `state` and `since` may be inherited, UNKNOWN otherwise."""

    target: Target
    prober: str
    limits: Thresholds
    interval: float
    counters: Counters | None = None
    state: State = State.UNKNOWN
    since: float = 0.0
    vote: Vote | None = None

    @classmethod
    def new(cls, target: Target, check: Check, prober: str, inherited: Vote | None = None) -> Self:
        """Start without a result; `inherited` is the vote of the same check before it was edited, or before a restart."""
        opinion = cls(target, prober, Thresholds(check.down, check.ok, check.up), check.interval)
        if inherited is None or inherited.state is State.UNKNOWN:
            return opinion
        vote = replace(inherited, target=target, prober=prober, seconds_to_change=None)
        return replace(opinion, state=vote.state, since=vote.since, vote=vote)

    def after(self, seen: Observation, now: float) -> Self:
        """Take one observation in; `now` is the store's time in seconds."""
        if seen.result is Result.UNKNOWN:
            return replace(self, vote=self._abstention(seen.reason, now))
        counters = step(self.counters, seen.result is Result.OK, self.limits)
        since = self.since if counters.state is self.state else now
        vote = Vote(
            self.target,
            self.prober,
            counters.state,
            since,
            self._grade(seen),
            seconds_to_change(counters, self.limits, self.interval),
            seen.reason,
        )
        return replace(self, counters=counters, state=counters.state, since=since, vote=vote)

    def _grade(self, seen: Observation) -> int:
        """Keep the last grade after a failure, which says nothing of how loaded the target is."""
        if seen.result is Result.OK:
            return seen.grade
        return self.vote.grade if self.vote else 100

    def _abstention(self, reason: str, now: float) -> Vote:
        old = self.vote
        since = old.since if old and old.state is State.UNKNOWN else now
        return Vote(self.target, self.prober, State.UNKNOWN, since, old.grade if old else 100, None, reason)
