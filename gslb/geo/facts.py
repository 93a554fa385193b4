"""The one adapter: a record of any schema becomes the facts of a `Location`.

Called by `mmdb`, once per distinct record. Shapes are told apart by what a record holds, never by the file's declared type, which
makers choose freely: nested (GeoIP2, GeoLite2, DB-IP, ours), flat (ip-location-db, IPinfo, IPLocate), and ASN files.

    fact          nested                                      flat
    country       country.iso_code, else registered_country   country_code, else country when it is a code
    continent     by the country table, else continent.code   by the country table, else continent_code or continent
    subdivision   subdivisions[0].iso_code, else names.en     region_code, state1, region
    coordinates   location.latitude/longitude                 latitude/longitude or lat/lng, numbers or text; else the country's centroid
    asn           autonomous_system_number, in traits too     asn ("AS64500" or a number)

A known country decides the continent, so that `EU` means the same with every database. EU and AP say only a continent;
A1, A2, O1, T1 and whatever else is no country say nothing of the place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gslb.geo.countries import CONTINENTS, PSEUDO, Countries
from gslb.model import UNKNOWN_LOCATION, Location

MAX_ASN = 2**32 - 1  # RFC 6793


def location(record: object, table: Countries) -> Location:
    """Return the facts of a record; what is not recognised is unknown."""
    if not isinstance(record, Mapping):
        return UNKNOWN_LOCATION
    code = _country_code(record)
    country = table.of.get(code)
    asn = _asn(record)
    if country is None:
        if code and code not in PSEUDO:
            return Location(asn=asn)
        return Location(continent=PSEUDO.get(code) or _continent(record), coordinates=_coordinates(record), asn=asn)
    subdivision = _subdivision(record)
    return Location(
        country=country.code,
        continent=country.continent,
        subdivision=table.subdivision_code(country.code, subdivision) if subdivision else None,
        coordinates=_coordinates(record) or country.location,
        asn=asn,
    )


def shape(record: object) -> str:
    """Name the shape of a record for `gslb geodb info`: nested, flat, asn, or other."""
    if not isinstance(record, Mapping):
        return "other"
    if any(isinstance(record.get(key), Mapping) for key in ("country", "registered_country", "continent", "location")):
        return "nested"
    if _country_code(record) or _continent(record) or _coordinates(record):
        return "flat"
    return "asn" if _asn(record) is not None else "other"


def _country_code(record: Mapping[str, Any]) -> str:
    """Return an upper-case code of two characters, or ""."""
    for holder in (record.get("country"), record.get("registered_country")):
        if isinstance(holder, Mapping) and _is_code(holder.get("iso_code")):
            return str(holder["iso_code"]).upper()
    for key in ("country_code", "country"):
        if _is_code(record.get(key)):
            return str(record[key]).upper()
    return ""


def _is_code(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isascii()


def _continent(record: Mapping[str, Any]) -> str | None:
    holder = record.get("continent")
    nested = holder.get("code") if isinstance(holder, Mapping) else None
    for value in (nested, record.get("continent_code"), holder):
        if isinstance(value, str) and value.upper() in CONTINENTS:
            return value.upper()
    return None


def _subdivision(record: Mapping[str, Any]) -> str | None:
    """Return the widest subdivision's code or English name, as the record has it."""
    listed = record.get("subdivisions")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        names = listed[0].get("names")
        candidates = [listed[0].get("iso_code"), names.get("en") if isinstance(names, Mapping) else None]
    else:
        candidates = [record.get(key) for key in ("region_code", "state1", "region")]
    return next((value for value in candidates if isinstance(value, str) and value), None)


def _coordinates(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return degrees, or None for what is absent, out of range, or 0,0 (the usual way to say "not known"; nobody lives there)."""
    nested = record.get("location")
    holder = nested if isinstance(nested, Mapping) else record
    for pair in (("latitude", "longitude"), ("lat", "lng")):
        try:
            latitude, longitude = (float(holder[key]) for key in pair)
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(latitude) and abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
            return latitude, longitude
    return None


def _asn(record: Mapping[str, Any]) -> int | None:
    traits = record.get("traits")
    nested = traits.get("autonomous_system_number") if isinstance(traits, Mapping) else None
    for value in (record.get("autonomous_system_number"), nested, record.get("asn")):
        if isinstance(value, str):
            digits = value.upper().removeprefix("AS")
            number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else 0
        else:
            number = value if isinstance(value, int) and not isinstance(value, bool) else 0
        if 0 < number <= MAX_ASN:  # AS 0 means "not routed" (RFC 7607)
            return number
    return None
