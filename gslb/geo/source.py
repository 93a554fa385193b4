"""Geo database files on disk: which ones a setting names, and their content in memory.

Called by `gslb.geo.load` and `inspect`. Reads whole files (a database may be replaced by rename at any time) and unpacks `.xz`.
Never maps a file, never trusts a size.
"""

from __future__ import annotations

import lzma
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gslb.errors import GeoError

# The largest databases sold (per-address city files of both families) take about 1.5 GB. More would be a mistake or an attack.
MAX_SIZE: Final = 2 * 1024**3
_MAX_XZ_MEMORY: Final = 512 * 1024**2  # what `xz -9` needs to unpack is 65 MB
_SUFFIXES: Final = (".mmdb", ".mmdb.xz")


def files(database: Path | Sequence[Path]) -> list[Path]:
    """Return the files that a setting names; a folder stands for all databases in it, by name, an unpacked one before its `.xz`."""
    found: list[Path] = []
    for path in [database] if isinstance(database, Path) else database:
        found += _in_folder(path) if path.is_dir() else [path]
    return found


def _in_folder(folder: Path) -> list[Path]:
    by_name: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):  # "x.mmdb" sorts before "x.mmdb.xz"
        if path.name.endswith(_SUFFIXES) and path.is_file():
            by_name.setdefault(path.name.removesuffix(".xz"), path)
    if not by_name:
        raise GeoError(f"{folder}: no geo database (*.mmdb or *.mmdb.xz) in this folder")
    return list(by_name.values())


def content(path: Path) -> bytes:
    """Return the octets of a database, unpacked. Raises GeoError."""
    octets = packed(path)
    try:
        return _unpacked(octets) if path.suffix == ".xz" else octets
    except GeoError as error:
        raise GeoError(f"{path}: {error}") from None


def packed(path: Path) -> bytes:
    """Return the octets of a database as they are on disk. Raises GeoError."""
    try:
        return bounded(path)
    except OSError as error:
        raise GeoError(f"{path}: {error.strerror or error}") from None
    except GeoError as error:
        raise GeoError(f"{path}: {error}") from None


def bounded(path: Path) -> bytes:
    """Read a regular file of a believable size. Raises OSError or GeoError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # before it is opened: opening a named pipe would wait for ever
        raise GeoError("not a regular file")
    if status.st_size > MAX_SIZE:
        raise GeoError(f"{status.st_size} octets: more than {MAX_SIZE} are not read")
    with path.open("rb") as file:
        return file.read(MAX_SIZE)


def _unpacked(packed: bytes) -> bytes:
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_XZ_MEMORY)
        octets = decompressor.decompress(packed, MAX_SIZE)
    except lzma.LZMAError as error:
        raise GeoError(f"cannot be unpacked: {error}") from None
    if not decompressor.eof:
        raise GeoError("cannot be unpacked: cut short, or larger than can be true")
    return octets


def write(path: Path, octets: bytes) -> None:
    """Write beside and rename, so that nobody ever sees half a file. Not waited for: after a power cut a digest tells what is damaged."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
