"""Words of the pipe from control to plane: one plan turned into the next by small messages.

Made by `gslb.compiler.delta`, applied by `gslb.delta.Assembler`. Every word is plain data and encodes to about 64 KB at most
(a single huge RRset or row aside), so that a plane can answer queries between any two of them. Arrays travel as bytes in the
machine's own order: both ends are one machine. A delta is

    Begin  (PartitionStart PartitionRuns… | PoolStart PoolRows… PoolMap… | ZoneStart ZoneNames… ZoneGlue… ZoneDrop… | …Gone)…  Commit
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.plan import Node, Row, RRset, Sticky


class Begin(NamedTuple):
    """A delta from generation `base` starts; base 0 starts from nothing."""

    base: int
    generation: int


class PartitionStart(NamedTuple):
    """A partition, new or replaced; its runs follow in order."""

    partition: int
    cap4: int
    cap6: int


class PartitionRuns(NamedTuple):
    """The next runs of a partition. Version 4: `starts` "I"; version 6: `starts` the high and `lows` the low halves, "Q"; `regions` "H"."""

    partition: int
    version: int
    starts: bytes
    lows: bytes
    regions: bytes


class PartitionGone(NamedTuple):
    """A partition that no pool uses any more."""

    partition: int


class PoolStart(NamedTuple):
    """A pool, new or replaced; its rows follow."""

    pool: int
    name: str
    partition: int
    couple: Sticky | None = None


class PoolRows(NamedTuple):
    """The pool's next distinct rows; they are numbered from 1 in the order they come."""

    pool: int
    rows: tuple[Row, ...]


class PoolMap(NamedTuple):
    """The next regions of one type: row numbers ("I", 0 = not compiled), and the number of the default row."""

    pool: int
    type: int
    default: int
    rows: bytes


class PoolGone(NamedTuple):
    """A pool that no name uses any more."""

    pool: int


class ZoneStart(NamedTuple):
    """A zone, new or changed. `fresh`: from nothing; else the words that follow change the live one."""

    apex: bytes
    soa: RRset
    negative_ttl: int
    fresh: bool


class ZoneNames(NamedTuple):
    """Names of the zone, new or replaced."""

    apex: bytes
    nodes: tuple[tuple[bytes, Node], ...]


class ZoneGlue(NamedTuple):
    """Addresses below the zone's cuts, new or replaced."""

    apex: bytes
    glue: tuple[tuple[bytes, tuple[RRset, ...]], ...]


class ZoneDrop(NamedTuple):
    """Names, and glue, that are gone from the zone."""

    apex: bytes
    names: tuple[bytes, ...]
    glue: tuple[bytes, ...]


class ZoneGone(NamedTuple):
    """A zone that is served no more."""

    apex: bytes


class Commit(NamedTuple):
    """The delta is complete: publish `generation`."""

    generation: int


Word = (
    Begin
    | PartitionStart
    | PartitionRuns
    | PartitionGone
    | PoolStart
    | PoolRows
    | PoolMap
    | PoolGone
    | ZoneStart
    | ZoneNames
    | ZoneGlue
    | ZoneDrop
    | ZoneGone
    | Commit
)

WORDS: Final[tuple[type[Word], ...]] = (
    Begin,
    PartitionStart,
    PartitionRuns,
    PartitionGone,
    PoolStart,
    PoolRows,
    PoolMap,
    PoolGone,
    ZoneStart,
    ZoneNames,
    ZoneGlue,
    ZoneDrop,
    ZoneGone,
    Commit,
)
"""Every word, for encoders that need a tag: a word's place here."""


class Slice(NamedTuple):
    """One message: a word and its place in its delta, counted from 0, so that a lost or moved one is seen."""

    number: int
    word: Word
