"""All voices: what probers say, verified, and the votes of all of them that count, by target.

The half of the ledger that is about probers; see there for what is believed.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gslb.lease import Lease
from gslb.store.batch import Said, read_lease, read_votes
from gslb.store.changes import EVERYTHING, Merged
from gslb.store.envelope import Header, RefusedError
from gslb.store.marks import Mark, Marks
from gslb.store.reader import Place, Reader
from gslb.store.state import Hint
from gslb.store.voice import BEGIN, Order, Position, Settled, Voice
from gslb.verdict import Target, Vote

PATIENCE: Final = 5.0  # seconds a challenge may be out before a lease that answers none is counted as unproven; an answer takes one
_FIELD: Final = re.compile("[ac][0-9]{1,19}")  # fields of a hash that this version knows; others are passed over


class MissingError(LookupError):
    """A record came before the one it follows: the prober's whole hash must be read."""


class Voices:
    """Of all probers. `challenges`: those of ours that a lease may answer; while there are any, only what is proven counts."""

    def __init__(self, reader: Reader, marks: Marks) -> None:
        self.challenges: tuple[str, ...] = ()
        self.reads = False  # whether votes are read at all, so that leases can wait for them
        self.now = 0.0  # the store's time
        self._reader = reader
        self._marks = marks
        self._signed = reader.identity.signed
        self._own = {signer.name for signer in reader.identity.signers.values()}
        self._voices: dict[str, Voice] = {}
        self._votes: dict[Target, Mapping[str, Vote]] = {}  # inner mappings are replaced, never changed
        self._votes_view: Mapping[Target, Mapping[str, Vote]] | None = None
        self._leases_view: Mapping[str, Lease] | None = None

    @property
    def votes(self) -> Mapping[Target, Mapping[str, Vote]]:
        """The votes that count; never changed afterwards, made anew only where something is another now."""
        if self._votes_view is None:
            self._votes_view = MappingProxyType(dict(self._votes))
        return self._votes_view

    @property
    def leases(self) -> Mapping[str, Lease]:
        """The leases that count; never changed afterwards."""
        if self._leases_view is None:
            self._leases_view = MappingProxyType({name: voice.lease for name, voice in self._voices.items() if voice.lease})
        return self._leases_view

    @property
    def names(self) -> list[str]:
        """All who have said anything."""
        return list(self._voices)

    @property
    def missing(self) -> frozenset[str]:
        """Probers whose leases speak of votes that were not heard here."""
        return frozenset(name for name, voice in self._voices.items() if voice.missing())

    @property
    def unproven(self) -> frozenset[str]:
        """Probers whose lease has answered none of our challenges."""
        return frozenset(name for name, voice in self._voices.items() if self._asks and voice.latest and not voice.proven(voice.latest.epoch))

    def take_hash(self, prober: str, fields: Mapping[str, bytes]) -> Generator[None, None, set[Target]]:
        """Hear one prober's whole hash, what is new of it, with a pause after each record; returns the targets that are touched."""
        voice = self._voice(prober)
        whole: dict[Position, list[_Opened]] = {}
        changes: list[_Opened] = []
        for field, record in fields.items():
            place = Place("votes", prober, field)
            if voice.records.get(field) == record or not _FIELD.fullmatch(field) or self._reader.refused(place, record):
                continue
            try:
                opened = self._open(place, record)
                opened.belongs()
            except RefusedError as error:
                self._reader.refuse(error, place, record)
                continue
            if opened.header.kind == "all":
                whole.setdefault(opened.at, []).append(opened)
            else:
                changes.append(opened)
            yield
        changes.sort(key=lambda one: one.at)
        self._take_whole(voice, whole, changes)
        return self._take_following(voice, changes)

    def take_change(self, prober: str, record: bytes) -> Hint | None:
        """Hear what a prober says next. Raises MissingError where the record before it is missing."""
        voice, place = self._voice(prober), Place("votes", prober, "next")
        if self._reader.refused(place, record):
            return None
        try:
            one = self._open(place, record)
            if not voice.takes(one.at):
                self._check_late(voice, one)
                return None
        except RefusedError as error:
            self._reader.refuse(error, place, record)
            return None
        touched: set[Target] = set()
        if one.header.kind == "all" and one.header.parts == 1:
            voice.replace(one.at, one.said.votes, {"a0": record})
        elif one.header.kind == "votes" and voice.followed_by(one.at):
            touched = voice.follow(one.at, one.said, f"c{one.header.sequence}", record)
        else:
            raise MissingError(f"{prober}: {one.at} has come after {voice.at}")
        self._marks.votes[prober] = Mark(one.header.key, *one.at)
        return self.settle(prober, touched)

    def take_lease(self, prober: str, record: bytes) -> None:
        """Hear a lease, and whether it answers a challenge of ours; `settle` lets it count."""
        voice, place = self._voice(prober), Place("lease", prober)
        if record in (b"", voice.lease_record) or self._reader.refused(place, record):
            return
        try:
            header, content = self._reader.open(place, record)
            lease, answers = read_lease(content, prober)
            order = header.epoch, header.sequence, lease.at
            self._check_lease(voice, header, lease)
            if order <= voice.order:
                self._check_late_lease(voice, order)
                return
        except RefusedError as error:
            self._reader.refuse(error, place, record)
            return
        voice.renew(lease, order, record, self.now)
        self._marks.leases[prober] = Mark(header.key, *order)
        if any(answer.rpartition(":")[2] in self.challenges for answer in answers):  # with or without the second before it
            voice.prove(lease)

    def settle(self, prober: str, touched: Iterable[Target] = ()) -> Hint | None:
        """Let count what may of a prober's, and return what changes by that and by what was touched."""
        voice = self._voices.get(prober)
        if voice is None:
            return None  # its keys went while its votes were read
        before = voice.lease
        settled = voice.settle(self.now, asks=self._asks, reads=self.reads)
        if voice.lease is not before:
            self._leases_view = None
        return self._publish(prober, touched, settled)

    def forget(self, prober: str) -> Hint | None:
        """Let go of all that a prober said."""
        voice = self._voices.get(prober)
        return self._publish(prober, (), voice.leave()) if voice else None

    def count_unproven(self, asked_at: float) -> None:
        """Count the leases that leave our challenges unanswered for longer than an answer takes."""
        for prober in self.unproven:
            voice = self._voices[prober]
            if self.now > max(asked_at, voice.met) + PATIENCE:
                error = RefusedError("unproven", "it answers no challenge of this node: an old one, or of a prober that cannot read ours")
                self._reader.refuse(error, Place("lease", prober, "answers"), voice.lease_record)

    def distrust(self) -> Hint | None:
        """Forget whatever was said with keys that are trusted no more; what changes by that."""
        found = Merged()
        trusts = self._reader.identity.keyring.trusts
        for prober in self.names:
            marks = [mark for mark in (self._marks.votes.get(prober), self._marks.leases.get(prober)) if mark]
            if not all(trusts("prober", prober, mark.key) for mark in marks):
                found.add(self.forget(prober))
                self._marks.drop(prober)
                del self._voices[prober]
        return found.hint

    def prune(self) -> None:
        """Let go of names that say nothing: whoever writes names into a store must not fill our memory."""
        for prober, voice in list(self._voices.items()):
            if voice.silent and not (self._signed and voice.known):
                del self._voices[prober]
                self._marks.drop(prober)

    @property
    def _asks(self) -> bool:
        return self._signed and bool(self.challenges)

    def _voice(self, prober: str) -> Voice:
        voice = self._voices.get(prober)
        if voice is None:
            votes, lease = self._marks.votes.get(prober), self._marks.leases.get(prober)
            voice = self._voices[prober] = Voice(prober)
            voice.floor = (votes.epoch, votes.sequence) if votes else BEGIN
            voice.order = (lease.epoch, lease.sequence, lease.at) if lease else voice.order
        return voice

    def _open(self, place: Place, record: bytes) -> _Opened:
        header, content = self._reader.open(place, record, "all")
        return _Opened((header.epoch, header.sequence), place.field, record, header, read_votes(content, place.writer))

    def _take_whole(self, voice: Voice, whole: Mapping[Position, list[_Opened]], changes: Iterable[_Opened]) -> None:
        """Hear all votes anew, where they are all there and, with what follows them, newer than what is known."""
        for at in sorted(whole, reverse=True):
            parts, end = whole[at], at
            if len(parts) < parts[0].header.parts:
                continue  # cut, or being put together by somebody else: no news
            for change in changes:
                end = change.at if change.at == (end[0], end[1] + 1) else end
            if voice.takes(end):
                voice.replace(at, (vote for part in parts for vote in part.said.votes), {part.field: part.record for part in parts})
                self._marks.votes[voice.prober] = Mark(parts[0].header.key, *at)
                continue
            for part in parts:
                self._refuse_late(voice, part)

    def _take_following(self, voice: Voice, changes: Iterable[_Opened]) -> set[Target]:
        """Hear what follows without a gap. What comes after a gap is left; the lease will tell that something is missing."""
        touched: set[Target] = set()
        for change in changes:
            if voice.followed_by(change.at):
                voice.owe(change.header.sequence)
                touched |= voice.follow(change.at, change.said, change.field, change.record)
                self._marks.votes[voice.prober] = Mark(change.header.key, *change.at)
            elif not voice.takes(change.at):
                self._refuse_late(voice, change)
        return touched

    def _check_late(self, voice: Voice, one: _Opened) -> None:
        """Pass over what was heard before. Raises RefusedError where nothing but a replay explains it."""
        if one.record == voice.records.get(f"c{voice.at[1]}") or not self._signed or voice.prober in self._own:
            return  # what is written here is known here before it comes back
        if not voice.pay(one.at):
            raise RefusedError("replayed", f"votes of {one.at}, after those of {voice.at}")

    def _refuse_late(self, voice: Voice, one: _Opened) -> None:
        if self._signed and voice.prober not in self._own:
            error = RefusedError("replayed", f"votes of {one.at}, after those of {voice.at}")
            self._reader.refuse(error, Place("votes", voice.prober, one.field), one.record)

    def _check_lease(self, voice: Voice, header: Header, lease: Lease) -> None:
        """Raise RefusedError for a lease that contradicts its envelope or the keyring."""
        if lease.epoch != header.epoch:
            raise RefusedError("content", "a lease of another epoch than its own")
        place = self._reader.identity.keyring.place(voice.prober)
        if place and place != lease.place:
            raise RefusedError("content", f"it says that it stands in {lease.place!r}, and its keys are for {place!r}")

    def _check_late_lease(self, voice: Voice, order: Order) -> None:
        """Pass over a lease that was read already, or overtaken by another on its way. Raises RefusedError where nothing but a replay explains it."""
        if self._signed and voice.prober not in self._own and not voice.late(order):
            raise RefusedError("replayed", "a lease from before the last one")

    def _publish(self, prober: str, touched: Iterable[Target], settled: Settled) -> Hint | None:
        """Put a prober's votes that count among those of the others."""
        votes = self._voices[prober].votes
        changed = set()
        for target in settled.targets.union(touched):
            before = self._votes.get(target)
            vote = votes.get(target)
            if (before.get(prober) if before else None) == vote:
                continue
            changed.add(target)
            after = dict(before) if before else {}
            if vote is not None:
                after[prober] = vote
            else:
                del after[prober]
            if after:
                self._votes[target] = MappingProxyType(after)
            else:
                del self._votes[target]
        if changed:
            self._votes_view = None
        if settled.lease:
            self._leases_view = None
            return frozenset(changed | votes.keys()) or EVERYTHING
        return frozenset(changed) or None


class _Opened(NamedTuple):
    """A record of votes that is genuine."""

    at: Position
    field: str
    record: bytes
    header: Header
    said: Said

    def belongs(self) -> None:
        """Raise RefusedError where it was not written for the field it stands in."""
        if self.field != (f"a{self.header.part}" if self.header.kind == "all" else f"c{self.header.sequence}"):
            raise RefusedError("replayed", f"a record that was written for another field than {self.field}")
