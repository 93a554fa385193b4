"""`soa:` of a YAML zone, and what stands in its place where there is none.

Called by `zones`; gives the RRset at the apex. The serial never follows health: it is a number, or `version`, the
number of the published version (1 where files are not published).
"""

from __future__ import annotations

import struct
from typing import Any, Final

from gslb import names
from gslb.config import durations, options
from gslb.config.document import Node
from gslb.config.words import kind, shown
from gslb.errors import Problems, Where
from gslb.model import RRset
from gslb.option import Kind, Option

SOA: Final = {
    "primary": Option(Kind.STRING, "the zone's first nameserver, such as ns1.example.com.; default: the apex's first NS"),
    "contact": Option(Kind.STRING, "mailbox of those responsible: hostmaster@example.com, or hostmaster.example.com."),
    "negative_ttl": Option(Kind.ANY, "how long resolvers may believe that a name does not exist", 60),
    "serial": Option(Kind.ANY, "a number, or `version`", "version"),
    "refresh": Option(Kind.ANY, "how often secondaries ask", 3600),
    "retry": Option(Kind.ANY, "how soon they ask again after a failure", 900),
    "expire": Option(Kind.ANY, "how long they serve without an answer", 1209600),  # two weeks: RIPE-203's advice is longer, a GSLB's data ages faster
    "ttl": Option(Kind.ANY, "TTL of the SOA record itself", 3600),
}

_TIMES: Final = ("refresh", "retry", "expire", "negative_ttl")
_SOA: Final = 6


def read(  # noqa: PLR0917  what an SOA is made of
    node: Node | None, apex: bytes, first_ns: bytes | None, problems: Problems, where: Where, version: int = 1
) -> RRset:
    """Make the SOA. What is wrong in it is replaced by defaults; the problems say so."""
    primary, contact = first_ns or _below(b"ns1", apex), _below(b"hostmaster", apex)
    times: dict[str, Any] = {key: option.default for key, option in SOA.items()}
    serial = version
    if node is not None and options.mapping(node, problems, "soa"):
        where = node.key_where
        given = options.read(node, SOA, problems, what="soa", fill=False)
        primary = _name(node, "primary", given, apex, problems) or primary
        contact = _mailbox(node, given, problems) or contact
        serial = _serial(node.get("serial"), problems, version)
        for key in (*_TIMES, "ttl"):
            if key in given:
                try:
                    times[key] = durations.ttl(given[key])
                except ValueError as error:
                    problems.error("C019", f"{key!r} of soa: {error}", node.child(key).where)
    wire = primary + contact + struct.pack("!5I", serial, *(times[key] for key in _TIMES))  # RFC 1035 section 3.3.13
    return RRset(_SOA, times["ttl"], (wire,), where=where)


def _below(label: bytes, apex: bytes) -> bytes:
    """Put a label in front of the apex, where there is room for it."""
    name = names.join([label], apex)
    return name if len(name) <= names.MAX_NAME else apex


def _name(node: Node, key: str, given: dict[str, Any], apex: bytes, problems: Problems) -> bytes | None:
    if key not in given:
        return None
    place = node.child(key).where
    if not given[key].endswith("."):
        problems.error("R008", f"{key!r} of soa: {shown(given[key])} has no final dot", place, f"write {given[key]}.")
        return None
    try:
        return names.from_text(given[key], apex)
    except ValueError as error:
        problems.error("C024", f"{key!r} of soa: {error}", place)
        return None


def _mailbox(node: Node, given: dict[str, Any], problems: Problems) -> bytes | None:
    """Read a mailbox as a name, or as people write it: dots before the @ belong to the first label (RFC 1035 section 8)."""
    contact = given.get("contact", "")
    if "@" not in contact:
        return _name(node, "contact", given, names.ROOT, problems)
    try:
        return _mailbox_name(contact)
    except ValueError as error:
        message = "the part before @ is not ASCII" if isinstance(error, UnicodeEncodeError) else str(error)
        problems.error("C024", f"'contact' of soa: {message}", node.child("contact").where, "write hostmaster@example.com")
        return None


def _mailbox_name(contact: str) -> bytes:
    local, _, domain = contact.partition("@")
    label = local.encode("ascii")
    if not 0 < len(label) <= names.MAX_LABEL or not domain.rstrip("."):
        raise ValueError(f"{shown(contact)} is not a mailbox")
    found = names.join([label], names.from_text(domain.rstrip(".") + "."))
    if len(found) > names.MAX_NAME:
        raise ValueError(f"{shown(contact)} is too long")
    return found


def _serial(node: Node | None, problems: Problems, version: int) -> int:
    if node is None or node.value == "version":
        return version
    if type(node.value) is int and 0 <= node.value < 2**32:
        return node.value
    found = node.text if isinstance(node.value, int) else kind(node.value)
    problems.error("C024", f"serial of soa is {found}", node.where, "a number from 0 to 4294967295, or `version`")
    return version
