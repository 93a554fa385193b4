"""Reads one MMDB file of any maker into runs over locations.

Called by `gslb.geo.load` and `inspect`. The search tree is walked level by level with numpy (3.3 million networks in a quarter of a second, 1,000
distinct records); only each distinct record is decoded. The file is held in memory, never mapped: a mapped file that
shrinks kills the process. Every fault of a file is a GeoError, and the work is bounded by its size.
Format: https://maxmind.github.io/MaxMind-DB/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gslb.errors import GeoError
from gslb.geo import facts
from gslb.geo.countries import Countries
from gslb.geo.record import Decoder
from gslb.geo.runs import Runs, changes, constant, merged, sorted_order
from gslb.model import UNKNOWN_LOCATION, Location

_MARKER: Final = b"\xab\xcd\xefMaxMind.com"
_METADATA_AREA: Final = 128 * 1024  # the marker is looked for in so many last octets (format, "Database Metadata")
_SEPARATOR: Final = 16  # zero octets between tree and data; data pointers count them
_HALF: Final = 64  # bits of a column of addresses
_V4_DEPTH: Final = 96  # ::/96 holds IPv4 in a tree of IPv6
# Some writers let ::ffff:0:0/96, 2002::/16 and 2001::/32 point to the IPv4 tree; we leave those out, others may share more.
# A true tree meets each node once; without this bound a file of 3 kB could describe 2**128 leaves.
_SHARING: Final = 4


class Metadata(NamedTuple):
    """What a file says of itself. `build_epoch`: Unix seconds."""

    database_type: str
    description: str
    build_epoch: int
    ip_version: int
    record_size: int
    node_count: int
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """One file, flattened. Run values index `locations`, whose first is the unknown one.

    `networks4`, `networks6`: leaves of the tree that hold a record, before neighbours are merged. `shapes`: shape → distinct records.
    """

    name: str
    metadata: Metadata
    locations: tuple[Location, ...]
    v4: Runs
    v6: Runs
    networks4: int
    networks6: int
    records: int
    shapes: Mapping[str, int]


class _Leaves(NamedTuple):
    """All leaves of a (sub)tree in address order; `record`: the tree's own number, node count = no data."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    record: NDArray[np.uint32]


def read(octets: bytes, name: str, table: Countries) -> Database:
    """Flatten a file given by its content. Raises GeoError with `name` and the reason."""
    try:
        return _read(octets, name, table)
    except GeoError as error:
        raise GeoError(f"{name}: {error}") from None


def _read(octets: bytes, name: str, table: Countries) -> Database:
    metadata, end = _metadata(octets)
    tree = _Tree(octets, metadata)
    leaves4, leaves6 = tree.families()
    size = metadata.node_count * metadata.record_size // 4
    pointers = _pointers((leaves4, leaves6), metadata.node_count, end - size - _SEPARATOR)
    decoder = Decoder(memoryview(octets)[size + _SEPARATOR : end])
    index: dict[Location, int] = {UNKNOWN_LOCATION: 0}
    shapes: Counter[str] = Counter()
    of_pointer = np.zeros(int(pointers[-1]) + 1 if len(pointers) else 1, np.uint32)
    for pointer in pointers.tolist():
        record = decoder.decode(pointer)
        shapes[facts.shape(record)] += 1
        of_pointer[pointer] = index.setdefault(facts.location(record, table), len(index))
    if len(pointers) and len(index) == 1:
        raise GeoError(f"none of its {len(pointers)} records tells a country, a place or an AS number: type {metadata.database_type!r}")
    first = metadata.node_count + _SEPARATOR
    return Database(
        name=name,
        metadata=metadata,
        locations=tuple(index),
        v4=_runs(leaves4, first, of_pointer),
        v6=_runs(leaves6, first, of_pointer),
        networks4=int(np.count_nonzero(leaves4.record > metadata.node_count)),
        networks6=int(np.count_nonzero(leaves6.record > metadata.node_count)),
        records=len(pointers),
        shapes=shapes,
    )


def _metadata(octets: bytes) -> tuple[Metadata, int]:
    """Read the metadata; return it and where the data section ends."""
    at = octets.rfind(_MARKER, max(0, len(octets) - _METADATA_AREA))
    if at < 0:
        raise GeoError("not an MMDB file, or cut short: the metadata at its end is missing")
    found = Decoder(memoryview(octets)[at + len(_MARKER) :]).decode(0)
    if not isinstance(found, Mapping):
        raise GeoError("its metadata is not a map")
    version = _whole(found, "binary_format_major_version")
    if version != 2:
        raise GeoError(f"MMDB format version {version}: only 2 is known")
    record_size, ip_version, node_count = (_whole(found, key) for key in ("record_size", "ip_version", "node_count"))
    if record_size not in {24, 28, 32}:
        raise GeoError(f"record size {record_size}: only 24, 28 and 32 bits exist")
    if ip_version not in {4, 6}:
        raise GeoError(f"IP version {ip_version}: neither 4 nor 6")
    if node_count < 1:
        raise GeoError("its metadata tells no node count")
    if node_count * record_size // 4 + _SEPARATOR > at:
        raise GeoError(f"cut short or broken: a search tree of {node_count} nodes does not fit into {at} octets")
    return _described(found, ip_version, record_size, node_count), at


