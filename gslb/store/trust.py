"""Trust: whose public keys are believed, as words; and how a public key is written.

Read from `keys.yaml` by `gslb.config.keys`, obeyed by `gslb.store.keys.PublicKeys`. Pure.

    ed25519:5d41402a:FLdOYJ…=       the algorithm, the key's id (the first octets of its SHA-256), the key in base64
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

ALGORITHM: Final = "ed25519"
WRITERS: Final = ("prober", "operator", "site")
SIZE: Final = 32  # octets of a key, private or public


class Known(NamedTuple):
    """One name that is believed: its public keys by id, any of them good (two: a rotation). `place`: a prober's, "" = any."""

    keys: Mapping[str, bytes]
    place: str = ""


Trust = Mapping[str, Mapping[str, Known]]  # writer → name → Known


def key_id(public: bytes) -> str:
    """Return the short name of a public key: enough to tell some hundred apart, nothing to rely on."""
    return hashlib.sha256(public).hexdigest()[:8]


def write_key(key: bytes, of: str) -> str:
    """Write a key, private or public, of this id."""
    return f"{ALGORITHM}:{of}:{base64.b64encode(key).decode()}"


def read_key(text: str) -> tuple[str, bytes]:
    """Read what `write_key` wrote: id and key. Raises ValueError."""
    algorithm, _, rest = text.strip().partition(":")
    of, _, encoded = rest.partition(":")
    if algorithm != ALGORITHM:
        raise ValueError(f"{text[:40]!r} is not a key: it must begin with {ALGORITHM}:")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(f"key {of[:16]!r} is not base64: {error}") from None
    if len(key) != SIZE:
        raise ValueError(f"key {of[:16]!r} has {len(key)} octets, not {SIZE}")
    return of, key


def read_public(text: str) -> tuple[str, bytes]:
    """Read a public key, whose id must be its own: a slip of the pen is found here. Raises ValueError."""
    of, key = read_key(text)
    if of != key_id(key):
        raise ValueError(f"key {of[:16]!r} is damaged: by its octets it is {key_id(key)}")
    return of, key
