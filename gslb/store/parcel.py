"""The files of a version, packed: what stands in a store and on a node's disk beside the signed record that names their digest.

Blocking, some 30 MB a second; call it in a thread where they may be large. What is unpacked was not written by us until its digest has said so, and
costs no more than the signed record allows.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Final

from gslb import bundle
from gslb.bundle import Head
from gslb.store.envelope import RefusedError

LEVEL: Final = 6  # zlib's own choice; 9 takes twice as long for one percent


def pack(files: Mapping[str, bytes]) -> bytes:
    """Pack files. Raises ValueError for what nobody would unpack."""
    packer = zlib.compressobj(LEVEL)
    packed = b"".join([*(packer.compress(piece) for piece in bundle.octets(files)), packer.flush()])
    if len(packed) > bundle.PACKED:
        raise ValueError(f"the files have {len(packed) / (1 << 20):.1f} MiB when packed, at most {bundle.PACKED >> 20}")
    return packed


def unpack(packed: bytes, head: Head) -> dict[str, bytes]:
    """Unpack the files of a version. Raises RefusedError for any others."""
    if len(packed) > bundle.PACKED:
        raise RefusedError("size", f"more than {bundle.PACKED >> 20} MiB of packed files")
    most = head.size + bundle.INDEX
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, most)
    except zlib.error as error:
        raise RefusedError("content", f"files that cannot be unpacked: {error}") from None
    if not inflater.eof:
        raise RefusedError("content", f"files cut short, or of more than {head.size} octets")
    if hashlib.sha256(text).hexdigest() != head.digest:
        raise RefusedError("content", "other files than those that were signed")
    try:
        return bundle.read(text)
    except ValueError as error:
        raise RefusedError("content", f"no files: {error}") from None
