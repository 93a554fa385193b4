"""How the members of a pool stand at a moment, for one type: who may be given, in which state, with which addresses.

an address      all of its checks must pass, or `need` of them: the state of the one that decides; no check = up; no verdict = unknown.
                One that came up less than `failback_delay` ago counts as unknown: it is used where none is up for longer
a member        the best state among its addresses of the family; it serves the addresses in that state. What an operator says stands above
no address      the member does not exist for that family (A and AAAA are judged apart, unless the pool is `joint`)
a pool          what it would answer decides, which differs from client to client: `Inside` says it
drained, down   by an operator: not among the candidates, but in reserve, for when nothing else is left
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gslb import targets
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Kind, Override, effective
from gslb.policy.candidate import Candidate
from gslb.verdict import State, Target, Verdict

A: Final = 1
CNAME: Final = 5
AAAA: Final = 28
TYPES: Final = (A, AAAA)

_OUT: Final = (Kind.DOWN, Kind.DRAIN)
_UNHEARD: Final = Verdict(State.UNKNOWN, 0.0)


class Endpoint(NamedTuple):
    """One address (or name) as rdata, and the targets of which enough must pass for it."""

    rdata: bytes
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A member with its endpoints of one type; of a pool inside: none. `mine`: how many of the endpoints are of the type asked for."""

    member: Member
    index: int
    endpoints: tuple[Endpoint, ...]
    mine: int


class Inside(NamedTuple):
    """What a pool inside the pool would do for a client: whether it has anybody to give, where those stand, in how many seconds that could change
    by what is seen, and at which moment by the clock.
    """

    state: State
    sites: tuple[str, ...]
    soon: float | None = None
    edge: float | None = None


NO_INSIDE: Final[Mapping[int, Inside]] = {}


class Terms(NamedTuple):
    """What of the pool bears on how its members stand. `since`: whether the chain looks at the clock."""

    pool: str = ""
    failback_delay: float = 0.0
    family_down: str = "all"
    since: bool = False

    @classmethod
    def of(cls, pool: Pool, *, since: bool) -> Terms:
        """Take them from the pool."""
        return cls(pool.id, pool.failback_delay, pool.family_down, since)


@dataclass(slots=True)
class Standing:
    """Candidates of one type as they stand, those in reserve, and what each would serve, by index.

    `soon`: seconds in which the state of a candidate could change, of those that are on the way. `last_up`: when each was up last.
    `edges`: moments at which the clock alone changes how somebody stands.
    """

    candidates: tuple[Candidate, ...] = ()
    reserve: tuple[Candidate, ...] = ()
    rdata: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    soon: dict[int, float] = field(default_factory=dict)
    last_up: dict[int, float] = field(default_factory=dict)
    edges: list[float] = field(default_factory=list)


def entrants(model: Model, pool: Pool, kind: int) -> tuple[Entrant, ...]:
    """Return the members that can give this type, in list order; with `joint`, all that have an address."""
    found = []
    for index, member in enumerate(pool.members):
        mine = _endpoints(model, member, kind)
        others = _endpoints(model, member, A + AAAA - kind) if pool.joint and kind in TYPES else ()
        if mine or others or member.pool:
            found.append(Entrant(member, index, mine + others, len(mine)))
    return tuple(found)


def stand(entered: Sequence[Entrant], moment: Moment, terms: Terms, inside: Mapping[int, Inside] = NO_INSIDE) -> Standing:
    """Judge every member for one type; `inside`: by index, what the pools inside would do (one that can never give the type is not there)."""
    standing = Standing()
    candidates, reserve = [], []
    for entrant in entered:
        said = effective(moment.overrides, terms.pool, entrant.member.id, entrant.member.site, moment.now) if moment.overrides else None
        if said is not None and said.expires is not None:
            standing.edges.append(said.expires)
        candidate = _pool(entrant, inside, standing) if entrant.member.pool else _member(entrant, moment, terms, standing)
        if candidate is None:
            continue
        if said is not None and said.kind in _OUT:
            reserve.append(candidate)
            standing.soon.pop(entrant.index, None)
        else:
            candidates.append(_obeying(candidate, said))
    standing.candidates, standing.reserve = tuple(candidates), tuple(reserve)
    return standing


