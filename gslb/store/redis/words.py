"""The book of operators' words, written under an optimistic lock: whoever has not read the last version writes nothing.

Used by the store, over its link. The book is one record; its version is the store's clock in milliseconds, and never less than the last one and one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from gslb.errors import StoreError
from gslb.override import Word
from gslb.store import book
from gslb.store.envelope import Header, RefusedError, Signer, Unsigned, seal, unseal
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.redis.connection import Command, Wire
from gslb.store.redis.layout import AUDIT, Layout
from gslb.store.redis.snapshot import octets, string
from gslb.store.redis.watch import Watch
from gslb.store.state import Overrides, OvertakenError

_TRIES: Final = 5  # others write at the same time after a wipe: each of them what it remembers


class Words:
    """All operators' words of one store."""

    def __init__(self, keys: Layout, identity: Identity, ledger: Ledger) -> None:
        self._keys, self._identity, self._ledger = keys, identity, ledger
        self._stored = b""  # the book as it was read last

    async def say(self, wire: Wire, words: Sequence[Word], version: int) -> list[Any]:
        """Write words at this version; the answers to hints. Raises OvertakenError, StoreError."""
        signer = self._signer()
        async with Watch(wire, self._keys.book) as watch:
            now = await self._now(wire)
            if self._ledger.overrides.version != version:
                raise OvertakenError("overrides were changed by somebody else meanwhile")
            commands = self._written(self._ledger.overrides.with_words(words, now), signer, now)
            entry = {"time": round(now, 3), "by": signer.name, "version": self._ledger.overrides.version, "words": book.rows(words)}
            commands.insert(1, ("XADD", self._keys.audit, "MAXLEN", "~", AUDIT, "*", "e", json.dumps(entry, ensure_ascii=False)))
            answers = await watch.write(commands)
        if answers is None:
            raise OvertakenError("overrides were changed by somebody else meanwhile")
        self._ledger.take_book(commands[0][2])
        return answers

    async def remind(self, wire: Wire, words: Iterable[Word], sealed: bytes) -> list[Any]:
        """Bring back what the store has lost; the answers to hints, none where nothing was written. Raises StoreError."""
        words = tuple(words)
        for _ in range(_TRIES):
            async with Watch(wire, self._keys.book) as watch:
                now = await self._now(wire)
                commands = self._brought_back(self._stored, words, sealed, now)
                if not commands:
                    return []
                answers = await watch.write(commands)
            if answers is not None:
                self._ledger.take_book(commands[0][2])
                return answers
        raise StoreError("overrides were changed by others again and again")

    async def _now(self, wire: Wire) -> float:
        """Read the book and the clock; the ledger believes what it may."""
        record, clock = await wire.ask_each([string(self._keys.book), ("TIME",)])
        self._stored = octets(record)
        self._ledger.take_book(self._stored)
        return int(clock[0]) + int(clock[1]) / 1e6

    def _brought_back(self, stored: bytes, words: Sequence[Word], sealed: bytes, now: float) -> list[Command]:
        """Return the commands that bring back what is missing: a signed book as it is, and what is younger than it by whoever may write."""
        best, at = b"", self._version(stored)
        for record in (sealed, self._ledger.overrides.sealed):
            if self._version(record) > at:
                best, at = record, self._version(record)
        if best:
            self._ledger.take_book(best)
        known = self._ledger.overrides
        news = [word for word in words if word.key not in known.words or word.since > known.words[word.key].since]
        lost = self._version(stored) < known.version
        if (news or (lost and not best)) and (not self._identity.signed or "operator" in self._identity.signers):
            return self._written(known.with_words(news, now), self._signer(), now)
        return [("SET", self._keys.book, best), *self._keys.hint("book", self._identity.node, best)] if best else []

    def _version(self, record: bytes) -> int:
        """Return a book's version, 0 where it cannot be believed."""
        try:
            header, content = unseal(record, self._identity.keyring) if record else (None, None)
            return book.read(content).version if header and header.kind == "book" else 0  # whatever else is signed is no book
        except RefusedError:
            return 0

    def _written(self, overrides: Overrides, signer: Signer, now: float) -> list[Command]:
        """Return the commands that write a book, the record first. Raises StoreError where nobody would believe it."""
        overrides = replace(overrides, version=max(int(now * 1000), self._ledger.overrides.version + 1))
        try:
            record = seal(Header("book", "", "", overrides.version, 0), book.content(overrides), signer)
            unseal(record, self._identity.keyring)
        except RefusedError as error:
            raise StoreError(f"nobody would believe operator {signer.name}: {error}") from error
        except ValueError as error:
            raise StoreError(f"the words of operators do not fit: {error}") from error
        return [("SET", self._keys.book, record), *self._keys.hint("book", signer.name, record)]

    def _signer(self) -> Signer:
        signer = self._identity.signers.get("operator")
        if signer is None and self._identity.signed:
            raise StoreError("this node holds no operator's key")
        return signer or Unsigned(self._identity.node)
