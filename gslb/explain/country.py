"""The clients of a country, for `--country`: where its addresses are, grouped by the region they fall into.

The geo data knows the states of some countries and no more of others. One address stands for all of a region: the first of the largest
network of its most populous place.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

from gslb.errors import UsageError
from gslb.explain import places
from gslb.explain.subject import Subject
from gslb.model import Address


class Part(NamedTuple):
    """Clients of one region: an address that stands for them, their part of the country's addresses, their states."""

    address: Address
    share: float
    states: tuple[str, ...]


def regions(subject: Subject, country: str, partition: int) -> list[Part]:
    """Return the regions that a country's clients fall into, the largest first. Raises UsageError where no address is known to be there."""
    return _parts(subject, country, partition, 4) or _parts(subject, country, partition, 6) or _nobody(country)


def story(country: str, parts: list[Part], told: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell what each part of the country is answered."""
    return {
        "code": country,
        "parts": [
            {
                "address": str(part.address),
                "share": round(100 * part.share, 2),
                "states": list(part.states),
                "region": one["region"]["region"] if one["region"] else None,
                "summary": one["summary"],
                "members": one["answer"]["members"],
            }
            for part, one in zip(parts, told, strict=True)
        ],
    }


def _parts(subject: Subject, country: str, partition: int, version: int) -> list[Part]:
    homes = subject.atlas.homes(version)
    mine = {index: home for index, home in homes.items() if subject.atlas.locations[index].country == country}
    total = sum(home.size for home in mine.values())
    found: dict[int, list[tuple[int, Address, str]]] = {}
    for index, home in mine.items():
        address = IPv4Address(home.first) if version == 4 else IPv6Address(home.first)
        who = places.Client(address, None, address, "client")
        region = places.region_of(subject.snapshot.partitions.get(partition), who)
        found.setdefault(region, []).append((home.size, address, subject.atlas.locations[index].subdivision or ""))
    parts = []
    for listed in found.values():
        listed.sort(key=lambda one: -one[0])
        states = tuple(dict.fromkeys(state for _, _, state in listed if state))
        parts.append(Part(listed[0][1], sum(size for size, _, _ in listed) / total, states))
    return sorted(parts, key=lambda part: -part.share)


def _nobody(country: str) -> list[Part]:
    raise UsageError(f"the geo data and the operator's networks know no address in {country}: give --client or --subnet")
