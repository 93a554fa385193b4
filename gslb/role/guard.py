"""What would be left of a pool: the guard before an override takes the last of it out of the answers.

Called by the desk, under the store's lock. Pure. A member is left while no override takes it out and its checks do not say that it is down;
where its checks do, an `up` counts for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Kind, effective
from gslb.role.member_states import member_state
from gslb.targets import MAX_DEPTH
from gslb.verdict import State


@dataclass(frozen=True, slots=True)
class Left:
    """A pool's members after an override: `given` are left, `out` are not, by id and with the reason."""

    pool: Pool
    given: tuple[Member, ...]
    out: dict[str, str]

    @property
    def sites(self) -> int:
        """Count failure domains: a member without a site stands for itself."""
        return len({member.site or member.id for member in self.given})

    @property
    def spared(self) -> int:
        """Count the members that no operator took out, dead or alive."""
        return len(self.given) + sum(why == DOWN for why in self.out.values())


DOWN = "down by its checks"


def left(model: Model, pool: Pool, moment: Moment, depth: int = 1) -> Left:
    """Sort a pool's members into those that go on being given and those that do not."""
    given, out = [], {}
    for member in pool.members:
        if why := _out(model, pool, member, moment, depth):
            out[member.id] = why
        else:
            given.append(member)
    return Left(pool, tuple(given), out)


def refusals(model: Model, before: Moment, after: Moment) -> list[str]:
    """Say which pools the step from `before` to `after` would leave with too little, and what would remain of each."""
    said = []
    for pool in model.pools.values():
        was, then = left(model, pool, before), left(model, pool, after)
        need = max(1, pool.min_sites)
        fewer = then.sites < need and then.sites < was.sites
        if fewer or (not then.spared and was.spared):
            said.append(_told(then, need))
    return said


def _out(model: Model, pool: Pool, member: Member, moment: Moment, depth: int) -> str:
    """Why a member is not given; "" where it is."""
    override = effective(moment.overrides, pool.id, member.id, member.site, moment.now)
    if override and override.kind in (Kind.DRAIN, Kind.DOWN):
        by = f" by {override.author}" if override.author else ""
        return f"{'drained' if override.kind is Kind.DRAIN else 'forced down'}{by}"
    if override and override.kind is Kind.UP:
        return ""
    inside = model.pools.get(member.pool)
    if inside is not None and depth < MAX_DEPTH and not left(model, inside, moment, depth + 1).given:
        return f"pool {inside.id} has nothing left"
    return DOWN if member_state(model, member, moment.verdicts) is State.DOWN else ""


def _told(then: Left, need: int) -> str:
    names: Sequence[str] = [member.id for member in then.given]
    remains = f"only {', '.join(names)}" if names else "no member"
    why = "; ".join(f"{name} is {reason}" if not reason.startswith("pool ") else reason for name, reason in then.out.items())
    wanted = f" (min_sites: {need})" if need > 1 else ""
    return f"pool {then.pool.id} would be left with {remains}{wanted}: {why}"
