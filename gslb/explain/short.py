"""An explanation in a few lines, each short enough for a string of a TXT record: what `dig TXT _gslb.NAME` shows.

Reads the plain data (`explanation`). The first word of each line says what it is about, for answers may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gslb.explain.summary import share
from gslb.explain.text import place_text, source_text

LONGEST: Final = 255  # octets of one string (RFC 1035 section 3.3)
MEMBERS: Final = 8  # told one by one; who has more looks with `gslb explain`


def short(data: dict[str, Any]) -> list[bytes]:
    """Write the lines, in UTF-8."""
    return [cut(line) for line in _lines(data)]


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield f"answer: {data['summary']}"
    yield f"because: {data['because']}"
    client = data["client"]
    yield f"client: {client['address']} is {place_text(client['location']) or 'nowhere known'} ({source_text(client['source'], client['network'])})"
    if data["region"]:
        region, scope = data["region"], data["answer"]["scope"]
        yield f"region: {region['region']} of {region['regions']}, all of {region['block']}" + ("" if scope is None else f", scope {scope}")
    if data["decision"]:
        yield from _decision(data["decision"], {one["member"]: one for one in data["answer"]["members"]})
    for hint in data["hints"]:
        yield f"hint: {hint['type']} from pool {hint['decision']['pool']}"
    for warning in data["warnings"]:
        yield f"warning: {warning}"
    yield f"node: {data['node']}, generation {data['generation']}, {data['time']}"


def _decision(pool: dict[str, Any], given: dict[str, Any]) -> Iterator[str]:
    path = " > ".join([*map(_step, pool["steps"]), f"pick {pool['pick']}"])
    yield f"pool: {pool['pool']}, policy {pool['policy']}: {path}" + (f"; {pool['rule_text']}" if pool["rule"] else "")
    members = sorted(pool["members"], key=lambda one: one["member"] not in given)
    for one in members[:MEMBERS]:
        yield _member(one, given.get(one["member"]))
    if len(members) > MEMBERS:
        yield f"others: {len(members) - MEMBERS} more"
    if pool["backup"]:
        yield f"backup: pool {pool['backup']['pool']}"
    for inner in pool["inside"]:
        yield f"inside: pool {inner['pool']}"


def _member(one: dict[str, Any], chosen: dict[str, Any] | None) -> str:
    """Say how a member stands, and what of it is given."""
    data = f" {' '.join(chosen['data'])}, {share(chosen['share'])}" if chosen else ""
    why = f" ({one['why']})" if one["why"] else ""
    return f"{'member' if chosen else 'other'}: {one['member']}{data}, {one['state'] or 'no candidate'}{_age(one)}{why}"


def _step(step: dict[str, Any]) -> str:
    """Say what a filter left."""
    if step["failed"]:
        return f"{step['filter']} failed"
    return f"{step['filter']} {len(step['kept'])} of {len(step['kept']) + len(step['dropped'])}"


def _age(member: dict[str, Any]) -> str:
    """Say for how long its youngest verdict has stood."""
    ages = [check["age"] for address in member["addresses"] for check in address["checks"] if "age" in check]
    return f" for {min(ages):.0f} s" if ages else ""


def cut(line: str) -> bytes:
    """Cut a line to what a string holds, between characters."""
    octets = line.encode()
    return octets if len(octets) <= LONGEST else octets[: LONGEST - 3].decode(errors="ignore").encode() + b"..."
