"""Published versions in the store: put there whole or not at all, read back whole or not at all.

Used by the store, over its link. The packed files go up first, in pieces, under a key of their own that nobody reads; then one MULTI gives them
their name, writes the record and tells everybody. Whoever reads takes the record first and believes no files but those that it names.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from functools import partial
from typing import Any

from gslb import bundle as words
from gslb import metrics
from gslb.bundle import Bundle, Head, Newest
from gslb.errors import StoreError
from gslb.store import bundles, parcel
from gslb.store.envelope import Header, RefusedError, Signer, Unsigned, seal
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.reader import Place
from gslb.store.redis import layout, snapshot
from gslb.store.redis.connection import Command, Wire, done
from gslb.store.redis.layout import Layout
from gslb.store.redis.snapshot import octets, string
from gslb.store.redis.watch import Watch
from gslb.store.redis.writer import Writer, sealing
from gslb.store.state import OvertakenError


class Versions:
    """All versions of one store."""

    def __init__(self, keys: Layout, identity: Identity, ledger: Ledger, writer: Writer) -> None:
        self._keys, self._identity, self._ledger, self._writer = keys, identity, ledger, writer

    # --- readers

    async def newest(self) -> Newest:
        """Look which is the newest. Raises StoreError."""
        record = octets(await self._writer.link.use(lambda wire: wire.ask(*string(self._keys.bundle))))
        if self._ledger.bundles.take(record):
            try:
                await asyncio.to_thread(self._ledger.save)
            except StoreError:
                metrics.state_writes_failed.inc()
        return self._ledger.bundles.newest

    async def heads(self) -> list[Head]:
        """Return all that are there and believed, newest first. Raises StoreError."""
        return [head for head, _ in (await self._writer.link.use(self._history)).values()]

    async def fetch(self, version: int) -> Bundle:
        """Read a version with its files. Raises StoreError."""
        newest, record = self._ledger.bundles.newest, self._ledger.bundles.record
        head = newest.head
        if head is None or version != head.version:
            head, record = (await self._writer.link.use(self._history)).get(version, (None, b""))
        if head is None:
            raise StoreError(f"there is no version {version} in the store")
        packed = await self._download(self._keys.parcel(head.digest))
        try:
            files = await asyncio.to_thread(parcel.unpack, packed, head)
        except RefusedError as error:
            if packed:  # a store that has lost them is no news
                self._ledger.refuse(error, Place("bundle", head.signed_by, head.digest))
            what = f"damaged: {error}" if packed else "not there"
            raise StoreError(f"the files of version {version} are {what}") from error
        return Bundle(head.version, head.at, head.author, head.message, files, head.based_on, head.signed_by, record)

    async def _history(self, wire: Wire) -> dict[int, tuple[Head, bytes]]:
        """Read all records, newest first; what is not believed is passed over and counted."""
        key = self._keys.bundles
        found = (await snapshot.hashes(wire, {key: ("bundle", "", layout.VERSIONS)}, self._ledger.refuse)).get(key, {})
        found = {**found, str(self._ledger.bundles.newest.version): self._ledger.bundles.record}
        read: dict[int, tuple[Head, bytes]] = {}
        for name, record in found.items():
            try:
                if record:
                    _, head = self._ledger.bundles.open(record)
                    if str(head.version) == name:
                        read[head.version] = head, record
            except RefusedError as error:
                self._ledger.refuse(error, Place("bundle", "", name))
        return dict(sorted(read.items(), reverse=True))

    async def _download(self, key: str) -> bytes:
        """Read a string piece by piece, and never more of it than there may be."""
        pieces: list[bytes] = []
        size = 0
        while size <= words.PACKED:
            piece = octets(await self._writer.link.use(partial(_piece, key=key, start=size)))
            pieces.append(piece)
            size += len(piece)
            if len(piece) < layout.PIECE:
                break
        return b"".join(pieces)

    # --- writers

    async def publish(self, bundle: Bundle, after: int, keep: int) -> tuple[Head, list[Any]]:
        """Put a version into the store; its head, and the answers to hints. Raises OvertakenError, StoreError."""
        signer = self._signer()
        with sealing():
            packed = await asyncio.to_thread(parcel.pack, bundle.files)
        uploaded = await self._uploaded(bundle, packed)

        async def work(wire: Wire) -> tuple[Head, list[Any]]:
            history = await self._history(wire)
            async with Watch(wire, self._keys.bundle, uploaded) as watch:
                now = await self._look(wire, after, uploaded)
                head = replace(bundle, at=now).head(signer.name, len(packed))
                record = self._sealed(head, signer)
                commands = [*self._put(uploaded, head, record), *self._forget(head, history, keep)]
                entry = json.dumps(bundles.audit(head), ensure_ascii=False)
                commands.append(("XADD", self._keys.audit, "MAXLEN", "~", layout.AUDIT, "*", "e", entry))
                answers = await watch.write([*commands, *self._keys.hint("bundle", signer.name, record)])
            if answers is None:
                raise OvertakenError("another version was published meanwhile")
            self._ledger.bundles.take(record)
            return head, answers

        return await self._writer.link.use(work)

    async def remind(self, bundle: Bundle) -> list[Any]:
        """Bring a version back where the store has lost it; the answers to hints, none where nothing was written. Raises StoreError."""
        head = bundle.head()
        if head.version > self._ledger.bundles.newest.version:
            self._ledger.bundles.know(bundle.sealed)
        if not bundle.sealed or not await self._writer.link.use(lambda wire: self._lacks(wire, head)):
            return []
        uploaded = await self._upload(await asyncio.to_thread(parcel.pack, bundle.files))

        async def work(wire: Wire) -> list[Any]:
            async with Watch(wire, self._keys.bundle, uploaded) as watch:
                if not await self._lacks(wire, head):
                    return []
                commands = [*self._put(uploaded, head, bundle.sealed), *self._keys.hint("bundle", self._identity.node, bundle.sealed)]
                return await watch.write(commands) or []  # somebody else was quicker

        return await self._writer.link.use(work)

    async def _lacks(self, wire: Wire, head: Head) -> bool:
        """Whether the store has lost this version and all newer ones, or its files. What stands there and cannot be verified here may be newer."""
        record, first = await wire.ask_each([string(self._keys.bundle), ("GETRANGE", self._keys.parcel(head.digest), 0, 0)])
        if isinstance(record, Exception):
            return False
        try:
            stands = self._ledger.bundles.open(record)[1].version if record else 0
        except RefusedError:
            return False
        return stands < head.version or (stands == head.version and first == b"")

    async def _look(self, wire: Wire, after: int, uploaded: str) -> float:
        """Make sure that what is watched is as it should be; the store's time. Raises OvertakenError, StoreError."""
        look = string(self._keys.bundle), ("GETRANGE", uploaded, 0, 0), ("TIME",), ("HLEN", self._keys.bundles)
        answers = await wire.ask_each(look)
        done(answers)  # a key of another type would let half of it be written
        record, first, clock, _ = answers
        self._ledger.bundles.take(record)
        if self._ledger.bundles.newest.version != after:
            raise OvertakenError(f"version {self._ledger.bundles.newest.version} was published meanwhile")
        if not first:
            raise OvertakenError("the store was wiped meanwhile")
        return int(clock[0]) + int(clock[1]) / 1e6

    async def _uploaded(self, bundle: Bundle, packed: bytes) -> str:
        """Return the key under which the files are in the store: what was read from there is there."""
        key = self._keys.parcel(bundle.digest)
        if bundle.sealed and await self._writer.link.use(lambda wire: wire.ask("GETRANGE", key, 0, 0)):
            return key
        return await self._upload(packed)

    async def _upload(self, packed: bytes) -> str:
        """Write packed files, in pieces, under a key that nobody reads."""
        key = self._keys.parcel(f"new-{secrets.token_hex(8)}")
        for start in range(0, len(packed), layout.PIECE):
            piece = packed[start : start + layout.PIECE]
            await self._writer.write([("APPEND", key, piece), ("EXPIRE", key, layout.UPLOADING)])
        return key

    def _put(self, uploaded: str, head: Head, record: bytes) -> list[Command]:
        """Return the commands that make a version the newest one."""
        key = self._keys.parcel(head.digest)
        named: list[Command] = [("RENAME", uploaded, key), ("PERSIST", key)] if uploaded != key else []
        return [*named, ("HSET", self._keys.bundles, head.version, record), ("SET", self._keys.bundle, record)]

    def _forget(self, head: Head, history: dict[int, tuple[Head, bytes]], keep: int) -> list[Command]:
        """Return the commands that take the oldest versions away: more than `keep`, or more than there is room for."""
        size, kept = head.packed, {head.digest}
        gone: list[Head] = []
        for number, (one, _) in enumerate(history.values(), 2):  # newest first, after the new one
            size += 0 if one.digest in kept else one.packed
            if gone or number > keep or size > layout.PARCELS:
                gone.append(one)
            else:
                kept.add(one.digest)
        parcels = {self._keys.parcel(one.digest) for one in gone if one.digest not in kept}
        forget: list[Command] = [("HDEL", self._keys.bundles, *(one.version for one in gone))] if gone else []
        return forget + ([("UNLINK", *sorted(parcels))] if parcels else [])

    def _sealed(self, head: Head, signer: Signer) -> bytes:
        """Sign a version. Raises StoreError where nobody would believe it."""
        if not self._ledger.bundles.newest.floor < head.version < words.VERSIONS:
            raise StoreError(f"version {head.version} cannot come after version {self._ledger.bundles.newest.floor}")
        try:
            with sealing():
                record = seal(Header("bundle", "", "", head.version, 0), bundles.content(head), signer)
            self._ledger.bundles.open(record)
        except RefusedError as error:
            raise StoreError(f"nobody would believe operator {signer.name}: {error}") from error
        return record

    def _signer(self) -> Signer:
        signer = self._identity.signers.get("operator")
        if signer is None and self._identity.signed:
            raise StoreError("no operator's key is held here (keys.operator): nobody would believe what is published")
        return signer or Unsigned(self._identity.node)


async def _piece(wire: Wire, key: str, start: int) -> Any:
    return await wire.ask("GETRANGE", key, start, start + layout.PIECE - 1)
