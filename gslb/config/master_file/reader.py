"""Reads the files of one zone: entries in order, `$ORIGIN`, `$TTL`, `$INCLUDE` and `$GENERATE` carried out.

Made by `read` for one zone. Bounded: nesting, files, included text and generated records have limits, so that no file can hold up a load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gslb.config.master_file import generate, included, ttl
from gslb.config.master_file.complaints import Complaints
from gslb.config.master_file.line import Line, lines
from gslb.config.master_file.plain_record import PlainRecords
from gslb.config.master_file.record import FALLBACK_TTL, LOST, RecordReader
from gslb.config.master_file.records import Records
from gslb.config.master_file.word import unquoted
from gslb.errors import Where

MAX_DEPTH: Final = 10  # of $INCLUDE; people use one or two
MAX_FILES: Final = 1_000  # of $INCLUDE; a file included by each of ten levels twice would be read 1,024 times
MAX_GENERATED: Final = 131_072  # records of all $GENERATE of a zone: a reverse zone of two /16, some seconds

# Directive → least and most arguments, and how it is written.
_DIRECTIVES: Final = {
    "$ORIGIN": (1, 1, "$ORIGIN name"),
    "$TTL": (1, 1, "$TTL seconds, or like 1h30m"),
    "$INCLUDE": (1, 2, "$INCLUDE file [origin]"),
    "$GENERATE": (4, 1_000, "$GENERATE start-stop[/step] owner [ttl] [class] type data"),
}


class Reader:
    """Reads a zone file and the files it includes. `torn`: records may have been lost, the SOA among them."""

    def __init__(self, zone_file: str, records: Records, complaints: Complaints, include: Callable[[str], str] | None) -> None:
        self._zone_file = zone_file
        self._complaints = complaints
        self._include = include
        self._record = RecordReader(records, complaints)
        self._plain = PlainRecords(self._record, records)
        self._torn = False
        self._open: list[str] = []
        self._files = self._included_octets = self._generated = 0
        self._too_many = self._too_many_told = False  # records that $GENERATE would make

    @property
    def torn(self) -> bool:
        """Whether something could not be read at all, so that a missing SOA is no news."""
        return self._torn or self._record.soa_broken

    def read(self, file: str, text: str, origin: bytes) -> None:
        """Read one file to its end."""
        self._record.file = file
        self._record.origin = origin
        self._too_many |= self._generated + generate.total(text) > MAX_GENERATED  # then none is carried out: it is said at the first
        self._open.append(file)
        for line in lines(text, self._complain_of_text, self._plain.take):
            if line.words[0][0] == "$" and not line.indented:
                self._directive(line)
            else:
                self._record.read(line)
            if self._complaints.full:
                self._torn = True
                break
        self._open.pop()

    def _directive(self, line: Line) -> None:
        name = line.words[0].upper()
        if name not in _DIRECTIVES:
            self._record.complain(line, 0, "M004", f"unknown directive {line.words[0]}", f"{', '.join(_DIRECTIVES)} are known")
            return
        least, most, usage = _DIRECTIVES[name]
        arguments = len(line.words) - 1
        if arguments < least:
            self._record.complain(line, arguments + 1, "M005", f"{name} lacks an argument", usage)
        elif arguments > most:
            self._record.complain(line, most + 1, "M005", f"{name} has an argument too many", usage)
        elif name == "$ORIGIN":
            self._record.origin = self._record.name(line, 1, line.words[1]) or self._record.origin
            self._record.origin_is_new = True
        elif name == "$TTL":
            self._take_default_ttl(line)
        elif name == "$INCLUDE":
            self._take_file(line)
        else:
            self._generate(line)

    def _take_default_ttl(self, line: Line) -> None:
        try:
            self._record.default_ttl = ttl.seconds(line.words[1])
        except ValueError as error:
            self._record.complain(line, 1, "M006", str(error))
            self._record.default_ttl = FALLBACK_TTL

    def _take_file(self, line: Line) -> None:
        """Read another file in between; origin and owner come back after it (RFC 1035 section 5.1), TTLs stay as BIND leaves them."""
        record = self._record
        origin = record.origin if len(line.words) < 3 else record.name(line, 2, line.words[2])
        try:
            file, text = self._included(unquoted(line.words[1]))
        except (OSError, ValueError) as error:
            said = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            hint = "paths are relative to the zone file's folder and stay in it"
            record.complain(line, 1, "M021", f"cannot include {line.words[1]}: {said}", hint)
            self._torn = True  # what the file would have brought is not missing
            return
        if origin != LOST:
            before = record.file, record.origin, record.owner
            self.read(file, text, origin)
            record.file, record.origin, record.owner = before

    def _included(self, written: str) -> tuple[str, str]:
        """Return what `Where` calls the included file, and its text. Raises ValueError or OSError."""
        if self._include is None:
            raise ValueError("files cannot be included here")
        path = included.confined(written)
        file = included.included_file(self._zone_file, path)
        if file in self._open:
            raise ValueError(f"{path!r} includes itself")
        self._files += 1
        if len(self._open) > MAX_DEPTH or self._files > MAX_FILES:
            raise ValueError(f"files are included more than {MAX_DEPTH} deep, or more than {MAX_FILES} of them")
        text = self._include(path)
        self._included_octets += len(text)
        if self._included_octets > included.MAX_OCTETS:
            raise ValueError(f"more than {included.MAX_OCTETS >> 20} MiB are included")
        return file, text

    def _generate(self, line: Line) -> None:
        record = self._record
        head = record.head(line, 3)
        if head is None:
            return
        try:
            rounds = generate.read_range(line.words[1])
        except ValueError as error:
            record.complain(line, 1, "M023", str(error), _DIRECTIVES["$GENERATE"][2])
            return
        self._generated += len(rounds)
        self._too_many |= self._generated > MAX_GENERATED
        if self._too_many:
            if not self._too_many_told:
                said = f"$GENERATE makes more than {MAX_GENERATED} records in this zone"
                record.complain(line, 1, "M024", said, "use a smaller range, or a wildcard")
            self._too_many_told = True
            return
        data = line.words[head[1] + 1 :]
        template = generate.held_together(data)
        errors = self._complaints.errors
        for value in rounds.rounds():
            self._round(line, head, template, value)
            if errors != self._complaints.errors:
                return  # the other rounds have the same mistake

    def _round(self, line: Line, head: tuple[int, int], template: str, value: int) -> None:
        try:
            name = generate.fill(line.words[2], value)
            data = generate.fill(template, value)
        except ValueError as error:
            self._record.complain(line, 2, "M023", str(error), _DIRECTIVES["$GENERATE"][2])
            return
        owner = self._record.name(line, 2, name)
        if owner != LOST:
            self._record.data(line, owner, *head, [data])

    def _complain_of_text(self, code: str, line: int, column: int, message: str, hint: str) -> None:
        self._torn = True
        self._record.owner = LOST  # of what follows without an owner of its own
        self._complaints.error(code, message, Where(self._record.file, line, column), hint)
