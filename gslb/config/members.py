"""Members of a pool: a site's addresses, a name, or another pool; their weight, and their own checks.

Called by `pools`; gives `model.Member`s in the order written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from gslb import names
from gslb.config import fields, options, requirement
from gslb.config.document import Node
from gslb.config.requirement import Requirement
from gslb.config.words import kind, shown
from gslb.errors import Problems
from gslb.model import Address, Member
from gslb.option import REQUIRED, Kind, Option

MAX_WEIGHT: Final = 1_048_575  # gdnsd's bound; four thousand such members still sum below 2**32, the plan's limit

_SITE: Final = {"site": Option(Kind.STRING, "the site it stands at")}
_CHECK: Final = {"check": Option(Kind.ANY, f"{requirement.DOC}; instead of the pool's")}
_COMMON: Final = {
    "weight": Option(Kind.INTEGER, "its share among its equals; 0: only when no other is left", 1, 0, MAX_WEIGHT),
    "priority": Option(Kind.INTEGER, "for `failover`: smaller comes first; default: its place in the list", None, 0, 65535),
    "id": Option(Kind.STRING, "its name within the pool; default: the site, or the first address, the name, the pool"),
}

MEMBER: Final = {
    **_SITE,
    "address": Option(Kind.ANY, "an address, or a list of IPv4 and IPv6 addresses", REQUIRED),
    **_CHECK,
    "check_address": Option(Kind.MAPPING, "address → the address to probe for it, where that is another one"),
    **_COMMON,
}
NAME: Final = {
    **_SITE,
    "name": Option(Kind.STRING, "a name, with its final dot, that a CNAME points to", REQUIRED),
    **_CHECK,
    "check_address": Option(Kind.STRINGS, "address, or list of addresses, to probe for it; without one it is not checked and always up"),
    **_COMMON,
}
POOL: Final = {
    "pool": Option(Kind.STRING, "another pool; it is down where that one has nobody to give", REQUIRED),
    "site": Option(Kind.STRING, "where it counts as standing; default: where those stand that it would answer"),
    **_COMMON,
}


def read(node: Node, required: Requirement, problems: Problems, what: str) -> tuple[Member, ...]:
    """Read the list of members; `required` is the pool's. A member that is wrong is a problem and left out."""
    drafts = [(child, _member(child, required, problems, f"member {at + 1} of {what}")) for at, child in node.items()]
    found = [(child, member) for child, member in drafts if member is not None]
    crowded = {site for site, count in Counter(member.site for _, member in found if not member.id).items() if count > 1 and site is not None}
    named: dict[str, Member] = {}
    for child, member in found:
        own = member.id or (f"{member.site}/{_itself(member)}" if member.site in crowded else member.site or _itself(member))
        if own in named:
            hint = f"the other one is in line {named[own].where.line}; give one of them an id of its own"
            problems.error("C021", f"two members of {what} are called {own!r}", child.where, hint)
        named.setdefault(own, replace(member, id=own))
    return tuple(named.values())


def _member(node: Node, required: Requirement, problems: Problems, what: str) -> Member | None:
    if not isinstance(node.value, dict):
        problems.error("C001", f"{what} must be a mapping, not {kind(node.value)}", node.where, "{site: fra, address: 192.0.2.1, weight: 1}")
        return None
    if "pool" in node.value:
        given: dict[str, Any] = options.read(node, POOL, problems, what=what)
        return Member(addresses=(), pool=given["pool"], where=node.where, **_shared(given)) if "pool" in given else None
    if "name" in node.value:
        return _name(node, required, problems, what)
    given = options.read(node, MEMBER, problems, what=what)
    found = _addresses(node.get("address"), problems, what)
    if not found:
        return None
    probed = _check_addresses(node.get("check_address"), found, problems, what)
    own = requirement.read(node.get("check"), problems, f"'check' of {what}") or required
    return Member(addresses=found, checks=own.checks, need=own.need, check_address=probed, where=node.where, **_shared(given))


