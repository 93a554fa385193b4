"""How the members of a pool stand, for one address family: who may be given, in which state, with which addresses.

an address      the worst verdict over its checks (all must pass); no check = up; no verdict = unknown
a member        the best state among its addresses of the family; it serves the addresses in that state
no address      the member does not exist for that family (A and AAAA are judged apart)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gslb import targets
from gslb.model import Member, Model
from gslb.policy.candidate import Candidate
from gslb.verdict import State, Target, Verdicts

A: Final = 1
AAAA: Final = 28
TYPES: Final = (A, AAAA)

_NO_CHECK: Final = (State.UP, 100)
_NO_VERDICT: Final = (State.UNKNOWN, 100)


class Endpoint(NamedTuple):
    """One address as rdata, and the targets that must all pass for it."""

    rdata: bytes
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A member with its endpoints of one family."""

    member: Member
    index: int
    endpoints: tuple[Endpoint, ...]


class Standing(NamedTuple):
    """Candidates of one family as verdicts have them now, and what each would serve, by index."""

    candidates: tuple[Candidate, ...]
    rdata: dict[int, tuple[bytes, ...]]


def entrants(model: Model, members: Sequence[Member], kind: int) -> tuple[Entrant, ...]:
    """Return the members that have an address of this type, in list order."""
    version = 4 if kind == A else 6
    found = []
    for index, member in enumerate(members):
        mine = [address for address in member.addresses if address.version == version]
        if mine:
            found.append(Entrant(member, index, tuple(Endpoint(a.packed, targets.of_address(model, member, a)) for a in mine)))
    return tuple(found)


def stand(entered: Sequence[Entrant], verdicts: Verdicts) -> Standing:
    """Judge every member of one family."""
    candidates = []
    rdata = {}
    for entrant in entered:
        states = [_state(endpoint, verdicts) for endpoint in entrant.endpoints]
        best = max(state for state, _ in states)
        grade = min(grade for state, grade in states if state is best)
        member = entrant.member
        candidates.append(Candidate(member.id, entrant.index, member.site, member.weight, member.priority, best, grade))
        rdata[entrant.index] = tuple(e.rdata for e, (state, _) in zip(entrant.endpoints, states, strict=True) if state is best)
    return Standing(tuple(candidates), rdata)


def _state(endpoint: Endpoint, verdicts: Verdicts) -> tuple[State, int]:
    """Return the worst state, and the worst grade, over an address's checks."""
    found = [_NO_VERDICT if (verdict := verdicts.get(target)) is None else (verdict.state, verdict.grade) for target in endpoint.targets]
    if not found:
        return _NO_CHECK
    return min(state for state, _ in found), min(grade for _, grade in found)
