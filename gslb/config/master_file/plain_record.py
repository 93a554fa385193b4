r"""Records on one line in the plainest spelling: nearly every line of a large zone, read five times faster than by its words.

Offered each line that begins an entry by `line.lines`, before that looks at it. Takes what it is sure of, to the same effect as
`RecordReader.read`, places included (held by a property test); at the slightest doubt it leaves the line, and whatever is to be said of it.

    www   300 IN A     192.0.2.1        ; comments too
          300 IN MX    10 mail
    _acme        TXT   "text"
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import Final

from gslb import names
from gslb.config import plain_rdata
from gslb.config.master_file.record import RecordReader
from gslb.config.master_file.records import Records
from gslb.packed import PLACE, pack_one

_RECORD: Final = re.compile(
    r"""
      (                                             # all that stands before the type: its length gives the place
        ([A-Za-z0-9_.*-]*) [ \t]+
        (?: ([0-9]{1,9}) [ \t]+ )?
        (?: IN [ \t]+ )?
      )
      (?:
        A [ \t]+ ([0-9.]{7,15})
      |
        (AAAA|CNAME|DNAME|MX|NS|PTR|SRV|TXT) [ \t]+
        ( [!#-'*-:<-\[\]-~]+ (?: [ \t]+ [!#-'*-:<-\[\]-~]+ ){0,3} | "[ !#-\[\]-~]*" )
      )
      [ \t\r]* (?: ;.* )?
    """,
    re.VERBOSE,
).fullmatch
_NUMBER: Final = {"AAAA": 28, "CNAME": 5, "DNAME": 39, "MX": 15, "NS": 2, "PTR": 12, "SRV": 33, "TXT": 16}
_A: Final = 1
_MAX_COLUMN: Final = 0xFFFF  # what a packed place holds
_LENGTH: Final = tuple(bytes([size]) for size in range(names.MAX_LABEL + 1))


class PlainRecords:
    """Takes plain records of one zone; what one record leaves to the next is the careful reader's."""

    def __init__(self, reader: RecordReader, records: Records) -> None:
        self._reader = reader
        self._records = records
        self._file: str | None = None  # the file last seen, and its number
        self._file_number = 0
        self._origin, self._above_origin = b"", b""  # the origin last seen; the same where it lies in the zone, else empty

    def take(self, line: int, raw: str) -> bool:
        """Read a record and keep it; False where the careful reader must look at the line."""
        match = _RECORD(raw)
        if match is None:
            return False
        before, owner_text, ttl_text, address, kind, data = match.groups()
        reader = self._reader
        owner = self._owner(owner_text) if owner_text else self._last_owner()
        ttl = int(ttl_text) if ttl_text else reader.default_ttl
        column = len(before) + 1
        if owner is None or ttl is None or column > _MAX_COLUMN:
            return False
        if address is not None:
            try:
                value = _address_head(ttl) + socket.inet_pton(socket.AF_INET, address)
            except OSError:
                return False
        else:
            read = plain_rdata.read(_NUMBER[kind], data, reader.origin)
            if read is None:
                return False
            value = pack_one(_NUMBER[kind], ttl, read[0])
        reader.took(owner, ttl if ttl_text else None)
        if reader.file != self._file:
            self._file, self._file_number = reader.file, self._records.file_number(reader.file)
        self._records.put(owner, value + PLACE.pack(line, column, self._file_number))
        return True

    def _owner(self, text: str) -> bytes | None:
        """Read a name that lies in the zone, below its apex; None for any other."""
        origin = self._reader.origin
        if origin != self._origin:
            self._origin, self._above_origin = origin, _above("@", origin, self._records.apex)
        label, dot, rest = text.partition(".")
        above = _above(rest, origin, self._records.apex) if dot else self._above_origin
        size = len(label)
        if not above or not 0 < size <= names.MAX_LABEL or size + len(above) >= names.MAX_NAME:
            return None
        return _LENGTH[size] + label.lower().encode() + above

    def _last_owner(self) -> bytes | None:
        """Return the owner last stated, where nothing is to be said of that."""
        owner = self._reader.owner
        return owner if owner and not self._reader.origin_is_new and names.is_under(owner, self._records.apex) else None


@lru_cache(maxsize=4096)  # all names of a zone share a few parents
def _above(text: str, origin: bytes, apex: bytes) -> bytes:
    """Read a name without its first label; empty where it is no name, or outside the zone."""
    try:
        name = names.from_text(text, origin).lower()
    except ValueError:
        return b""
    return name if text != "." and names.is_under(name, apex) else b""


@lru_cache(maxsize=4096)  # TTLs of a zone are few
def _address_head(ttl: int) -> bytes:
    return pack_one(_A, ttl, bytes(4))[:-4]
