"""What has to be probed for a model, and who depends on it: the reverse index from a verdict to pools.

Pure. Probers take `probes`, the compiler takes `of_member` and `pools`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gslb.model import Address, Check, Member, Model
from gslb.verdict import Target


@dataclass(frozen=True, slots=True)
class Index:
    """`probes`: each target once, with its check. `pools`: target → ids of the pools whose rows a verdict on it can change."""

    probes: Mapping[Target, Check]
    pools: Mapping[Target, frozenset[str]]


def of_address(model: Model, member: Member, address: Address) -> tuple[Target, ...]:
    """Targets that must all pass for this address of the member; none means always up (design: "No check: up")."""
    probed = member.check_address.get(address, address)
    return tuple(Target(name, model.checks[name].digest, str(probed)) for name in member.checks)


def index(model: Model) -> Index:
    """Walk the pools once."""
    probes: dict[Target, Check] = {}
    pools: dict[Target, set[str]] = {}
    for pool in model.pools.values():
        for member in pool.members:
            for address in member.addresses:
                for target in of_address(model, member, address):
                    probes[target] = model.checks[target.check]
                    pools.setdefault(target, set()).add(pool.id)
    return Index(probes, {target: frozenset(ids) for target, ids in pools.items()})
