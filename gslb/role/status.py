"""The state of members and pools as plain data: what `gslb status` shows."""

from __future__ import annotations

from typing import Any

from gslb import targets
from gslb.model import Member, Model
from gslb.role.transitions import address_state, member_state
from gslb.verdict import Target, Verdicts


def pools(model: Model, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Every pool with its members, in the operator's order."""
    return [{"pool": pool.id, "members": [_member(model, member, verdicts) for member in pool.members]} for pool in model.pools.values()]


def _member(model: Model, member: Member, verdicts: Verdicts) -> dict[str, Any]:
    return {
        "member": member.id,
        "site": member.site,
        "state": member_state(model, member, verdicts).name.lower(),
        "addresses": [
            {
                "address": str(address),
                "state": address_state(verdicts, needed).name.lower(),
                "checks": [_check(target, verdicts) for target in needed],
            }
            for address in member.addresses
            for needed in [targets.of_address(model, member, address)]
        ],
    }


def _check(target: Target, verdicts: Verdicts) -> dict[str, Any]:
    verdict = verdicts.get(target)
    known = {"state": verdict.state.name.lower(), "since": verdict.since, "reason": verdict.reason} if verdict else {"state": "unknown"}
    return {"check": target.check, "probed": target.address, **known}
