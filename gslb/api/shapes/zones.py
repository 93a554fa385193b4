"""Zones, names and records."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gslb.api.shapes.base import Given, Mistake, Taken


class Zone(Given):
    """A zone."""

    zone: str
    serial: int | None
    names: int
    managed: bool = Field(description="whether its records may be changed here")
    file: str


class Name(Given):
    """A name of a zone with its records, in the form of zone files. `version` is the entity tag of a name of a managed zone."""

    name: str = Field(description="relative to the zone; @ is the zone itself")
    fqdn: str
    records: list[dict[str, Any]]
    version: str


class Records(Taken):
    """What a name is to hold."""

    records: list[dict[str, Any]] = Field(min_length=1, max_length=200, description="records as in zone files: {type, ttl, value|values} or {pool}")


class Changed(Given):
    """What became of a name."""

    zone: str
    name: str
    records: list[dict[str, Any]]
    version: str
    before: list[dict[str, Any]]
    problems: list[Mistake] = Field(description="warnings")
    served: bool
    dry_run: bool
