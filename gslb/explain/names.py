"""How a name was found: exact, by wildcard, through aliases, at a cut, or not at all.

`gslb.answer.lookup` finds; this only says in words what was found, from the same table.
"""

from __future__ import annotations

from typing import Any

from gslb import names
from gslb.answer.lookup import ANY, CNAME, DNAME, SOA, Found, Records, lookup, rrset_of
from gslb.answer.reply import NXDOMAIN, REFUSED
from gslb.config.rdata import text as rdata_text
from gslb.config.rdata import type_text
from gslb.plan import Snapshot, Zone

RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED", 6: "YXDOMAIN"}


def find(snapshot: Snapshot, name: bytes, kind: int) -> Found:
    """Look the name up as an answer does."""
    starts = [0]
    while name[starts[-1]]:
        starts.append(starts[-1] + 1 + name[starts[-1]])
    return lookup(snapshot.zones, name, tuple(starts), kind, do=False)


def story(snapshot: Snapshot, found: Found, name: bytes, kind: int) -> dict[str, Any]:
    """Tell the way from the name asked to what was found."""
    zone = found.zone
    if zone is None:
        return {"zone": None, "found": "outside", "rcode": RCODES[REFUSED], "steps": [], "records": [], "negative_ttl": None, "pool": None}
    aliases = [one for one in found.answer if one.type in (CNAME, DNAME)] if kind not in (CNAME, ANY) else []
    steps = []
    here = name
    for one in aliases:
        if one.type == CNAME:
            steps.append({**_place(zone, here), "alias": names.to_text(one.rdata[0].lower())})
            here = one.rdata[0].lower()
    if not steps or names.is_under(here, zone.apex):
        steps.append(_place(zone, here))
    records = [one for one in found.answer if one not in aliases]
    return {
        "zone": names.to_text(zone.apex),
        "found": _what(found, records, aliases),
        "rcode": RCODES.get(found.rcode, str(found.rcode)),
        "steps": steps,
        "records": [_record(one) for one in (*records, *found.authority) if one.type != SOA or kind == SOA],
        "negative_ttl": zone.negative_ttl,
        "pool": snapshot.pools[found.dynamic.pool].name if found.dynamic else None,
    }


def _what(found: Found, records: list[Records], aliases: list[Records]) -> str:
    if found.dynamic:
        return "pool"
    if found.hinted:
        return "hints"
    if found.rcode == NXDOMAIN:
        return "nxdomain"
    if not found.aa or any(one.type != SOA for one in found.authority):
        return "delegation"
    if records:
        return "records"
    return "nodata" if found.authority or not aliases else "alias"


def _place(zone: Zone, name: bytes) -> dict[str, Any]:
    """Say how a name of the zone is found there."""
    text = names.to_text(name)
    if name in zone.nodes:
        return {"name": text, "how": "exact"}
    above = name
    while above != zone.apex and above not in zone.nodes:
        above = names.parent(above)
    node = zone.nodes[above]
    if node.cut:
        return {"name": text, "how": "delegation", "by": names.to_text(above)}
    if rrset_of(node, DNAME):
        return {"name": text, "how": "DNAME", "by": names.to_text(above)}
    wildcard = b"\1*" + above
    if wildcard in zone.nodes:
        return {"name": text, "how": "wildcard", "by": names.to_text(wildcard)}
    return {"name": text, "how": "nothing"}


def _record(one: Records) -> dict[str, Any]:
    return {"name": names.to_text(one.owner), "type": type_text(one.type), "ttl": one.ttl, "data": [rdata_text(one.type, data) for data in one.rdata]}