def _name(node: Node, required: Requirement, problems: Problems, what: str) -> Member | None:
    """Read a member that is a name."""
    given = options.read(node, NAME, problems, what=what)
    if "name" not in given:
        return None
    try:
        target = names.from_text(fields.absolute(given["name"]))
    except (ValueError, fields.FieldError) as error:
        hint = f"write {given['name']}." if isinstance(error, fields.FieldError) else "such as www.example.net."
        problems.error("C028", f"{what}: {error}", node.child("name").where, hint)
        return None
    places = node.get("check_address")
    at = _addresses(places, problems, f"check_address of {what}")
    own = requirement.read(node.get("check"), problems, f"'check' of {what}")
    if own and own.checks and not at:
        problems.error("C022", f"{what} has a check and no address to check", node.child("check").where, "add check_address: ADDRESS")
    used = (own or required) if at else Requirement()
    return Member(addresses=(), target=target, checks=used.checks, need=used.need, check_at=at, where=node.where, **_shared(given))


def _shared(given: dict[str, Any]) -> dict[str, Any]:
    return {"id": given.get("id", ""), "site": given.get("site"), "weight": given.get("weight", 1), "priority": given.get("priority")}


def _itself(member: Member) -> str:
    return member.pool or (names.to_text(member.target) if member.target else str(member.addresses[0]))


def _addresses(node: Node | None, problems: Problems, what: str) -> tuple[Address, ...]:
    """Read one address or a list of them."""
    if node is None:
        return ()
    if isinstance(node.value, list) and not node.value:
        problems.error("C017", f"{what} has no address", node.where, "address: 192.0.2.1, or a list of addresses")
    found: dict[Address, None] = {}
    for child in list(node.values()) if isinstance(node.value, list) else [node]:
        one = address(child, problems, what)
        if one is not None and one in found:
            problems.error("C023", f"{what} has the address {one} twice", child.where, "remove one of them")
        elif one is not None:
            found[one] = None
    return tuple(found)


def address(node: Node, problems: Problems, what: str) -> Address | None:
    """Read one address that clients or probes can be sent to."""
    hint = "write 192.0.2.1 or 2001:db8::1"
    if not isinstance(node.value, str):
        problems.error("C009", f"address of {what} is {kind(node.value)}", node.where, hint)
        return None
    try:
        found = ip_address(node.value)
    except ValueError:
        port = ": no port here, it belongs to the check" if node.value.count(":") == 1 and "." in node.value else ""
        prefix = ": a network is not an address" if "/" in node.value else ""
        problems.error("C009", f"{shown(node.value)} is not an address ({what}){port}{prefix}", node.where, hint)
        return None
    bad = _useless(found)
    if bad:
        problems.error("C009", f"{found} is {bad}: no client can be sent there ({what})", node.where, hint)
        return None
    return found


def _useless(found: IPv4Address | IPv6Address) -> str:
    if isinstance(found, IPv6Address) and found.scope_id is not None:
        return "an address with a zone"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return "an IPv4 address in IPv6 clothes"
    return "the unspecified address" if found.is_unspecified else "a multicast address" if found.is_multicast else ""


def _check_addresses(node: Node | None, own: tuple[Address, ...], problems: Problems, what: str) -> dict[Address, Address]:
    """Read which address is probed in place of which."""
    probed: dict[Address, Address] = {}
    if node is None or not isinstance(node.value, dict):
        return probed
    for key, child in node.items():
        try:
            of = ip_address(key)
        except ValueError:
            of = None
        if of is None or of not in own:
            hint = f"its addresses: {', '.join(map(str, own))}"
            problems.error("C022", f"check_address: {key!r} is not an address of {what}", child.key_where, hint)
            continue
        to = address(child, problems, f"check_address of {what}")
        if to is not None:
            probed[of] = to
    return probed
