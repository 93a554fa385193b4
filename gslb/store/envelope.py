"""Envelopes: one record of the shared store, whole, signed by whoever wrote it.

What a prober, an operator or a site says goes into the store sealed, and nothing is believed that does not unseal: an envelope names its kind,
its signer and its place in the signer's order (epoch, then sequence; forward only), all under the signature. Pure but for the mathematics.

    record    = b"g1" signature payload        signature: 64 octets, Ed25519 over CONTEXT + payload; all zero where nothing is signed
    payload   = header LF body                 header: JSON [kind, signer, key, epoch, sequence, part, parts]; body: zlib of JSON
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

MAGIC: Final = b"g1"  # another layout is another magic, and unreadable to this one
CONTEXT: Final = b"gslb envelope 1\0"  # what is signed here can be mistaken for nothing else that the same key signs
UNSIGNED: Final = bytes(64)
LARGEST: Final = 128 << 10  # octets of a record: a part of BATCH votes takes 40 KB at worst; longer ones were not written by us
INFLATED: Final = 1 << 20  # octets of a body: what a small record may cost whoever reads it
HEADER: Final = 512  # octets
_NAME: Final = 64  # characters of a signer's or a key's name

KINDS: Final = ("votes", "all", "lease", "book", "push", "bundle")  # changed votes; a part of all; a lease; overrides; a site's word; a version
REASONS: Final = ("size", "format", "kind", "unsigned", "signer", "signature", "replayed", "unproven", "content")  # metric label


class RefusedError(ValueError):
    """A record that is not believed; `reason` is one of REASONS, the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Header(NamedTuple):
    """Who says it, and after what. `part` of `parts`: all votes are more than one record takes. `key`: which of the signer's keys signed."""

    kind: str
    signer: str
    key: str
    epoch: int
    sequence: int
    part: int = 0
    parts: int = 1


class Signer(Protocol):
    """Whoever holds a private key. `key` is its id, "" for the one that signs nothing."""

    @property
    def name(self) -> str:
        """Who it is."""
        ...

    @property
    def key(self) -> str:
        """Which of its keys."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return 64 octets."""
        ...


class Keyring(Protocol):
    """Whoever knows public keys."""

    def verify(self, header: Header, signature: bytes, message: bytes) -> None:
        """Return when the signer is known for this kind and the signature is good. Raises RefusedError."""
        ...

    def trusts(self, writer: str, name: str, key: str) -> bool:
        """Whether this key of that prober, operator or site is believed."""
        ...

    def names(self, writer: str) -> tuple[str, ...]:
        """All probers, operators or sites that are known, sorted; none where anybody is believed."""
        ...

    def place(self, prober: str) -> str:
        """Where a prober stands for certain, "" where its own word is taken."""
        ...

    def refresh(self) -> bool:
        """Look whether keys have come or gone; whether they have."""
        ...


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The signer of a lab without keys."""

    name: str
    key: str = ""

    def sign(self, _message: bytes) -> bytes:
        """Return no signature."""
        return UNSIGNED


@dataclass(frozen=True, slots=True)
class Anybody:
    """The keyring of a lab without keys: believes everybody, and says so in `gslb status`."""

    def verify(self, header: Header, signature: bytes, message: bytes) -> None:
        """Return always."""

    def trusts(self, _writer: str, _name: str, _key: str) -> bool:
        """Whether it is believed: anybody is."""
        return True

    def names(self, _writer: str) -> tuple[str, ...]:
        """Nobody is known."""
        return ()

    def place(self, _prober: str) -> str:
        """Its own word is taken."""
        return ""

    def refresh(self) -> bool:
        """There is nothing to look at."""
        return False


def seal(header: Header, content: Any, signer: Signer) -> bytes:
    """Write a record; signer and key in the header are the signer's. Raises ValueError where it would be too large to be read."""
    header = header._replace(signer=signer.name, key=signer.key)
    body = zlib.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(errors="replace"), 1)
    payload = json.dumps(header, separators=(",", ":")).encode() + b"\n" + body
    record = MAGIC + signer.sign(CONTEXT + payload) + payload
    if len(record) > LARGEST:
        raise ValueError(f"a record of {len(record)} octets, at most {LARGEST}")
    return record


def peek(record: bytes) -> Header:
    """Read what a record says of itself, unproven. Raises RefusedError."""
    return _split(record)[0]


def unseal(record: bytes, keyring: Keyring) -> tuple[Header, Any]:
    """Read a record, once its signature is good. Raises RefusedError."""
    header, payload, body = _split(record)
    keyring.verify(header, record[len(MAGIC) : len(MAGIC) + 64], CONTEXT + payload)
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(body, INFLATED)
        if not inflater.eof:
            raise RefusedError("size", f"a body cut short, or of more than {INFLATED} octets")
        return header, json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError("format", f"a body that cannot be read: {error}") from None


def _split(record: bytes) -> tuple[Header, bytes, bytes]:
    """Take a record apart: header, payload, body. Raises RefusedError."""
    if len(record) > LARGEST:
        raise RefusedError("size", f"a record of {len(record)} octets, at most {LARGEST}")
    payload = record[len(MAGIC) + 64 :]
    end = payload.find(b"\n", 0, HEADER)
    if not record.startswith(MAGIC) or end < 0:
        raise RefusedError("format", "no record of this layout")
    try:
        header = Header(*json.loads(payload[:end]))
    except (ValueError, TypeError, RecursionError) as error:
        raise RefusedError("format", f"no header: {error}") from None
    texts, numbers = header[:3], header[3:]
    if any(type(text) is not str or len(text) > _NAME for text in texts) or any(type(n) is not int or not 0 <= n < 1 << 63 for n in numbers):
        raise RefusedError("format", "a header of other things than names and numbers")
    if header.kind not in KINDS or header.part >= header.parts:
        raise RefusedError("kind", f"a record of the unknown kind {header.kind!r}")
    return header, payload, payload[end + 1 :]
