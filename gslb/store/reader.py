"""The reader of a store's records: opens what is genuine, and counts whatever is not believed, once for each record.

Used by the ledger and its parts. Each (writer, reason) gets one line in the log. Writers' names come from the store, so all that is kept of them
is bounded, and the log is no way to fill a disk.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from gslb import log, metrics
from gslb.store.envelope import Header, RefusedError, peek, unseal
from gslb.store.identity import Identity

LINES: Final = 256  # pairs of writer and reason that get a line in the log
PLACES: Final = 8192  # places whose refused record is remembered, so that it is counted once: a few hundred probers' hashes full of rubbish

Heard = Callable[[str, str, str], None]  # (reason, kind, writer) of a refusal


class Place(NamedTuple):
    """Where a record stands: what kind of record belongs there, whose, and in which field or other part of the store."""

    kind: str
    writer: str
    field: str = ""


class Reader:
    """Of one store, for one identity."""

    def __init__(self, identity: Identity, heard: Heard) -> None:
        self.identity = identity
        self._heard = heard
        self._counts: Counter[str] = Counter()
        self._said: set[tuple[str, str]] = set()
        self._refused: dict[Place, tuple[bytes, str]] = {}  # digest of the record, and why

    @property
    def counts(self) -> Mapping[str, int]:
        """How many records were refused, by reason."""
        return dict(self._counts)

    def refused(self, place: Place, record: bytes) -> bool:
        """Whether this very record was already refused there: it is not read again. What came too late may still be a part of something newer."""
        before, reason = self._refused.get(place, (b"", ""))
        return reason not in ("", "replayed") and before == _digest(record)

    def forgive(self) -> None:
        """Read again whatever was refused: keys have come or gone."""
        self._refused.clear()

    def open(self, place: Place, record: bytes, *others: str) -> tuple[Header, Any]:
        """Verify and read a record, which must be the writer's own and of the place's kind, or of one of the others. Raises RefusedError."""
        header = peek(record)
        if header.kind != place.kind and header.kind not in others:
            raise RefusedError("kind", f"a record of the kind {header.kind!r} where {place.kind!r} belongs")
        if header.signer != place.writer:
            raise RefusedError("signer", f"a record of {header.signer!r} in the place of {place.writer!r}")
        return unseal(record, self.identity.keyring)

    def refuse(self, error: RefusedError, place: Place, record: bytes) -> None:
        """Count a record that is not believed; once where it stands."""
        refusal = _digest(record), error.reason
        if self._refused.get(place) == refusal:
            return
        if len(self._refused) >= PLACES:
            self._refused.clear()
        self._refused[place] = refusal
        self._counts[error.reason] += 1
        metrics.store_refused.labels(error.reason).inc()
        self._heard(error.reason, place.kind, place.writer)
        if (place.writer, error.reason) not in self._said and len(self._said) < LINES:
            self._said.add((place.writer, error.reason))
            log.warning("a record of the store is refused; more of the same are only counted", **place._asdict(), reason=error.reason, why=str(error))


def _digest(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=16).digest()
