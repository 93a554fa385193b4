"""What one node knows of health: the votes as last read, those from before its start, how fresh each prober is, and the verdicts over all of it.

Part of control, driven by the publisher. Pure: told what the store holds and what time it is. What it judges from:

    a prober is …                                    its votes
    -----------------------------------------------  -------------------------------------------------------------------
    in the store                                     those
    only remembered (the store is away, wiped,       those of the disk, until it is seen in the store
    rolled back, or does not prove it yet)
    gone from a store that is still the same         none; a target on which nobody votes keeps its verdict for `max_stale`
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from gslb import quorum as quorums_of_pools
from gslb.judge import Quorums, carry, judge_all
from gslb.lease import Voters
from gslb.role.judging_clock import JudgingClock
from gslb.store.last_votes import Remembered
from gslb.store.state import Pulse, Votes
from gslb.store.state import State as Stored
from gslb.verdict import State, Target, Verdict, Verdicts, Vote

Changed = dict[Target, Verdict | None]  # verdicts by which rows may differ now, and what was judged before

NOBODY: Final = "nobody probes it"


class Health:
    """Of one node. `verdicts`: what is judged now."""

    def __init__(self, remembered: Remembered = Remembered(), steady: float = 0.0) -> None:  # noqa: B008  a constant
        self.verdicts: Verdicts = {}
        self.clock = JudgingClock(remembered.leases, steady)
        self.reached = False  # whether the store has ever been read
        self._heard: Votes = {}
        self._before: dict[Target, dict[str, Vote]] = {}  # of before the start
        for vote in remembered.votes:
            self._before.setdefault(vote.target.probed, {})[vote.prober] = vote
        self._quorums: Quorums = {}
        self._unkept: Quorums = {}  # those that do not keep what was while the store is out of reach
        self._silent: dict[Target, float] = {}  # since when nobody votes on it
        self._judged_by: Mapping[str, tuple[object, ...]] = {}

    def judge_these(self, quorums: Quorums, keys: Iterable[Target]) -> None:
        """Judge under these quorums from now on; verdicts on `keys` are kept or inherited."""
        self._quorums = quorums
        unkept = {target: [key for key in over if not quorums_of_pools.of(key.quorum).keep] for target, over in quorums.items()}
        self._unkept = {target: over for target, over in unkept.items() if over}
        self._silent = {target: since for target, since in self._silent.items() if target in quorums}
        self.verdicts = carry(self.verdicts, keys)

    def hear(self, store: Stored | Pulse, steady: float) -> bool:
        """Take in what the store holds; whether it is another store than before."""
        other = self.clock.reached(store, steady)
        if isinstance(store, Stored):
            self.reached = True
            self._heard = store.votes
            if self._before and not all(map(self.clock.remembered.issuperset, self._before.values())):
                self._forget()
        return other

    def _forget(self) -> None:
        """Let go of what is remembered of probers that the store shows."""
        left = self.clock.remembered
        kept = {target: {name: vote for name, vote in cast.items() if name in left} for target, cast in self._before.items()}
        self._before = {target: cast for target, cast in kept.items() if cast}

    @property
    def voices(self) -> bool:
        """Whether anybody says anything."""
        return bool(self._heard or self._before)

    @property
    def votes(self) -> Mapping[Target, Mapping[str, Vote]]:
        """All votes that are judged by."""
        if not self._before:
            return self._heard
        return {target: self.votes_on(target) for target in {*self._before, *self._heard}}

    def votes_on(self, target: Target) -> Mapping[str, Vote]:
        """All votes on one target, whatever the quorum."""
        probed = target.probed
        heard, before = self._heard.get(probed, {}), self._before.get(probed)
        return {**before, **heard} if before else heard

    def voters(self, steady: float) -> Voters | None:
        """How each prober is seen now."""
        return self.clock.voters(steady)

    def stirred(self, steady: float) -> bool:
        """Whether a prober has become fresh or ceased to be so, moved, or doubts itself otherwise, since all was judged last."""
        return self._judged_by != _gist(self.voters(steady))

    def all(self) -> list[Target]:
        """Whom to judge when everything is."""
        return list(self._quorums or {target.probed for target in (*self._heard, *self._before, *self.verdicts)})

    def judge(self, only: Iterable[Target], now: float, steady: float, *, everything: bool = False) -> Changed:
        """Judge these targets at the store's time `now`. `everything`: these, or the last of these, are all of them."""
        voters = self.voters(steady)
        if everything:
            self._judged_by = _gist(voters)
        running = self.clock.running(steady) if self._unkept else None
        return self._judge(only, now, voters, running, self._quorums)

    def stand(self, now: float, steady: float) -> Changed:
        """Judge while the store is out of reach: verdicts stand, but for quorums that do not want that, and for the first ones of all."""
        changed: Changed = {}
        if not self.reached and not self.verdicts and self._before:
            changed = self._judge(self.all(), now, self.voters(steady), None, self._quorums)
        if self._unkept:
            changed |= self._judge(self._unkept, now, self.voters(steady), self.clock.running(steady), self._unkept)
        return changed

    def _judge(self, only: Iterable[Target], now: float, voters: Voters | None, running: Voters | None, quorums: Quorums) -> Changed:
        cast = {}
        for target in {one.probed for one in only}:
            over = quorums.get(target)
            if over is not None or not self._quorums:  # nobody depends on what is not in the files
                cast[target] = self._cast(target, over or (target,), now)
        before = self.verdicts
        self.verdicts, changed = judge_all(cast, before, now, cast, voters=voters, running=running, quorums=quorums)
        return {key: before.get(key) for key in changed}

    def _cast(self, target: Target, keys: Collection[Target], now: float) -> Mapping[str, Vote]:
        """Return the votes on a target; where there are none any more, nobody's abstention, which ends what is held when its time has come."""
        cast = self.votes_on(target)
        if cast:
            self._silent.pop(target, None)
        elif any(key in self.verdicts for key in keys):
            since = self._silent.setdefault(target, now)
            return {"": Vote(target, "", State.UNKNOWN, since, reason=NOBODY)}
        return cast


def held(verdicts: Verdicts) -> list[tuple[Target, Verdict]]:
    """Return the verdicts that are held, for too few have an opinion."""
    return [(target, verdict) for target, verdict in verdicts.items() if verdict.held]


def _gist(voters: Voters | None) -> Mapping[str, tuple[object, ...]]:
    return {name: (voter.place, voter.fresh, voter.suspect) for name, voter in (voters or {}).items()}
