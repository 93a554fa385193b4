"""Tokens: who may use the API from elsewhere. The file holds digests only; a token is shown once, when it is made.

Made, listed and revoked by `gslb token`, checked by the door. A token is 32 random octets, so a plain SHA-256 of it cannot be guessed back; all
digests are compared, each in constant time. The file is read again when it changes; one that makes no sense changes nothing, loudly.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gslb import log
from gslb.api.service import Scope
from gslb.config import files, yaml12
from gslb.errors import ConfigError, Problems, UsageError, Where

PREFIX: Final = "gslb_"  # so that people and scanners of secrets know one when they see it
OCTETS: Final = 32
MOST: Final = 1000
LOOK: Final = 1.0  # seconds between looks at the file
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}").fullmatch
_ZONE: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*").fullmatch
_KEYS: Final = frozenset({"hash", "scope", "zones", "created", "expires"})
_HEAD: Final = "# Tokens of the API of gslb, by name: made and revoked by `gslb token`. The tokens themselves are written nowhere.\n"


@dataclass(frozen=True, slots=True)
class Token:
    """One token, as the file knows it. Times are seconds since 1970; `expires` None = never."""

    name: str
    digest: str
    scope: Scope
    zones: tuple[str, ...] = ()
    created: float = 0.0
    expires: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires


class Tokens:
    """The tokens of one file; None = there are none."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        """Read the file. Raises ConfigError."""
        self._path, self._clock = path, clock
        self._found = load(path) if path else {}
        self._stamp = _stamp(path)
        self._looked = time.monotonic()

    def find(self, secret: str) -> Token | None:
        """Return whose token this is, expired or not; None where nobody's."""
        self._look()
        digest, found = digest_of(secret), None
        for token in self._found.values():  # all of them, so that time tells nothing
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def _look(self) -> None:
        if self._path is None or time.monotonic() < self._looked + LOOK:
            return
        self._looked = time.monotonic()
        if (stamp := _stamp(self._path)) == self._stamp:
            return
        self._stamp = stamp
        try:
            self._found = load(self._path)
        except ConfigError as error:
            log.error("tokens have changed, and cannot be read: those from before count", file=str(self._path), reason=str(error))
        else:
            log.info("tokens have changed", file=str(self._path), tokens=len(self._found))


def digest_of(secret: str) -> str:
    """Return what the file knows of a token."""
    return "sha256:" + hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def load(path: Path) -> dict[str, Token]:
    """Read a file; one that is not there yet holds none. Raises ConfigError with every mistake."""
    if not path.exists():
        return {}
    problems = Problems()
    source = files.read(path, problems)
    document = yaml12.load(source.name, source.text, problems) if source else None
    found: dict[str, Token] = {}
    value = document.value if document else None
    if document is not None and value is not None and not isinstance(value, dict):
        problems.error("S001", "a file of tokens is a mapping from names to tokens", document.root.where)
        value = None
    for name, given in (value or {}).items():
        assert document is not None
        try:
            found[name] = _token(name, given)
        except ValueError as error:
            problems.error("S003", f"token {name!r}: {error}", document.root.child(name).where, "make tokens with `gslb token create`")
    if len(found) > MOST:
        problems.error("S003", f"more than {MOST} tokens", Where(str(path)), "revoke those that nobody uses")
    if problems.fatal:
        raise ConfigError(tuple(problems.found))
    return found


def create(path: Path, name: str, scope: Scope, zones: tuple[str, ...] = (), expires: float | None = None) -> str:
    """Make a token and return it: nobody can find out later what it was. Raises UsageError, ConfigError."""
    if not _NAME(name):
        raise UsageError(f"{name!r} cannot be a token's name: up to 64 letters, digits, dots, @, - and _")
    wrong = [zone for zone in zones if not _ZONE(zone)]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is not a zone's name: write example.com")
    known = load(path)
    if name in known:
        raise UsageError(f"there is a token {name!r} already: revoke it first, or choose another name")
    secret = PREFIX + secrets.token_urlsafe(OCTETS)
    _save(path, known | {name: Token(name, digest_of(secret), scope, zones, time.time(), expires)})
    return secret


def revoke(path: Path, name: str) -> None:
    """Take a token away; a running service heeds it within a second or two. Raises UsageError, ConfigError."""
    known = load(path)
    if name not in known:
        raise UsageError(f"there is no token {name!r}: there are {', '.join(sorted(known)) or 'none'}")
    del known[name]
    _save(path, known)


def _token(name: object, given: object) -> Token:
    """Read one entry. Raises ValueError."""
    if not isinstance(name, str) or not _NAME(name):
        raise ValueError("not a name: up to 64 letters, digits, dots, @, - and _")
    if not isinstance(given, Mapping) or not given.keys() <= _KEYS or not {"hash", "scope"} <= given.keys():
        raise ValueError(f"must have hash and scope, and may have {', '.join(sorted(_KEYS - {'hash', 'scope'}))}")
    if not isinstance(given["hash"], str) or not _DIGEST(given["hash"]):
        raise ValueError("hash is not sha256: and 64 hexadecimal digits")
    if given["scope"] not in list(Scope):
        raise ValueError(f"scope must be one of {', '.join(Scope)}")
    zones = given.get("zones") or []
    if not isinstance(zones, list) or not all(isinstance(zone, str) and _ZONE(zone) for zone in zones):
        raise ValueError("zones must be a list of names such as example.com")
    expires = given.get("expires")
    return Token(name, given["hash"], Scope(given["scope"]), tuple(zones), _time(given.get("created")) or 0.0, _time(expires))


def _time(text: object) -> float | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("a time must be text such as 2026-12-24T18:00:00Z; quote it")  # noqa: TRY004  one kind of error for one kind of mistake
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def told(moment: float | None) -> str | None:
    """Write a time as the file does."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _save(path: Path, tokens: Mapping[str, Token]) -> None:
    """Write the file whole, for nobody else's eyes. Raises UsageError."""
    lines = []
    for name, token in sorted(tokens.items()):
        entry: dict[str, Any] = {"hash": token.digest, "scope": token.scope.value, "zones": list(token.zones)}
        entry |= {"created": told(token.created), "expires": told(token.expires)}
        lines.append(f"{json.dumps(name)}: {json.dumps(entry)}\n")
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_HEAD + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            before = path.stat()
            with contextlib.suppress(PermissionError):
                os.chown(beside, before.st_uid, before.st_gid)  # root writes it, another reads it: else a token that is revoked would go on to count
            os.chmod(beside, before.st_mode & 0o777)  # noqa: PTH101  the service may read it by its group
        Path(beside).replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None
