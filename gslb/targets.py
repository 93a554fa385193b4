"""What has to be probed for a model, and who depends on it: the reverse index from a verdict to pools.

Pure. Probers take `probes`, the judge `quorums`, the compiler and control `pools`. What is probed bears no quorum; verdicts do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gslb.model import Address, Check, Member, Model, Pool
from gslb.verdict import Target

MAX_DEPTH: Final = 4  # pools inside pools, and backups of backups: as deep as rows nest; lint refuses more


@dataclass(frozen=True, slots=True)
class Index:
    """`probes`: each target once, with its check. `quorums`: for each of them the verdicts that are judged from its votes, one for every quorum
    over it. `pools`: verdict's target → ids of the pools whose rows it can change: those that hold it, those that contain one of them, and those
    that have one of them as their backup.
    """

    probes: Mapping[Target, Check]
    quorums: Mapping[Target, frozenset[Target]]
    pools: Mapping[Target, frozenset[str]]


def addresses(member: Member) -> tuple[Address, ...]:
    """Return the addresses by which a member is judged: its own, or those that stand for a name. A pool is judged by its members."""
    return member.addresses or member.check_at


def of_address(model: Model, member: Member, address: Address) -> tuple[Target, ...]:
    """Verdicts of which `member.need` must pass for this address (0 = all); none means always up (design: "No check: up")."""
    probed = member.check_address.get(address, address)
    return tuple(Target(name, model.checks[name].digest, str(probed), member.quorum) for name in member.checks)


def of_member(model: Model, member: Member) -> Iterator[Target]:
    """Walk all targets of a member."""
    for address in addresses(member):
        yield from of_address(model, member, address)


def leans_on(model: Model, pool: Pool) -> list[str]:
    """Return the pool, and the pools that its rows may be made from: those inside it and its backups, and theirs. Nearest first, each once."""
    found: dict[str, int] = {pool.id: 1}
    waiting = [pool]
    while waiting:
        one = waiting.pop(0)
        depth = found[one.id] + 1
        for name in (*children(one), backup(one)):
            if depth <= MAX_DEPTH and name in model.pools and name not in found:
                found[name] = depth
                waiting.append(model.pools[name])
    return list(found)


def children(pool: Pool) -> list[str]:
    """Return the pools that are members of this one."""
    return [member.pool for member in pool.members if member.pool]


def backup(pool: Pool) -> str:
    """Return the pool that stands in when all is down; "" = none."""
    return pool.when_all_down.backup if pool.when_all_down.mode == "backup" else ""


def index(model: Model) -> Index:
    """Walk the pools once."""
    probes: dict[Target, Check] = {}
    quorums: dict[Target, set[Target]] = {}
    pools: dict[Target, set[str]] = {}
    leaning: dict[str, list[str]] = {}
    for pool in model.pools.values():
        for name in leans_on(model, pool):
            leaning.setdefault(name, []).append(pool.id)
    for pool in model.pools.values():
        for member in pool.members:
            for target in of_member(model, member):
                probes[target.probed] = model.checks[target.check]
                quorums.setdefault(target.probed, set()).add(target)
                pools.setdefault(target, set()).update(leaning[pool.id])
    verdicts = {target: frozenset(keys) for target, keys in quorums.items()}
    return Index(probes, verdicts, {target: frozenset(ids) for target, ids in pools.items()})
