"""Rules of octoDNS's `dynamic`, as the rules of one `geo` filter.

Called by `octodns_dynamic`. octoDNS takes the first rule that matches and demands that narrower rules stand first; `geo` takes the narrowest.
Both agree for the rules accepted here. Continents are octoDNS's: where its table of countries and ours differ, the country gets a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

from gslb.config import networks as networks_file
from gslb.config.document import Node
from gslb.config.words import kind, meant, shown
from gslb.errors import Problems
from gslb.model import Network
from gslb.policy.places import CONTINENTS, Level, NoSuchPlaceError, Place, place

# Countries that octoDNS has on another continent than the geo data (octodns/record/geo_data.py, 1.22): country → (octoDNS's, ours).
MOVED: Final = {"CY": ("AS", "EU"), "GS": ("SA", "AN"), "TL": ("AS", "OC")}

Chains = dict[str, tuple[str, ...]]


class Pools(NamedTuple):
    """What rules may name: every pool with its fallback, and those with a value that may be served."""

    fallbacks: Mapping[str, str | None]
    alive: frozenset[str]


def read(section: Node, pools: Pools, problems: Problems) -> Chains:
    """Return rule's key → pools in order of fallback; `default` is the last rule."""
    _judge_fallbacks(section, pools, problems)
    node = section.get("rules")
    if node is None or not isinstance(node.value, list) or not node.value:
        problems.error("R021", "dynamic without rules", section.where, "rules: [{geos: [EU], pool: eu}, {pool: na}]")
        return {}
    chains: Chains = {}
    seen: dict[Place, str] = {}
    rules = list(node.values())
    for at, rule in enumerate(rules):
        chain = _target(rule, pools, problems)
        last = at == len(rules) - 1
        keys = _keys(rule, problems, last=last)
        for key, child in keys:
            _judge_order(key, child, seen, problems)
            seen[key] = child.text
            chains[_written(key)] = chain
        if last:
            chains["default"] = chain
    _judge_use(section, chains, pools, problems)
    return _moved(chains)


def networks(chains: Iterable[str]) -> list[Network]:
    """Return the networks that rules speak of: geo data must be cut at their edges."""
    return [ip_network(key.removeprefix("network:")) for key in chains if key.startswith("network:")]


def _judge_fallbacks(section: Node, pools: Pools, problems: Problems) -> None:
    for name, fallback in pools.fallbacks.items():
        place_ = section.child("pools").child(name)
        if fallback is not None and fallback not in pools.fallbacks:
            problems.error(
                "R021", f"pool {name!r} falls back to the unknown pool {fallback!r}", place_.child("fallback").where, meant(fallback, pools.fallbacks)
            )
        elif fallback is not None and name in _chain(fallback, pools.fallbacks):
            problems.error("R021", f"pool {name!r} falls back to itself", place_.child("fallback").where, "a chain of fallbacks must end")


def _chain(name: str, fallbacks: Mapping[str, str | None]) -> tuple[str, ...]:
    """Follow fallbacks as far as they lead, once around where they go in a circle."""
    found: list[str] = []
    at: str | None = name
    while at is not None and at in fallbacks and at not in found:
        found.append(at)
        at = fallbacks[at]
    return tuple(found)


def _target(rule: Node, pools: Pools, problems: Problems) -> tuple[str, ...]:
    """Return the pools a rule leads to, in order."""
    if not isinstance(rule.value, dict):
        problems.error("R021", f"a rule must be a mapping, not {kind(rule.value)}", rule.where, "{geos: [EU], pool: eu}")
        return ()
    for key, child in rule.items():
        if key not in ("pool", "geos", "subnets"):
            problems.error("R002", f"unknown key {key!r} in a rule", child.key_where, meant(key, ("pool", "geos", "subnets")))
    pool = rule.get("pool")
    if pool is None or not isinstance(pool.value, str):
        problems.error("R021", "a rule without `pool`", (pool or rule).where, "{geos: [EU], pool: eu}")
        return ()
    if pool.value not in pools.fallbacks:
        problems.error("R021", f"unknown pool {pool.value!r} in a rule", pool.where, meant(pool.value, pools.fallbacks))
        return ()
    chain = tuple(name for name in _chain(pool.value, pools.fallbacks) if name in pools.alive)
    if not chain:
        hint = "give one value status: obey, or remove the pool"
        problems.error("R019", f"every value of pool {pool.value!r} and of its fallbacks is down for good", pool.where, hint)
    return chain


