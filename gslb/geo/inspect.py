"""Questions about geo databases, answered as plain data: what `gslb geodb info`, `lookup` and `verify` print.

Called by the command line only. `verify` reads a file a second time with MaxMind's own readers, which share no code with ours.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice
from pathlib import Path
from typing import Any, Final

import maxminddb
from maxminddb.reader import Reader

from gslb.answer.region import block
from gslb.answer.subnet import embedded, folded_gap
from gslb.errors import UsageError
from gslb.geo import facts, mmdb, source
from gslb.geo.atlas import STALE_AFTER, Atlas, build
from gslb.geo.countries import countries
from gslb.geo.runs import Runs, start
from gslb.model import UNKNOWN_LOCATION, Address, Location, NetworkFact, Site

SAMPLES: Final = 20_000  # about two seconds; an error in one network of a thousand is found with near certainty
_DIFFERENCES: Final = 20  # a broken file differs everywhere: the first few say it all

Reading = Callable[[Atlas, Address], str]  # what another reader says differently of an address, "" = nothing

_ATTRIBUTIONS: Final = {
    "db-ip": "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0",
    "dbip": "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0",
    "geolite": "GeoLite data created by MaxMind (https://www.maxmind.com), GeoLite End User License Agreement",
    "geoip2": "GeoIP data by MaxMind (https://www.maxmind.com), commercial licence",
    "ipinfo": "IP address data powered by IPinfo (https://ipinfo.io)",
}


def info(paths: Path | Sequence[Path], *, now: float | None = None) -> list[dict[str, Any]]:
    """Describe each database: type, age, how much it tells. Raises GeoError."""
    now = time.time() if now is None else now
    return [_described(path, mmdb.read(source.content(path), path.name, countries()), now) for path in source.files(paths)]


def _described(path: Path, database: mmdb.Database, now: float) -> dict[str, Any]:
    metadata = database.metadata
    age = now - metadata.build_epoch
    kinds = ("country", "continent", "subdivision", "coordinates", "asn")
    return {
        "file": str(path),
        "type": metadata.database_type,
        "description": metadata.description,
        "shapes": dict(database.shapes),
        "facts": [kind for kind in kinds if any(getattr(location, kind) is not None for location in database.locations)],
        "built": datetime.fromtimestamp(metadata.build_epoch, UTC).isoformat() if metadata.build_epoch else None,
        "age_days": round(age / 86400, 1) if metadata.build_epoch else None,
        "stale": bool(metadata.build_epoch) and age > STALE_AFTER,
        "ip_version": metadata.ip_version,
        "record_size": metadata.record_size,
        "nodes": metadata.node_count,
        "records": database.records,
        "networks": {"ipv4": database.networks4, "ipv6": database.networks6},
        "runs": {"ipv4": len(database.v4.value), "ipv6": len(database.v6.value)},
        "locations": len(database.locations) - 1,  # the unknown one is nobody's
        "countries": len({location.country for location in database.locations if location.country}),
        "attribution": _attribution(metadata),
    }


def _attribution(metadata: mmdb.Metadata) -> str | None:
    text = f"{metadata.database_type} {metadata.description}".lower()
    return next((attribution for word, attribution in _ATTRIBUTIONS.items() if word in text), None)


def lookup(
    address: str,
    database: Path | Sequence[Path] | None,
    networks: Sequence[NetworkFact] = (),
    sites: Mapping[str, Site] | None = None,
) -> dict[str, Any]:
    """Say what is known of an address, in which network, and from whom. Raises GeoError, UsageError for what is no address."""
    try:
        wanted = ip_address(address)
    except ValueError:
        raise UsageError(f"{address!r} is not an IP address: write 203.0.113.7 or 2001:db8::1") from None
    databases = [mmdb.read(source.content(path), path.name, countries()) for path in source.files(database)] if database is not None else []
    location, network = build(databases, networks, sites or {}).lookup(wanted)
    told = []
    for one in databases:
        theirs, inside = build([one], (), {}).lookup(wanted)
        told.append({"source": one.name, "network": str(inside), **_facts(theirs)})
    holding = [fact for fact in networks if wanted in fact.network]
    told += [
        {"source": "networks", "network": str(fact.network), "where": str(fact.where)} for fact in sorted(holding, key=lambda f: f.network.prefixlen)
    ]
    return {"address": str(wanted), "network": str(network), "location": _facts(location), "sources": told}


def _facts(location: Location) -> dict[str, Any]:
    """Return what is known, unknown facts left out."""
    known = {key: value for key, value in asdict(location).items() if value not in (None, frozenset())}
    return known | ({"tags": sorted(location.tags)} if location.tags else {})


def verify(path: Path, *, samples: int = SAMPLES, seed: int = 1) -> dict[str, Any]:
    """Read a whole file, then compare it with MaxMind's readers at many addresses. Raises GeoError.

    `ok` is the verdict; `readers` says which others could read the file; `differences` are the first few.
    """
    octets = source.content(path)
    database = mmdb.read(octets, path.name, countries())
    atlas = build([database], (), {})
    addresses = list(_probes(database, random.Random(seed), samples))  # noqa: S311 — a repeatable sample, no secret
    readers: dict[str, Reading] = {"maxminddb": _with_maxminddb(octets)}
    with suppress(ImportError):  # an extra: without it one independent reader is left
        readers |= _with_geoip2(octets, database.metadata.database_type)
    differences: list[str] = []
    for name, read in readers.items():
        told = (f"{name}, {address}: {difference}" for address in addresses if (difference := read(atlas, address)))
        differences += islice(told, _DIFFERENCES)
    return {
        "file": str(path),
        "ok": not differences,
        "nodes": database.metadata.node_count,
        "networks": {"ipv4": database.networks4, "ipv6": database.networks6},
        "records": database.records,
        "addresses": {"ipv4": sum(a.version == 4 for a in addresses), "ipv6": sum(a.version == 6 for a in addresses)},
        "readers": list(readers),
        "differences": differences,
    }


def _probes(database: mmdb.Database, chance: random.Random, samples: int) -> Iterator[Address]:
    """Draw addresses of both families: any, and the first and last ones of runs, where mistakes live."""
    for _ in range(samples // 4):
        yield IPv4Address(chance.getrandbits(32))
        yield IPv4Address(_edge(database.v4, chance) >> 96)
        if database.metadata.ip_version == 6:
            numbers = (chance.getrandbits(125) | 1 << 125, _edge(database.v6, chance))
            # Other readers find ::/96 under IPv6 too; we keep it apart.
            yield from (IPv6Address(number) for number in numbers if embedded(number) is None and number >> 32)


def _edge(runs: Runs, chance: random.Random) -> int:
    return max(start(runs, chance.randrange(len(runs.value))) - chance.getrandbits(1), 0)


def _with_maxminddb(octets: bytes) -> Reading:
    """Compare with MaxMind's own reader: same facts, and no smaller network than the file's own."""
    reader = Reader(io.BytesIO(octets), maxminddb.MODE_FD)

    def difference(atlas: Atlas, address: Address) -> str:
        ours, network = atlas.lookup(address)
        try:
            record, length = reader.get_with_prefix_len(address)
        except maxminddb.InvalidDatabaseError as error:
            return f"cannot be read: {error}"
        theirs = facts.location(record, countries())
        if ours != theirs:
            return f"{_facts(ours)} here, {_facts(theirs)} there"
        if address.version == 6:  # our networks keep clear of the blocks that hold IPv4
            length = max(length, block(int(address), *folded_gap(int(address)), 128))
        return f"network {network} here, /{length} there" if network.prefixlen > length else ""

    return difference


def _with_geoip2(octets: bytes, database_type: str) -> dict[str, Reading]:
    """Compare with geoip2, which has its own idea of records as well; it reads nested files only, and refuses others by their type."""
    from geoip2.database import Reader as Geoip2  # noqa: PLC0415 — optional, and slow to import
    from geoip2.errors import AddressNotFoundError  # noqa: PLC0415

    reader = Geoip2(io.BytesIO(octets), mode=maxminddb.MODE_FD)
    if "City" not in database_type:
        return {}

    def difference(atlas: Atlas, address: Address) -> str:
        ours, _ = atlas.lookup(address)
        try:
            city = reader.city(str(address))
        except AddressNotFoundError:
            return "" if ours == UNKNOWN_LOCATION else f"{_facts(ours)} here, nothing there"
        theirs = (city.country.iso_code, city.location.latitude, city.location.longitude)
        mine = (ours.country, *(ours.coordinates if city.location.latitude is not None and ours.coordinates else (None, None)))
        return "" if mine == theirs or theirs[0] not in countries().of else f"{mine} here, {theirs} there"

    return {"geoip2": difference}
