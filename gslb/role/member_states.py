"""The state of a member for people: what `gslb status`, the gauges and the guard of overrides take it to be.

Reads verdicts only; what an operator said of the member stands beside it, never in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gslb import targets
from gslb.model import Member, Model
from gslb.targets import MAX_DEPTH
from gslb.verdict import State, Target, Verdicts


def member_state(model: Model, member: Member, verdicts: Verdicts, depth: int = 1) -> State:
    """Judge a member: its best address, or the best member of the pool that it is. Unchecked is up."""
    inside = model.pools.get(member.pool)
    if inside is not None and depth < MAX_DEPTH:
        return max((member_state(model, one, verdicts, depth + 1) for one in inside.members), default=State.UP)
    addresses = targets.addresses(member)
    return max((address_state(verdicts, targets.of_address(model, member, address), member.need) for address in addresses), default=State.UP)


def address_state(verdicts: Verdicts, needed: Sequence[Target], need: int = 0) -> State:
    """Take the worst of the checks that must pass: of all (`need` 0), or of the best `need`."""
    states = sorted((verdicts[target].state if target in verdicts else State.UNKNOWN for target in needed), reverse=True)
    return states[(need or len(states)) - 1] if states else State.UP
