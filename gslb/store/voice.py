"""A voice: what one prober says, all that was heard of it and what of that counts.

Used by the ledger, which verifies; nothing here does. What is heard counts once it is proven to be of now (`proof`), so that records of an
earlier day, put before a nameserver that is new, are heard and never shown. Pure.

    heard   the newest votes, by (epoch, sequence); changed in place by each record that follows them without a gap
    shown   the votes that count: `heard`, or those of the epoch before it while `heard` is not proven
    latest  the newest lease; it counts (`lease`) once all votes are there of which it speaks: who hides votes cannot keep older ones fresh
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gslb.lease import Lease
from gslb.store.batch import Said
from gslb.verdict import Target, Vote

Position = tuple[int, int]  # epoch, sequence
Order = tuple[int, int, float]  # of leases: epoch, sequence, at

BEGIN: Final[Position] = (0, 0)


class Settled(NamedTuple):
    """What counts otherwise than before: votes on these targets, and whether the lease says another thing."""

    targets: set[Target]
    lease: bool


@dataclass(slots=True)
class Speech:
    """Votes as of a position."""

    at: Position
    votes: dict[Target, Vote]


@dataclass(slots=True)
class Voice:
    """One prober's. `records`: the fields of its hash as they were accepted, so that the same octets are never read twice."""

    prober: str
    heard: Speech | None = None
    shown: Speech | None = None
    latest: Lease | None = None
    lease: Lease | None = None
    proof: Position | None = None
    floor: Position = BEGIN  # below it nothing is taken
    order: Order = (0, 0, 0.0)
    lease_record: bytes = b""
    records: dict[str, bytes] = field(default_factory=dict)
    owed: range = range(0)  # sequences that were read from the hash, and may still be heard of from the stream
    owed_leases: range = range(0)  # renewals that were passed over with the last lease; the same
    met: float = 0.0  # when the first lease of this epoch was heard, in the store's time

    @property
    def at(self) -> Position:
        """Up to where it was heard, or where it begins."""
        return self.heard.at if self.heard else self.floor

    @property
    def votes(self) -> Mapping[Target, Vote]:
        """The votes that count."""
        return self.shown.votes if self.shown else {}

    def takes(self, at: Position) -> bool:
        """Whether votes as of this position are news."""
        return at > self.heard.at if self.heard else at >= self.floor

    def followed_by(self, at: Position) -> bool:
        """Whether a record of this position is the next one."""
        return self.heard is not None and at == (self.heard.at[0], self.heard.at[1] + 1)

    def owe(self, sequence: int) -> None:
        """Note that a record was read from the hash, and may still come from the stream."""
        self.owed = range(self.owed.start if self.owed else sequence, sequence + 1)

    def pay(self, at: Position) -> bool:
        """Whether a record that is late was still to come; once each, for they come in order."""
        owed = at[0] == self.at[0] and at[1] in self.owed
        if owed:
            self.owed = range(at[1] + 1, self.owed.stop)
        return owed

    def proven(self, epoch: int) -> bool:
        """Whether a lease of this epoch has answered a challenge."""
        return self.proof is not None and self.proof[0] == epoch

    @property
    def silent(self) -> bool:
        """Whether it says nothing."""
        return self.heard is None and self.latest is None

    @property
    def known(self) -> bool:
        """Whether it ever said anything."""
        return self.floor != BEGIN or self.order[0] > 0

    def missing(self) -> bool:
        """Whether the newest lease speaks of votes that were not heard."""
        return (
            self.latest is not None
            and self.latest.sequence > 0
            and (self.latest.epoch, self.latest.sequence) > (self.heard.at if self.heard else BEGIN)
        )

    def replace(self, at: Position, votes: Iterable[Vote], records: Mapping[str, bytes]) -> None:
        """Hear all votes anew, as of a later position."""
        first = self.at[1] + 1 if self.at[0] == at[0] else 1
        self.owed = range(first, at[1] + 1)
        self.heard = Speech(at, {vote.target: vote for vote in votes})
        self.records = dict(records)

    def follow(self, at: Position, said: Said, field_name: str, record: bytes) -> set[Target]:
        """Hear what comes next, and return the targets whose votes that count are touched."""
        assert self.heard is not None  # the ledger asks for all votes first
        self.heard.at = at
        for target in said.gone:
            self.heard.votes.pop(target, None)
        for vote in said.votes:
            self.heard.votes[vote.target] = vote
        self.records[field_name] = record
        return {*said.gone, *(vote.target for vote in said.votes)} if self.heard is self.shown else set()

    def renew(self, lease: Lease, order: Order, record: bytes, now: float) -> None:
        """Hear a lease that is newer than all before it."""
        same = self.order[0] == order[0]
        self.met = self.met if same and self.latest else now
        self.owed_leases = range(self.order[1] + 1 if same else 0, order[1] + 1)
        self.latest, self.order, self.lease_record = lease, order, record

    def late(self, order: Order) -> bool:
        """Whether a lease that comes too late was still to come; once each."""
        owed = order[0] == self.order[0] and order[1] in self.owed_leases
        if owed:
            self.owed_leases = range(order[1] + 1, self.owed_leases.stop)
        return owed

    def prove(self, lease: Lease) -> None:
        """Believe this epoch from here on: the lease answered a challenge of ours, so it is of now, and so are the votes of which it speaks."""
        if self.proof is None or self.proof[0] < lease.epoch:
            self.proof = lease.epoch, lease.sequence

    def settle(self, now: float, *, asks: bool, reads: bool) -> Settled:
        """Let count what may. `asks`: only what is proven. `reads`: votes are read here at all, so that a lease can wait for them."""
        touched: set[Target] = set()
        if self.heard is not None and self.heard is not self.shown and (not asks or self._current(self.heard.at)):
            before, self.shown = self.votes, self.heard
            touched = {target for target, vote in self.votes.items() if (old := before.get(target)) is not vote and old != vote}
            touched |= before.keys() - self.votes.keys()
        lease = self.latest
        if lease is None or lease is self.lease or (asks and not self.proven(lease.epoch)):
            return Settled(touched, lease=False)
        if lease.lasts <= 0:
            return self.leave()
        if reads and not self._complete(lease):
            if lease.sequence > 0 or (self.lease is not None and now <= self.lease.at + self.lease.lasts):
                return Settled(touched, lease=False)
            touched |= self.votes.keys()  # it began anew, has said nothing since, and what it said before has run out
            self.shown = None
            if self.heard is not None and self.heard.at[0] < lease.epoch:
                self.heard, self.records = None, {}
        before_it, self.lease = self.lease, lease
        news = before_it is None or (before_it.place, before_it.suspect) != (lease.place, lease.suspect) or lease.at > before_it.at + before_it.lasts
        return Settled(touched, lease=news)

    def leave(self) -> Settled:
        """Let go of all it said: it stops in good order, and none of that can be said again."""
        touched, had = set(self.votes), self.lease is not None
        if self.heard:
            self.floor = self.heard.at[0], self.heard.at[1] + 1
        self.heard = self.shown = self.latest = self.lease = None
        self.records = {}
        return Settled(touched, lease=had)

    def _current(self, at: Position) -> bool:
        """Whether these votes are no older than the proof."""
        return self.proof is not None and at[0] == self.proof[0] and at[1] >= self.proof[1]

    def _complete(self, lease: Lease) -> bool:
        """Whether all votes are there of which the lease speaks."""
        at = self.shown.at if self.shown else (lease.epoch, 0)
        return at[0] == lease.epoch and at[1] >= lease.sequence
