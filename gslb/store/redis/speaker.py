"""What one prober of this process has said, and the records that say it: changes as they come, everything from time to time.

Used by the store. No I/O: it makes commands and remembers what was done. Whenever it is not certain that the store holds all that was said, and
nothing else, everything is said anew (`unsure`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gslb.lease import Lease
from gslb.store.batch import BATCH, lease_content, parts, votes_content
from gslb.store.envelope import Header, Signer, seal
from gslb.store.redis.connection import Command
from gslb.store.redis.layout import CHANGES, KEPT, PARTS, Layout
from gslb.verdict import Target, Vote

AGAIN: Final = 600.0  # seconds after which everything is said anew, so that no loss lasts longer
_MANY: Final = CHANGES // 2  # records of changes after which everything is said anew once it is quiet
_QUIET: Final = 2.0  # seconds without a change
_LITTLE: Final = 32 << 10  # octets of changes that are never too many


@dataclass(slots=True)
class Speaker:
    """`sequence`: of the last record of votes; `beats`: of the last lease. `said`: what the store should hold."""

    name: str
    signer: Signer
    epoch: int
    keys: Layout
    said: dict[Target, Vote] = field(default_factory=dict)
    sequence: int = 0
    beats: int = 0
    unsure: bool = True
    run: str = ""  # of the store when last seen
    lease: Lease | None = None  # the last one written
    posed: frozenset[str] = frozenset()  # challenges that the next lease answers
    answered: frozenset[str] = frozenset()  # those that the last one did
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _spoken: bool = False  # whether votes were ever said in this epoch
    _fields: int = 0
    _changes: int = 0
    _all_octets: int = 0
    _change_octets: int = 0
    _written: float = 0.0  # everything (steady)
    _changed: float = 0.0  # the last change (steady)

    def hear(self, votes: Iterable[Vote], gone: Iterable[Target]) -> None:
        """Take down what is to be said."""
        for target in gone:
            self.said.pop(target, None)
        self.said.update((vote.target, vote) for vote in votes)
        self._spoken = True

    @property
    def full(self) -> bool:
        """Whether there is no room for another change until everything is said anew."""
        return self._changes >= CHANGES

    def owes_everything(self, now: float) -> bool:
        """Whether everything should be said anew now. Everybody must then read all of it, so it waits until no change is in a hurry."""
        many = self._changes >= _MANY or self._change_octets > max(_LITTLE, self._all_octets / 2)
        quiet = now - self._changed > _QUIET
        return self._spoken and (self.unsure or (quiet and (many or now - self._written > AGAIN)))

    async def everything(self, now: float) -> list[Command]:
        """Return the commands that say everything anew; checks go on while they are made. Raises ValueError where it is more than readers take."""
        self.sequence += 1
        pieces = parts(list(self.said.values()))
        if len(pieces) > PARTS:
            raise ValueError(f"votes on {len(self.said)} targets: one prober may hold {PARTS * BATCH}")
        records = []
        for number, piece in enumerate(pieces):
            records.append(seal(Header("all", "", "", self.epoch, self.sequence, number, len(pieces)), votes_content(piece), self.signer))
            await asyncio.sleep(0)
        key = self.keys.votes(self.name)
        written: list[Any] = [word for number, record in enumerate(records) for word in (f"a{number}", record)]
        self._fields, self._changes, self._change_octets, self._written = len(records), 0, 0, now
        self._all_octets = sum(map(len, records))
        commands = [("SADD", self.keys.probers, self.name), ("UNLINK", key), ("HSET", key, *written), ("EXPIRE", key, KEPT)]
        return commands + self.keys.hint("votes", self.name, records[0] if len(records) == 1 else b"")

    def change(self, votes: Sequence[Vote], gone: Sequence[Target], now: float) -> list[Command]:
        """Return the commands that say these changes. The last before the hints asks for the number of fields: see `confirms`."""
        key = self.keys.votes(self.name)
        self._changed = now
        writes: list[Command] = []
        hints: list[Command] = []
        for at in range(0, max(len(votes), len(gone)), BATCH):
            self.sequence += 1
            record = seal(
                Header("votes", "", "", self.epoch, self.sequence), votes_content(votes[at : at + BATCH], gone[at : at + BATCH]), self.signer
            )
            writes.append(("HSET", key, f"c{self.sequence}", record))
            hints += self.keys.hint("votes", self.name, record)
            self._changes += 1
            self._change_octets += len(record)
        return [*writes, ("HLEN", key), *hints]

    def confirms(self, answers: Sequence[Any], hints: int) -> bool:
        """Whether the store holds as many records as were written: one that lost the others would show half of what was said."""
        return bool(answers[-hints - 1] == self._fields + self._changes)

    def renewal(self, lease: Lease) -> tuple[Lease, list[Command]]:
        """Return a lease as it is written, and the commands that write it; told to all at once only where it says another thing."""
        self.beats += 1
        lease = replace(lease, epoch=self.epoch, sequence=self.sequence)
        record = seal(Header("lease", "", "", self.epoch, self.beats), lease_content(lease, self.posed), self.signer)
        before = self.lease
        commands: list[Command] = [("SET", self.keys.lease(self.name), record, "PX", KEPT * 1000), ("SADD", self.keys.probers, self.name)]
        late = before is not None and lease.at > before.at + before.lasts
        if before is None or late or (before.place, before.suspect) != (lease.place, lease.suspect) or self.posed - self.answered:
            commands += self.keys.hint("lease", self.name, record)
        return lease, commands

    def farewell(self, at: float) -> list[Command]:
        """Return the commands that take everything away: a lease of no length stands for it, signed as everything else."""
        lease = replace(self.lease or Lease(self.name, "", at), lasts=0.0, targets=0, down=0, at=at)
        _, commands = self.renewal(lease)
        hint = self.keys.hint("lease", self.name, commands[0][2])
        return [commands[0], ("UNLINK", self.keys.votes(self.name)), ("SREM", self.keys.probers, self.name), *hint]
