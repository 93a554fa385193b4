"""Words of overrides: what an operator says of a site, a pool or a member, against or beside what checks say.

Kept by the store, written by `gslb site|pool|member …`, read by the compiler. Pure: the store's time is an argument.

    kind    what becomes of the members it speaks of                                      strongest first
    down    as if their checks had failed
    drain   no new answers; still probed; left out unless nothing else is left
    weight  `weight` instead of the file's
    up      as if their checks had passed

One override holds for a member at a time: the strongest kind; of equal kinds the narrowest (member, then pool, then site); of
those the youngest. An expired one holds for nobody.

A `Hold` freezes all verdicts; a `Withdrawal` takes one word back, and is kept for as long as somebody may still remember that word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What an operator says; the order is the precedence, strongest first."""

    DOWN = "down"
    DRAIN = "drain"
    WEIGHT = "weight"
    UP = "up"


class Level(StrEnum):
    """Of what it is said; the order is the precedence among equal kinds, narrowest first."""

    MEMBER = "member"
    POOL = "pool"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Override:
    """One word of an operator. Times are seconds in the store's clock; `expires` None = until it is taken back.

    `level` says which ids count: SITE `site`; POOL `pool`; MEMBER `pool` and `member` (a member's id is unique in its pool).
    `weight` counts where the kind is WEIGHT.
    """

    kind: Kind
    level: Level
    site: str = ""
    pool: str = ""
    member: str = ""
    weight: int = 1
    author: str = ""
    reason: str = ""
    since: float = 0.0
    expires: float | None = None

    @property
    def key(self) -> str:
        """What it replaces when it is said again: one word of each kind about one subject, and `up` in place of `down`."""
        kind = "state" if self.kind in (Kind.UP, Kind.DOWN) else self.kind.value
        return f"{self.level.value}/{self.subject}/{kind}"

    @property
    def subject(self) -> str:
        """Of what it speaks, as operators write it: a site, a pool, or POOL/MEMBER."""
        match self.level:
            case Level.SITE:
                return self.site
            case Level.POOL:
                return self.pool
            case Level.MEMBER:
                return f"{self.pool}/{self.member}"

    def holds(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def speaks_of(self, pool: str, member: str, site: str | None) -> bool:
        """Whether it is about this member."""
        match self.level:
            case Level.MEMBER:
                return (self.pool, self.member) == (pool, member)
            case Level.POOL:
                return self.pool == pool
            case Level.SITE:
                return site is not None and self.site == site


@dataclass(frozen=True, slots=True)
class Hold:
    """All verdicts stay as they are, whatever checks say."""

    author: str = ""
    reason: str = ""
    since: float = 0.0
    expires: float | None = None

    @property
    def key(self) -> str:
        """There is one at a time."""
        return HOLD

    def holds(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A word was taken back: a tombstone, so that whoever still remembers the word does not bring it to life again."""

    key: str
    author: str = ""
    reason: str = ""
    since: float = 0.0


Word = Override | Hold | Withdrawal

HOLD: Final = "hold"

_STRENGTH: Final = {kind: rank for rank, kind in enumerate(Kind)}
_WIDTH: Final = {level: rank for rank, level in enumerate(Level)}


def effective(overrides: Iterable[Override], pool: str, member: str, site: str | None, now: float) -> Override | None:
    """Return the one override that holds for a member now, or None."""
    candidates = [one for one in overrides if one.holds(now) and one.speaks_of(pool, member, site)]
    return min(candidates, key=_precedence, default=None)


def next_expiry(overrides: Iterable[Override], now: float) -> float | None:
    """Return when the next of them expires, None if none ever does."""
    return min((one.expires for one in overrides if one.expires is not None and one.expires > now), default=None)


def _precedence(one: Override) -> tuple[int, int, float]:
    return (_STRENGTH[one.kind], _WIDTH[one.level], -one.since)


def line(text: str) -> str:
    """Return what somebody says as one line that can be stored: a command line may hold octets that are no text."""
    return " ".join(text.encode("utf-8", "replace").decode().split())
