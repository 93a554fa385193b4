"""What is seen: the service, its nodes and probers, sites, pools, members, checks, votes and verdicts. Times are seconds since 1970."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gslb.api.shapes.base import Given

Health = Literal["up", "down", "unknown"]
Forced = Literal["down", "drained", "weighted", "up"]


class Index(Given):
    """Where everything is."""

    version: str
    node: str
    links: dict[str, str]


class Who(Given):
    """Who you are to this service."""

    name: str
    how: str = Field(description="token, anonymous or socket")
    scopes: list[str]
    zones: list[str] = Field(description="the only zones that may be changed; empty: all that are managed")
    expires: float | None


class Wrong(Given):
    """Something that is wrong, the root cause first."""

    code: str
    level: str
    text: str
    hint: str
    since: float | None


class Counts(Given):
    """How many there are."""

    zones: int
    pools: int
    members: int
    up: int
    down: int
    unknown: int
    drained: int


class Status(Given):
    """How the service stands: `gslb status`, without pools."""

    version: str
    node: str
    pid: int
    began: float
    listening: list[str]
    generation: int
    files: str
    zones: int
    store: dict[str, Any]
    probers: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    overrides: list[dict[str, Any]]
    registered: Any
    hold: dict[str, Any] | None
    planes: list[dict[str, Any]]
    degraded: list[Wrong]
    counts: Counts
    geo: dict[str, Any]
    config: dict[str, Any]
    managed: list[str]


class Node(Given):
    """A nameserver. `same`: whether it serves from the same as this one."""

    node: str
    age: float
    version: str
    digest: str
    files: str
    same: bool
    same_files: bool


class Prober(Given):
    """A prober, and whether it is believed."""

    name: str
    place: str
    age: float
    fresh: bool
    suspect: str
    targets: int
    down: int
    lateness: float
    epoch: int


class Site(Given):
    """A data centre. `forced`: what an operator said of the whole site."""

    site: str
    name: str
    location: list[float] | None = Field(description="latitude and longitude, degrees")
    capacity: int | None
    state: Literal["up", "degraded", "down", "unknown"]
    forced: Forced | None
    pools: list[str]
    members: int
    up: int
    down: int


class Address(Given):
    """An address of a member, with its checks."""

    address: str
    state: Health
    checks: list[dict[str, Any]]


class Member(Given):
    """A member of a pool. `state` is what checks say; `forced` what an operator said, which counts for more."""

    member: str
    site: str | None
    state: Health
    forced: Forced | None
    override: dict[str, Any] | None
    weight: int
    addresses: list[Address]


class Pool(Given):
    """A pool. `ratio`: the part of its members that is not down. `sites`: the share of answers of each site now, over all clients."""

    pool: str
    kind: str
    policy: str
    ttl: dict[str, int]
    answers: int
    names: int
    ratio: float
    sites: dict[str, float]
    members: list[Member]


class Check(Given):
    """A check, and its targets."""

    check: str
    type: str
    interval: float
    timeout: float
    targets: int
    up: int
    down: int
    unknown: int


class Vote(Given):
    """What one prober says of one address."""

    check: str
    address: str
    prober: str
    place: str
    state: Health
    since: float
    grade: int
    reason: str
    counted: bool


class Verdict(Given):
    """What is judged of one address."""

    check: str
    address: str
    quorum: str
    state: Health
    since: float | None
    grade: int
    reason: str
    held: bool
    pools: list[str]


class Matrix(Given):
    """Who says what: `votes` are [prober, target, state, seconds since that state began, grade], the first two as indices."""

    probers: list[str]
    targets: list[dict[str, Any]]
    votes: list[list[int | float | str]]
