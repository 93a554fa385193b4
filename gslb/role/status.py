"""The state of members and pools as plain data: what `gslb status` and `gslb overrides` show.

What checks say and what operators said stand beside each other: `state` is never changed by an override.
"""

from __future__ import annotations

from typing import Any

from gslb import targets
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Hold, Kind, Override, effective
from gslb.role.member_states import address_state, member_state
from gslb.role.reach import Reach
from gslb.verdict import Target, Verdicts

FORCED = {Kind.DOWN: "down", Kind.DRAIN: "drained", Kind.WEIGHT: "weighted", Kind.UP: "up"}


def pools(model: Model, moment: Moment) -> list[dict[str, Any]]:
    """Every pool with its members, in the operator's order."""
    return [{"pool": pool.id, "members": [_member(model, pool, member, moment) for member in pool.members]} for pool in model.pools.values()]


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


def _member(model: Model, pool: Pool, member: Member, moment: Moment) -> dict[str, Any]:
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
                "checks": [_check(target, moment.verdicts) for target in needed],
            }
            for address in targets.addresses(member)
            for needed in [targets.of_address(model, member, address)]
        ],
    }


def _said(one: Override) -> dict[str, Any]:
    weight = {"weight": one.weight} if one.kind is Kind.WEIGHT else {}
    return {"kind": one.kind.value, **weight, "author": one.author, "reason": one.reason, "expires": one.expires}


def _check(target: Target, verdicts: Verdicts) -> dict[str, Any]:
    verdict = verdicts.get(target)
    known = {"state": verdict.state.name.lower(), "since": verdict.since, "reason": verdict.reason} if verdict else {"state": "unknown"}
    return {"check": target.check, "probed": target.address, **known}
