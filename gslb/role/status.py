"""The state of members and pools as plain data: what `gslb status` and `gslb overrides` show.

What checks say and what operators said stand beside each other: `state` is never changed by an override.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gslb import targets
from gslb.lease import Voter
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Hold, Kind, Override, effective
from gslb.quorum import of as quorum_of
from gslb.role.health import Health
from gslb.role.loading import Load
from gslb.role.member_states import address_state, member_state
from gslb.role.neighbours import PROBER, role
from gslb.role.reach import Reach
from gslb.store import NodeReport
from gslb.verdict import State, Target, Verdict, Verdicts, Vote

FORCED = {Kind.DOWN: "down", Kind.DRAIN: "drained", Kind.WEIGHT: "weighted", Kind.UP: "up"}


FEW: Final = 5000  # votes that are shown whatever they say; of more only those on what is not plainly up


def pools(model: Model, moment: Moment, health: Health | None = None, steady: float = 0.0) -> list[dict[str, Any]]:
    """Every pool with its members, in the operator's order; with `health` also the votes behind each verdict."""
    ballots = _Ballots(health, steady) if health else None
    return [{"pool": pool.id, "members": [_member(model, pool, member, moment, ballots) for member in pool.members]} for pool in model.pools.values()]


def probers(health: Health, steady: float) -> list[dict[str, Any]]:
    """Every prober, and whether it is believed."""
    voters = health.voters(steady) or {}
    leases = health.clock.leases
    return [
        {
            "name": name,
            "place": voter.place,
            "age": round(voter.age, 1),
            "fresh": voter.fresh,
            "suspect": leases[name].suspect,
            "targets": leases[name].targets,
            "down": leases[name].down,
            "lateness": leases[name].lateness,
            "epoch": leases[name].epoch,
        }
        for name, voter in sorted(voters.items())
    ]


def nodes(reports: Mapping[str, NodeReport], me: NodeReport, now: float) -> list[dict[str, Any]]:
    """Everybody who reports, this one as it is now, and whether it serves from the same as this one; a prober serves nothing."""
    return [
        {
            "node": one.node,
            "age": round(max(0.0, now - one.at), 1),
            "version": one.version,
            "digest": one.digest,
            "files": one.files,
            "same": one.digest == me.digest or role(one) == PROBER,
            "same_files": one.files == me.files or role(one) == PROBER,
            "role": role(one),
            "extra": dict(one.extra),
        }
        for _, one in sorted({**reports, me.node: me}.items())
    ]


def geo(load: Load, now: float) -> dict[str, Any]:
    """How old geo data are, and what is wrong with them."""
    return {"built": load.atlas.oldest_build(), "stale": list(load.atlas.stale(now)), "problems": list(load.warnings)}


def override(one: Override, reach: Reach, now: float) -> dict[str, Any]:
    """One override, with what follows from it: `drained_at` is when the last answer given before it leaves the caches."""
    drained_at = reach.drained_at(one)
    return {
        "level": one.level.value,
        "subject": one.subject,
        **_said(one),
        "since": one.since,
        "pools": sorted(reach.pools([one])),
        "drained_at": drained_at,
        "drained": drained_at is not None and drained_at <= now,
    }


def hold(one: Hold | None) -> dict[str, Any] | None:
    """Say who holds all verdicts, if anybody does."""
    return {"author": one.author, "reason": one.reason, "since": one.since, "expires": one.expires} if one else None


class _Ballots:
    """The votes behind verdicts, as plain data."""

    def __init__(self, health: Health, steady: float) -> None:
        self._health = health
        self._voters = health.voters(steady)
        self._all = sum(map(len, health.votes.values())) <= FEW

    def on(self, target: Target, verdict: Verdict | None) -> list[dict[str, Any]]:
        if not self._all and verdict and verdict.state is State.UP and not verdict.held:
            return []
        return [self._row(vote) for _, vote in sorted(self._health.votes_on(target).items())]

    def _row(self, vote: Vote) -> dict[str, Any]:
        voter = Voter(vote.prober) if self._voters is None else self._voters.get(vote.prober, Voter("", fresh=False))
        return {
            "prober": vote.prober,
            "place": voter.place,
            "state": vote.state.name.lower(),
            "since": vote.since,
            "grade": vote.grade,
            "reason": vote.reason,
            "counted": voter.fresh and not voter.suspect and vote.state is not State.UNKNOWN,
        }


def _member(model: Model, pool: Pool, member: Member, moment: Moment, ballots: _Ballots | None) -> dict[str, Any]:
    said = effective(moment.overrides, pool.id, member.id, member.site, moment.now)
    return {
        "member": member.id,
        "site": member.site,
        "state": member_state(model, member, moment.verdicts).name.lower(),
        "forced": said and FORCED[said.kind],
        "override": said and {"level": said.level.value, "subject": said.subject, **_said(said)},
        "addresses": [
            {
                "address": str(address),
                "state": address_state(moment.verdicts, needed, member.need).name.lower(),
                "checks": [_check(target, moment.verdicts, ballots) for target in needed],
            }
            for address in targets.addresses(member)
            for needed in [targets.of_address(model, member, address)]
        ],
    }


def _said(one: Override) -> dict[str, Any]:
    weight = {"weight": one.weight} if one.kind is Kind.WEIGHT else {}
    return {"kind": one.kind.value, **weight, "author": one.author, "reason": one.reason, "expires": one.expires}


def _check(target: Target, verdicts: Verdicts, ballots: _Ballots | None) -> dict[str, Any]:
    verdict = verdicts.get(target)
    known = {"state": verdict.state.name.lower(), "since": verdict.since, "reason": verdict.reason} if verdict else {"state": "unknown"}
    held = verdict is not None and verdict.held
    quorum = quorum_of(target.quorum)
    told = {"quorum": f"{quorum.mode} {quorum.count}" if quorum.count else quorum.mode, "held": held}
    return {"check": target.check, "probed": target.address, **known, **told, "votes": ballots.on(target, verdict) if ballots else []}
