"""The writer: puts commands into the store as one, over the link, and remembers what the next reading here must hold.

Used by the store and its probers.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from gslb import metrics
from gslb.errors import StoreError
from gslb.store.envelope import Signer, Unsigned
from gslb.store.identity import Identity
from gslb.store.redis.connection import Command, done
from gslb.store.redis.link import Link


class Ticket(NamedTuple):
    """A write: its hint's number, None where it has none, and when it was done (steady)."""

    number: int | None
    at: float


class Writer:
    """Over one link. `seen`: waits until what was written is known here too."""

    def __init__(self, link: Link, seen: Callable[[Ticket], Awaitable[None]]) -> None:
        self.link = link
        self.ticket: Ticket | None = None
        self._seen = seen

    async def write(self, commands: Sequence[Command], hints: int = 0) -> list[Any]:
        """Do all of it as one; the last `hints` commands tell of it. Raises StoreError."""
        answers = await self.link.use(lambda wire: wire.transaction(commands)) or []
        self.check(answers, hints)
        return answers

    def check(self, answers: Sequence[Any], hints: int) -> None:
        """Make sure that all was done. A hint that failed is no failure: readers find what was written, a second later. Raises DeniedError."""
        done(answers[: len(answers) - hints])
        if hints:
            self.note(answers[-2:])
        metrics.store_up.set(1)

    def note(self, hint: Sequence[Any]) -> None:
        """Remember the number of a hint of ours: the next reading must hold what it tells of."""
        if hint:
            self.ticket = Ticket(hint[0] if isinstance(hint[0], int) else None, time.monotonic())

    async def seen(self) -> None:
        """Wait, for a moment, until what was written is known here too, so that it is in the next hint and reading."""
        if self.ticket:
            await self._seen(self.ticket)


@contextmanager
def sealing() -> Iterator[None]:
    """Say as a StoreError that something cannot be written: it is too large, or no number."""
    try:
        yield
    except ValueError as error:
        raise StoreError(f"this cannot be written into the store: {error}") from error


def signer_of(identity: Identity, writer: str, name: str) -> Signer:
    """Return who signs for this name. Raises StoreError where nobody here can."""
    signer = identity.signers.get(writer)
    if signer is None and identity.signed:
        raise StoreError(f"this node holds no {writer}'s key")
    if signer is not None and signer.name != name:
        raise StoreError(f"the {writer}'s key held here is that of {signer.name}, not of {name}")
    return signer or Unsigned(name)
