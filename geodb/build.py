# ruff: noqa: INP001 — a script in a folder of data, no package
"""Makes the shipped database from DB-IP City Lite: `python geodb/build.py CITY.mmdb [CITY6.mmdb] gslb-region.mmdb.xz`.

A maintainer runs it once for a release; nothing at run time does. Keeps the state in large countries and the country elsewhere, each
with the place where its addresses are on average, and cuts IPv6 at /40. Takes minutes and gigabytes. Needs gslb with its `dev` extra.
"""

from __future__ import annotations

import lzma
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from pathlib import Path
from typing import Any, Final

from mmdb_writer import MMDBWriter
from netaddr import IPNetwork, IPSet

from gslb import geo
from gslb.geo.countries import countries
from gslb.geo.mmdb import Database
from gslb.geo.runs import start
from gslb.model import Location

# Countries so wide that a client's state may change which data centre is near. Others are one record each, which halves the file.
LARGE: Final = frozenset("AR AU BR CA CD CL CN DZ EG FI ID IN IR JP KZ LY MN MX NO PE PH PK RU SA SD SE TH TR UA US VN ZA".split())  # noqa: SIM905 — a table
IPV6_CUT: Final = 40  # finer networks are clouds and tunnels; they would double the file
DESCRIPTION: Final = "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0, modified: states of large countries, countries elsewhere"

Key = tuple[str, str | None]  # country, subdivision


def key(location: Location) -> Key | None:
    """Return what is kept apart."""
    return (location.country, location.subdivision if location.country in LARGE else None) if location.country else None


def stretches(database: Database, version: int) -> Iterator[tuple[int, int, Key | None, Location]]:
    """Go over one family: first address, the one behind the last, what they are."""
    runs, shift = (database.v4, 96) if version == 4 else (database.v6, 0)
    for i in range(len(runs.value)):
        location = database.locations[int(runs.value[i])]
        yield start(runs, i) >> shift, start(runs, i + 1) >> shift, key(location), location


def centroids(databases: list[Database]) -> dict[Key, tuple[float, float]]:
    """Average the places of each key, weighted by IPv4 addresses; where there are none, by networks of IPv6."""
    sums: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for version in (6, 4):
        here: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for database in databases:
            for first, end, what, location in stretches(database, version):
                if what and location.coordinates:
                    weight = float(end - first if version == 4 else 1)
                    here[what] = [total + weight * value for total, value in zip(here[what], (*location.coordinates, 1.0), strict=True)]
        sums |= here
    return {what: (round(lat / weight, 2), round(lon / weight, 2)) for what, (lat, lon, weight) in sums.items()}


def networks(databases: list[Database], version: int) -> Iterator[tuple[Any, Key]]:
    """Cut into networks, equal neighbours joined, IPv6 at the cut."""
    kind: Any = IPv4Address if version == 4 else IPv6Address
    unit = 1 if version == 4 else 1 << (128 - IPV6_CUT)
    for database in databases:
        pending: tuple[int, int, Key] | None = None
        for first, end, what, _ in stretches(database, version):
            low, high = -(-first // unit) * unit, -(-end // unit) * unit  # a block belongs to who holds its first address
            if what is None or low == high:
                continue
            if pending and pending[1] == low and pending[2] == what:
                low = pending[0]
            elif pending:
                yield from ((n, pending[2]) for n in summarize_address_range(kind(pending[0]), kind(pending[1] - 1)))
            pending = (low, high, what)
        if pending:
            yield from ((n, pending[2]) for n in summarize_address_range(kind(pending[0]), kind(pending[1] - 1)))


def record(what: Key, place: tuple[float, float] | None) -> dict[str, Any]:
    """Write the GeoIP2-City shape, so that every tool can read it."""
    code, subdivision = what
    country = countries().of[code]
    made: dict[str, Any] = {"country": {"iso_code": code, "names": {"en": country.name}}, "continent": {"code": country.continent}}
    if place:
        made["location"] = {"latitude": place[0], "longitude": place[1]}
    if subdivision:
        names = {known: name.title() for name, known in countries().subdivisions.get(code, {}).items()}
        listed = {"names": {"en": names.get(subdivision, subdivision)}}
        made["subdivisions"] = [listed | ({"iso_code": subdivision} if subdivision in names else {})]
    return made


def main(sources: list[Path], target: Path) -> None:
    """Read, average, cut, write."""
    databases = geo.read(sources)
    places = centroids(databases)
    records = {what: record(what, place) for what, place in places.items()}
    writer = MMDBWriter(6, "GSLB-Region-City", ["en"], {"en": DESCRIPTION}, ipv4_compatible=True)
    for version in (4, 6):
        for network, what in networks(databases, version):
            writer.insert_network(IPSet([IPNetwork(str(network))]), records.setdefault(what, record(what, None)))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "x.mmdb"
        writer.to_db_file(str(plain))
        target.write_bytes(lzma.compress(plain.read_bytes(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    *given, out = (Path(argument) for argument in sys.argv[1:])
    main(given, out)
