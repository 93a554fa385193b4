"""Challenges: numbers that a nameserver leaves in the store, so that whoever plays back old records is found out.

A replica poses one and renews it; a prober's lease answers every one that it finds (`gslb.store.ledger` says what is believed by that). Each stands
in a hash as `SECONDS:CHALLENGE`, the store's time when it was posed.
"""

from __future__ import annotations

import time
from typing import Any, Final

from gslb import log
from gslb.store.batch import ANSWERS
from gslb.store.ledger import Ledger
from gslb.store.redis.connection import Command, Wire
from gslb.store.redis.layout import NAME, NONCES, Layout

TURN: Final = 60.0  # seconds a challenge stands; the one before it still counts
ANSWERED: Final = 3600.0  # seconds for which one is answered; afterwards whoever posed it is gone, and it is taken away


class Challenges:
    """Those of one node."""

    def __init__(self, keys: Layout, node: str, ledger: Ledger) -> None:
        self._keys, self._node, self._ledger = keys, node, ledger
        self._posed = -TURN

    @property
    def due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() > self._posed + TURN

    async def pose(self, wire: Wire) -> None:
        """Pose a new one. Who may not write it believes no prober, and the log says so."""
        clock = await wire.ask("TIME")
        self._posed = time.monotonic()
        (answer,) = await wire.ask_each([("HSET", self._keys.nonces, self._node, f"{int(clock[0])}:{self._ledger.turn()}")])
        if isinstance(answer, Exception):
            log.warning("this node's challenge cannot be written: it believes no prober", reason=str(answer))

    async def forget(self, wire: Wire, now: float) -> None:
        """Take away those of nodes that are gone: probers answer every one that they find."""
        (found,) = await wire.ask_each([all_of(self._keys)])
        if isinstance(found, list):
            old = [name for name, value in zip(found[::2], found[1::2], strict=True) if _read(value)[0] < now - ANSWERED]
            if old:
                await wire.ask_each([("HDEL", self._keys.nonces, *old)])


def all_of(keys: Layout) -> Command:
    """Return the command that reads all challenges, and never more than so many."""
    return ("HRANDFIELD", keys.nonces, NONCES, "WITHVALUES")


def standing(found: Any, now: float) -> frozenset[str]:
    """Return the challenges that are to be answered, the newest where there are too many."""
    posed = [_read(value) for value in found[1::2]] if isinstance(found, list) else []
    fit = sorted((one for one in posed if abs(now - one[0]) < ANSWERED and 0 < len(one[1]) <= NAME), reverse=True)
    return frozenset(challenge for _, challenge in fit[:ANSWERS])


def _read(value: bytes) -> tuple[int, str]:
    """Return when it was posed, and what it is; long ago where it does not say."""
    at, _, challenge = value.partition(b":")
    return int(at) if at.isdigit() and len(at) < 16 else 0, challenge.decode(errors="replace")