def _keys(rule: Node, problems: Problems, *, last: bool) -> list[tuple[Place, Node]]:
    """Read the places and networks a rule speaks of."""
    geos, subnets = (rule.get(key) if isinstance(rule.value, dict) else None for key in ("geos", "subnets"))
    if last and (geos or subnets):
        problems.error("R021", "the last rule must be for everybody", rule.where, "end with a rule of nothing but {pool: NAME}")
    elif not last and not geos and not subnets:
        problems.error("R021", "a rule for everybody before the last", rule.where, "no rule after it would ever match")
    if geos and subnets:
        problems.error("R019", "a rule with geos and subnets: providers differ on what that means", rule.where, "write two rules, subnets first")
    found: list[tuple[Place, Node]] = []
    for node, read_one in ((geos, _geo), (subnets, _subnet)):
        if node is not None and not isinstance(node.value, list):
            problems.error("R021", f"{'geos' if node is geos else 'subnets'} of a rule must be a list", node.where)
        for child in node.values() if node is not None and isinstance(node.value, list) else ():
            key = read_one(child, problems)
            if key is not None:
                found.append((key, child))
    return found


def _geo(node: Node, problems: Problems) -> Place | None:
    hint = "CONTINENT, CONTINENT-COUNTRY or CONTINENT-COUNTRY-STATE, such as EU, AF-ZA, NA-US-CA"
    if not isinstance(node.value, str):
        problems.error("R021", f"a geo cannot be {kind(node.value)}", node.where, hint)
        return None
    try:
        found = place(node.value)
    except NoSuchPlaceError as error:
        problems.error("R021", str(error), node.where, error.hint)
        return None
    if found.level not in (Level.CONTINENT, Level.COUNTRY, Level.SUBDIVISION):
        problems.error("R021", f"{shown(node.value)} is not a geo", node.where, hint)
        return None
    return found


def _subnet(node: Node, problems: Problems) -> Place | None:
    network = networks_file.parse(node.text, node.where, problems)
    return None if network is None else Place(Level.NETWORK, str(network))


def _judge_order(key: Place, node: Node, seen: Mapping[Place, str], problems: Problems) -> None:
    """Refuse what an earlier rule has taken already: octoDNS's first match and our narrowest match must be the same rule."""
    if key in seen:
        problems.error("R021", f"{node.text} stands in an earlier rule", node.where, "only the first one would ever match")
        return
    for other, written in seen.items():
        if _holds(other, key):
            problems.error("R021", f"an earlier rule for {written} takes all of {node.text}", node.where, "put the narrower rule first")
            return
    if key.level is Level.NETWORK and any(other.level is not Level.NETWORK for other in seen):
        problems.error("R021", f"subnet {node.text} after rules by geo", node.where, "octoDNS wants rules by subnet first")


def _holds(wide: Place, narrow: Place) -> bool:
    """Whether one place lies inside another, by octoDNS's continents (its geos name them, so our own table is not asked)."""
    if wide.level is Level.NETWORK and narrow.level is Level.NETWORK:
        one, other = ip_network(narrow.value), ip_network(wide.value)
        return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]  # equal versions
    if wide.level is Level.COUNTRY and narrow.level is Level.SUBDIVISION:
        return narrow.value.startswith(wide.value + "-")
    if wide.level is Level.CONTINENT and narrow.level in (Level.COUNTRY, Level.SUBDIVISION):
        country = narrow.value[:2]
        return _continent(country) == wide.value
    return False


def _continent(country: str) -> str:
    home = next((continent for continent, countries in CONTINENTS.items() if country in countries.split()), "")
    return MOVED.get(country, (home, ""))[0]


def _written(key: Place) -> str:
    """Write a place so that `geo` cannot take it for another."""
    return f"{key.level.name.lower()}:{key.value}"


def _moved(chains: Chains) -> Chains:
    """Give countries that octoDNS has elsewhere the rule of octoDNS's continent."""
    added: dict[str, Any] = {}
    for country, (theirs, ours) in MOVED.items():
        meant_ = chains.get(f"continent:{theirs}", chains.get("default", ()))
        would = chains.get(f"continent:{ours}", chains.get("default", ()))
        if f"country:{country}" not in chains and meant_ != would:
            added[f"country:{country}"] = meant_
    return {**chains, **added}


def _judge_use(section: Node, chains: Chains, pools: Pools, problems: Problems) -> None:
    used = {name for chain in chains.values() for name in chain}
    for name in pools.fallbacks:
        if name not in used and name in pools.alive:
            problems.warn("R022", f"no rule leads to pool {name!r}", section.child("pools").child(name).key_where, "use it, or remove it")
