"""Zones and their names in rows, as the API lists them: records in the form of zone files, whatever form the operator wrote them in.

Part of what serves the API (`operating`). Pure; a page of a large zone may take a second, so it is made in a thread.
"""

from __future__ import annotations

import heapq
import json
from hashlib import blake2b
from typing import Any, Final

from gslb import names as wire_names
from gslb.config import rdata
from gslb.model import Hinted, Model, NameData, PoolRef, RRset, Zone

SOA: Final = 6
HINTS: Final = 20  # octets in front of the SOA's numbers: five of four octets at the end of its data

Row = dict[str, Any]


def zone(one: Zone, managed: frozenset[str]) -> Row:
    """Return a zone."""
    soa = next((rrset for rrset in one.names[one.apex].rrsets if rrset.type == SOA), None) if one.apex in one.names else None
    serial = int.from_bytes(soa.rdata[0][-HINTS : -HINTS + 4], "big") if soa else None
    text = written(one.apex)
    return {"zone": text, "serial": serial, "names": len(one.names), "managed": text in managed, "file": one.where.file}


def find(model: Model, text: str) -> Zone | None:
    """Find a zone by its name, with or without the last dot."""
    try:
        return model.zones.get(wire_names.from_text(text.rstrip(".") + ".").lower())
    except ValueError:
        return None


def page(one: Zone, text: str, after: str, limit: int) -> list[Row]:
    """Return at most `limit` names in the order of their texts, those after one of them, with a text in them."""
    texts = ((found, owner) for owner in one.names if (found := wire_names.to_text(owner)) > after and text in found)
    return [name(one, owner) for _, owner in heapq.nsmallest(limit, texts)]


def owner_in(apex: bytes, text: str) -> bytes | None:
    """Return the absolute name that is meant: relative to the zone, or with its last dot; @ is the zone. None where it is no name of it."""
    try:
        found = apex if text in ("", "@") else wire_names.from_text(text, apex).lower()
    except ValueError:
        return None
    return found if wire_names.is_under(found, apex) else None


def name(one: Zone, found: bytes) -> Row:
    """Return one name with its records."""
    data = one.names.get(found, NameData())
    kept = records(data, one.apex)
    return {"name": relative(found, one.apex), "fqdn": wire_names.to_text(found), "records": kept, "version": version(kept)}


def records(data: NameData, apex: bytes) -> list[Row]:
    """Write the records of a name as a zone file would; the SOA is the zone's, not a record's."""
    told = [_rrset(rrset) for rrset in data.rrsets if rrset.type != SOA]
    told += [_hinted(one, apex) for one in data.hinted]
    return told + ([_pool(data.pool)] if data.pool else [])


def version(kept: list[Row]) -> str:
    """Return what tells these records from others; "" for none."""
    return blake2b(json.dumps(kept, sort_keys=True).encode(), digest_size=8).hexdigest() if kept else ""


def relative(found: bytes, apex: bytes) -> str:
    """Write a name relative to its zone, @ for the zone itself."""
    return "@" if found == apex else wire_names.to_text(found).removesuffix("." + wire_names.to_text(apex))


def written(apex: bytes) -> str:
    """Write a zone's name as operators do, without the last dot."""
    return wire_names.to_text(apex).rstrip(".") or "."


def _rrset(rrset: RRset) -> Row:
    return {"type": rdata.type_text(rrset.type), "ttl": rrset.ttl, "values": [rdata.text(rrset.type, data) for data in rrset.rdata]}


def _hinted(one: Hinted, _apex: bytes) -> Row:
    return {"type": rdata.type_text(one.type), "ttl": one.ttl, "values": [f"{rdata.text(one.type, one.rdata)} (hints: auto, of pool {one.pool})"]}


def _pool(ref: PoolRef) -> Row:
    told: Row = {"pool": ref.pool, "types": [rdata.type_text(number) for number in ref.types]}
    return told | ({} if ref.ttl is None else {"ttl": ref.ttl}) | ({"expose_sites": True} if ref.expose_sites else {})
