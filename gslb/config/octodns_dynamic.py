"""octoDNS's `dynamic` records, compiled into our own words so that they choose exactly as octoDNS means it.

    octoDNS                                ours
    pool `eu`, its values and weights      members at a made-up site `NAME/eu`, picked by weight, one per answer
    `fallback: na`                         sites in order: [NAME/eu, NAME/na], and `limit: {sites: 1}`
    rules with geos and subnets            one `geo` filter with `fence: true`: the first match decides, and nothing wider
    `values`                               the backup pool, unchecked, all of it
    status up / down / obey                no check / left out / the check of `octodns: healthcheck:`

Called by `zones` for names with such records. What cannot be expressed exactly is an error (R019), never an approximation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from gslb import names
from gslb.config import checks, members, octodns_rules, options, records
from gslb.config.document import Node
from gslb.config.namespace import Namespace
from gslb.config.words import kind, meant
from gslb.errors import Problems
from gslb.model import Address, AllDown, Check, FilterSpec, Member, NameData, NetworkFact, Policy, Pool, PoolRef, Site
from gslb.option import Kind, Option

TYPES: Final = {"A": 4, "AAAA": 6}
STATUS: Final = ("up", "down", "obey")

HEALTHCHECK: Final = {
    "host": Option(Kind.STRING, "Host header and SNI; default: the name"),
    "path": Option(Kind.STRING, "path to ask for", "/_dns"),
    "port": Option(Kind.INTEGER, "port to ask at", 443, 1, 65535),
    "protocol": Option(Kind.STRING, "HTTPS, HTTP or TCP", "HTTPS", choices=("HTTPS", "HTTP", "TCP", "UDP", "ICMP")),
}


@dataclass(frozen=True, slots=True)
class _Value:
    address: Address
    weight: int
    status: str
    node: Node


@dataclass(frozen=True, slots=True)
class _Record:
    """One dynamic record, read. `chains`: rule's key → pools in order, as `geo` wants them."""

    type: str
    ttl: int
    pools: dict[str, tuple[_Value, ...]]
    fallbacks: dict[str, str | None]
    chains: dict[str, tuple[str, ...]]
    backup: tuple[Address, ...]
    check: dict[str, Any]
    node: Node


def compile_name(owner: bytes, data: NameData, dynamics: list[records.Dynamic], scene: records.Scene, space: Namespace) -> NameData:
    """Turn a name's dynamic records into pools, and the name into a reference to one."""
    problems = scene.problems
    found = [record for dynamic in dynamics if (record := _record(dynamic, owner, problems)) is not None]
    if not found:
        return data
    first = found[0]
    if data.pool is not None:
        problems.error("R015", "a dynamic record beside a pool", first.node.where, f"the pool is in line {data.pool.where.line}")
        return data
    if len(found) > 1 and not _alike(found[0], found[1]):
        hint = "give both the same pools, fallbacks, rules, ttl and healthcheck, or write one pool of our own with members of both families"
        problems.error("R019", "A and AAAA of this name choose by different rules", found[1].node.where, hint)
        found = found[:1]
    _define(owner, found, space)
    types = tuple(sorted(records.POOL_TYPES[record.type] for record in found))
    return replace(data, pool=PoolRef(_id(owner), types, where=first.node.where))


def _id(owner: bytes) -> str:
    """Name the pool after the name it serves; the final dot keeps it apart from operators' own ids."""
    return names.to_text(owner)


