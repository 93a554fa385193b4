"""The published version that is served, on disk: what a node that follows starts from without a store, and brings back to one that was wiped.

Saved with each version that was accepted, loaded once at start. Blocking; call it in a thread. The file: one line `gslb-bundle 1 SHA256-OF-THE-REST`,
one line of JSON (the head, and the signed record it was read from), then the files, packed; put in place by rename. What was accepted once is not
judged by its signature again: a key that is trusted no more takes no node out of service.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from gslb import bundle
from gslb.bundle import Bundle
from gslb.errors import StoreError
from gslb.store import bundles, parcel
from gslb.store.batch import ODD
from gslb.store.envelope import LARGEST, RefusedError

FILE: Final = "bundle"
_MAGIC: Final = b"gslb-bundle 1 "
_MOST: Final = bundle.PACKED + 2 * LARGEST + 4096  # octets of the file


class Remembered(NamedTuple):
    """What a file held; `problem`: why nothing could be taken from it, "" also where there is no file yet."""

    bundle: Bundle | None = None
    problem: str = ""


def save(state_dir: Path, version: Bundle) -> None:
    """Keep a version in place of the one before. Raises StoreError where the disk does not take it; the one before is still there then."""
    packed = parcel.pack(version.files)
    about = {
        "head": bundles.content(version.head(packed=len(packed))),
        "signed_by": version.signed_by,
        "sealed": base64.b64encode(version.sealed).decode(),
    }
    rest = json.dumps(about).encode() + b"\n" + packed
    temporary = ""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=state_dir, prefix=f".{FILE}-", delete=False) as file:  # mode 0600: zones may be nobody else's business
            temporary = file.name
            file.write(_head(rest) + rest)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(state_dir / FILE)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"version {version.version} not kept in {state_dir}: {error.strerror or error}") from error


def load(state_dir: Path) -> Remembered:
    """Read what was kept; never raises for what it finds."""
    path = state_dir / FILE
    try:
        with path.open("rb") as file:
            whole = file.read(_MOST + 1)
    except FileNotFoundError:
        return Remembered()
    except OSError as error:
        return Remembered(problem=f"{path}: {error.strerror or error}")
    start = whole.find(b"\n") + 1
    if len(whole) > _MOST or whole[:start] != _head(whole[start:]):
        return Remembered(problem=f"{path}: damaged, or not ours: ignored")
    line, _, packed = whole[start:].partition(b"\n")
    try:
        about = json.loads(line)
        head = bundles.read(about["head"], str(about["signed_by"]))
        sealed = base64.b64decode(about["sealed"], validate=True)
        files = parcel.unpack(packed, head)
    except (*ODD, RefusedError) as error:
        return Remembered(problem=f"{path}: not as this version writes it ({error}): ignored")
    return Remembered(Bundle(head.version, head.at, head.author, head.message, files, head.based_on, head.signed_by, sealed))


def _head(rest: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n"
