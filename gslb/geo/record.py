"""The data section of an MMDB file: decodes one value at an offset, never the same offset twice, within a budget.

Called by `mmdb`. maxminddb's own decoder bounds one record; we decode every record of a file, in which a hostile one may hold
millions that overlap. So pointer targets are remembered (which also makes city files five times faster: names and countries
are shared), and all decoding together may consume no more octets than a well-formed file has.
Format: https://maxmind.github.io/MaxMind-DB/, "Data Section".
"""

from __future__ import annotations

import struct
from typing import Any, Final

from gslb.errors import GeoError

# Real records nest four deep. Less would refuse files that carry their own structures; much more would meet Python's own limit.
_MAX_DEPTH: Final = 32
_POINTER_BASES: Final = (0, 2048, 526336, 0)  # by pointer size, added to the value
_MAX_UINT: Final = 16  # octets; uint128 is the widest integer
_SIZES: Final = {29: (1, 29), 30: (2, 285), 31: (3, 65821)}  # size field → (octets that follow, number added)


class Decoder:
    """Decodes values of one data section; `section` starts right after the search tree's separator."""

    def __init__(self, section: bytes | memoryview) -> None:
        self._octets = bytes(section)
        self._seen: dict[int, Any] = {}
        # Each octet of a well-formed file belongs to one value and is decoded once. Twice that is generous, and bounds overlapping.
        self._budget = 2 * len(self._octets) + 1024

    def decode(self, offset: int) -> Any:
        """Return the value at `offset`; shared parts are the same objects. Raises GeoError for anything malformed."""
        try:
            return self._target(offset, 0)
        except (IndexError, struct.error, UnicodeDecodeError, TypeError):
            # TypeError: a map or an array as key of a map.
            raise GeoError(f"broken record at octet {offset} of the data section") from None

    def _target(self, offset: int, depth: int) -> Any:
        if offset not in self._seen:
            self._seen[offset] = self._value(offset, depth)[0]
        return self._seen[offset]

    def _value(self, offset: int, depth: int) -> tuple[Any, int]:
        """Decode one value; return it and the offset behind it."""
        if depth > _MAX_DEPTH:
            raise GeoError("the data section is nested too deep, or points back to itself")
        control = self._octets[offset]
        kind, size, start = control >> 5, control & 0x1F, offset + 1
        if kind == 1:
            return self._pointer(control, start, depth)
        if kind == 0:  # extended: the type stands in the next octet
            kind, start = self._octets[start] + 7, start + 1
        if size >= 29:
            octets, base = _SIZES[size]
            size, start = base + int.from_bytes(self._take(start, octets)), start + octets
        if kind == 7:
            return self._map(size, start, depth)
        if kind == 11:
            return self._array(size, start, depth)
        if kind == 14:  # boolean: the size is the value
            self._spend(1)
            return size != 0, start
        return self._scalar(kind, self._take(start, size)), start + size

    def _pointer(self, control: int, start: int, depth: int) -> tuple[Any, int]:
        size = (control >> 3) & 3
        octets = self._take(start, size + 1)
        high = (control & 7) << (8 * (size + 1)) if size < 3 else 0
        target = high + int.from_bytes(octets) + _POINTER_BASES[size]
        if self._octets[target] >> 5 == 1:
            raise GeoError("the data section has a pointer to a pointer")
        return self._target(target, depth + 1), start + size + 1

    def _map(self, size: int, at: int, depth: int) -> tuple[dict[Any, Any], int]:
        found: dict[Any, Any] = {}
        for _ in range(size):
            key, at = self._value(at, depth + 1)
            found[key], at = self._value(at, depth + 1)
        self._spend(1)
        return found, at

    def _array(self, size: int, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        for _ in range(size):
            value, at = self._value(at, depth + 1)
            found.append(value)
        self._spend(1)
        return found, at

    def _scalar(self, kind: int, octets: bytes) -> Any:
        if kind == 2:
            return octets.decode("utf-8")
        if kind in {5, 6, 9, 10}:  # uint16, uint32, uint64, uint128
            if len(octets) > _MAX_UINT:
                raise GeoError("the data section has an integer of more than 128 bits")
            return int.from_bytes(octets)
        if kind == 3:
            return struct.unpack("!d", octets)[0]
        if kind == 15:
            return struct.unpack("!f", octets)[0]
        if kind == 8:  # int32, leading zero octets left out
            return struct.unpack("!i", octets.rjust(4, b"\0"))[0]
        if kind == 4:
            return octets
        raise GeoError(f"the data section has a value of unknown type {kind}")

    def _take(self, start: int, size: int) -> bytes:
        self._spend(size + 1)
        octets = self._octets[start : start + size]
        if len(octets) != size:
            raise GeoError("the data section ends inside a value")
        return octets

    def _spend(self, octets: int) -> None:
        self._budget -= octets
        if self._budget < 0:
            raise GeoError("the records overlap: this file was not made by an MMDB writer")
