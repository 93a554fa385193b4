"""Hints: what the stream tells of, taken in order; and what stands behind those that do not carry it.

Used by the replica, which reads them. A hint decides nothing: its record is believed by the ledger or not at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gslb.store.changes import EVERYTHING
from gslb.store.envelope import RefusedError, peek
from gslb.store.ledger import Ledger, MissingError
from gslb.store.redis import layout, snapshot
from gslb.store.redis.connection import Wire
from gslb.store.redis.layout import Layout
from gslb.store.state import Hint

_ON_ITS_WAY: Final = 10_000  # milliseconds, which versions of the book are: longer than any hint takes
_SLICE: Final = 0.005  # seconds of reading records before others have a turn


@dataclass(slots=True)
class Wanted:
    """What must be fetched: probers' votes, their leases, sites' words, the book and the newest version."""

    votes: set[str] = field(default_factory=set)
    leases: set[str] = field(default_factory=set)
    pushes: set[str] = field(default_factory=set)
    book: bool = False


class Hints:
    """Whatever is believed of hints goes to `tell`."""

    def __init__(self, keys: Layout, ledger: Ledger, tell: Callable[[Hint], None]) -> None:
        self._keys, self._ledger, self._tell = keys, ledger, tell

    async def take(self, wire: Wire, entries: Iterable[tuple[Sequence[Any], bool]], now: float) -> None:
        """Take the contents of hints in order, and whether leases were read after it; then fetch what they did not carry."""
        wanted = Wanted()
        for words, reflected in entries:
            said = snapshot.fields(words)
            kind, writer, name = (_text(said.get(key)) for key in ("k", "w", "f"))
            if len(writer) <= layout.NAME and not (reflected and kind == "lease"):  # a lease that was overtaken by the next one is no replay
                self._take_one(kind, writer, name, said.get("r", b""), wanted, now)
        await self.fetch(wire, wanted, now)

    def tell(self, hint: Hint | None) -> None:
        """Tell of what has changed, if anything."""
        if hint is not None:
            self._tell(hint)

    async def fetch(self, wire: Wire, wanted: Wanted, now: float) -> None:
        """Read what is wanted, within bounds."""
        keys = self._keys
        hashes = {keys.votes(name): ("votes", name, layout.CHANGES + layout.PARTS) for name in _some(wanted.votes)}
        hashes |= {keys.push(name): ("push", name, layout.PUSHES) for name in _some(wanted.pushes)}
        for key, fields in (await snapshot.hashes(wire, hashes, self._ledger.refuse)).items() if hashes else ():
            kind, name, _ = hashes[key]
            if kind == "votes":
                self.tell(await in_slices(self._ledger.vote_steps(name, fields)))
            elif [place for place, record in fields.items() if self._ledger.take_push(name, place, record)]:
                self.tell(EVERYTHING)
        names = _some(wanted.leases)
        if names or wanted.book:
            keys_read = [keys.book, keys.bundle, *map(keys.lease, names)]
            book, bundle, *leases = await wire.ask_each([snapshot.string(key) for key in keys_read])
            self.tell(EVERYTHING if self._ledger.take_book(snapshot.octets(book)) else None)
            self.tell(EVERYTHING if self._ledger.bundles.take(snapshot.octets(bundle)) else None)
            self.tell(self._ledger.take_leases(dict(zip(names, map(snapshot.octets, leases), strict=True)), now)[0])

    def _take_one(self, kind: str, writer: str, name: str, record: bytes, wanted: Wanted, now: float) -> None:  # noqa: PLR0917  as a hint has them
        match kind:
            case "votes" if record:
                try:
                    self.tell(self._ledger.take_change(writer, record))
                except MissingError:
                    wanted.votes.add(writer)
            case "lease" if record:
                self.tell(self._ledger.take_leases({writer: record}, now)[0])
            case "book" if record:
                self.tell(EVERYTHING if not self._overtaken(record) and self._ledger.take_book(record) else None)
            case "push" if record:
                self.tell(EVERYTHING if self._ledger.take_push(writer, name, record) else None)
            case "bundle" if record:
                self.tell(EVERYTHING if not self._older(record) and self._ledger.bundles.take(record) else None)
            case "votes":
                wanted.votes.add(writer)
            case "lease":
                wanted.leases.add(writer)
            case "push":
                wanted.pushes.add(writer)
            case "book" | "bundle":
                wanted.book = True
            case _:
                pass  # of a later version

    def _older(self, record: bytes) -> bool:
        """Whether a later version was published or read here while this one was on its way: what stands in the store is looked at now and then."""
        try:
            return peek(record).epoch < self._ledger.bundles.newest.version
        except RefusedError:
            return False

    def _overtaken(self, record: bytes) -> bool:
        """Whether a later book was written or read here while this one was on its way; one from long before is left for the ledger to refuse."""
        try:
            return 0 < self._ledger.overrides.version - peek(record).epoch < _ON_ITS_WAY
        except RefusedError:
            return False


async def in_slices(steps: Generator[None, None, Hint | None]) -> Hint | None:
    """Let the ledger read, a slice at a time: others go on meanwhile."""
    end = time.monotonic() + _SLICE
    while True:
        try:
            next(steps)
        except StopIteration as over:
            return over.value  # type: ignore[no-any-return]  # a generator's value is not typed here
        if time.monotonic() > end:
            await asyncio.sleep(0)
            end = time.monotonic() + _SLICE


def _some(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name)[: layout.NAMES]


def _text(octets: bytes | None) -> str:
    return (octets or b"").decode(errors="replace")
