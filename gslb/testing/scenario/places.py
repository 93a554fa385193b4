"""A geo database made of a scenario's `place` statements, written as MMDB by mmdb_writer (of gslb's development tools) and read by `gslb.geo`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from gslb import geo
from gslb.geo.mmdb import Database
from gslb.testing.scenario.words import Words

Place = tuple[str, tuple[tuple[str, str], ...]]  # network, and the words that describe it


def place(words: Words) -> Place:
    """Read `place NETWORK [country CC] [continent CC] [subdivision CODE] [at LATITUDE , LONGITUDE] [asn NUMBER]`."""
    text = words.take("a network")
    try:
        network: IPv4Network | IPv6Network = ip_network(text)
    except ValueError as error:
        raise words.fail(f"{text!r} is no network: {error}") from None
    facts: list[tuple[str, str]] = []
    while words:
        match words.take("a fact"):
            case "country" | "continent" | "subdivision" | "asn" as fact:
                facts.append((fact, words.take(fact)))
            case "at":
                latitude = words.take("a latitude")
                if not words.skip(","):
                    raise words.fail("write at LATITUDE, LONGITUDE")
                facts.append(("at", f"{latitude},{words.take('a longitude')}"))
            case other:
                raise words.fail(f"place does not know {other!r}")
    if not facts:
        raise words.fail("a place needs a fact: country, continent, subdivision, at, asn")
    return str(network), tuple(facts)


@lru_cache(maxsize=256)
def database(places: tuple[Place, ...]) -> Sequence[Database]:
    """Make the database; later places cut into earlier ones. No places: no database."""
    if not places:
        return ()
    from mmdb_writer import MMDBWriter  # noqa: PLC0415 - not needed to run gslb, and not there where it is only run
    from netaddr import IPSet  # type: ignore[import-untyped]  # noqa: PLC0415 - mmdb_writer's own type of networks

    writer = MMDBWriter(6, "Scenario", languages=["en"], description={"en": "places of a scenario"}, ipv4_compatible=True, float_type="f64")
    for network, facts in places:
        writer.insert_network(IPSet([network]), _record(dict(facts)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.mmdb"
        writer.to_db_file(str(path))
        return geo.read(path)


def _record(facts: dict[str, str]) -> dict[str, Any]:
    """Write a record in the shape of GeoIP2."""
    record: dict[str, Any] = {}
    if "country" in facts:
        record["country"] = {"iso_code": facts["country"]}
    if "continent" in facts:
        record["continent"] = {"code": facts["continent"]}
    if "subdivision" in facts:
        record["subdivisions"] = [{"iso_code": facts["subdivision"]}]
    if "at" in facts:
        latitude, _, longitude = facts["at"].partition(",")
        record["location"] = {"latitude": float(latitude), "longitude": float(longitude)}
    if "asn" in facts:
        record["autonomous_system_number"] = int(facts["asn"])
    return record
