"""Says what changes: one log line per state transition, and the gauges of members and pools.

Called by control with verdicts before and after. Reads everything, decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from gslb import log, metrics
from gslb.check.observation import Observation
from gslb.model import Model, Pool
from gslb.override import Hold, Kind, Override, Withdrawal
from gslb.plan import Snapshot
from gslb.role.loading import Load
from gslb.role.member_states import member_state
from gslb.store import Overrides
from gslb.verdict import State, Target, Verdict, Verdicts, Vote

SHOWN: Final = {State.UP: 1.0, State.UNKNOWN: 0.5, State.DOWN: 0.0}


class Transitions:
    """Remembers which pools were failing open, so that each change is said once."""

    def __init__(self, prober: str) -> None:
        self._prober = prober
        self._reasons: dict[str, str] = {}
        self._standing: dict[str, Override | Hold] = {}

    def heard(self, target: Target, seen: Observation, _before: Vote | None) -> None:
        """Count one check."""
        metrics.probe_results.labels(self._prober, target.check, seen.result.value).inc()
        metrics.probe_seconds.labels(self._prober, target.check).observe(seen.seconds)

    def target(self, target: Target, was: Verdict | None, now: Verdict, pools: Iterable[str]) -> None:
        """Log a target's new state."""
        metrics.member_changes.labels(target.check, target.address).inc()
        say = log.warning if now.state is State.DOWN else log.info
        before = was.state.name.lower() if was else "unheard of"
        say(f"{target.address} is {now.state.name.lower()}", check=target.check, was=before, reason=now.reason, pools=sorted(pools))

    def overrides(self, said: Overrides, now: float) -> None:
        """Log every override and hold that is new, taken back or expired, and count those that stand."""
        hold = said.hold(now)
        standing: dict[str, Override | Hold] = {one.key: one for one in said.standing(now)} | ({hold.key: hold} if hold else {})
        for key, word in standing.items():
            if self._standing.get(key) != word:
                log.info(told(word), author=word.author, reason=word.reason, expires=word.expires)
        for key, word in self._standing.items():
            if key not in standing:
                back = said.words.get(key)
                by = {"author": back.author, "reason": back.reason} if isinstance(back, Withdrawal) else {}
                log.info(f"{told(word)}: {'taken back' if by else 'expired'}", **by)
        self._standing = standing
        metrics.hold.set(hold is not None)
        counts = Counter((one.kind.value, one.level.value) for one in standing.values() if isinstance(one, Override))
        metrics.overrides.clear()
        for labels, count in counts.items():
            metrics.overrides.labels(*labels).set(count)

    def loaded(self) -> None:
        """Forget members and pools that a load may have removed."""
        metrics.member_up.clear()
        metrics.pool_ratio.clear()

    def pools(self, load: Load, names: Iterable[str], verdicts: Verdicts, snapshot: Snapshot) -> None:
        """Bring the gauges of these pools up to date, and say where a pool begins or ends to answer in spite of its health."""
        reasons = {pool.name: next((row.reason for row in pool.default.values()), "") for pool in snapshot.pools.values()}
        for name in names:
            pool = load.model.pools[name]
            self._gauges(load.model, pool, verdicts)
            reason, before = reasons.get(name, ""), self._reasons.get(name, "")
            if reason and reason != before:
                log.warning(f"pool {name} has no member that is up and answers by its rule for that", rule=reason)
            elif before and not reason:
                log.info(f"pool {name} has a member that is up again")
            self._reasons[name] = reason

    def _gauges(self, model: Model, pool: Pool, verdicts: Verdicts) -> None:
        states = [member_state(model, member, verdicts) for member in pool.members]
        for member, state in zip(pool.members, states, strict=True):
            metrics.member_up.labels(pool.id, member.id, member.site or "").set(SHOWN[state])
        metrics.pool_ratio.labels(pool.id).set(sum(state is not State.DOWN for state in states) / len(states) if states else 0)


def told(word: Override | Hold) -> str:
    """Say a word in a log line: `override: site fra drain`."""
    if isinstance(word, Hold):
        return "hold of all verdicts"
    weight = f" {word.weight}" if word.kind is Kind.WEIGHT else ""
    return f"override: {word.level.value} {word.subject} {word.kind.value}{weight}"
