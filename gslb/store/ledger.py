"""The ledger: what is believed of all that a shared store holds.

A store feeds it octets as it reads them, in whatever order and however often; it verifies, refuses, counts, and gives the words that everybody
else sees. No I/O but the marks. Nothing found in a store makes it raise, but for `MissingError` where a record has come before the one it follows.

What is believed, beside the signature (`gslb.store.keys`):
    votes    forward only by (epoch, sequence); `votes` records follow `all` without a gap, in fields `c<sequence>`, parts of `all` in `a<part>`
    leases   forward only by (epoch, sequence, at); a lease's own sequence counts renewals; `lasts` of 0: the prober has left, with its votes
    proof    a nameserver asks that its challenge in the store be answered by a lease, and then believes that epoch from there on
    book     forward only by version, whoever of the operators wrote it
    bundle   the same
    pushes   forward only by (epoch, sequence) for each site and key; `until` no later than `at` takes one back
A record that is missing is no news: stores are wiped. Only what is gone from a store that is still the same one (`run`) is gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from gslb.lease import Lease
from gslb.store import book, node_record, push_record
from gslb.store.bundles import Bundles
from gslb.store.changes import EVERYTHING, Merged
from gslb.store.envelope import RefusedError, peek
from gslb.store.identity import Identity
from gslb.store.marks import BookMark, Marks
from gslb.store.reader import Heard, Place, Reader
from gslb.store.state import Hint, NodeReport, Overrides, Push, State
from gslb.store.voice import Position
from gslb.store.voices import MissingError, Voices

__all__ = ["Ledger", "MissingError", "Records"]

KEYS: Final = 15.0  # seconds within which a key that came or went does so here; looking costs one stat
_Value = TypeVar("_Value")


class Records(NamedTuple):
    """All that a store holds, as octets. `votes`: prober → field → record; `pushes`: site → key → record.

    `unread`: probers of whom something is there that cannot be read: they are not gone, whatever else is missing.
    """

    time: float
    run: str
    leases: Mapping[str, bytes] = MappingProxyType({})
    votes: Mapping[str, Mapping[str, bytes]] = MappingProxyType({})
    book: bytes = b""
    pushes: Mapping[str, Mapping[str, bytes]] = MappingProxyType({})
    nodes: Mapping[str, bytes] = MappingProxyType({})
    bundle: bytes = b""
    unread: frozenset[str] = frozenset()

    def lost(self, prober: str) -> bool:
        """Whether nothing of a prober is there."""
        return not (self.leases.get(prober) or self.votes.get(prober) or prober in self.unread)


class Ledger:
    """What one reader of one store believes. One event loop only. `heard`: told (reason, kind, writer) of each refusal."""

    def __init__(self, identity: Identity, heard: Heard = lambda _reason, _kind, _writer: None) -> None:
        self.challenge = ""  # none is posed before the first `turn`: whoever only probes has nobody to ask, and nothing to judge
        self._identity = identity
        self._reader = Reader(identity, heard)
        self._marks = Marks.load(identity.state_dir, identity.keyring.trusts) if identity.signed else Marks()
        self._voices = Voices(self._reader, self._marks)
        self._asked_at: float | None = None
        self._run = ""
        self._overrides = Overrides()
        self._book_record = b""
        self._pushes: dict[tuple[str, str], Push] = {}
        self._pushed: dict[tuple[str, str], _Pushed] = {}
        self._nodes: Mapping[str, NodeReport] = MappingProxyType({})
        self._node_records: Mapping[str, bytes] = {}
        self.bundles = Bundles(self._reader, self._marks)
        self._keys_seen = 0.0  # when it was looked last whether keys have come or gone

    def turn(self) -> str:
        """Pose a new challenge, every minute and to every new run; the one before it still counts. Returns it."""
        self.challenge = secrets.token_hex(8)
        self._voices.challenges = (self.challenge, *self._voices.challenges[:1])
        self._asked_at = None
        return self.challenge

    def save(self) -> None:
        """Write the marks where they have moved: every minute, after a word of an operator, and at the end. Blocking; raises StoreError."""
        self._marks.save()

    def take_all(self, records: Records) -> Hint | None:
        """Take a whole snapshot; what may differ now: targets, EVERYTHING, or None."""
        return _run(self.steps(records))

    def steps(self, records: Records) -> Generator[None, None, Hint | None]:
        """Take a whole snapshot, and pause after every record of votes, so that a loop can do other work meanwhile; returns what `take_all` does."""
        self._voices.reads, self._voices.now = True, records.time
        same, self._run = records.run == self._run, records.run
        found, touched = Merged(), {}
        for prober, fields in records.votes.items():
            touched[prober] = yield from self._voices.take_hash(prober, fields)
        for prober, record in records.leases.items():
            self._voices.take_lease(prober, record)
        for prober in self._voices.names:
            found.add(self._voices.forget(prober) if same and records.lost(prober) else self._voices.settle(prober, touched.get(prober, ())))
        if self.take_book(records.book) | self.bundles.take(records.bundle):
            found.add(EVERYTHING)
        for site, words in records.pushes.items():
            for key, record in words.items():
                if self.take_push(site, key, record):
                    found.add(EVERYTHING)
        self.take_nodes(records.nodes)
        self._voices.prune()
        self._prune_pushes(records.time)
        return found.hint

    def take_leases(self, leases: Mapping[str, bytes], now: float) -> tuple[Hint | None, frozenset[str]]:
        """Take some leases, or all; also the probers whose leases speak of votes that were not heard here. One that is missing is no news."""
        found, self._voices.now = Merged(), now
        if abs(now - self._keys_seen) >= KEYS:
            self._keys_seen = now
            found.add(self._look_at_keys())
        for prober, record in leases.items():
            self._voices.take_lease(prober, record)
        for prober in self._voices.names:
            found.add(self._voices.settle(prober))
        self._asked_at = now if self._asked_at is None else self._asked_at
        self._voices.count_unproven(self._asked_at)
        return found.hint, self._voices.missing

    def take_votes(self, prober: str, fields: Mapping[str, bytes]) -> Hint | None:
        """Take one prober's whole hash."""
        return _run(self.vote_steps(prober, fields))

    def vote_steps(self, prober: str, fields: Mapping[str, bytes]) -> Generator[None, None, Hint | None]:
        """Take one prober's whole hash, and pause after every record, as `steps` does."""
        self._voices.reads = True
        return self._voices.settle(prober, (yield from self._voices.take_hash(prober, fields)))

    def take_change(self, prober: str, record: bytes) -> Hint | None:
        """Take what a prober has said next. Raises MissingError where the record before it is missing: read that prober's hash."""
        self._voices.reads = True
        return self._voices.take_change(prober, record)

    def take_book(self, record: bytes) -> bool:
        """Take all words of operators; whether they are others now."""
        place = Place("book", "")
        if record in (b"", self._book_record) or self._reader.refused(place, record):
            return False
        try:
            header, content = self._reader.open(place._replace(writer=peek(record).signer), record)  # any operator's
            overrides = book.read(content, record if self._identity.signed else b"")
            self._check_version(overrides.version, record)
        except RefusedError as error:
            self._reader.refuse(error, place, record)
            return False
        self._marks.book = BookMark(header.signer, header.key, overrides.version)
        self._overrides, self._book_record = overrides, record
        return True

    def take_push(self, site: str, key: str, record: bytes) -> bool:
        """Take what a site says of itself; whether that is another thing now."""
        who, place = (site, key), Place("push", site, key[:512])
        before = self._pushed.get(who, _Pushed())
        if record == before.record or self._reader.refused(place, record):
            return False
        try:
            header, content = self._reader.open(place, record)
            word = push_record.read(content, site, key)
            before.check((header.epoch, header.sequence))
        except RefusedError as error:
            self._reader.refuse(error, place, record)
            return False
        self._pushed[who] = _Pushed((header.epoch, header.sequence), record, word.at)
        old = self._pushes.pop(who, None)
        if word.until > word.at:
            self._pushes[who] = word
        return old != self._pushes.get(who)

    def take_pushes(self, records: Mapping[str, Mapping[str, bytes]], now: float) -> Mapping[tuple[str, str], Push]:
        """Take what all sites say of themselves; what of it holds now. For readers that take nothing else."""
        for site, words in records.items():
            for key, record in words.items():
                self.take_push(site, key, record)
        self._prune_pushes(now)
        return self._standing_pushes(now)

    def take_nodes(self, records: Mapping[str, bytes]) -> None:
        """Take what nameservers say of themselves: all of them, for those that are missing are forgotten."""
        if records == self._node_records:
            return
        nodes = {}
        for name, record in records.items():
            place = Place("node", name)
            try:
                if not self._reader.refused(place, record):
                    nodes[name] = node_record.read(name, record)
            except RefusedError as error:
                self._reader.refuse(error, place, record)
        self._nodes, self._node_records = MappingProxyType(nodes), dict(records)

    def forget(self, prober: str) -> Hint | None:
        """Let go of a prober that has taken its lease and its votes away, from a store that is still the same one."""
        return self._voices.forget(prober)

    def refuse(self, error: RefusedError, place: Place) -> None:
        """Count what cannot even be read as a record: a key that is too large, or of another type than it should be."""
        text = str(error).encode()
        if not self._reader.refused(place, text):
            self._reader.refuse(error, place, text)

    @property
    def leases(self) -> Mapping[str, Lease]:
        """The leases that count, by prober; never changed afterwards."""
        return self._voices.leases

    @property
    def overrides(self) -> Overrides:
        """What operators said."""
        return self._overrides

    @property
    def unproven(self) -> frozenset[str]:
        """Probers whose lease has answered none of our challenges: nothing they say counts."""
        return self._voices.unproven

    @property
    def refused(self) -> Mapping[str, int]:
        """How many records were not believed, by reason."""
        return self._reader.counts

    def state(self, time: float, run: str) -> State:
        """Return all that is believed; cheap, and never changed afterwards."""
        version = self.bundles.newest.version
        return State(self._voices.votes, time, self._overrides, self.leases, self._nodes, self._standing_pushes(time), run, version)

    def _standing_pushes(self, now: float) -> Mapping[tuple[str, str], Push]:
        return MappingProxyType({who: word for who, word in self._pushes.items() if word.until > now})

    def _look_at_keys(self) -> Hint | None:
        """Believe keys that have come, and none that have gone: nothing that was said with those counts any more.

        Words of operators stand on, for sites may be drained by them; but whoever's key is known may now speak after them, whatever their version.
        """
        if not self._identity.keyring.refresh():
            return None
        self._reader.forgive()
        self.bundles.distrust()
        said = self._marks.book
        if said.version and not self._identity.keyring.trusts("operator", said.operator, said.key):
            self._marks.book, self._book_record = BookMark(), b""
            self._overrides = replace(self._overrides, version=0, sealed=b"")
            self._voices.distrust()
            return EVERYTHING
        return self._voices.distrust()

    def _check_version(self, version: int, record: bytes) -> None:
        """Raise RefusedError for words that are not newer. Of two with the same number, which nobody honest writes, all nodes take the same one."""
        if (version, record) <= (self._overrides.version, self._book_record) or version < self._marks.book.version:
            raise RefusedError("replayed", f"version {version} of the words of operators, after {self._marks.book.version}")

    def _prune_pushes(self, now: float) -> None:
        """Let go of what can come back no more: no word of a site holds for longer."""
        for who in [who for who, pushed in self._pushed.items() if pushed.since + push_record.LONGEST < now]:
            del self._pushed[who]
            self._pushes.pop(who, None)


class _Pushed(NamedTuple):
    """The last word of a site about one thing."""

    at: Position = (0, 0)
    record: bytes = b""
    since: float = 0.0

    def check(self, at: Position) -> None:
        """Raise RefusedError for a word from before it."""
        if at <= self.at:
            raise RefusedError("replayed", f"a word of {at}, after that of {self.at}")


def _run(steps: Generator[None, None, _Value]) -> _Value:
    """Take all steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            value: Any = done.value
            return value  # type: ignore[no-any-return]  # what a generator returns is not typed
