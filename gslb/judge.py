"""Turns votes into verdicts: what is held true of a target, given what probers say of it.

Pure, called by the roles whenever votes change. Same votes, same verdict, on every node: the only memory is that
a verdict is *held* while nobody has an opinion. It never says "down" for want of news.

    votes (abstentions left out)       verdict
    ---------------------------------  -----------------------------------------------------
    none, and no verdict before        UNKNOWN (which is served)
    none, a verdict before             held, until the abstentions are older than `max_stale`: UNKNOWN
    more than half say DOWN            DOWN
    otherwise (a tie too)              UP
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gslb.verdict import State, Target, Verdict, Verdicts, Vote

MAX_STALE: Final = 600.0  # seconds; long enough to mend a prober, short enough that a dead one does not keep a site out for a night

UNHEARD: Final = Verdict(State.UNKNOWN, 0.0, reason="no result yet")


def judge(votes: Sequence[Vote], previous: Verdict | None, now: float, max_stale: float = MAX_STALE) -> Verdict:
    """Judge one target from the fresh votes on it; `now` is the store's time."""
    opinions = [vote for vote in votes if vote.state is not State.UNKNOWN]
    if not opinions:
        return _held(votes, previous, now, max_stale)
    needed = len(opinions) // 2 + 1  # this many must say DOWN
    down = [vote for vote in opinions if vote.state is State.DOWN]
    up = [vote for vote in opinions if vote.state is State.UP]
    if len(down) >= needed:
        since = _kth((vote.since for vote in down), needed)
        return Verdict(State.DOWN, since, 0, _last_up(down, needed), _change(down, len(down) - needed + 1), _reason(down, len(opinions)))
    since = _kth((vote.since for vote in up), len(opinions) - needed + 1)
    changed = any(vote.changed for vote in up)
    return Verdict(State.UP, since, _grade(up), since, _change(up, needed - len(down)), _reason(up, len(opinions)), changed)


def judge_all(
    votes: Mapping[Target, Mapping[str, Vote]],
    previous: Verdicts,
    now: float,
    only: Iterable[Target] | None = None,
    max_stale: float = MAX_STALE,
) -> tuple[dict[Target, Verdict], frozenset[Target]]:
    """Judge all targets that have votes or a verdict, or just `only` (a store's hint); others keep their verdicts.

    The second value: targets whose rows may differ now. A new reason alone changes no row.
    """
    verdicts = dict(previous)
    changed = set()
    for target in votes.keys() | previous.keys() if only is None else only:
        before = previous.get(target)
        if before is None and target not in votes:
            continue  # forgotten between the hint and the reading
        verdict = judge(tuple(votes.get(target, {}).values()), before, now, max_stale)
        verdicts[target] = verdict
        if before is None or _weighs(verdict) != _weighs(before):
            changed.add(target)
    return verdicts, frozenset(changed)


def carry(previous: Verdicts, targets: Iterable[Target]) -> dict[Target, Verdict]:
    """Keep the verdicts of the targets that are still probed after a load; an edited check inherits by name and address."""
    heirs = {(target.check, target.address): verdict for target, verdict in previous.items()}
    kept = {}
    for target in targets:
        verdict = previous.get(target) or heirs.get((target.check, target.address))
        if verdict:
            kept[target] = verdict
    return kept


def _held(votes: Sequence[Vote], previous: Verdict | None, now: float, max_stale: float) -> Verdict:
    """Keep the verdict while nobody has an opinion; `since` of an abstention is when its prober went blind."""
    reason = votes[0].reason if votes else UNHEARD.reason
    if previous is None:
        return Verdict(State.UNKNOWN, min((vote.since for vote in votes), default=now), reason=reason)
    blind_since = max((vote.since for vote in votes), default=now)
    if previous.state is not State.UNKNOWN and now - blind_since > max_stale:
        return Verdict(State.UNKNOWN, blind_since + max_stale, previous.grade, previous.last_up, reason=reason)
    return previous


def _last_up(down: Sequence[Vote], needed: int) -> float | None:
    """When it was last up: the moment the vote that decided ceased to say so; None where too few of them ever said so."""
    moment = _kth((-math.inf if vote.last_up is None else vote.last_up for vote in down), needed)
    return None if moment == -math.inf else moment


def _kth(moments: Iterable[float], k: int) -> float:
    """Return the moment when the k-th vote joined: that one decided."""
    return sorted(moments)[k - 1]


def _change(agreeing: Sequence[Vote], k: int) -> float | None:
    """Return the least time in which k of them could change sides, None if fewer are on the way."""
    times = sorted(math.inf if vote.seconds_to_change is None else vote.seconds_to_change for vote in agreeing)
    return None if times[k - 1] == math.inf else times[k - 1]


def _grade(up: Sequence[Vote]) -> int:
    """Take the middle grade, the lower of two: one odd prober moves nothing."""
    return sorted(vote.grade for vote in up)[(len(up) - 1) // 2]


def _reason(agreeing: Sequence[Vote], voters: int) -> str:
    reason = min(agreeing, key=lambda vote: vote.since).reason
    return reason if voters == 1 else f"{len(agreeing)} of {voters}: {reason}"


def _weighs(verdict: Verdict) -> tuple[object, ...]:
    """All of a verdict that answers can depend on."""
    return (verdict.state, verdict.since, verdict.grade, verdict.last_up, verdict.seconds_to_change, verdict.changed)
