"""Members of pools: that there are some, their weights, and their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from gslb.errors import Problem, Severity
from gslb.model import Address, Member, Model, Pool

MAX_WEIGHT: Final = 2**20  # gdnsd's bound; 4,096 members of it still sum below 2**32, which the plan's rows hold
MAX_WEIGHT_SUM: Final = 2**32
MAX_REGISTERED: Final = 2**16  # of a member that registers itself, as records of sites are bounded

# Addresses that no client can be sent to. Private and loopback ones are not among them: inside a company, or in a demonstration, they are right.
_USELESS: Final[tuple[tuple[IPv4Network | IPv6Network, str, Severity], ...]] = tuple(
    (ip_network(network), why, severity)
    for network, why, severity in (
        ("0.0.0.0/8", "this network", Severity.ERROR),
        ("224.0.0.0/4", "multicast", Severity.ERROR),
        ("255.255.255.255/32", "broadcast", Severity.ERROR),
        ("240.0.0.0/4", "reserved", Severity.WARNING),
        ("169.254.0.0/16", "link-local", Severity.WARNING),
        ("::/128", "unspecified", Severity.ERROR),
        ("ff00::/8", "multicast", Severity.ERROR),
        ("fe80::/10", "link-local", Severity.WARNING),
        ("::ffff:0:0/96", "IPv4 in IPv6 clothes", Severity.WARNING),
    )
)


def problems(model: Model) -> Iterator[Problem]:
    """Judge the members of every pool."""
    for pool in model.pools.values():
        if not pool.members:
            yield Problem("L020", f"pool {pool.id} has no members", pool.where, "give it at least one: - {site: fra, address: 192.0.2.1}")
        yield from _weights(pool)
        yield from _families(pool)
        yield from _addresses(pool)


def _weights(pool: Pool) -> Iterator[Problem]:
    for member in pool.members:
        if not 0 <= member.weight <= MAX_WEIGHT:
            said = f"member {member.id} of pool {pool.id} has weight {member.weight}"
            yield Problem("L021", said, member.where, f"weights go from 0 to {MAX_WEIGHT}; only their ratios matter")
    total = sum(member.weight for member in pool.members)
    most = total + (pool.register.maximum * MAX_REGISTERED if pool.register else 0)
    if most >= MAX_WEIGHT_SUM:
        yield Problem("L021", f"the weights of pool {pool.id} sum to {most}", pool.where, f"keep the sum below {MAX_WEIGHT_SUM}")
    elif pool.members and total <= 0 and pool.policy.pick == "weighted":
        hint = "weight 0 means: only when no positive weight is left; here all are equal"
        yield Problem("L022", f"every member of pool {pool.id} has weight 0", pool.where, hint, Severity.WARNING)


def _families(pool: Pool) -> Iterator[Problem]:
    """Warn of uneven families: A and AAAA are judged apart, so the two halves of a client's attempt would meet different sites."""
    if pool.joint:
        return  # whoever says that has thought of it
    for version in (6, 4):
        plain = [member for member in pool.members if member.addresses]
        have = [member for member in plain if _has(member, version)]
        lack = [member for member in plain if not _has(member, version)]
        if have and lack:
            said = f"pool {pool.id}: {_listed([member.id for member in lack])} without IPv{version} address, {_listed([m.id for m in have])} with one"
            hint = f"IPv{version} clients are sent to the latter only; give all members both families, or make pools per family"
            yield Problem("L023", said, lack[0].where, hint, Severity.WARNING)


def _has(member: Member, version: int) -> bool:
    return any(address.version == version for address in member.addresses)


def _addresses(pool: Pool) -> Iterator[Problem]:
    first: dict[Address, str] = {}
    for member in pool.members:
        for address in member.addresses:
            if address in first:
                said = f"pool {pool.id}: address {address} of member {member.id} is there already, in member {first[address]}"
                yield Problem("L024", said, member.where, "clients would get it more often than its weight says; keep one", Severity.WARNING)
            first.setdefault(address, member.id)
            for network, why, severity in _USELESS:
                if address in network:
                    said = (
                        f"pool {pool.id}: {address} of member {member.id} is a {why} address"
                        if why[0] != "I"
                        else f"pool {pool.id}: {address} is {why}"
                    )
                    yield Problem("L025", said, member.where, "give an address that clients can reach", severity)
                    break


def _listed(ids: list[str]) -> str:
    return f"{', '.join(ids[:4])}{f' and {len(ids) - 4} more' if len(ids) > 4 else ''}"
