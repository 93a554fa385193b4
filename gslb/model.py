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
    `digest` identifies the definition; equal digests at one address are one target. `invert`: a success counts as a failure and the other way
    round. `cooldown`: seconds for which the state stays after it changed. `degraded_above`: seconds beyond which a slow success lowers the grade
    (0 = never). `fast_interval`: seconds from one run to the next while the state may change soon, and for a while after it did (0 = as ever).
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
    invert: bool = False
    cooldown: float = 0.0
    degraded_above: float = 0.0
    fast_interval: float = 0.0
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """One endpoint of a pool: addresses, or a name (`target`), or another pool (`pool`); exactly one of the three.

    `id` is unique in its pool: the site's id, or the first address, the name, the pool. `checks`: ids of checks of which `need` must pass (0 = all).
    `check_address` says where to probe an address when not at itself; `check_at`: where to probe a name, which is unchecked without it.
    `quorum`: the key of the quorum under which its targets are judged (`gslb.quorum`).
    """

    id: str
    addresses: tuple[Address, ...]
    site: str | None = None
    weight: int = 1
    priority: int | None = None
    checks: tuple[str, ...] = ()
    check_address: Mapping[Address, Address] = field(default_factory=dict)
    need: int = 0
    target: bytes = b""
    check_at: tuple[Address, ...] = ()
    pool: str = ""
    quorum: str = ""
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """Who may become a member of a pool by saying so in the store, beside those that the files name.

    `networks`: no other address is ever taken; `maximum`: no more than so many; `keys`: names of the sites whose word counts. A lease that ends takes
    nobody out of a pool that would have fewer than `min_members`. `member`: what all of them are like: site, checks, quorum.
    """

    networks: tuple[Network, ...]
    maximum: int
    keys: tuple[str, ...]
    member: Member
    min_members: int = 0
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """One link of a policy's chain, by name, with options its schema has accepted."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Stickiness:
    """To what of a client an answer sticks: its network (masked to `bits4`/`bits6`; 0 = not looked at), AS number, country, the name asked for.

    A client whose AS number or country is not known sticks by its network instead.
    """

    bits4: int = 24
    bits6: int = 56
    asn: bool = False
    country: bool = False
    qname: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A chain of filters and then one pick, presets already spelled out.

    `pick`: all, first, rotate, weighted, sticky (then `stickiness` counts). `healthy` stands in front of the chain unless the operator
    said `health: ignore`.
    """

    filters: tuple[FilterSpec, ...]
    pick: str
    preset: str = ""
    stickiness: Stickiness = Stickiness()


@dataclass(frozen=True, slots=True)
class AllDown:
    """What to answer when the chain fails: `all`, `primary`, `last_known_good`, the pool `backup`, `nodata` or `servfail`."""

    mode: str = "all"
    backup: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Members, how to choose among them, for how long, and what to do when all are down.

    `answers`: groups given at once, 0 = all. TTLs in seconds. `joint`: the members are chosen once for both families, not for each apart.
    `family_down`: `all` or `nodata`, where a whole family is down and the other is not. `couple`: the draws for A, AAAA and hints agree for a client.
    `failback_delay`: seconds a recovered member rests before it is used again. `expose_sites`: each site gets a name of its own below the pool's.
    `min_sites`: overrides that would leave fewer sites are refused; 0 = the guard that always is: one member.
    `register`: who may join by saying so.
    """

    id: str
    members: tuple[Member, ...]
    policy: Policy
    answers: int
    ttl_max: int
    ttl_min: int
    when_all_down: AllDown = AllDown()
    joint: bool = False
    family_down: str = "all"
    couple: bool = False
    failback_delay: float = 0.0
    expose_sites: bool = False
    min_sites: int = 0
    register: Registration | None = None
    where: Where = field(default=NOWHERE, compare=False)

    @property
    def of_names(self) -> bool:
        """Whether its members are names: it answers with one CNAME."""
        return any(member.target for member in self.members)


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
    """`{pool: NAME}` at a name: A and AAAA come from the pool (a pool of names gives its CNAME for every type); `ttl` bounds the pool's from above.

    `expose_sites`: names that reach one site each, as if the pool said so.
    """

    pool: str
    types: tuple[int, ...] = (1, 28)
    ttl: int | None = None
    where: Where = field(default=NOWHERE, compare=False)
    expose_sites: bool = False


@dataclass(frozen=True, slots=True)
class Hinted:
    """An HTTPS or SVCB record with `hints: auto`: its address hints follow the decision of `pool`.

    `rdata` is the record without ipv4hint (4) and ipv6hint (6), its parameters in ascending order (RFC 9460 section 2.2).
    """

    type: int
    ttl: int
    rdata: bytes
    pool: str
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NameData:
    """Everything the operator wrote at one name. `hinted` are records beside `rrsets`, never of a type that stands there too."""

    rrsets: tuple[RRset, ...] = ()
    pool: PoolRef | None = None
    hinted: tuple[Hinted, ...] = ()


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
