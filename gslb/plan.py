"""Words of the plan: all that the data plane obeys, as plain data.

Made by the compiler, carried over the pipe, read by `gslb.answer`. Only bytes, ints, strings, tuples, dicts
and packed arrays, so that another plane (Rust, XDP) can be fed from the same thing. Nothing
here is ever changed once a snapshot holds it. Names are wire form; table keys are lower case.

Four tables, four rates of change: `zones` (deploys), `partitions` (geo data and map edits), rows inside `pools`
(health, load, overrides, clock edges), and later signatures.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

GENERATION_NONE: Final = 0
NO_PARTITION: Final = -1  # the pool's chain never looks at the client: one region, scope 0
MAX_TTL: Final = 2**31 - 1  # RFC 2181 section 8


class Pick(IntEnum):
    """How the data plane takes groups from a row. `draw` is the query's 64-bit random integer."""

    ALL = 0  # every group, in order
    FIRST = 1  # the first `answers` groups, in order
    ROTATE = 2  # cyclic shift by the draw, then the first `answers`
    WEIGHTED = 3  # `answers` groups drawn by weight without replacement; ordered as drawn
    STICKY = 4  # weighted rendezvous: the `answers` groups that score best for the client's key (Row.sticky); the draw is not used


class Group(NamedTuple):
    """One member's answer material; its rdata are given together, in order."""

    weight: int
    rdata: tuple[bytes, ...]
    row: Row | None = None  # a pool inside the pool: pick again there (then rdata is empty)
    site: str = ""  # for metrics and explain
    key: int = 0  # 64-bit hash of the member's id, the same on every node: what STICKY scores


class Sticky(NamedTuple):
    """What a STICKY row's choice hangs on: `seed` (the pool's, and the client's ASN or country where those are asked for), the client's address
    masked to `bits4`/`bits6` (0 = not looked at), and the question's name where `qname`. The scope is at least the mask where the address is
    looked at.
    """

    seed: int
    bits4: int
    bits6: int
    qname: bool = False


class Row(NamedTuple):
    """Compiled answer material for one (pool, region, type).

    No groups: NODATA (or `rcode`, where the operator chose servfail). `ttl` is what is served, before the name's own bound.
    Where the pick is WEIGHTED the sum of weights is positive and below 2**32.
    """

    pick: Pick
    answers: int  # groups to take; 0 = all
    ttl: int
    groups: tuple[Group, ...]
    reason: str = ""  # "" = chosen among healthy; "all-down", "backup:NAME", …: metrics, logs
    rcode: int = 0
    sticky: Sticky | None = None  # where the pick is STICKY


class Pool(NamedTuple):
    """One pool's rows: `rows[type][region]`; None = not compiled (`answer` says NeedRow and serves `default[type]`)."""

    name: str
    partition: int  # key into Snapshot.partitions, or NO_PARTITION
    rows: dict[int, tuple[Row | None, ...]]  # types 1 and 28, or 5 alone (a pool of names: one CNAME for every type)
    default: dict[int, Row]
    couple: Sticky | None = None  # draw from this key instead of at random, so that A, AAAA and hints agree for a client


class Partition(NamedTuple):
    """The address space cut into runs of equal region, sorted, covering everything from 0.

    A run is maximal: neighbours differ in region. The scope of an address is the length of the largest aligned block around it that
    stays inside its run (`gslb.answer.region`), so no lengths are stored. IPv6 starts are kept as two 64-bit halves.
    `cap4`/`cap6`: a client subnet is masked to at most so many bits before the look-up.
    """

    v4_start: array[int]  # typecode "I"
    v4_region: array[int]  # typecode "H"
    v6_high: array[int]  # typecode "Q"
    v6_low: array[int]  # typecode "Q"
    v6_region: array[int]  # typecode "H"
    cap4: int = 24
    cap6: int = 56


class RRset(NamedTuple):
    """A static RRset. `targets`: names (lower case) whose addresses belong in the additional section (NS, MX, SRV),
    or the target of a CNAME or DNAME.
    """

    type: int
    ttl: int
    rdata: tuple[bytes, ...]
    targets: tuple[bytes, ...] = ()


class Dynamic(NamedTuple):
    """A name that points to a pool, for some types; `ttl` bounds the row's from above."""

    pool: int
    types: tuple[int, ...]
    ttl: int = MAX_TTL


class Hinted(NamedTuple):
    """An HTTPS or SVCB record with `hints: auto`: its address hints are what the pool answers for A and AAAA, under one draw.

    SvcParams stand in ascending order of key (RFC 9460 section 2.2), so the record is head + ipv4hint (4) + middle + ipv6hint (6) + tail.
    """

    type: int
    ttl: int
    pool: int
    head: bytes
    middle: bytes
    tail: bytes


class Node(NamedTuple):
    """All that exists at one name. No RRset and no pool: an empty non-terminal (RFC 8020)."""

    rrsets: tuple[RRset, ...] = ()
    dynamic: Dynamic | None = None
    cut: bool = False  # NS below the apex: a delegation (only NS and DS are ours)
    hinted: tuple[Hinted, ...] = ()


class Zone(NamedTuple):
    """One zone. `nodes` holds every existing name, empty non-terminals and `*` names too; nothing below a cut or a DNAME.
    `glue`: address RRsets of names below cuts. `negative_ttl` = min(SOA TTL, MINIMUM), RFC 2308 section 3.
    """

    apex: bytes
    soa: RRset
    negative_ttl: int
    nodes: Mapping[bytes, Node]
    glue: dict[bytes, tuple[RRset, ...]]


class Snapshot(NamedTuple):
    """One generation of the plan; swapped whole, never edited."""

    generation: int
    zones: dict[bytes, Zone]
    pools: dict[int, Pool]
    partitions: dict[int, Partition]


EMPTY: Final = Snapshot(GENERATION_NONE, {}, {}, {})
