"""What a plane is told to tell of queries: part of its options, plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gslb.transport.frames import Reader


@dataclass(frozen=True, slots=True)
class Telling:
    """All of it off by default. Shares are of queries: 0 = off."""

    node: str = ""
    socket: str = ""  # a unix socket at which a reader of dnstap waits, or
    address: tuple[str, int] = ("", 0)  # where it does over TCP
    sample: float = 0.0
    messages: str = "both"
    extra: bool = True
    log: float = 0.0
    clients: str = "truncated"
    debug: tuple[str, ...] = ()  # networks whose clients may ask why

    @property
    def reader(self) -> Reader:
        """Where the reader of dnstap waits."""
        return Path(self.socket) if self.socket else self.address

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Read what came as JSON."""
        host, port = given["address"]
        return cls(**{**given, "address": (host, port), "debug": tuple(given["debug"])})