def _record(dynamic: records.Dynamic, owner: bytes, problems: Problems) -> _Record | None:
    node = dynamic.node
    before = len(problems.found)
    if dynamic.type not in TYPES:
        hint = "pools of names come in a later version" if dynamic.type == "CNAME" else "octoDNS knows dynamic A, AAAA and CNAME"
        problems.error("R019", f"a dynamic {dynamic.type} record cannot be served yet", node.child("type").where, hint)
        return None
    section = node.child("dynamic")
    if not options.mapping(section, problems, "dynamic"):
        return None
    for key, child in section.items():
        if key not in ("pools", "rules"):
            problems.error("R002", f"unknown key {key!r} in dynamic", child.key_where, meant(key, ("pools", "rules")))
    pools, fallbacks = _pools(section, dynamic.type, problems)
    backup = _backup(node, dynamic.type, problems)
    check = _healthcheck(node, owner, problems)
    alive = frozenset(name for name, values in pools.items() if any(value.status != "down" for value in values))
    chains = octodns_rules.read(section, octodns_rules.Pools(fallbacks, alive), problems) if len(problems.found) == before else {}
    if len(problems.found) != before and any(problem.severity == "error" for problem in problems.found[before:]):
        return None
    return _Record(dynamic.type, dynamic.ttl, pools, fallbacks, chains, backup, check, node)


def _pools(section: Node, type_text: str, problems: Problems) -> tuple[dict[str, tuple[_Value, ...]], dict[str, str | None]]:
    """Read the pools; values of a wrong one are missing, and the problems say so."""
    found: dict[str, tuple[_Value, ...]] = {}
    fallbacks: dict[str, str | None] = {}
    node = section.get("pools")
    if node is None or not isinstance(node.value, dict) or not node.value:
        problems.error("R021", "dynamic without pools", section.where, "pools: {eu: {values: [{value: 192.0.2.1}]}}")
        return found, fallbacks
    for name, pool in node.items():
        what = f"pool {name!r}"
        if not options.mapping(pool, problems, what):
            continue
        for key, child in pool.items():
            if key not in ("values", "fallback"):
                problems.error("R002", f"unknown key {key!r} in {what}", child.key_where, meant(key, ("values", "fallback")))
        values = pool.get("values")
        if values is None or not isinstance(values.value, list) or not values.value:
            problems.error("R021", f"{what} has no values", pool.where, "values: [{value: 192.0.2.1}]")
            continue
        read = (_value(one, type_text, f"value {at + 1} of {what}", problems) for at, one in values.items())
        found[name] = tuple(value for value in read if value is not None)
        fallback = pool.value.get("fallback")
        fallbacks[name] = fallback if isinstance(fallback, str) and fallback != "default" else None
    return found, fallbacks


def _value(node: Node, type_text: str, what: str, problems: Problems) -> _Value | None:
    if not options.mapping(node, problems, what):
        return None
    for key, child in node.items():
        if key not in ("value", "weight", "status"):
            problems.error("R002", f"unknown key {key!r} in {what}", child.key_where, meant(key, ("value", "weight", "status")))
    own = node.get("value")
    if own is None:
        problems.error("R021", f"{what} has no `value`", node.where, "{value: 192.0.2.1, weight: 1}")
        return None
    weight, status = node.value.get("weight", 1), node.value.get("status", "obey")
    if type(weight) is not int or not 1 <= weight <= 100:
        problems.error("R021", f"weight of {what} is {kind(weight)}", node.child("weight").where, "octoDNS allows 1 to 100")
        return None
    if status not in STATUS:
        problems.error("R021", f"status of {what} is {kind(status)}", node.child("status").where, "up, down or obey")
        return None
    address = _address(own, type_text, what, problems)
    return _Value(address, weight, status, node) if address is not None else None


def _address(node: Node, type_text: str, what: str, problems: Problems) -> Address | None:
    found = members.address(node, problems, what)
    if found is not None and found.version != TYPES[type_text]:
        problems.error("C009", f"{found} is not an IPv{TYPES[type_text]} address ({what})", node.where, f"this is a record of type {type_text}")
        return None
    return found


