"""Files named by `$INCLUDE`: which one is meant, and that it stays inside the zone file's folder.

A zone file may come from another team: it must not be able to show `/etc/shadow` in an error message.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gslb.config import bounds, files

MAX_OCTETS: Final = bounds.MAX_OCTETS  # of all that one zone includes


def confined(written: str) -> str:
    """Return the path inside the zone file's folder, normalised. Raises ValueError when it leads out of it."""
    path = posixpath.normpath(written)
    if posixpath.isabs(path) or path == ".." or path.startswith("../") or "\0" in path:
        raise ValueError(f"{written!r} is outside the zone file's folder")
    if path == ".":
        raise ValueError(f"{written!r} is not a file")
    return path


def included_file(zone_file: str, path: str) -> str:
    """Return what `Where.file` says of records from the included `path` (as `include` gets it)."""
    return posixpath.join(posixpath.dirname(zone_file), path)


def includes_from(folder: Path) -> Callable[[str], str]:
    """Make the `include` of `read`: text of files below `folder`, symbolic links followed and judged by where they lead."""

    def include(path: str) -> str:
        target = Path(os.path.realpath(folder / path))  # unlike Path.resolve it never raises, whatever links do
        if not target.is_relative_to(os.path.realpath(folder)):
            raise ValueError(f"{path!r} leads outside the zone file's folder")
        try:
            data = files.octets(target, bounds.MAX_OCTETS + 1)
        except FileNotFoundError:
            raise ValueError(f"there is no file {path!r} in the zone file's folder") from None
        if over := bounds.excess(data):
            raise ValueError(f"{path!r}: {over.message}")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path!r} is not UTF-8 text") from None

    return include
