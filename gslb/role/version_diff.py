"""What differs between the files of two versions, line by line, as plain data. Pure; bounded, for files may be large."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

MOST: Final = 256 << 10  # octets of a file that is compared line by line; of larger ones it is said that they differ
LINES: Final = 2000  # lines that are shown of one file


def files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Tell of each file that is not the same: `added`, `removed` or `changed`, its sizes, and a unified diff."""
    unlike = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return [_file(name, old.get(name), new.get(name)) for name in unlike]


def _file(name: str, old: bytes | None, new: bytes | None) -> dict[str, Any]:
    change = "added" if old is None else "removed" if new is None else "changed"
    sizes = {"old": len(old or b""), "new": len(new or b"")}
    if max(sizes.values()) > MOST:
        return {"name": name, "change": change, "size": sizes, "lines": [], "cut": True}
    before, after = (_lines(data) for data in (old, new))
    lines = list(difflib.unified_diff(before, after, name if old is not None else "/dev/null", name if new is not None else "/dev/null", lineterm=""))
    return {"name": name, "change": change, "size": sizes, "lines": lines[:LINES], "cut": len(lines) > LINES}


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode(errors="replace").splitlines()
