"""Published versions: what is believed of them, and their heads as the content of sealed records.

Part of the ledger, which every store but the memory store has. Of the newest version one record stands in the store; it is believed where an
operator's key has signed it, and forward only: a version that is older than one that was believed here is a replay, whoever signed it. Bounded and
typed; fields that are not known are passed over. No I/O.

    {"version": 7, "at": 1763644284.123, "author": "ann", "message": "…", "digest": SHA-256, "size": octets, "packed": octets, "files": 3,
     "based_on": 4}
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from typing import Any, Final

from gslb import bundle
from gslb.bundle import Head, Newest
from gslb.store.batch import ODD
from gslb.store.envelope import Header, RefusedError, peek
from gslb.store.marks import BookMark, Marks
from gslb.store.reader import Place, Reader

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Bundles:
    """The newest version of one store, as far as it is believed."""

    def __init__(self, reader: Reader, marks: Marks) -> None:
        self._reader, self._marks = reader, marks
        self._head: Head | None = None
        self._refused = ""
        self.record = b""  # as it stands in the store

    @property
    def newest(self) -> Newest:
        """How it stands."""
        return Newest(self._head, self._refused, max(self._marks.bundle.version, self._head.version if self._head else 0))

    def take(self, record: bytes) -> bool:
        """Take what stands in the store as the newest version; whether it is another one now. Where nothing stands there is no news."""
        place = Place("bundle", "")
        if record in {b"", self.record}:
            self._refused = ""
            return False
        if self._reader.refused(place, record):
            return False
        try:
            header, head = self.open(record)
            self._check(head, record)
        except RefusedError as error:
            self._refused = str(error)
            self._reader.refuse(error, place, record)
            return False
        self._marks.bundle = BookMark(header.signer, header.key, head.version)
        self._head, self.record, self._refused = head, record, ""
        return True

    def know(self, record: bytes) -> None:
        """Take what is served here, wherever it came from: nothing older is believed then. It says nothing of what stands in the store."""
        refused = self._refused
        self.take(record)
        self._refused = refused

    def open(self, record: bytes) -> tuple[Header, Head]:
        """Read a version's record, any operator's, whatever its age. Raises RefusedError."""
        header, content = self._reader.open(Place("bundle", peek(record).signer), record)
        head = read(content, header.signer)
        if header.epoch != head.version:
            raise RefusedError("content", "a version under another number")
        return header, head

    def _check(self, head: Head, record: bytes) -> None:
        """Raise RefusedError for a version that is not newer. Of two with one number, which nobody honest writes, all nodes take the same one."""
        if (head.version, record) <= (self.newest.version, self.record) or head.version < self._marks.bundle.version:
            raise RefusedError("replayed", f"version {head.version} after version {self.newest.floor}")

    def distrust(self) -> None:
        """Keys have come or gone: where the newest one's has gone, whoever's is known may speak anew, whatever the number."""
        said = self._marks.bundle
        if said.version and not self._reader.identity.keyring.trusts("operator", said.operator, said.key):
            self._marks.bundle, self._head, self.record = BookMark(), None, b""


def content(head: Head) -> dict[str, Any]:
    """Write a head; who signed it is in the envelope."""
    return {name: value for name, value in asdict(head).items() if name != "signed_by"}


def audit(head: Head) -> dict[str, Any]:
    """Write what the audit says of its publication: one line for people, and all of it."""
    what = f"rolled back to version {head.based_on}" if head.based_on else "published"
    return {
        "time": round(head.at, 3),
        "by": head.author or head.signed_by,
        "version": head.version,
        "what": f"{what}, as version {head.version}" + (f": {head.message}" if head.message else ""),
        "signed_by": head.signed_by,
        "bundle": content(head),
    }


def read(given: Any, signer: str = "") -> Head:
    """Read what `content` wrote. Raises RefusedError."""
    try:
        return Head(
            _count(given["version"], 1, bundle.VERSIONS),
            _moment(given["at"]),
            _text(given["author"], bundle.AUTHOR),
            _text(given["message"], bundle.TEXT),
            _digest(given["digest"]),
            _count(given["size"], 0, bundle.LARGEST + 1),
            _count(given["based_on"], 0, bundle.VERSIONS),
            signer,
            _count(given["packed"], 0, bundle.PACKED + 1),
            _count(given["files"], 1, bundle.FILES + 1),
        )
    except ODD as error:
        raise RefusedError("content", f"no version: {error}") from None


def _count(value: Any, least: int, end: int) -> int:
    if type(value) is not int or not least <= value < end:
        raise ValueError("a number out of bounds")
    return value


def _moment(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)


def _text(value: Any, most: int) -> str:
    if type(value) is not str or len(value) > most:
        raise ValueError("not a short text")
    return value


def _digest(value: Any) -> str:
    if type(value) is not str or not _DIGEST.fullmatch(value):
        raise ValueError("no digest")
    return value
