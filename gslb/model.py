"""Words of the operator's files: what was asked for, before anything is decided.

Made by `gslb.config`, judged by `gslb.lint`, read by checks, policies and the compiler. Frozen; holds no health
and no prefix tables. Names are wire form; durations are seconds. `where` says which line of which file it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final

from gslb.errors import Where

NOWHERE: Final = Where("")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Site:
    """A data centre. `location` is (latitude, longitude) in degrees; `capacity` in the operator's own unit."""

    id: str
    name: str = ""
    location: tuple[float, float] | None = None
    capacity: int | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Check:
    """How an endpoint is observed. `options` are those of the check type (`gslb.check`).

    `down` failures take it down (they add up until `ok` successes in a row clear them), `up` successes in a row bring it back.
    `digest` identifies the definition; equal digests at one address are one target.
    """

    id: str
    type: str
    options: Mapping[str, Any]  # checked against the type's own schema at load
    interval: float
    timeout: float
    down: int
    ok: int
    up: int
    digest: str
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """One endpoint of a pool: addresses now; a name or another pool in part 2.

    `id` is unique in its pool: the site's id, or the first address. `checks`: ids of checks that must all pass.
    `check_address` says where to probe an address when not at itself.
    """

    id: str
    addresses: tuple[Address, ...]
    site: str | None = None
    weight: int = 1
    priority: int | None = None
    checks: tuple[str, ...] = ()
    check_address: Mapping[Address, Address] = field(default_factory=dict)
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """One link of a policy's chain, by name, with options its schema has accepted."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """A chain of filters and then one pick, presets already spelled out.

    `pick`: all, first, rotate, weighted. `health`: False where the operator said `health: ignore`;
    otherwise `healthy` stands in front of the chain (it is listed in `filters`).
    """

    filters: tuple[FilterSpec, ...]
    pick: str
    preset: str = ""


@dataclass(frozen=True, slots=True)
class AllDown:
    """What to answer when every member is down: `all`, `primary`, or the pool `backup`."""

    mode: str = "all"  # all | primary | backup
    backup: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Members, how to choose among them, for how long, and what to do when all are down.

    `answers`: groups given at once, 0 = all. TTLs in seconds.
    """

    id: str
    members: tuple[Member, ...]
    policy: Policy
    answers: int
    ttl_max: int
    ttl_min: int
    when_all_down: AllDown = AllDown()
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class RRset:
    """Static records of one type at one name. `rdata` in wire form, uncompressed, in file order, no duplicates.

    `targets`: the names inside the rdata that resolve further (NS, CNAME, DNAME, MX, SRV, SVCB, HTTPS), in the case written.
    """

    type: int
    ttl: int
    rdata: tuple[bytes, ...]
    targets: tuple[bytes, ...] = ()
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PoolRef:
    """`{pool: NAME}` at a name: A and AAAA come from the pool; `ttl` bounds the pool's from above."""

    pool: str
    types: tuple[int, ...] = (1, 28)
    ttl: int | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NameData:
    """Everything the operator wrote at one name."""

    rrsets: tuple[RRset, ...] = ()
    pool: PoolRef | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone. `names` is keyed by absolute lower-case owner; the SOA stands at the apex like any RRset."""

    apex: bytes
    names: Mapping[bytes, NameData]
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NetworkFact:
    """What the operator says of a network's clients; wins over geo data, longest prefix first.

    `site` puts the clients at that site: `geo` and `nearest` try it first.
    """

    network: Network
    site: str | None = None
    country: str | None = None
    continent: str | None = None
    subdivision: str | None = None
    location: tuple[float, float] | None = None
    asn: int | None = None
    tags: frozenset[str] = frozenset()
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Location:
    """A class of client addresses with equal facts; holds no prefix. Interned by the geo floor.

    `country`: ISO 3166-1 alpha-2 upper case; `continent`: AF AN AS EU NA OC SA; `subdivision`: ISO 3166-2 without the country ("CA")
    or the database's English name where it has no code; `coordinates` in degrees. None = not known.
    """

    country: str | None = None
    continent: str | None = None
    subdivision: str | None = None
    coordinates: tuple[float, float] | None = None
    asn: int | None = None
    site: str | None = None
    tags: frozenset[str] = frozenset()
    network: str | None = None  # the operator network it came from, for geo rules by network


UNKNOWN_LOCATION: Final = Location()


@dataclass(frozen=True, slots=True)
class Model:
    """All that the operator asked for."""

    sites: Mapping[str, Site]
    checks: Mapping[str, Check]
    pools: Mapping[str, Pool]
    zones: Mapping[bytes, Zone]
    networks: tuple[NetworkFact, ...] = ()


EMPTY_MODEL: Final = Model({}, {}, {}, {})
