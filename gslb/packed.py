"""The names of a zone, packed: a million static names must not cost a gigabyte, nor seconds wherever they are walked through.

Made by `gslb.config`, read by lint, the compiler and whoever looks into a model: a mapping like any other, whose values are made when they
are asked for. A name with static records only is one octet string; what points to a pool, or is odd in any way, stays the object it was.
Never changed once a model holds it.

    number of RRsets | type, TTL of each | number of records of each | length, octets of each record | line, column, file of each RRset
    1                | 2, 4              | 2                         | 2                             | 4, 2, 2
"""

from __future__ import annotations

from collections.abc import Callable, Container, ItemsView, Iterator, KeysView, Mapping
from struct import Struct, error
from typing import Final

from gslb.errors import Where
from gslb.model import NameData, RRset

Records = tuple[int, int, tuple[bytes, ...]]  # type, TTL and data of an RRset

PLACE: Final = Struct(">IHH")  # line, column, number of the file
_KIND: Final = Struct(">HI")
_SHORT: Final = Struct(">H")
_FIRST: Final = Struct(">HIHH")  # behind the number of RRsets, where that is 1: type, TTL, number of records, length of the first
_MOST: Final = 255  # RRsets at a name that is packed

# Where the name that resolves further begins inside the rdata of a type: NS, CNAME, DNAME, MX, SRV, SVCB, HTTPS.
_TARGET_AT: Final = {2: 0, 5: 0, 39: 0, 15: 2, 33: 6, 64: 2, 65: 2}


class PackedNames(Mapping[bytes, NameData]):
    """Names of a zone. `packed`: those with static records only; `whole`: the others; `files`: what places call the files."""

    __slots__ = ("_kinds", "files", "packed", "whole")

    def __init__(self, packed: dict[bytes, bytes], whole: dict[bytes, NameData], files: tuple[str, ...]) -> None:
        """Take both tables; no name stands in both."""
        self.packed = packed
        self.whole = whole
        self.files = files
        self._kinds: frozenset[bytes] | None = None

    def __getitem__(self, name: bytes) -> NameData:
        value = self.packed.get(name)
        return self.whole[name] if value is None else NameData(unpacked(value, self.files))

    def __iter__(self) -> Iterator[bytes]:
        yield from self.packed
        yield from self.whole

    def __len__(self) -> int:
        return len(self.packed) + len(self.whole)

    def __contains__(self, name: object) -> bool:
        return name in self.packed or name in self.whole

    def __repr__(self) -> str:
        return f"<{len(self)} names, {len(self.packed)} of them packed>"

    def keys(self) -> KeysView[bytes]:
        """Return the names; those of a zone without a pool as a table's own, which is quick to compare."""
        return super().keys() if self.whole else self.packed.keys()

    def besides(self, types: Container[int]) -> Iterator[tuple[bytes, NameData]]:
        """Walk the names that have an RRset of another type than these, or are not packed; for all others not a value is made."""
        return self._with(lambda number: number not in types)

    def of_types(self, types: Container[int]) -> Iterator[tuple[bytes, NameData]]:
        """Walk the names that have an RRset of one of these types, or are not packed."""
        return self._with(lambda number: number in types)

    def ttls(self) -> frozenset[int]:
        """Return the TTLs of packed names."""
        return frozenset(ttl for kinds in self._all_kinds() for _, ttl in _KIND.iter_unpack(kinds[1:]))

    def larger(self, octets: int) -> Iterator[tuple[bytes, NameData]]:
        """Walk the names that take more octets than this, packed, or are not packed."""
        yield from self.whole.items()
        for name, value in self.packed.items():
            if len(value) > octets:
                yield name, NameData(unpacked(value, self.files))

    def _with(self, wanted: Callable[[int], bool]) -> Iterator[tuple[bytes, NameData]]:
        yield from self.whole.items()
        asked = {kinds for kinds in self._all_kinds() if any(wanted(number) for number, _ in _KIND.iter_unpack(kinds[1:]))}
        if asked:
            for name, value in self.packed.items():
                if value[: 1 + _KIND.size * value[0]] in asked:
                    yield name, NameData(unpacked(value, self.files))

    def _all_kinds(self) -> frozenset[bytes]:
        """Return what types and TTLs stand together at packed names: a handful of beginnings, however many names there are."""
        if self._kinds is None:
            self._kinds = frozenset({value[: 1 + _KIND.size * value[0]] for value in self.packed.values()})
        return self._kinds


