"""Keys: Ed25519 (RFC 8032) under everything that probers, operators and sites write into a shared store.

Private keys are made by `gslb key generate` and read by the role that signs; public ones are what a nameserver believes. A nameserver holds no
private key but an operator's on the machines where operators work, so that it can forge nothing, whoever breaks into it. The one home of the
`cryptography` package.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gslb import log
from gslb.errors import UsageError
from gslb.store.envelope import UNSIGNED, Header, RefusedError
from gslb.store.identity import WRITERS
from gslb.store.trust import Known, Trust, key_id, read_key, write_key

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of whoever holds a key: a word in a file, in a key of Redis and in a log line
_LINE: Final = "gslb-private-key"
_LONGEST: Final = 4096  # octets of a file with a key


class PrivateKey:
    """Whoever holds one signs in its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.name = name
        self.key = key_id(self._public)

    def sign(self, message: bytes) -> bytes:
        """Return 64 octets."""
        return self._private.sign(message)

    @property
    def public(self) -> str:
        """The public key as one line."""
        return write_key(self._public, self.key)


class PublicKeys:
    """The keyring of whoever believes signatures only. `again`: what is to be believed from now on, None where nothing has changed."""

    def __init__(self, trust: Trust, again: Callable[[], Trust | None] = lambda: None) -> None:
        self._again = again
        self._take(trust)

    def verify(self, header: Header, signature: bytes, message: bytes) -> None:
        """Return when the signer is known for this kind and the signature is good. Raises RefusedError."""
        writer = WRITERS[header.kind]
        if signature == UNSIGNED:
            raise RefusedError("unsigned", f"nothing signed by {header.signer!r}")
        key = self._keys.get((writer, header.signer, header.key))
        if key is None:
            known = "a key that is not among its own" if header.signer in self._trust[writer] else f"no {writer} that is known"
            raise RefusedError("signer", f"{header.signer!r} with key {header.key!r}: {known}")
        try:
            key.verify(signature, message)
        except InvalidSignature:
            raise RefusedError("signature", f"not signed by {header.signer!r}: forged, or altered on its way") from None

    def trusts(self, writer: str, name: str, key: str) -> bool:
        """Whether this key of that prober, operator or site is believed."""
        return (writer, name, key) in self._keys

    def names(self, writer: str) -> tuple[str, ...]:
        """All probers, operators or sites that are known, sorted."""
        return tuple(sorted(self._trust[writer]))

    def place(self, prober: str) -> str:
        """Where a prober stands for certain, "" where its own word is taken."""
        known = self._trust["prober"].get(prober)
        return known.place if known else ""

    def refresh(self) -> bool:
        """Look whether keys have come or gone; whether they have."""
        trust = self._again()
        if trust is None:
            return False
        self._take(trust)
        return True

    def _take(self, trust: Trust) -> None:
        self._trust: dict[str, dict[str, Known]] = {writer: dict(trust.get(writer, {})) for writer in dict.fromkeys(WRITERS.values())}
        self._keys = {
            (writer, name, of): Ed25519PublicKey.from_public_bytes(octets)
            for writer, names in self._trust.items()
            for name, known in names.items()
            for of, octets in known.keys.items()
        }


def generate(name: str) -> tuple[str, str]:
    """Make a key: the text of its file, which nobody else may read, and the public line for `keys.yaml`. Raises UsageError for an odd name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a key: letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit")
    seed = Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    made = PrivateKey(name, seed)
    text = (
        f"# The private key of {name}: whoever can read this speaks in that name. Mode 0600; never copied, a new one is made in a second.\n"
        f"# Public, for keys.yaml: {made.public}\n"
        f"{_LINE} {name} {write_key(seed, made.key)}\n"
    )
    return text, made.public


def read_signer(path: Path, name: str = "") -> PrivateKey:
    """Read a file that `generate` wrote; `name`: whose key it must be, "" = whoever's. Raises UsageError, which never repeats the key."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode()
            open_to_all = path.stat().st_mode & 0o007
    except OSError as error:
        raise UsageError(f"no private key: {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} holds no private key: make one with `gslb key generate`") from None
    words = [line.split() for line in text.splitlines() if line.startswith(_LINE)]
    if len(words) != 1 or len(words[0]) != 3 or not NAME.fullmatch(words[0][1]):
        raise UsageError(f"{path} holds no private key: make one with `gslb key generate`")
    try:
        of, seed = read_key(words[0][2])
    except ValueError:
        raise UsageError(f"{path}: its private key is damaged; make a new one with `gslb key generate`") from None
    signer = PrivateKey(words[0][1], seed)
    if signer.key != of:
        raise UsageError(f"{path}: its private key is damaged; make a new one with `gslb key generate`")
    if name and signer.name != name:
        raise UsageError(f"{path} is the private key of {signer.name!r}, and {name!r} would sign with it")
    if open_to_all:
        log.warning("a private key can be read by everybody on this machine", file=str(path), advice=f"chmod 600 {path}")
    return signer
