"""The words stores speak: what a store holds, and the Store protocol itself.

A store is where probers put votes, operators put overrides, and nameservers find both. It is asynchronous because one of them is across
a network; the memory store keeps the same contract (`gslb.testing.check_store`). Losing it changes no answer.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

from gslb.bundle import Bundle, Head, Newest
from gslb.errors import StoreError
from gslb.event import Audit, Event
from gslb.lease import Lease, Leases
from gslb.override import HOLD, Hold, Override, Withdrawal, Word
from gslb.verdict import Target, Vote

Votes = Mapping[Target, Mapping[str, Vote]]  # target → prober → vote
Hint = frozenset[Target]  # targets whose votes have changed; empty = read everything again

KEEP: Final = 50  # published versions that are left in a store
REMEMBERED: Final = 7 * 86_400.0  # seconds for which what no longer holds is kept: a node that was away longer brings nothing back


class OvertakenError(StoreError):
    """Somebody else wrote overrides in the meantime: read again, judge again, write again."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What operators said: by key the last word. `version` grows with every write; words written at another version are refused.

    `sealed`: the signed record it was read from, b"" where the store asks for no signatures. Whoever kept it can bring it back after a wipe
    without a key (`remind`).
    """

    version: int = 0
    words: Mapping[str, Word] = field(default_factory=lambda: MappingProxyType({}))
    sealed: bytes = field(default=b"", compare=False, repr=False)

    def standing(self, now: float) -> tuple[Override, ...]:
        """Return the overrides that have not expired, in the order they were given."""
        found = [word for word in self.words.values() if isinstance(word, Override) and word.holds(now)]
        return tuple(sorted(found, key=lambda word: (word.since, word.key)))

    def hold(self, now: float) -> Hold | None:
        """Return the hold, if there is one that has not expired."""
        word = self.words.get(HOLD)
        return word if isinstance(word, Hold) and word.holds(now) else None

    def with_words(self, words: Iterable[Word], now: float) -> Overrides:
        """Put words in place of those with the same keys; what has long been over is let go."""
        merged = {**self.words, **{word.key: word for word in words}}
        kept = {key: word for key, word in merged.items() if _over(word) > now - REMEMBERED}
        return Overrides(self.version + 1, MappingProxyType(kept))


def _over(word: Word) -> float:
    """When a word ceased to say anything new."""
    if isinstance(word, Withdrawal):
        return word.since
    return math.inf if word.expires is None else word.expires


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What a nameserver says of itself, for `gslb status` on any other: nobody decides by it, so nobody signs it.

    `digest`: of its inputs (files, networks, geo build, verdicts, overrides); two nodes that differ for longer than a moment disagree.
    `at`: the store's time. `probers`: how many it believes now. `extra`: plain data, 3 KiB of JSON at most: `role` (node, control, prober), `config`
    (the published version it runs, 0 = files of its own), `refused` (why it does not run the newest one), and whatever else people want to see.
    """

    node: str
    at: float
    version: str = ""
    digest: str = ""
    files: str = ""  # digest of the accepted files alone: the usual reason for a difference
    generation: int = 0
    probers: int = 0
    listening: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Push:
    """What a site says of itself, under a lease of its own: that a check passes (`check`), or that an address belongs to a pool (`pool`).

    One of `check` and `pool` is set. `at`, `until`: the store's time; after `until` it says nothing any more. `registrant`: who said it.
    """

    registrant: str
    address: str
    at: float
    until: float
    check: str = ""
    pool: str = ""
    site: str = ""
    weight: int = 1
    grade: int = 100

    @property
    def key(self) -> str:
        """What it replaces when it is said again."""
        return f"{self.pool or self.check}/{self.address}"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What must be known of a store every second: its clock, who lives, and whether it is still the same one.

    `run`: another one after a restart, a failover or a wipe: then ages begin anew, probers write all their votes, and what was said by operators
    is brought back.
    """

    time: float
    run: str
    leases: Leases


@dataclass(frozen=True, slots=True)
class State:
    """All that a store holds at one moment; never changes afterwards. `time`: the store's clock, seconds since the epoch.

    `votes` may be of probers whose lease has run out: who is fresh is for whoever judges to say. `run`: as in `Pulse`. `bundle`: the newest published
    version of the operator's files, 0 = none.
    """

    votes: Votes
    time: float
    overrides: Overrides = Overrides()
    leases: Leases = field(default_factory=lambda: MappingProxyType({}))
    nodes: Mapping[str, NodeReport] = field(default_factory=lambda: MappingProxyType({}))
    pushes: Mapping[tuple[str, str], Push] = field(default_factory=lambda: MappingProxyType({}))  # (registrant, key) → Push
    run: str = ""
    bundle: int = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """What sites say of themselves at one moment, and nothing else a store holds. `time`, `run`: as in `State`."""

    time: float
    run: str
    words: Mapping[tuple[str, str], Push] = field(default_factory=lambda: MappingProxyType({}))  # (registrant, key) → Push


class Store(Protocol):
    """Where votes live. Every method may raise StoreError, and none of them anything else."""

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        ...

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take the prober's votes on these targets away; unknown ones are no fault."""
        ...

    async def rewrite(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of everything the prober said before."""
        ...

    async def renew(self, lease: Lease) -> Pulse:
        """Keep a prober's votes fresh for as long as the lease lasts; how the store stands then, the lease included."""
        ...

    async def leave(self, prober: str) -> None:
        """Take a prober's lease and votes away: it stops in good order."""
        ...

    async def report(self, node: NodeReport) -> None:
        """Let others know how a nameserver stands; it is forgotten after a minute without another report."""
        ...

    async def push(self, word: Push) -> None:
        """Write what a site says of itself; `until` no later than `at` takes it back."""
        ...

    async def say(self, words: Sequence[Word], version: int) -> Overrides:
        """Write overrides, holds and withdrawals, all or none; what stands then. Raises OvertakenError where the version is another by now."""
        ...

    async def remind(self, words: Iterable[Word], sealed: bytes = b"") -> Overrides:
        """Bring back words from before a restart or a wipe: of two with the same key the one said later stands.

        A store that asks for signatures takes, from whoever cannot sign, what `sealed` proves and nothing else.
        """
        ...

    async def tell(self, events: Sequence[Event]) -> None:
        """Write what happened, for others' timelines; the last 10,000 are kept, each at most 4 KiB. Nobody is told by a hint."""
        ...

    async def told(self, after: str, limit: int) -> Sequence[Event]:
        """Return what was told after that id, oldest first; after "": the newest `limit`."""
        ...

    async def audited(self, before: str, limit: int) -> Sequence[Audit]:
        """Return who did what before that id, newest first; before "": the newest `limit`."""
        ...

    async def publish_bundle(self, bundle: Bundle, after: int, keep: int = KEEP) -> Head:
        """Put a version into the store for all that follow, where the newest is `after` (0 = none); of older ones `keep` stay, itself among them.

        Its time is the store's. Raises OvertakenError where the newest is another by now; nothing is changed then.
        """
        ...

    async def remind_bundle(self, bundle: Bundle) -> bool:
        """Bring a sealed version back into a store that has lost it and every newer one; whether that was done. Needs no key."""
        ...

    async def newest(self) -> Newest:
        """Return the newest version that is believed; cheap."""
        ...

    async def bundles(self) -> Sequence[Head]:
        """Return all versions that are still there, newest first."""
        ...

    async def bundle(self, version: int) -> Bundle:
        """Return a version with its files, whole. Raises StoreError where it is not there, or is damaged, which is counted."""
        ...

    async def pulse(self) -> Pulse:
        """Return what must be known every second; cheap."""
        ...

    async def read(self) -> State:
        """Return everything."""
        ...

    async def pushed(self) -> Pushed:
        """Return what sites say of themselves: cheap for whoever needs no votes."""
        ...

    async def now(self) -> float:
        """Return the store's time, to whoever writes and may read nothing."""
        ...

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call; hints may be merged, never lost. Ends when the store is closed."""
        ...

    async def close(self) -> None:
        """End all iterators and let go of what is held; twice is fine."""
        ...
