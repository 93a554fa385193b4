"""`pools:` — members, how to choose among them, for how long, and what when all are down.

Called by `namespace`; gives `model.Pool`. Whether the sites, checks and backup pools that are named exist is lint's business, which
sees all files together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gslb.config import durations, members, options, picks, policies, quorums, registrations, requirement
from gslb.config.document import Node
from gslb.config.requirement import Requirement
from gslb.config.sites import check_id
from gslb.config.words import kind, meant, shown
from gslb.errors import Problems
from gslb.model import AllDown, Member, Pool, Site
from gslb.option import REQUIRED, Kind, Option
from gslb.policy import Beside

ALL_DOWN: Final = ("all", "primary", "last_known_good", "nodata", "servfail")
FAIL_IF: Final = {"members_below": (1, 1000), "weight_below": (1, 100)}
DEFAULT_TTL: Final = (60, 10)  # what a client may believe while nothing changes, and while something is about to
MAX_POOL_TTL: Final = 604_800  # a week: a pool whose answers live longer cannot fail over

POOL: Final = {
    "members": Option(Kind.ANY, "list of members: {site: fra, address: 192.0.2.1}", REQUIRED),
    "check": Option(Kind.ANY, f"{requirement.DOC}; a member's own replaces it"),
    "policy": Option(Kind.ANY, "a preset's name, {preset: NAME, …}, or a list of filters", "all"),
    "pick": Option(Kind.ANY, "how to take from what the policy leaves, or {sticky: {…}}; default: the preset's, `first` for a list of filters"),
    "health": Option(Kind.STRING, "`ignore`: choose as if every member were up", "respect", choices=("respect", "ignore")),
    "answers": Option(Kind.INTEGER, "members given in one answer, 0 = all; default: the preset's", None, 0, 64),
    "ttl": Option(Kind.ANY, "`60/10` (at rest / while something may change), `30`, or {max: 60, min: 10}", "60/10"),
    "fail_if": Option(Kind.ANY, "when the pool counts as down before all members are: {members_below: N}, {weight_below: 50%}, or both"),
    "when_all_down": Option(Kind.ANY, "`all`, `primary`, `last_known_good`, `nodata`, `servfail` or {backup: POOL}", "all"),
    "families": Option(
        Kind.STRING, "`joint`: one choice for A and AAAA, so that both are of one site", "independent", choices=("independent", "joint")
    ),
    "when_family_down": Option(
        Kind.STRING, "`nodata`: where a whole family is down and the other lives, clients get the other alone", "all", choices=("all", "nodata")
    ),
    "couple": Option(Kind.BOOLEAN, "a client's network decides instead of chance, so that its A, AAAA and HTTPS answers agree", default=False),
    "failback_delay": Option(Kind.DURATION, "time for which a member that came back is used only where none has been up for longer", 0.0, 0, 86_400),
    "ramp": Option(
        Kind.DURATION, "time in which a member that came back gets its whole share, from a tenth, in steps as long as the TTL", None, 1, 86_400
    ),
    **quorums.KEYS,
    "min_sites": Option(Kind.INTEGER, "sites that overrides must leave, or they are refused without --force; 0: one member", 0, 0, 1000),
    "register": Option(Kind.ANY, registrations.DOC),
    "expose_sites": Option(Kind.BOOLEAN, "give each site a name of its own below the names that point here, as in fra.www", default=False),
}


def read(pool_id: str, node: Node, sites: Mapping[str, Site], problems: Problems) -> Pool:
    """Read one pool. What is wrong in it is replaced by defaults; the problems say so."""
    check_id(pool_id, node, problems, "pool")
    what = f"pool {pool_id!r}"
    if not options.mapping(node, problems, what):
        policy = policies.read(None, Beside(), policies.Scene(sites, problems, what)).policy
        return Pool(pool_id, (), policy, 0, *DEFAULT_TTL, where=node.key_where)
    given = options.read(node, POOL, problems, what=what)
    required = requirement.read(node.get("check"), problems, f"'check' of {what}") or Requirement()
    quorum = quorums.read(node, given, problems, what)
    found = tuple(replace(member, quorum=quorum) for member in _members(node.get("members"), required, problems, what))
    ttl_max, ttl_min = _ttl(node.get("ttl"), problems, what)
    pick, sticky = picks.read(node.get("pick"), problems, what)
    fail_if = _fail_if(node.get("fail_if"), problems, what)
    ramp = {"over": given["ramp"], "step": float(max(1, ttl_max))} if "ramp" in given else None
    beside = Beside(given.get("answers"), pick, given.get("health") != "ignore", fail_if, ramp, sticky)
    own = {member.site: sites.get(member.site) or Site(member.site) for member in found if member.site is not None}
    if any(member.pool for member in found):
        own = {**sites, **own}  # those of the pools inside may be meant; which they are is known when all files are read
    expanded = policies.read(node.get("policy"), beside, policies.Scene(own, problems, what))
    all_down = _all_down(node.get("when_all_down"), problems, what)
    return Pool(
        pool_id,
        found,
        expanded.policy,
        expanded.answers,
        ttl_max,
        ttl_min,
        all_down,
        joint=given.get("families") == "joint",
        family_down=given.get("when_family_down", "all"),
        couple=given.get("couple", False),
        failback_delay=given.get("failback_delay", 0.0),
        expose_sites=given.get("expose_sites", False),
        min_sites=given.get("min_sites", 0),
        register=registrations.read(node.get("register"), required, quorum, problems, what),
        where=node.key_where,
    )


def _members(node: Node | None, required: Requirement, problems: Problems, what: str) -> tuple[Member, ...]:
    if node is None or node.value is None:
        return ()
    if not isinstance(node.value, list):
        problems.error("C001", f"members of {what} must be a list, not {kind(node.value)}", node.where, "- {site: fra, address: 192.0.2.1}")
        return ()
    if not node.value:
        problems.error("C017", f"{what} has no members", node.where, "give it at least one: - {site: fra, address: 192.0.2.1}")
    return members.read(node, required, problems, what)


def _fail_if(node: Node | None, problems: Problems, what: str) -> dict[str, int] | None:
    """Read `{members_below: 2}`, `{weight_below: 50%}`, or both: options of the filter `healthy`."""
    if node is None:
        return None
    hint = "{members_below: 2}, {weight_below: 50%}, or both"
    if not isinstance(node.value, dict) or not node.value:
        problems.error("C029", f"fail_if of {what} cannot be {kind(node.value)} like this", node.where, hint)
        return None
    found: dict[str, int] = {}
    for key, child in node.items():
        low, high = FAIL_IF.get(key, (0, 0))
        value = _percent(child.value) if key == "weight_below" else child.value
        if not high:
            problems.error("C002", f"unknown key {key!r} in fail_if of {what}", child.key_where, meant(key, FAIL_IF))
        elif type(value) is not int or not low <= value <= high:
            problems.error("C029", f"{key} of {what} is {shown(child.value)}; from {low} to {high} is allowed", child.where, hint)
        else:
            found[key] = value
    return found


def _percent(value: Any) -> Any:
    """Turn `50%` into 50; a number stays, all else is for the caller to refuse."""
    digits = value.removesuffix("%").strip() if isinstance(value, str) else ""
    return int(digits) if digits.isdecimal() and digits.isascii() else value


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
    hint = "`all`, `primary`, `last_known_good`, `nodata`, `servfail` or {backup: POOL}"
    if isinstance(value, str) and value in ALL_DOWN:
        return AllDown(value)
    if isinstance(value, dict) and list(value) == ["backup"] and isinstance(value["backup"], str):
        return AllDown("backup", value["backup"])
    if value == "backup":
        problems.error("C020", f"when_all_down of {what} names no pool", node.where, "write when_all_down: {backup: POOL}")
    elif isinstance(value, str):
        problems.error("C020", f"unknown when_all_down {shown(value)} of {what}", node.where, hint)
    else:
        problems.error("C020", f"when_all_down of {what} cannot be {kind(value)} like this", node.where, hint)
    return AllDown()
