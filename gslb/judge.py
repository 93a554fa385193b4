"""Turns votes into verdicts: what is held true of a target, given what probers say of it.

Pure, called by the roles whenever votes change. Same votes, same verdict, on every node: the only memory is that
a verdict is *held* while too few have an opinion. It never says "down" for want of news.

    fresh votes with an opinion        verdict
    ---------------------------------  -----------------------------------------------------
    too few, and no verdict before     UNKNOWN (which is served)
    too few, a verdict before          held, until that has been so for `max_stale`: UNKNOWN
    as many say DOWN as the quorum asks  DOWN
    otherwise (a tie too)              UP

A vote is fresh while its prober's lease is and the prober trusts its own eyes. Too few are fewer than `min_votes`, or than two where two
probers or more hold the target: one that went blind less than `max_stale` ago holds it still.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gslb import quorum as quorums_of_pools
from gslb.lease import Voter, Voters
from gslb.quorum import DEFAULT, MAX_STALE, Quorum
from gslb.verdict import State, Target, Verdict, Verdicts, Vote

__all__ = ["MAX_STALE", "UNHEARD", "carry", "judge", "judge_all"]

UNHEARD: Final = Verdict(State.UNKNOWN, 0.0, reason="no result yet")

Quorums = Mapping[Target, Collection[Target]]  # probed target → the keys of its verdicts, one for each quorum over it


def judge(
    votes: Sequence[Vote],
    previous: Verdict | None,
    now: float,
    max_stale: float | None = None,
    *,
    quorum: Quorum = DEFAULT,
    voters: Voters | None = None,
) -> Verdict:
    """Judge one target from the votes on it; `now` is the store's time. `voters` None: all are fresh, each in a place of its own.

    `max_stale`: instead of the quorum's.
    """
    stale = quorum.max_stale if max_stale is None else max_stale
    heard = [(vote, _ALONE if voters is None else voters.get(vote.prober, _GONE)) for vote in votes]
    fresh = [(vote, voter) for vote, voter in heard if vote.state is not State.UNKNOWN and voter.fresh and not voter.suspect]
    holders = sum(voter.age <= stale for _, voter in heard)
    if len(fresh) < (quorum.min_votes or (2 if holders > 1 else 1)):
        return _held(heard, len(fresh), previous, now, stale)
    ballots = _of_places(fresh, voters) if quorum.mode == "places" else [_Ballot.of(vote) for vote, _ in fresh]
    won = _count(ballots, quorum.needed(len(ballots)))
    agreeing = [vote for vote, _ in fresh if vote.state is won.state]
    if won.state is State.DOWN:
        return Verdict(State.DOWN, won.since, 0, won.last_up, won.change, _reason(agreeing, len(fresh)))
    changed = any(vote.changed for vote in agreeing)
    return Verdict(State.UP, won.since, _grade(agreeing), won.since, won.change, _reason(agreeing, len(fresh)), changed)


def judge_all(
    votes: Mapping[Target, Mapping[str, Vote]],
    previous: Verdicts,
    now: float,
    only: Iterable[Target] | None = None,
    max_stale: float | None = None,
    *,
    voters: Voters | None = None,
    running: Voters | None = None,
    quorums: Quorums | None = None,
) -> tuple[dict[Target, Verdict], frozenset[Target]]:
    """Judge all targets that have votes or a verdict, or just `only` (a store's hint); others keep their verdicts.

    `quorums`: under which quorums a target is judged; one that is not in it under its own. `running`: the voters of quorums that do not keep what
    was while the store is out of reach, where they are others. The second value: verdicts by which rows may differ
    now. A new reason alone changes no row.
    """
    verdicts = dict(previous)
    changed = set()
    over: Quorums = quorums or {}
    probed = {target.probed for target in (votes.keys() | previous.keys() if only is None else only)}
    for target in probed:
        cast = tuple(votes.get(target, {}).values())
        for key in over.get(target) or (target,):
            before = previous.get(key)
            if before is None and not cast:
                continue  # forgotten between the hint and the reading
            quorum = quorums_of_pools.of(key.quorum)
            verdict = judge(cast, before, now, max_stale, quorum=quorum, voters=voters if quorum.keep or running is None else running)
            verdicts[key] = verdict
            if before is None or _weighs(verdict) != _weighs(before):
                changed.add(key)
    return verdicts, frozenset(changed)


def carry(previous: Verdicts, targets: Iterable[Target]) -> dict[Target, Verdict]:
    """Keep the verdicts of the targets that are still judged after a load; an edited check or quorum inherits by name and address."""
    heirs: dict[tuple[str, ...], Verdict] = {(target.check, target.address): verdict for target, verdict in previous.items()}
    heirs |= {(target.check, target.address, target.quorum): verdict for target, verdict in previous.items()}
    kept = {}
    for target in targets:
        verdict = previous.get(target) or heirs.get((target.check, target.address, target.quorum)) or heirs.get((target.check, target.address))
        if verdict:
            kept[target] = verdict
    return kept


class _Ballot(NamedTuple):
    """What a prober, or a place, says: DOWN or not, since when, when it was last up, and when it could change sides."""

    state: State
    since: float
    last_up: float | None
    change: float | None

    @classmethod
    def of(cls, vote: Vote) -> _Ballot:
        return cls(vote.state, vote.since, vote.last_up, vote.seconds_to_change)


_ALONE: Final = Voter("")  # fresh, and no other stands in its place
_GONE: Final = Voter("", math.inf, fresh=False)  # its lease is not known: it may have ended long ago


def _count(ballots: Sequence[_Ballot], needed: int) -> _Ballot:
    """Return what they say together: DOWN where `needed` do."""
    down = [ballot for ballot in ballots if ballot.state is State.DOWN]
    up = [ballot for ballot in ballots if ballot.state is not State.DOWN]
    if len(down) >= needed:
        since = _kth((ballot.since for ballot in down), needed)
        return _Ballot(State.DOWN, since, _last_up(down, needed), _change(down, len(down) - needed + 1))
    since = _kth((ballot.since for ballot in up), len(ballots) - needed + 1)
    return _Ballot(State.UP, since, since, _change(up, needed - len(down)))


def _of_places(fresh: Sequence[tuple[Vote, Voter]], voters: Voters | None) -> list[_Ballot]:
    """Let the probers of each place agree by majority first."""
    places: dict[str, list[_Ballot]] = {}
    for vote, voter in fresh:
        places.setdefault(vote.prober if voters is None else voter.place, []).append(_Ballot.of(vote))
    return [_count(ballots, len(ballots) // 2 + 1) for _, ballots in sorted(places.items())]


def _held(heard: Sequence[tuple[Vote, Voter]], opinions: int, previous: Verdict | None, now: float, stale: float) -> Verdict:
    """Keep the verdict while too few have an opinion."""
    silent = [(vote, voter) for vote, voter in heard if vote.state is State.UNKNOWN or not voter.fresh or voter.suspect]
    reason = f"held: {opinions} of {len(heard)} probers heard" if opinions or len(heard) > 1 else heard[0][0].reason if heard else UNHEARD.reason
    moments = [_silent_since(vote, voter, now) for vote, voter in silent]
    if previous is None:
        return Verdict(State.UNKNOWN, min(moments, default=now), reason=reason)
    since = max(moments, default=now)  # when the last one of them fell silent
    if previous.state is not State.UNKNOWN and now - since > stale:
        return Verdict(State.UNKNOWN, since + stale, previous.grade, previous.last_up, reason=reason)
    return replace(previous, reason=reason or previous.reason, held=True) if previous.state is not State.UNKNOWN else previous


def _silent_since(vote: Vote, voter: Voter, now: float) -> float:
    """When a prober ceased to have an opinion that counts: it went blind, or was last heard of."""
    if vote.state is State.UNKNOWN:
        return vote.since
    return now - voter.age if voter.age < math.inf else vote.since


def _last_up(down: Sequence[_Ballot], needed: int) -> float | None:
    """When it was last up: the moment the vote that decided ceased to say so; None where too few of them ever said so."""
    moment = _kth((-math.inf if ballot.last_up is None else ballot.last_up for ballot in down), needed)
    return None if moment == -math.inf else moment


def _kth(moments: Iterable[float], k: int) -> float:
    """Return the moment when the k-th vote joined: that one decided."""
    return sorted(moments)[k - 1]


def _change(agreeing: Sequence[_Ballot], k: int) -> float | None:
    """Return the least time in which k of them could change sides, None if fewer are on the way."""
    times = sorted(math.inf if ballot.change is None else ballot.change for ballot in agreeing)
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
