"""Says what changes: one log line and one event per state transition, with its evidence, and the gauges of members and pools.

Called by control with verdicts before and after. Reads everything, decides nothing. Of a storm only the beginning is said one by one (`Flood`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gslb import log, metrics
from gslb.check.observation import Observation
from gslb.event import Event, Tell, untold
from gslb.model import Model, Pool
from gslb.override import Hold, Kind, Override, Withdrawal
from gslb.plan import Snapshot
from gslb.role.flood import Flood, counted
from gslb.role.loading import Load
from gslb.role.member_states import member_state
from gslb.role.neighbours import Neighbours
from gslb.role.tally import Tally
from gslb.store import Overrides
from gslb.verdict import State, Target, Verdict, Verdicts, Vote

SHOWN: Final = {State.UP: 1.0, State.UNKNOWN: 0.5, State.DOWN: 0.0}
FEW: Final = 8  # votes and pools that stand in the evidence of one change


class Transitions:
    """Remembers which pools were failing open, so that each change is said once. `node`: as whom it is told."""

    def __init__(self, prober: str, tell: Tell = untold, *, node: str = "") -> None:
        self._tally = Tally(prober)
        self._tell = tell
        self._flood = Flood(self._rest)
        self._reasons: dict[str, str] = {}
        self._standing: dict[str, Override | Hold] = {}
        self.neighbours = Neighbours(node or prober, tell)

    @property
    def failing(self) -> dict[str, str]:
        """Pools without a member that is up, and by which rule they answer."""
        return {name: reason for name, reason in self._reasons.items() if reason}

    def heard(self, target: Target, seen: Observation, before: Vote | None) -> None:
        """Count one check."""
        self._tally.heard(target, seen, before)

    def target(self, target: Target, was: Verdict | None, now: Verdict, pools: Iterable[str], votes: Mapping[str, Vote] | None = None) -> None:
        """Say a target's new state. Where it was not known before, only what is not well is an event: a start is none."""
        state, before = now.state.name.lower(), was.state.name.lower() if was else "unheard of"
        metrics.target_changed(target.check, target.address)
        metrics.transitions.labels("verdict", state).inc()
        if not self._flood.passes("verdict", state):
            return
        say = log.warning if now.state is State.DOWN else log.info
        evidence: dict[str, Any] = {"check": target.check, "was": before, "reason": now.reason, "pools": sorted(pools)}
        said = [{"prober": name, "state": vote.state.name.lower(), "reason": vote.reason} for name, vote in sorted((votes or {}).items())[:FEW]]
        say(f"{target.address} is {state}", **evidence, **({"votes": [" ".join(vote.values()) for vote in said]} if len(said) > 1 else {}))
        if was is None and now.state is not State.DOWN:
            return
        evidence |= {"address": target.address, "state": state, "votes": said, "pools": evidence["pools"][:FEW], "grade": now.grade}
        told = Event(
            "verdict",
            f"{target.check} {target.address}",
            f"{state}{f': {now.reason}' if now.reason else ''}",
            now.since if now.state is not State.UNKNOWN else time.time(),
            {State.DOWN: "warning", State.UNKNOWN: "warning", State.UP: "info"}[now.state],
            evidence=evidence,
            key=f"verdict/{target.check}/{target.quorum}/{target.address}/{state}/{int(now.since)}",
        )
        self._tell(told)

    def overrides(self, said: Overrides, now: float) -> None:
        """Say every override and hold that is new, taken back or expired, and count those that stand.."""
        hold = said.hold(now)
        standing: dict[str, Override | Hold] = {one.key: one for one in said.standing(now)} | ({hold.key: hold} if hold else {})
        for key, word in standing.items():
            if self._standing.get(key) != word:
                log.info(told(word), author=word.author, reason=word.reason, expires=word.expires)
                self._word(word, f"{_short(word)}{f': {word.reason}' if word.reason else ''}", word.since, word.author)
        for key, word in self._standing.items():
            if key not in standing:
                back = said.words.get(key)
                by = {"author": back.author, "reason": back.reason} if isinstance(back, Withdrawal) else {}
                how = "taken back" if by else "expired"
                log.info(f"{told(word)}: {how}", **by)
                at = back.since if isinstance(back, Withdrawal) else word.expires or now
                why = f" ({by['reason']})" if by.get("reason") else ""
                self._word(word, f"{_short(word)}: {how}{why}", at, by.get("author", ""))
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
            if reason != before:
                self._reasons[name] = reason
                self._pool(name, reason, before)

    def _pool(self, name: str, reason: str, before: str) -> None:
        metrics.transitions.labels("pool", "failing" if reason else "well").inc()
        if (before and reason) or not self._flood.passes("pool", "failing" if reason else "well"):
            return
        if reason:
            log.warning(f"pool {name} has no member that is up and answers by its rule for that", rule=reason)
            what = f"no member is up: it answers by its rule for that ({reason})"
            self._tell(Event("pool", name, what, time.time(), "error", evidence={"rule": reason}, key=f"pool/{name}/failing"))
        else:
            log.info(f"pool {name} has a member that is up again")
            self._tell(Event("pool", name, "a member is up again", time.time(), evidence={"rule": before}, key=f"pool/{name}/well"))

    def _word(self, word: Override | Hold, what: str, at: float, by: str) -> None:
        kind, subject = ("hold", "verdicts") if isinstance(word, Hold) else ("override", f"{word.level.value} {word.subject}")
        self._tell(Event(kind, subject, what, at, by=by, evidence={"expires": word.expires}, key=f"{kind}/{word.key}/{what[:60]}/{int(at)}"))

    def _rest(self, kind: str, counts: Counter[str]) -> None:
        """Say what a storm's beginning was followed by."""
        log.warning("more changes than lines: the rest of them", kind=kind, left_out=sum(counts.values()), states=dict(counts))
        what = f"and {sum(counts.values()):,} more at the same time: {counted(counts)}"
        self._tell(Event(kind, "many", what, time.time(), "warning", evidence={"left_out": dict(counts)}))

    def _gauges(self, model: Model, pool: Pool, verdicts: Verdicts) -> None:
        if not metrics.pool_shown(pool.id):
            return
        states = [member_state(model, member, verdicts) for member in pool.members]
        for member, state in zip(pool.members, states, strict=True):
            metrics.member_up.labels(pool.id, member.id, member.site or "").set(SHOWN[state])
        metrics.pool_ratio.labels(pool.id).set(sum(state is not State.DOWN for state in states) / len(states) if states else 0)


def told(word: Override | Hold) -> str:
    """Say a word in a log line: `override: site fra drain`."""
    return _short(word) if isinstance(word, Hold) else f"override: {word.level.value} {word.subject} {_short(word)}"


def _short(word: Override | Hold) -> str:
    if isinstance(word, Hold):
        return "hold of all verdicts"
    return f"{word.kind.value}{f' {word.weight}' if word.kind is Kind.WEIGHT else ''}"
