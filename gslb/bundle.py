"""A bundle: one published version of the operator's files, whole; and its head, which is what lists of versions show.

Put into the store by `gslb publish`, signed by an operator; taken out by nodes and probers that follow. Words only: what is believed of a version is
the store's to say, what it means is `gslb.config.bundled`'s. The names in it are those of messages, never paths that somebody opens.

    octets  = index LF contents        index: JSON [[name, size], …] sorted by name; contents: those of the files, one after the other
    digest  = SHA-256 of the octets, in hex: two versions with the same digest are the same files
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

LARGEST: Final = 256 << 20  # octets of all files: a few zones of a million names; what a packed version may cost whoever reads it
PACKED: Final = 32 << 20  # octets as they are stored and travel: the same, packed
FILES: Final = 10_000
INDEX: Final = 4 << 20  # octets
NAME: Final = 255  # characters of a file's name
TEXT: Final = 400  # characters of a message, as of an override's reason
AUTHOR: Final = 64
VERSIONS: Final = 1 << 32  # no version is as great: it may be a zone's serial (RFC 1035 section 3.3.13)


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a version without its files. `at`: the store's time; `size`: of all files; `packed`: as stored; `based_on`: see `Bundle`."""

    version: int
    at: float
    author: str
    message: str
    digest: str
    size: int
    based_on: int = 0
    signed_by: str = ""  # the operator's key that signed it: its name
    packed: int = 0
    files: int = 0


@dataclass(frozen=True)
class Bundle:
    """One version. `based_on`: the older version that it brings back, 0 = none. `sealed`: the signed record it was read from, b"" before that."""

    version: int
    at: float
    author: str
    message: str
    files: Mapping[str, bytes]
    based_on: int = 0
    signed_by: str = ""
    sealed: bytes = field(default=b"", compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """What tells its files from others."""
        found = hashlib.sha256()
        for piece in octets(self.files):
            found.update(piece)
        return found.hexdigest()

    @property
    def size(self) -> int:
        """Count the octets of all files."""
        return sum(map(len, self.files.values()))

    def head(self, signed_by: str = "", packed: int = 0) -> Head:
        """Return what lists of versions show of it."""
        who = signed_by or self.signed_by
        return Head(self.version, self.at, self.author, self.message, self.digest, self.size, self.based_on, who, packed, len(self.files))


class Newest(NamedTuple):
    """The newest version that is believed, None where there is none.

    `refused`: why what stands in its place in the store is not believed, "" where it is. `floor`: no version up to it is believed any more.
    """

    head: Head | None = None
    refused: str = ""
    floor: int = 0

    @property
    def version(self) -> int:
        """Its number, 0 = none."""
        return self.head.version if self.head else 0


def octets(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Write files, in pieces. Raises ValueError for what `read` would not take."""
    if not 0 < len(files) <= FILES:
        raise ValueError(f"{len(files)} files: at least one, and at most {FILES:,}")
    for name in files:
        if fault := amiss(name):
            raise ValueError(f"{name!r} is no name for a file of a version: {fault}")
    if (size := sum(map(len, files.values()))) > LARGEST:
        raise ValueError(f"the files have {size >> 20} MiB, at most {LARGEST >> 20}")
    names = sorted(files)
    yield json.dumps([[name, len(files[name])] for name in names], separators=(",", ":")).encode() + b"\n"
    for name in names:
        yield files[name]


def read(text: bytes) -> dict[str, bytes]:
    """Read what `octets` wrote. Raises ValueError for anything else."""
    end = text.find(b"\n", 0, INDEX)
    if end < 0:
        raise ValueError("no list of files at its beginning")
    try:
        index = [(name, size) for name, size in json.loads(text[:end])]
    except (TypeError, RecursionError):
        raise ValueError("a list of other things than files") from None
    if not 0 < len(index) <= FILES:
        raise ValueError(f"{len(index)} files")
    files: dict[str, bytes] = {}
    at = end + 1
    for name, size in index:
        if type(name) is not str or type(size) is not int or size < 0 or name in files or amiss(name):
            raise ValueError("a list of other things than files")
        files[name] = text[at : at + size]
        at += size
    if at != len(text):
        raise ValueError(f"{len(text)} octets where its list says {at}")
    return files


def amiss(name: str) -> str:
    """Say what is wrong with a file's name; "" where nothing is: it is relative, leads nowhere else, and can be printed."""
    if not 0 < len(name) <= NAME:
        return f"it has between 1 and {NAME} characters"
    if not name.isprintable() or "\\" in name:
        return "it has no backslash and no character that cannot be printed"
    if any(part in {"", ".", ".."} for part in name.split("/")):
        return "it is relative, and no part of it is empty, '.' or '..'"
    return ""
