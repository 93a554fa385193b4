"""Keys that are watched while something is decided by them, and let go of however that ends.

Used by words and versions, for writing under an optimistic lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from gslb.store.redis.connection import Command, Wire, done


class Watch:
    """Some keys, over one wire, within an `async with`."""

    def __init__(self, wire: Wire, *keys: str) -> None:
        self._wire, self._keys = wire, keys
        self._watching = False

    async def write(self, commands: Sequence[Command]) -> list[Any] | None:
        """Write unless one of them has changed: then None. The last two commands are hints, which may fail. Raises StoreError."""
        self._watching = False
        answers = await self._wire.transaction(commands)
        if answers is not None:
            done(answers[:-2])
        return answers

    async def __aenter__(self) -> Self:
        await self._wire.ask("WATCH", *self._keys)
        self._watching = True
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._watching:
            await self._wire.ask("UNWATCH")
