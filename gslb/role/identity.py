"""Who this process is towards a shared store: made from the settings (`keys`) by control and by `gslb probe`.

Without `keys.trust` nothing is verified and everybody who can write into the store is believed; that is said once, at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gslb import log
from gslb.config import keys as keys_file
from gslb.config.settings import Settings
from gslb.errors import ConfigError, UsageError
from gslb.store.envelope import Anybody, Keyring, Signer
from gslb.store.identity import Identity
from gslb.store.trust import Trust

LONGEST: Final = 64  # characters of a name in the store


def of(settings: Settings) -> Identity:
    """Read the keys. Raises UsageError and ConfigError."""
    shared = not settings.store.startswith("memory:")
    for what, name in (("node", settings.node), ("probe.name", settings.probe_name)):
        if shared and len(name) > LONGEST:
            raise UsageError(f"{what}: {name[:80]!r} is too long for a shared store, at most {LONGEST} characters")
    if shared and settings.keys.trust is None:
        log.warning("nothing that is read from the store is verified: whoever can write there decides what is up", advice="set keys.trust")
    return Identity(settings.node, MappingProxyType(_signers(settings)), _keyring(settings.keys.trust), settings.state_dir)


def _signers(settings: Settings) -> dict[str, Signer]:
    """Read the private keys that are held here."""
    given = settings.keys
    wanted = {"prober": (given.prober, settings.probe_name), "operator": (given.operator, ""), "site": (given.site, "")}
    if not any(path for path, _ in wanted.values()):
        return {}
    from gslb.store.keys import read_signer  # noqa: PLC0415  60 ms that a start without keys need not pay

    return {writer: read_signer(path, name) for writer, (path, name) in wanted.items() if path is not None}


def _keyring(path: Path | None) -> Keyring:
    """Read the public keys."""
    if path is None:
        return Anybody()
    from gslb.store.keys import PublicKeys  # noqa: PLC0415  as above

    watch = _watch(path)
    return PublicKeys(keys_file.load(path), watch)


def _watch(path: Path) -> Callable[[], Trust | None]:
    """Return what gives the keys anew when the file has changed; a file that makes no sense changes nothing."""
    seen = _stamp(path)

    def again() -> Trust | None:
        nonlocal seen
        stamp = _stamp(path)
        if stamp == seen:
            return None
        seen = stamp
        try:
            trust = keys_file.load(path)
        except ConfigError as error:
            log.error("keys have changed, and cannot be read: those from before are believed", file=str(path), reason=str(error))
            return None
        log.info("keys have changed", file=str(path), names=sum(map(len, trust.values())))
        return trust

    return again


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
