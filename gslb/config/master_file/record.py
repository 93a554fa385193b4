"""One record of a master file: owner, TTL, class, type, data (RFC 1035 section 5.1, RFC 2308 section 4).

`reader` hands over lines that are no directives. What one record leaves to the next lives here: origin, owner, TTLs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gslb import model, names
from gslb.config import rdata
from gslb.config.master_file import dynamic, ttl
from gslb.config.master_file.complaints import Complaints
from gslb.config.master_file.line import Line
from gslb.config.master_file.records import Records
from gslb.errors import Where

LOST: Final = b""  # the owner of records whose owner could not be read: they are judged, not kept
FALLBACK_TTL: Final = 3_600  # NSD's; only used to read on after a mistake
_MAX_NAME_TEXT: Final = 1_024  # 255 octets, each at most \DDD
_CLASSES: Final = frozenset(["IN", "CH", "HS", "CS", "NONE"])
_SOA: Final = 6
_ORDER: Final = "a record is: owner, TTL, class, type, data"


class RecordReader:
    """Reads record after record of one zone, over all its files. `file`: the one being read."""

    def __init__(self, records: Records, complaints: Complaints) -> None:
        self.file = ""
        self.origin = names.ROOT
        self.origin_is_new = False  # no record has been read since $ORIGIN
        self.owner: bytes | None = None
        self.default_ttl: int | None = None
        self.soa_broken = False  # a SOA is there: not missing, only wrong
        self._last_ttl: int | None = None
        self._records = records
        self._complaints = complaints

    def read(self, line: Line) -> None:
        """Read one record."""
        if line.indented:
            if self.owner is None:
                self.complain(line, 0, "M010", "no owner: the line starts with a blank and no record stands before it", "start it with a name or @")
                self.owner = LOST
            owner, at = self.owner, 0
            if self.origin_is_new and owner != LOST:
                said = f"this record belongs to {names.to_text(owner)}, not to the $ORIGIN above"
                self._complaints.warn("M022", said, self._where(line, 0), "start the line with @ or a name")
        else:
            owner, at = self.name(line, 0, line.words[0]), 1
            self.owner = owner
        self.origin_is_new = False
        head = self.head(line, at)
        if head is not None:
            self.data(line, owner, *head, line.words[head[1] + 1 :])

    def took(self, owner: bytes, ttl: int | None) -> None:
        """Go on behind a record that was read elsewhere (`plain_record`). `ttl`: the one it stated."""
        self.owner = owner
        self.origin_is_new = False
        if ttl is not None:
            self._last_ttl = ttl

    def name(self, line: Line, index: int, text: str) -> bytes:
        """Read the name in a word; LOST, after a complaint, when it is none."""
        if len(text) > _MAX_NAME_TEXT:
            said = f"a name of {len(text)} characters: at most 255 octets"
        elif text[:1] == '"':
            said = "names are written without quotes"
        else:
            try:
                return names.from_text(text, self.origin).lower()
            except ValueError as error:
                said = str(error)
        self.complain(line, index, "M011", said)
        return LOST

    def head(self, line: Line, at: int) -> tuple[int, int] | None:
        """Find TTL (-1 where there is none) and type; TTL and class come in either order, each at most once."""
        words = line.words
        ttl_at = class_at = -1
        while at < len(words):
            word = words[at]
            if ttl_at < 0 and "0" <= word[0] <= "9":
                ttl_at = at
            elif class_at < 0 and (word == "IN" or word.upper() in _CLASSES or word[:5].upper() == "CLASS"):
                class_at = at
            else:
                break
            at += 1
        if class_at >= 0 and words[class_at].upper() not in ("IN", "CLASS1"):
            self.complain(line, class_at, "M007", f"class {words[class_at]}: only IN is served", "remove the record, or write IN")
            return None
        if at < len(words):
            return ttl_at, at
        self.complain(line, at, "M009", "the record ends before its type", _ORDER)
        return None

    def data(self, line: Line, owner: bytes, ttl_at: int, type_at: int, words: list[str]) -> None:
        """Read TTL, type and data, and keep the record. `words`: the data, which `$GENERATE` has filled in."""
        kind = line.words[type_at]
        if kind.upper() in dynamic.DYNAMIC_TYPES:
            self._dynamic(line, owner, ttl_at, type_at, words)
            return
        try:
            number = rdata.data_type(kind)
        except ValueError as error:
            self.complain(line, type_at, "M008", str(error), _ORDER)
            return
        seconds = self._stated_ttl(line, ttl_at, ttl.seconds)
        try:
            wire, targets = rdata.data(number, " ".join(words), self.origin)
        except ValueError as error:
            self.soa_broken |= number == _SOA
            self.complain(line, type_at + 1, "M012", str(error))
            return
        if ttl_at < 0:
            seconds = self._inherited_ttl(line, type_at, number, wire)
        self.soa_broken |= number == _SOA and (owner == LOST or seconds is None)
        if owner and seconds is not None:
            self._records.add(owner, model.RRset(number, seconds, (wire,), targets, self._where(line, type_at)))

    def complain(self, line: Line, index: int, code: str, message: str, hint: str = "") -> None:
        """Note a mistake at a word of the line."""
        self._complaints.error(code, message, self._where(line, index), hint)

    def _dynamic(self, line: Line, owner: bytes, ttl_at: int, type_at: int, words: list[str]) -> None:
        kind = line.words[type_at].upper()
        seconds = self._stated_ttl(line, ttl_at, ttl.of_dynamic)  # without one of its own the pool's TTL stands alone
        if kind == "DYNC":
            hint = "use DYNA with a pool of addresses, or a CNAME to a name that has one"
            self.complain(line, type_at, "M026", "DYNC asks for a pool of names, which is not supported yet", hint)
            return
        try:
            pool = dynamic.pool_id(kind, words)
        except ValueError as error:
            self.complain(line, type_at + 1, "M025", str(error), "write it as: www 30 IN GSLB poolname")
            return
        if owner:
            self._records.point(owner, model.PoolRef(pool, ttl=seconds, where=self._where(line, type_at + 1)))

    def _stated_ttl(self, line: Line, ttl_at: int, read: Callable[[str], int]) -> int | None:
        if ttl_at < 0:
            return None
        try:
            self._last_ttl = read(line.words[ttl_at])
        except ValueError as error:
            self.complain(line, ttl_at, "M006", str(error))
            return None
        return self._last_ttl

    def _inherited_ttl(self, line: Line, type_at: int, number: int, wire: bytes) -> int:
        """`$TTL` (RFC 2308 section 4), else the last TTL stated (RFC 1035 section 5.1), else the SOA's minimum as BIND does."""
        if self.default_ttl is not None:
            return self.default_ttl
        if self._last_ttl is not None:
            return self._last_ttl
        minimum = int.from_bytes(wire[-4:]) if number == _SOA else self._records.minimum()
        if minimum is None:
            self.complain(line, type_at, "M013", "this record has no TTL, and there is none to take over", "put $TTL 3600 at the top")
            minimum = FALLBACK_TTL
        else:
            text = f"this record has no TTL, and there is no $TTL: the SOA's minimum, {minimum}, is taken"
            self._complaints.warn("M014", text, self._where(line, type_at), "put $TTL at the top")
        self.default_ttl = min(minimum, ttl.MAX_TTL)  # said once
        return self.default_ttl

    def _where(self, line: Line, index: int) -> Where:
        return Where(self.file, *line.place(index))
