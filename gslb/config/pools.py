"""`pools:` — members, how to choose among them, for how long, and what when all are down.

Called by `namespace`; gives `model.Pool`. Whether the sites, checks and backup pools that are named exist is lint's business, which
sees all files together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gslb.config import durations, members, options, policies, requirement
from gslb.config.document import Node
from gslb.config.later import LATER_ALL_DOWN, LATER_PICKS, LATER_POOL_KEYS
from gslb.config.requirement import Requirement
from gslb.config.sites import check_id
from gslb.config.words import kind, meant, shown
from gslb.errors import Problems
from gslb.model import AllDown, Member, Pool, Site
from gslb.option import REQUIRED, Kind, Option
from gslb.policy import PICKS

DEFAULT_TTL: Final = (60, 10)  # what a client may believe while nothing changes, and while something is about to
MAX_POOL_TTL: Final = 604_800  # a week: a pool whose answers live longer cannot fail over

POOL: Final = {
    "members": Option(Kind.ANY, "list of members: {site: fra, address: 192.0.2.1}", REQUIRED),
    "check": Option(Kind.ANY, f"{requirement.DOC}; a member's own replaces it"),
    "policy": Option(Kind.ANY, "a preset's name, {preset: NAME, …}, or a list of filters", "all"),
    "pick": Option(Kind.STRING, "how to take from what the policy leaves; default: the preset's, `first` for a list of filters"),
    "health": Option(Kind.STRING, "`ignore`: choose as if every member were up", "respect", choices=("respect", "ignore")),
    "answers": Option(Kind.INTEGER, "members given in one answer, 0 = all; default: the preset's", None, 0, 64),
    "ttl": Option(Kind.ANY, "`60/10` (at rest / while something may change), `30`, or {max: 60, min: 10}", "60/10"),
    "when_all_down": Option(Kind.ANY, "`all`, `primary`, or {backup: POOL}", "all"),
}


def read(pool_id: str, node: Node, sites: Mapping[str, Site], problems: Problems) -> Pool:
    """Read one pool. What is wrong in it is replaced by defaults; the problems say so."""
    check_id(pool_id, node, problems, "pool")
    what = f"pool {pool_id!r}"
    if not options.mapping(node, problems, what):
        policy = policies.read(None, policies.Wanted(None, None, health=True), policies.Scene(sites, problems, what)).policy
        return Pool(pool_id, (), policy, 0, *DEFAULT_TTL, where=node.key_where)
    _refuse_later(node, problems, what)
    given = options.read(node, POOL, problems, what=what, beside=LATER_POOL_KEYS)
    required = requirement.read(node.get("check"), problems, f"'check' of {what}") or Requirement()
    found = _members(node.get("members"), required, problems, what)
    wanted = policies.Wanted(given.get("answers"), _pick(node.get("pick"), problems, what), given.get("health") != "ignore")
    own = {member.site: sites.get(member.site) or Site(member.site) for member in found if member.site is not None}
    expanded = policies.read(node.get("policy"), wanted, policies.Scene(own, problems, what))
    ttl_max, ttl_min = _ttl(node.get("ttl"), problems, what)
    all_down = _all_down(node.get("when_all_down"), problems, what)
    return Pool(pool_id, found, expanded.policy, expanded.answers, ttl_max, ttl_min, all_down, where=node.key_where)


def _refuse_later(node: Node, problems: Problems, what: str) -> None:
    for key, child in node.items():
        if key in LATER_POOL_KEYS:
            problems.error("C018", f"{key!r} of {what} is not there yet", child.key_where, LATER_POOL_KEYS[key])


def _members(node: Node | None, required: Requirement, problems: Problems, what: str) -> tuple[Member, ...]:
    if node is None or node.value is None:
        return ()
    if not isinstance(node.value, list):
        problems.error("C001", f"members of {what} must be a list, not {kind(node.value)}", node.where, "- {site: fra, address: 192.0.2.1}")
        return ()
    if not node.value:
        problems.error("C017", f"{what} has no members", node.where, "give it at least one: - {site: fra, address: 192.0.2.1}")
    return members.read(node, required, problems, what)


def _pick(node: Node | None, problems: Problems, what: str) -> str | None:
    if node is None or not isinstance(node.value, str) or node.value in PICKS:
        return node.value if node is not None and isinstance(node.value, str) else None
    if node.value in LATER_PICKS:
        problems.error("C018", f"pick {node.value!r} of {what} is not there yet", node.where, LATER_PICKS[node.value])
    else:
        problems.error("C005", f"unknown pick {node.value!r} of {what}", node.where, meant(node.value, PICKS))
    return None


def _ttl(node: Node | None, problems: Problems, what: str) -> tuple[int, int]:
    """Read `max/min`, `n`, or {max: …, min: …}."""
    if node is None:
        return DEFAULT_TTL
    value = node.value
    parts: list[Any]
    if isinstance(value, dict):
        unknown = [key for key in value if key not in ("max", "min")]
        for key in unknown:
            problems.error("C002", f"unknown key {key!r} in ttl of {what}", node.child(key).key_where, "write {max: 60, min: 10}")
        if unknown:
            return DEFAULT_TTL
        parts = [value.get("max"), value.get("min", value.get("max"))]
    else:
        parts = str(value).split("/") if isinstance(value, str) else [value]
    try:
        return _bounds(parts)
    except ValueError as error:
        problems.error("C019", f"ttl of {what}: {error}", node.where, "write 60/10 (maximum/minimum), or 30 for both")
        return DEFAULT_TTL


def _bounds(parts: list[Any]) -> tuple[int, int]:
    if len(parts) > 2:
        raise ValueError(f"{shown('/'.join(parts))} has more than two parts")
    high, low = durations.ttl(parts[0]), durations.ttl(parts[-1])
    if low > high:
        raise ValueError(f"the minimum {low} is above the maximum {high}")
    if high > MAX_POOL_TTL:
        raise ValueError(f"{high} is longer than a week")
    return high, low


def _all_down(node: Node | None, problems: Problems, what: str) -> AllDown:
    if node is None:
        return AllDown()
    value = node.value
    hint = "`all`, `primary`, or {backup: POOL}"
    if value in ("all", "primary"):
        return AllDown(value)
    if isinstance(value, dict) and list(value) == ["backup"] and isinstance(value["backup"], str):
        return AllDown("backup", value["backup"])
    if isinstance(value, str) and value in LATER_ALL_DOWN:
        problems.error("C018", f"when_all_down: {value} of {what} is not there yet", node.where, LATER_ALL_DOWN[value])
    elif value == "backup":
        problems.error("C020", f"when_all_down of {what} names no pool", node.where, "write when_all_down: {backup: POOL}")
    elif isinstance(value, str):
        problems.error("C020", f"unknown when_all_down {shown(value)} of {what}", node.where, hint)
    else:
        problems.error("C020", f"when_all_down of {what} cannot be {kind(value)} like this", node.where, hint)
    return AllDown()