def _member(entrant: Entrant, moment: Moment, terms: Terms, standing: Standing) -> Candidate:
    member, index = entrant.member, entrant.index
    judged = [_judge(endpoint, member.need, moment.verdicts) for endpoint in entrant.endpoints]
    if terms.failback_delay:
        judged = [_resting(one, terms.failback_delay, moment.now, standing.edges) for one in judged]
    best = max([one.state for one in judged])
    served = [one for one in judged if one.state is best]
    mine = judged[: entrant.mine]
    if mine and entrant.mine < len(judged):
        best_mine = max(one.state for one in mine)
        if best_mine is State.DOWN and best is not State.DOWN and terms.family_down == "nodata":
            mine = []
    else:
        best_mine = best
    standing.rdata[index] = tuple(
        dict.fromkeys(e.rdata for e, one in zip(entrant.endpoints, mine, strict=False) if one.state is best_mine) if mine else ()
    )
    moving = [one.soon for one in judged if one.soon is not None]
    if moving:
        standing.soon[index] = min(moving)
    ups = [one.last_up for one in judged if one.last_up is not None]
    if ups:
        standing.last_up[index] = max(ups)
    since = _since(served) if terms.since else None
    grade = min(one.grade for one in served)
    return Candidate(member.id, index, member.site, member.weight, member.priority, best, grade, since=since)


def _pool(entrant: Entrant, inside: Mapping[int, Inside], standing: Standing) -> Candidate | None:
    """Stand for a pool inside; it ranks where those stand that it would answer, unless it has a site of its own."""
    found = inside.get(entrant.index)
    if found is None:
        return None
    if found.soon is not None:
        standing.soon[entrant.index] = found.soon
    if found.edge is not None:
        standing.edges.append(found.edge)
    member = entrant.member
    sites = () if member.site is not None else found.sites
    return Candidate(member.id, entrant.index, member.site, member.weight, member.priority, found.state, sites=sites)


def _obeying(candidate: Candidate, said: Override | None) -> Candidate:
    if said is None:
        return candidate
    if said.kind is Kind.WEIGHT:
        return _changed(candidate, weight=said.weight)
    return _changed(candidate, state=State.UP, grade=100)


def _changed(c: Candidate, *, weight: int | None = None, state: State | None = None, grade: int | None = None) -> Candidate:
    return Candidate(
        c.id,
        c.index,
        c.site,
        c.weight if weight is None else weight,
        c.priority,
        c.state if state is None else state,
        c.grade if grade is None else grade,
        c.sites,
        c.since,
    )


class _Judged(NamedTuple):
    """One endpoint: state and grade, since when, up when last, and in how many seconds that could change."""

    state: State
    grade: int = 100
    since: float | None = None
    last_up: float | None = None
    soon: float | None = None


_NO_CHECK: Final = _Judged(State.UP)


def _judge(endpoint: Endpoint, need: int, verdicts: Mapping[Target, Verdict]) -> _Judged:
    """Judge an endpoint by the best `need` of its checks (0 = all): the worst of those decides."""
    of = endpoint.targets
    if not of:
        return _NO_CHECK
    if len(of) == 1:
        verdict = verdicts.get(of[0])
        if verdict is None:
            return _Judged(State.UNKNOWN)
        return _Judged(verdict.state, verdict.grade, _came(verdict), verdict.last_up, verdict.seconds_to_change)
    found = [verdicts.get(target, _UNHEARD) for target in of]
    ranked = sorted(found, key=lambda verdict: (verdict.state, verdict.grade), reverse=True)[: need or len(found)]
    worst = ranked[-1].state
    moving = [verdict.seconds_to_change for verdict in found if verdict.seconds_to_change is not None]
    ups = [verdict.last_up for verdict in found if verdict.last_up is not None]
    since = max((came for verdict in ranked if verdict.state is worst and (came := _came(verdict)) is not None), default=None)
    return _Judged(worst, min(verdict.grade for verdict in ranked), since, _kth(ups, need or len(found)), min(moving, default=None))


def _since(served: Sequence[_Judged]) -> float | None:
    """Return since when a member serves: its first address decides; None where one was there when first seen."""
    moments = [one.since for one in served]
    return None if None in moments else min(moment for moment in moments if moment is not None)


def _came(verdict: Verdict) -> float | None:
    """Return when it came into its state; None where it was in it when first seen: then it has not come back from anything."""
    return verdict.since if verdict.changed else None


def _kth(ups: list[float], need: int) -> float | None:
    """Return when `need` checks were passing last: the k-th youngest; None where fewer ever did."""
    return sorted(ups, reverse=True)[need - 1] if len(ups) >= need else None


def _resting(one: _Judged, delay: float, now: float, edges: list[float]) -> _Judged:
    if one.state is not State.UP or one.since is None or now >= one.since + delay:
        return one
    edges.append(one.since + delay)
    return one._replace(state=State.UNKNOWN)


def _endpoints(model: Model, member: Member, kind: int) -> tuple[Endpoint, ...]:
    """Return what of a member is of this type, as rdata."""
    if kind == CNAME:
        found = tuple(Endpoint(member.target, targets.of_address(model, member, address)) for address in member.check_at)
        return found or ((Endpoint(member.target, ()),) if member.target else ())
    version = 4 if kind == A else 6
    return tuple(Endpoint(a.packed, targets.of_address(model, member, a)) for a in member.addresses if a.version == version)
