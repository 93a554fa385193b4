"""A small file in the state directory that is whole or not there: put in place by rename, and believed only with its checksum.

Used by `last_votes` and `last_overrides`. One line `MAGIC SHA256-OF-THE-REST`, then JSON. Blocking; call it in a thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from gslb.errors import StoreError

MAX_SIZE: Final = 16 * 1024 * 1024  # octets: some 80,000 votes; what is longer was not written by us


class Found(NamedTuple):
    """What a file holds; `problem` says why it cannot be believed. Neither where there is no file."""

    content: Any = None
    problem: str = ""


def write(path: Path, magic: str, content: Any, what: str) -> None:
    """Write it durably. Raises StoreError, which names `what`, when the disk does not take it."""
    rest = json.dumps(content, separators=(",", ":")).encode()
    if len(rest) > MAX_SIZE:
        raise StoreError(f"{what} not saved: {len(rest)} octets, at most {MAX_SIZE}")
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            temporary = file.name
            file.write(f"{magic} {hashlib.sha256(rest).hexdigest()}\n".encode() + rest)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{what} not saved in {path.parent}: {error.strerror or error}") from error


def read(path: Path, magic: str) -> Found:
    """Read what `write` wrote; never raises for what it finds."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 200)
    except FileNotFoundError:
        return Found()
    except OSError as error:
        return Found(problem=f"{path}: {error.strerror or error}")
    head, _, rest = data.partition(b"\n")
    if len(rest) > MAX_SIZE or head != f"{magic} {hashlib.sha256(rest).hexdigest()}".encode():
        return Found(problem=f"{path}: damaged, or not ours: ignored")
    try:
        return Found(json.loads(rest))
    except (ValueError, RecursionError) as error:
        return Found(problem=f"{path}: not as this version writes it ({error}): ignored")
