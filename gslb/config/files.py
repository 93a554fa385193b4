"""Finds and reads the operator's files: which ones count, how large they may be, what makes them unreadable.

Called by `load` and `settings`. A file that cannot be read is a Problem; the others are read all the same. What has a name like ours and is no
file is one too, never skipped: a zone must not vanish because a link broke.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gslb.config import bounds
from gslb.errors import Problems, Where

YAML: Final = (".yaml", ".yml")
MASTER: Final = (".zone",)
NETWORKS: Final = ("networks.yaml", "networks.yml")  # in a folder of zones: networks, not a zone called "networks"
SETTINGS: Final = ("gslb.yaml", "gslb.yml")  # may lie in the same folder, and is no zone


class Role(StrEnum):
    """What a file is read for."""

    ZONES = "zones"
    NETWORKS = "networks"
    INCLUDED = "included"  # by a master file; read when that asks for it


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text; `name` is what messages call it."""

    path: Path
    text: str
    role: Role = Role.ZONES

    @property
    def name(self) -> str:
        """What messages call the file: its path, as the operator gave it."""
        return str(self.path)


def read_all(paths: Sequence[Path], problems: Problems, *, but: Path | None = None) -> list[Source]:
    """Read files, and of folders all files that are ours, sorted by name; each file once. `but`: a file that is read elsewhere."""
    seen = {os.path.realpath(but)} if but is not None else set()  # unlike Path.resolve it never raises, whatever links do
    sources = []
    for path in _files(paths, problems):
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            source = read(path, problems, Role.NETWORKS if path.name in NETWORKS else Role.ZONES)
            if source is not None:
                sources.append(source)
    return sources


def read(path: Path, problems: Problems, role: Role = Role.ZONES) -> Source | None:
    """Read one file; None (and a problem) where it cannot be read as text."""
    where = Where(str(path))
    try:
        data = octets(path, bounds.MAX_OCTETS + 1)
    except FileNotFoundError:
        hint = "check the path; relative paths start at the settings file's folder"
        if path.is_symlink():
            problems.error("F001", f"a link to {os.path.realpath(path)}, which does not exist", where, "mend the link, or remove it")
        else:
            problems.error("F001", "no such file or folder", where, hint)
        return None
    except OSError as error:
        problems.error("F002", f"cannot be read: {error.strerror or error}", where)
        return None
    return decoded(path, data, problems, role)


def decoded(path: Path, data: bytes, problems: Problems, role: Role = Role.ZONES) -> Source | None:
    """Make a source of a file's octets; None (and a problem) where they are no text, or too much of it."""
    if over := bounds.excess(data):
        problems.error(over.code, over.message, Where(str(path), over.line), over.hint)
        return None
    try:
        return Source(path, data.decode("utf-8-sig"), role)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        problems.error("F003", f"octet 0x{data[error.start]:02x} is not UTF-8", Where(str(path), line, column), "save the file as UTF-8")
        return None


def octets(path: Path, limit: int) -> bytes:
    """Read at most so many octets of a regular file. Raises OSError, at once where it is a pipe or a device: those are never waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def is_ours(name: str) -> bool:
    """Whether a file of this name, in a folder of ours, is read."""
    return name.endswith((*YAML, *MASTER)) and name not in (*YAML, *MASTER) and not name.startswith(".") and name not in SETTINGS


def _files(paths: Sequence[Path], problems: Problems) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if "\0" in str(path):
            problems.error("F001", "no file has a NUL in its name", Where(str(path).replace("\0", "\\0")))
            continue
        if not path.is_dir():
            if path.suffix not in (*YAML, *MASTER) and path.is_file():
                hint = "YAML files end with .yaml or .yml, master files with .zone"
                problems.error("F006", "the name does not say what kind of file it is", Where(str(path)), hint)
                continue
            found.append(path)
            continue
        try:
            inside = sorted(path.iterdir(), key=lambda one: one.name)
        except OSError as error:
            problems.error("F002", f"cannot be read: {error.strerror or error}", Where(str(path)))
            continue
        ours = [one for one in inside if is_ours(one.name)]
        if not ours:
            problems.warn("F005", "no *.yaml, *.yml or *.zone file in this folder", Where(str(path)), "put zone files there")
        found += ours
    return found
