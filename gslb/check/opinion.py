"""What one prober thinks of one target: its counters, and the vote that follows from them.

Pure: time comes with each observation. `gslb.check.prober` keeps one per target and publishes `vote` when it changes.
An observation that is the prober's own fault counts nothing: the vote becomes an abstention (state UNKNOWN) until
the next real result, and the counters wait. What would be published for nothing stays as it is: a grade that trembles
(`gslb.check.grade`), a reason in which only a figure changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from gslb.check.counters import Counters, Thresholds, at_rest, seconds_to_change, step
from gslb.check.grade import FULL, Damped, at
from gslb.check.observation import Observation, Result
from gslb.model import Check
from gslb.verdict import State, Target, Vote

_FIGURES: Final = re.compile(r"[0-9]+")
_WELL: Final = Counters(State.UP)
_WHOLE: Final = at(FULL)
_REST: Final = 60.0  # seconds for which a reason stands although a figure in it changed: "certificate 30 days left" need not be prompt


@dataclass(frozen=True, slots=True)
class Opinion:
    """`counters` is None until the first result; until then `state` and `since` may be inherited, UNKNOWN otherwise.

    `told` is when the vote last changed. `interval`: the least time between two results.
    """

    target: Target
    prober: str
    limits: Thresholds
    interval: float
    cooldown: float = 0.0
    counters: Counters | None = None
    grade: Damped | None = None
    state: State = State.UNKNOWN
    since: float = 0.0
    vote: Vote | None = None
    told: float = 0.0
    last_up: float | None = None
    changed: bool = False

    @classmethod
    def new(cls, target: Target, check: Check, prober: str, inherited: Vote | None = None) -> Self:
        """Start without a result; `inherited` is the vote of the same check before it was edited, or before a restart."""
        least = min(check.interval, check.fast_interval or check.interval)  # results come no faster while the counters are not at rest
        opinion = cls(target, prober, Thresholds(check.down, check.ok, check.up), least, check.cooldown)
        if inherited is None or inherited.state is State.UNKNOWN:
            return opinion
        vote = replace(inherited, target=target, prober=prober, seconds_to_change=None)
        return replace(opinion, grade=at(vote.grade), state=vote.state, since=vote.since, vote=vote, last_up=vote.last_up, changed=vote.changed)

    def after(self, seen: Observation, now: float) -> Self:
        """Take one observation in; `now` is the store's time in seconds."""
        if self._as_ever(seen):
            return self
        if seen.result is Result.UNKNOWN:
            return self.saying(self._abstention(seen.reason, now), now)
        counters, wait = self._counted(seen.result is Result.OK, now)
        since = self.since if counters.state is self.state else now
        last_up = now if self.state is State.UP and counters.state is State.DOWN else self.last_up
        changed = self.changed if counters.state is self.state else self.state is not State.UNKNOWN
        grade = self._graded(seen)
        shown = grade.shown if grade else FULL
        vote = Vote(self.target, self.prober, counters.state, since, shown, wait, seen.reason, last_up, changed)
        return replace(self, counters=counters, grade=grade, state=counters.state, since=since, last_up=last_up, changed=changed).saying(vote, now)

    def _as_ever(self, seen: Observation) -> bool:
        """Whether this is one more success at full strength of what has been well: then nothing is new, and most observations are so."""
        return (
            seen.result is Result.OK
            and seen.grade == FULL
            and self.counters == _WELL
            and self.grade == _WHOLE
            and self.vote is not None
            and self.vote.state is State.UP
            and self.vote.seconds_to_change is None
            and self.vote.reason == seen.reason
        )

    def saying(self, vote: Vote, now: float) -> Self:
        """Take the vote for ours, unless it says nothing new."""
        old = self.vote
        if old and vote == replace(old, reason=vote.reason) and now < self.told + _REST and _plain(vote.reason) == _plain(old.reason):
            return self
        return replace(self, vote=vote, told=now)

    def stirred(self, now: float, lately: float) -> bool:
        """Whether the state may change soon, or was seen to change within the last `lately` seconds."""
        return self.counters is not None and (not at_rest(self.counters) or (self.changed and now < self.since + lately))

    def shifted(self, seconds: float, since: float) -> Self:
        """Move every time that is not before `since`: the clock it was read from has been set."""

        def moved(time: float) -> float:
            return time + seconds if time >= since else time

        last_up = None if self.last_up is None else moved(self.last_up)
        vote = self.vote and replace(self.vote, since=moved(self.vote.since), last_up=last_up)
        return replace(self, since=moved(self.since), last_up=last_up, told=self.told + seconds, vote=vote)

    def _counted(self, passed: bool, now: float) -> tuple[Counters, float | None]:  # noqa: FBT001 - a result is a truth value
        """Step the counters, but not over a change while the last one cools down; the second value is the least time until one."""
        counters = step(self.counters, passed, self.limits)
        cooling = self.since + self.cooldown - now
        if self.counters and counters.state is not self.state and cooling > 0:  # the next result to the contrary, once it is over, changes it
            up = self.state is State.UP
            held = Counters(self.state, self.limits.down - 1 if up else 0, 0 if up else self.limits.up - 1)
            return held, max(self.interval, cooling)
        wait = seconds_to_change(counters, self.limits, self.interval)
        return counters, wait if wait is None or counters.state is not self.state else max(wait, cooling)

    def _graded(self, seen: Observation) -> Damped | None:
        """Keep the grade after a failure, which says nothing of how loaded the target is."""
        if seen.result is not Result.OK:
            return self.grade
        return self.grade.after(seen.grade) if self.grade else at(seen.grade)

    def _abstention(self, reason: str, now: float) -> Vote:
        old = self.vote
        since = old.since if old and old.state is State.UNKNOWN else now
        return Vote(self.target, self.prober, State.UNKNOWN, since, old.grade if old else 100, None, reason, self.last_up)


def _plain(reason: str) -> str:
    """Return the reason without its figures."""
    return _FIGURES.sub("#", reason)
