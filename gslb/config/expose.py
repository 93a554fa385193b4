"""`expose_sites`: names that reach one site each, such as fra.www.example.com for the site fra of the pool at www.example.com.

Called by `namespace` when all files are read. They are plain records with the site's addresses, whatever its health: for looking at a site by
itself, before it takes clients and when something is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gslb import names
from gslb.errors import Problems
from gslb.model import Address, NameData, Pool, PoolRef, RRset, Zone
from gslb.packed import PackedNames, packed_names, pooled

_TYPES: Final = {4: 1, 6: 28}  # version of an address → A, AAAA


def expose(zones: Mapping[bytes, Zone], pools: Mapping[str, Pool], problems: Problems) -> dict[bytes, Zone]:
    """Add the names that are asked for; one that is there already is a problem."""
    return {apex: _zone(zone, pools, problems) for apex, zone in zones.items()}


def _zone(zone: Zone, pools: Mapping[str, Pool], problems: Problems) -> Zone:
    made: dict[bytes, NameData] = {}
    for owner, data in pooled(zone.names):
        reference = data.pool
        pool = pools.get(reference.pool) if reference is not None else None
        if reference is None or pool is None or not (reference.expose_sites or pool.expose_sites) or names.is_wildcard(owner):
            continue
        for site, found in _sites(pool, reference):
            try:
                name = names.from_text(site, owner).lower()
            except ValueError as error:
                problems.error("R024", f"expose_sites of pool {pool.id}: {error}", reference.where, "shorten the name, or leave expose_sites out")
                continue
            if name in zone.names or name in made:
                said = f"expose_sites of pool {pool.id} would make {names.to_text(name)}, which is there already"
                problems.error("R024", said, reference.where, "remove that name, or leave expose_sites out")
            else:
                made[name] = found
    if not made:
        return zone
    table = packed_names(zone.names)
    return replace(zone, names=PackedNames(table.packed, {**table.whole, **made}, table.files))


def _sites(pool: Pool, reference: PoolRef) -> Iterator[tuple[str, NameData]]:
    ttl = pool.ttl_max if reference.ttl is None else min(pool.ttl_max, reference.ttl)
    at: dict[str, list[Address]] = {}
    for member in pool.members:
        if member.site is not None and member.addresses:
            at.setdefault(member.site, []).extend(member.addresses)
    for site, addresses in at.items():
        rrsets = []
        for version, kind in _TYPES.items():
            rdata = tuple(dict.fromkeys(address.packed for address in addresses if address.version == version))
            if rdata and kind in reference.types:
                rrsets.append(RRset(kind, ttl, rdata, where=reference.where))
        if rrsets:
            yield site, NameData(tuple(rrsets))