def _backup(node: Node, type_text: str, problems: Problems) -> tuple[Address, ...]:
    """Read `values`, what octoDNS answers when all pools have failed."""
    values = node.get("values") or node.get("value")
    if values is None:
        problems.error("R005", "a dynamic record without `values`", node.where, "octoDNS demands them: they are answered when all pools are down")
        return ()
    nodes = list(values.values()) if isinstance(values.value, list) else [values]
    return tuple(found for one in nodes if (found := _address(one, type_text, "values", problems)) is not None)


def _healthcheck(node: Node, owner: bytes, problems: Problems) -> dict[str, Any]:
    """Read `octodns: {healthcheck: …}` as the type and options of a check of ours. octoDNS counts a 200 as healthy, nothing else."""
    outer = node.get("octodns")
    inner = outer.get("healthcheck") if outer is not None else None
    given: dict[str, Any] = {key: option.default for key, option in HEALTHCHECK.items()}
    if inner is not None and options.mapping(inner, problems, "healthcheck"):
        given |= options.read(inner, HEALTHCHECK, problems, what="healthcheck")
    protocol = given["protocol"]
    if protocol in ("UDP", "ICMP") and inner is not None:
        problems.error("R019", f"healthcheck by {protocol} is not there yet", inner.child("protocol").where, "HTTPS, HTTP or TCP")
    if protocol == "TCP":
        return {"type": "tcp", "port": given["port"]}
    host = given["host"]
    if host is None and not (inner is not None and "host" in inner.value):  # `host: null` means the address itself
        host = names.to_text(owner).rstrip(".").replace("*", "wildcard")
    path = given["path"] if given["path"].startswith("/") else "/" + given["path"]
    asked = {"host": host} if host else {}
    return {"type": protocol.lower(), "port": given["port"], "path": path, "expect": {"status": 200}, **asked}


def _alike(one: _Record, other: _Record) -> bool:
    """Whether records of two families differ in nothing but addresses."""
    return (one.fallbacks, one.chains, one.ttl, one.check) == (other.fallbacks, other.chains, other.ttl, other.check)


def _define(owner: bytes, found: list[_Record], space: Namespace) -> None:
    """Add sites, check, pool and backup pool to the namespace."""
    pool_id, first = _id(owner), found[0]
    check = _check(pool_id, first)
    made = [
        Member(f"{name}/{value.address}", (value.address,), f"{pool_id}/{name}", value.weight, None, () if value.status == "up" else (check.id,))
        for record in found
        for name, values in record.pools.items()
        for value in values
        if value.status != "down"
    ]
    where = first.node.where
    used = {site for sites in first.chains.values() for site in sites}
    rules = {key: [f"{pool_id}/{name}" for name in sites] for key, sites in first.chains.items()}
    chain = (FilterSpec("healthy"), FilterSpec("geo", {**rules, "fence": True}, where), FilterSpec("limit", {"sites": 1}, where))
    backups = tuple(Member(str(address), (address,), where=where) for record in found for address in dict.fromkeys(record.backup))
    kept = tuple(replace(member, where=where) for member in made if member.site is not None and member.site.removeprefix(f"{pool_id}/") in used)
    space.sites.update({f"{pool_id}/{name}": Site(f"{pool_id}/{name}", name, where=where) for name in sorted(used)})
    if any(member.checks for member in kept):
        space.checks[check.id] = check
    ttls = (min(first.ttl, 604_800),) * 2
    space.pools[f"{pool_id}/values"] = Pool(f"{pool_id}/values", backups, Policy((), "all", "all"), 0, *ttls, where=where)
    space.pools[pool_id] = Pool(pool_id, kept, Policy(chain, "weighted"), 1, *ttls, AllDown("backup", f"{pool_id}/values"), where=where)
    seen = {fact.network for fact in space.networks}
    space.networks += [NetworkFact(one, where=where) for one in octodns_rules.networks(first.chains) if one not in seen]


def _check(pool_id: str, record: _Record) -> Check:
    own = {key: value for key, value in record.check.items() if key != "type"}
    return checks.define(f"{pool_id}/healthcheck", record.check["type"], own, record.node)