def packed_names(names: Mapping[bytes, NameData]) -> PackedNames:
    """Pack a zone's names; those that are packed stay as they are."""
    if isinstance(names, PackedNames):
        return names
    packed: dict[bytes, bytes] = {}
    whole: dict[bytes, NameData] = {}
    files: dict[str, int] = {}
    for name, data in names.items():
        value = pack(data, files)
        if value is None:
            whole[name] = data
        else:
            packed[name] = value
    return PackedNames(packed, whole, tuple(files))


def pooled(names: Mapping[bytes, NameData]) -> Iterator[tuple[bytes, NameData]]:
    """Walk the names that point to a pool."""
    for name, data in _unpacked_items(names):
        if data.pool is not None:
            yield name, data


def empty_above(names: Mapping[bytes, object], apex: bytes) -> set[bytes]:
    """Return the empty non-terminals of a zone: names that exist because some name below them does (RFC 8020)."""
    depth = len(apex)
    empty: set[bytes] = set()
    above = {name[1 + name[0] :] for name in names if len(name) > depth}
    while above := {name for name in above if len(name) > depth and name not in names and name not in empty}:
        empty |= above
        above = {name[1 + name[0] :] for name in above}
    return empty


def pack(data: NameData, files: dict[str, int]) -> bytes | None:
    """Pack what stands at a name; None where that would lose anything. `files` numbers the files, new ones too."""
    if data.pool is not None or data.hinted or not 0 < len(data.rrsets) <= _MOST:
        return None
    kinds, counts, records, places = bytearray(), bytearray(), bytearray(), bytearray()
    try:
        for rrset in data.rrsets:
            kinds += _KIND.pack(rrset.type, rrset.ttl)
            counts += _SHORT.pack(len(rrset.rdata))
            places += PLACE.pack(rrset.where.line, rrset.where.column, files.setdefault(rrset.where.file, len(files)))
            for wire in rrset.rdata:
                records += _SHORT.pack(len(wire)) + wire
            if rrset.targets != _targets(rrset.type, rrset.rdata):
                return None
    except (error, IndexError):
        return None
    return bytes([len(data.rrsets)]) + kinds + counts + records + places


def pack_one(number: int, ttl: int, wire: bytes) -> bytes:
    """Pack a single record, but for its place (`PLACE`), which belongs behind."""
    return b"\1" + _FIRST.pack(number, ttl, 1, len(wire)) + wire


def unpacked(value: bytes, files: tuple[str, ...] | list[str]) -> tuple[RRset, ...]:
    """Make the RRsets of a packed name."""
    places = PLACE.iter_unpack(value[-PLACE.size * value[0] :])
    return tuple(
        RRset(number, ttl, rdata, _targets(number, rdata), Where(files[file], line, column))
        for (number, ttl, rdata), (line, column, file) in zip(records(value), places, strict=True)
    )


def records(value: bytes) -> list[Records]:
    """Return the RRsets of a packed name without what follows from them: targets and places."""
    number, ttl, count, size = _FIRST.unpack_from(value, 1)
    if value[0] == count == 1:  # nearly always
        return [(number, ttl, (value[11 : 11 + size],))]
    at = 1 + _KIND.size * value[0]
    kinds = _KIND.iter_unpack(value[1:at])
    counts = _SHORT.iter_unpack(value[at : at + _SHORT.size * value[0]])
    at += _SHORT.size * value[0]
    found: list[Records] = []
    for (number, ttl), (count,) in zip(kinds, counts, strict=True):
        rdata = []
        for _ in range(count):
            end = at + 2 + int.from_bytes(value[at : at + 2])
            rdata.append(value[at + 2 : end])
            at = end
        found.append((number, ttl, tuple(rdata)))
    return found


def without_places(value: bytes) -> bytes:
    """Return what is served of a packed name: what two files must agree in to give the same answers."""
    return value[: -PLACE.size * value[0]]


def targets(number: int, wire: bytes) -> tuple[bytes, ...]:
    """Return the names inside wire rdata that resolve further, in the case written; the root is one too."""
    start = _TARGET_AT.get(number)
    if start is None:
        return ()
    end = start
    while wire[end]:
        end += 1 + wire[end]
    return (wire[start : end + 1],)


def _targets(number: int, rdata: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if number not in _TARGET_AT:
        return ()
    return tuple(target for wire in rdata for target in targets(number, wire))


def _unpacked_items(names: Mapping[bytes, NameData]) -> ItemsView[bytes, NameData]:
    return names.whole.items() if isinstance(names, PackedNames) else names.items()