def _whole(found: Mapping[Any, Any], key: str) -> int:
    """Return a whole number of the metadata; 0 where there is none."""
    value = found.get(key)
    return value if isinstance(value, int) else 0


def _described(found: Mapping[Any, Any], ip_version: int, record_size: int, node_count: int) -> Metadata:
    description, languages = found.get("description"), found.get("languages")
    texts = description if isinstance(description, Mapping) else {}
    return Metadata(
        database_type=str(found.get("database_type", "")),
        description=str(texts.get("en") or next(iter(texts.values()), "")),
        build_epoch=_whole(found, "build_epoch"),
        ip_version=ip_version,
        record_size=record_size,
        node_count=node_count,
        languages=tuple(str(language) for language in languages) if isinstance(languages, list) else (),
    )


class _Tree:
    """The search tree as two columns, the left and the right record of each node: both are looked up at once, and lie side by side."""

    def __init__(self, octets: bytes, metadata: Metadata) -> None:
        self._count = metadata.node_count
        self._version = metadata.ip_version
        self._records = _columns(octets, metadata)

    def families(self) -> tuple[_Leaves, _Leaves]:
        """Return the leaves of IPv4 (those of ::/96 in a tree of IPv6) and of IPv6 (without them)."""
        if self._version == 4:
            return self._walk(0, 32), self._leaf(self._count)
        root = 0
        for _ in range(_V4_DEPTH):
            if root >= self._count:
                return self._leaf(root), self._walk(0, 128)
            root = int(self._records[root, 0])
        return (self._walk(root, 32) if root < self._count else self._leaf(root)), self._walk(0, 128, leave_out=root)

    def _leaf(self, record: int) -> _Leaves:
        high, low, value = constant(record)
        return _Leaves(high, low, value)

    def _walk(self, root: int, depth: int, leave_out: int = -1) -> _Leaves:
        """Walk a level at a time; `leave_out`: a node taken for an empty leaf wherever it is met."""
        nodes = np.array([root], np.uint32)
        high, low = np.zeros(1, np.uint64), np.zeros(1, np.uint64)
        found: list[_Leaves] = []
        visits = 0
        for level in range(depth):
            visits += len(nodes)
            if visits > _SHARING * self._count + 1024:
                raise GeoError("the search tree shares nodes or loops: this file was not made by an MMDB writer")
            children = self._records[nodes].reshape(-1)
            if leave_out >= 0:
                children[children == leave_out] = self._count
            high = np.repeat(high, 2)
            low = np.repeat(low, 2) if level >= _HALF else np.zeros(len(high), np.uint64)
            (low if level >= _HALF else high)[1::2] |= np.uint64(1 << (_HALF - 1 - level % _HALF))
            inner, leaf = np.flatnonzero(children < self._count), np.flatnonzero(children >= self._count)
            found.append(_Leaves(high[leaf], low[leaf], children[leaf]))
            nodes, high, low = children[inner], high[inner], low[inner]
            if not len(nodes):
                return _in_order(found)
        raise GeoError(f"the search tree is deeper than {depth} bits")


def _columns(octets: bytes, metadata: Metadata) -> NDArray[np.uint32]:
    """Return the left and right records of all nodes; big-endian, and at 28 bits the middle octet holds the top four bits of both."""
    width = metadata.record_size // 4
    rows = np.frombuffer(octets, np.uint8, metadata.node_count * width).reshape(metadata.node_count, width)
    both = np.zeros((metadata.node_count, 2, 4), np.uint8)
    half = width // 2
    both[:, 0, 4 - half :], both[:, 1, 4 - half :] = rows[:, :half], rows[:, width - half :]
    if width == 7:
        both[:, 0, 0], both[:, 1, 0] = rows[:, 3] >> np.uint8(4), rows[:, 3] & np.uint8(0x0F)
    return both.view(">u4")[:, :, 0].astype(np.uint32)


def _in_order(found: list[_Leaves]) -> _Leaves:
    high, low, record = (np.concatenate(column) for column in zip(*found, strict=True))
    order = sorted_order(high, low)
    return _Leaves(high[order], low[order], record[order])


def _pointers(families: tuple[_Leaves, _Leaves], node_count: int, size: int) -> NDArray[np.intp]:
    """Return the distinct offsets into a data section of `size` octets, sorted."""
    seen = np.zeros(size, np.bool_)
    for leaves in families:
        used = leaves.record[leaves.record > node_count].astype(np.int64) - (node_count + _SEPARATOR)
        if len(used) and (used.min() < 0 or used.max() >= size):
            raise GeoError("the search tree points outside the data section")
        seen[used] = True
    return np.flatnonzero(seen)


def _runs(leaves: _Leaves, first: int, of_pointer: NDArray[np.uint32]) -> Runs:
    """Put locations in place of tree records (`first`: the record that points to offset 0) and join equal neighbours."""
    keep = changes(leaves.record)  # equal pointers first: half of the work is gone before the look-up
    record = leaves.record[keep]
    value = np.zeros(len(keep), np.uint32)
    known = record >= first
    value[known] = of_pointer[record[known] - np.uint32(first)]
    return merged(Runs(leaves.high[keep], leaves.low[keep], value))
