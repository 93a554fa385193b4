"""The shared store itself, as the protocol of stores has it: what is said goes over a link, what is known comes from a replica.

Whoever listens (`changes`) gets a replica that follows the store, and reads from it without waiting. Who does not (a prober, a command line) reads
over the link. What is written here is in the next `read` here. Nothing waits longer than the deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from gslb import metrics
from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.override import Word
from gslb.store import node_record, push_record
from gslb.store.batch import ANSWERS
from gslb.store.changes import EVERYTHING, Listeners
from gslb.store.envelope import Header, Signer, Unsigned, seal
from gslb.store.epochs import next_epoch
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.redis import layout, snapshot
from gslb.store.redis.connection import DEADLINE, Command, Wire, done
from gslb.store.redis.discovery import connect
from gslb.store.redis.layout import Layout
from gslb.store.redis.link import Link
from gslb.store.redis.replica import Replica, Ticket
from gslb.store.redis.speaker import Speaker
from gslb.store.redis.url import Place
from gslb.store.redis.words import Words
from gslb.store.state import Hint, NodeReport, Overrides, Pulse, Push, State
from gslb.verdict import Target, Vote

_SEEN: Final = 1.0  # seconds that a write waits until it is seen here: it was done, whatever becomes of that
_ROUNDS: Final = 3  # of one renewal: to find challenges, to answer them, and once more where the store has become another meanwhile
_POSED: Final = 3600.0  # seconds for which a challenge is answered


class RedisStore:
    """One store, one process. One event loop only. It connects on first use."""

    def __init__(self, place: Place, identity: Identity) -> None:
        self.shown = place.shown
        self.ledger = Ledger(identity)
        self._place, self._identity = place, identity
        self._keys = Layout(place.name)
        self._link = Link(lambda: connect(place, f"gslb-{_plain(identity.node)}"))
        self._words = Words(self._keys, identity, self.ledger)
        self._speakers: dict[str, Speaker] = {}
        self._probers: Sequence[str] = ()
        self._listeners = Listeners()
        self._replica: Replica | None = None
        self._following: asyncio.Task[None] | None = None
        self._ticket: Ticket | None = None
        self._pushes = 0
        self._closed = False

    @property
    def signed(self) -> bool:
        """Whether anything unsigned is refused."""
        return self._identity.signed

    @property
    def refused(self) -> Mapping[str, int]:
        """How many records were not believed, by reason."""
        return self.ledger.refused

    # --- probers

    async def publish(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of the prober's earlier ones on the same targets; others stay."""
        self._own(prober, votes)
        if votes:
            await self._speak(prober, votes, ())

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take the prober's votes on these targets away; unknown ones are no fault."""
        self._open()
        speaker = self._speakers.get(prober)
        if speaker and (gone := [target for target in targets if target in speaker.said]):
            await self._speak(prober, (), gone)

    async def rewrite(self, prober: str, votes: Sequence[Vote]) -> None:
        """Put votes in place of everything the prober said before."""
        self._own(prober, votes)
        speaker = await self._speaker(prober)
        async with speaker.turn:
            speaker.hear((), tuple(speaker.said))
            speaker.hear(votes, ())
            speaker.unsure = True
            await self._write_all(speaker)
        await self._seen()

    async def renew(self, lease: Lease) -> Pulse:
        """Keep a prober's votes fresh; how the store stands then."""
        self._open()
        speaker = await self._speaker(lease.prober)
        async with speaker.turn:
            for _ in range(_ROUNDS):
                if speaker.may_tidy(time.monotonic()):
                    await self._write_all(speaker)
                moment, posed, written = await self._renew(speaker, lease)
                lost, speaker.run = speaker.run not in ("", moment.run), moment.run
                if lost:  # another store, which knows nothing of us
                    speaker.lease, speaker.unsure = None, True
                new, speaker.posed = posed - speaker.posed, posed
                if not lost and not new:
                    break
        await self._seen()
        return Pulse(moment.time, moment.run, MappingProxyType({**self.ledger.leases, lease.prober: written}))

    async def leave(self, prober: str) -> None:
        """Take a prober's lease and votes away: it stops in good order."""
        self._open()
        speaker = await self._speaker(prober)
        async with speaker.turn:
            clock = await self._link.use(lambda wire: wire.ask("TIME"))
            now = int(clock[0]) + int(clock[1]) / 1e6
            commands = speaker.farewell(now)
            await self._write(commands, hints=2)
            self._speakers.pop(prober, None)
            self._learn({prober: commands[0][2]}, now)
        await self._seen()

    # --- nodes, sites, operators

    async def report(self, node: NodeReport) -> None:
        """Let others know how a nameserver stands."""
        self._open()
        record = node_record.write(node)
        await self._write([("SADD", self._keys.nodes, node.node), ("SET", self._keys.node(node.node), record, "PX", layout.REPORTED)], hints=0)
        if self._replica:
            self._replica.take_node(node.node, record)

    async def push(self, word: Push) -> None:
        """Write what a site says of itself, or take it back."""
        self._open()
        signer = self._signer("site", word.registrant)
        self._pushes += 1
        header = Header("push", "", "", int(word.at * 1000), self._pushes)
        record, key = seal(header, push_record.content(word), signer), self._keys.push(word.registrant)
        commands: list[Command] = [("SADD", self._keys.registrants, word.registrant), ("HSET", key, word.key, record), ("EXPIRE", key, layout.KEPT)]
        await self._write(commands + self._keys.hint("push", word.registrant, record, word.key), hints=2)
        await self._seen()

    async def say(self, words: Sequence[Word], version: int) -> Overrides:
        """Write words, all or none. Raises OvertakenError where the version is another by now."""
        self._open()
        return await self._wrote(lambda wire: self._words.say(wire, words, version))

    async def remind(self, words: Iterable[Word], sealed: bytes = b"") -> Overrides:
        """Bring back words from before: of two with the same key the one said later stands."""
        self._open()
        said = tuple(words)
        return await self._wrote(lambda wire: self._words.remind(wire, said, sealed))

    # --- readers

    async def pulse(self) -> Pulse:
        """Return what must be known every second."""
        self._open()
        if self._replica:
            await self._replica.reached(None, DEADLINE)
            return self._replica.pulse()
        moment = await self._link.use(self._leases)
        return Pulse(moment.time, moment.run, self.ledger.leases)

    async def read(self) -> State:
        """Return everything."""
        self._open()
        if self._replica:
            await self._replica.reached(self._ticket, DEADLINE)
            return self._replica.state()
        whole = await self._link.use(lambda wire: snapshot.read(wire, self._keys, self._names(), self.ledger.refuse))
        self.ledger.take_all(whole.records)
        return self.ledger.state(whole.moment.time, whole.moment.run)

    def changes(self) -> AsyncIterator[Hint]:
        """Hear of every change made after this call."""
        self._open()
        if self._replica is None:
            self._replica = Replica(
                lambda: connect(self._place, f"gslb-{_plain(self._identity.node)}"),
                self._keys,
                self._identity,
                self.ledger,
                self._listeners.tell,
            )
            self._following = asyncio.get_running_loop().create_task(self._replica.run(), name="store")
        return self._listeners.listen()

    async def close(self) -> None:
        """End all iterators and hang up; twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._listeners.end()
        if self._following:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            with contextlib.suppress(StoreError):
                await asyncio.to_thread(self.ledger.save)
        await self._link.close()

    # --- writing

    async def _speak(self, prober: str, votes: Sequence[Vote], gone: Sequence[Target]) -> None:
        """Say what has changed, or everything where that is surer."""
        speaker = await self._speaker(prober)
        async with speaker.turn:
            speaker.hear(votes, gone)
            if speaker.owes_everything:
                await self._write_all(speaker)
            else:
                speaker.unsure = True  # until it is known to have been done
                commands = speaker.change(votes, gone)
                hints = sum(command[0] in ("INCR", "XADD") for command in commands)
                answers = await self._write(commands, hints)
                if speaker.confirms(answers, hints):
                    speaker.unsure = False
                else:
                    await self._write_all(speaker)
        await self._seen()

    async def _write_all(self, speaker: Speaker) -> None:
        speaker.unsure = True
        try:
            commands = speaker.everything(time.monotonic())
        except ValueError as error:
            raise StoreError(str(error)) from error
        await self._write(commands, hints=2)
        speaker.unsure = False

    async def _write(self, commands: Sequence[Command], hints: int) -> list[Any]:
        """Do all of it as one. A hint that fails is no failure: readers find what was written, a second later."""
        answers = await self._link.use(lambda wire: wire.transaction(commands)) or []
        done(answers[: len(answers) - hints])
        if hints:
            self._noted(answers[-2:])
        metrics.store_up.set(1)
        return answers

    async def _wrote(self, work: Callable[[Wire], Awaitable[list[Any]]]) -> Overrides:
        """Write in the book of operators' words; what stands then. Who listens hears of what was learnt on the way, whether it was written or not."""
        before = self.ledger.overrides
        try:
            self._noted((await self._link.use(work))[-2:])
        finally:
            if self.ledger.overrides is not before:
                self._listeners.tell(EVERYTHING)
        await self._seen()
        return self.ledger.overrides

    async def _renew(self, speaker: Speaker, lease: Lease) -> tuple[snapshot.Moment, frozenset[str], Lease]:
        """Write a lease, and look around; the moment, the challenges that wait for an answer, and the lease as it was written."""
        written, commands = speaker.renewal(lease)
        hints = 2 if commands[-1][0] == "XADD" else 0

        async def work(wire: Wire) -> tuple[snapshot.Moment, frozenset[str]]:
            reading: list[Command] = [("HRANDFIELD", self._keys.nonces, layout.NONCES, "WITHVALUES")]
            moment, answers, rest = await self._look(wire, commands, reading)
            done(answers[: len(answers) - hints])
            self._noted(answers[-2:] if hints else ())
            return moment, _posed(rest[0], moment.time)

        answered = speaker.posed
        moment, posed = await self._link.use(work)
        speaker.lease, speaker.answered = written, answered
        metrics.store_up.set(1)
        return moment, posed, written

    async def _leases(self, wire: Wire) -> snapshot.Moment:
        return (await self._look(wire, (), ()))[0]

    async def _look(self, wire: Wire, writes: Sequence[Command], reads: Sequence[Command]) -> tuple[snapshot.Moment, list[Any], list[Any]]:
        """Write, and read the moment and all leases in the same MULTI; what the writes and the other reads gave."""
        keys, names = self._keys, self._probers
        commands = [
            *writes,
            *reads,
            *snapshot.moment_commands(keys),
            snapshot.members(keys.probers),
            *(snapshot.string(keys.lease(name)) for name in names),
        ]
        answers = await wire.transaction(commands) or []
        first = len(writes) + len(reads)
        after = first + snapshot.MOMENT
        moment = snapshot.moment(answers[first:])
        leases = dict(zip(names, answers[after + 1 :], strict=True))
        await self._forget_names(wire, answers[after], leases)
        self._probers = snapshot.merged(answers[after], self._names())
        if new := [name for name in self._probers if name not in leases]:
            leases |= zip(new, await wire.ask_each([snapshot.string(keys.lease(name)) for name in new]), strict=True)
        if not moment.id:
            await snapshot.name_it(wire, keys)
            (name,) = await wire.ask_each([("GETRANGE", keys.id, 0, 63)])
            moment = moment._replace(
                id=snapshot.octets(name), run=moment.run.partition("/")[0] + "/" + snapshot.octets(name).decode("ascii", "replace")
            )
        self._learn({name: snapshot.octets(record) for name, record in leases.items()}, moment.time)
        return moment, answers[: len(writes)], answers[len(writes) : first]

    def _names(self) -> set[str]:
        """Return the probers that are asked after whatever the set of names says."""
        return {*self._identity.keyring.names("prober"), *self.ledger.leases}

    def _learn(self, leases: Mapping[str, bytes], now: float) -> None:
        hint, _ = self.ledger.take_leases(leases, now)
        if hint is not None:
            self._listeners.tell(hint)

    async def _forget_names(self, wire: Wire, found: Any, leases: Mapping[str, Any]) -> None:
        """Take names of probers away that have had no lease and no votes for a day. Who may not, leaves it to others."""
        if self._speakers and (silent := [name for name in layout.names(found) if leases.get(name) == b""]):
            lengths = await wire.ask_each([("HLEN", self._keys.votes(name)) for name in silent])
            if gone := [name for name, length in zip(silent, lengths, strict=True) if length == 0]:
                await wire.ask_each([("SREM", self._keys.probers, *gone)])

    def _noted(self, answers: Sequence[Any]) -> None:
        """Remember which hint of ours must have been seen for the next reading to be up to date."""
        if answers:
            self._ticket = Ticket(answers[0] if isinstance(answers[0], int) else None, time.monotonic())

    async def _seen(self) -> None:
        """Wait, for a moment, until what was written is known here too, so that it is in the next hint and reading."""
        if self._replica and self._ticket and not self._replica.why:
            await self._replica.reached(self._ticket, _SEEN)

    # --- who we are

    async def _speaker(self, prober: str) -> Speaker:
        if prober not in self._speakers:
            signer = self._signer("prober", prober)
            epoch = await asyncio.to_thread(next_epoch, self._identity.state_dir, prober, time.time_ns() // 1_000_000)
            self._speakers.setdefault(prober, Speaker(prober, signer, epoch, self._keys))
        return self._speakers[prober]

    def _signer(self, writer: str, name: str) -> Signer:
        """Return who signs for this name. Raises StoreError where nobody here can."""
        signer = self._identity.signers.get(writer)
        if signer is None and self._identity.signed:
            raise StoreError(f"this node holds no {writer}'s key")
        if signer is not None and signer.name != name:
            raise StoreError(f"the {writer}'s key held here is that of {signer.name}, not of {name}")
        return signer or Unsigned(name)

    def _own(self, prober: str, votes: Sequence[Vote]) -> None:
        self._open()
        for vote in votes:
            if vote.prober != prober:
                raise StoreError(f"prober {prober} cannot publish a vote of {vote.prober}")

    def _open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")


def _posed(found: Any, now: float) -> frozenset[str]:
    """Return the challenges of nameservers that are to be answered, the newest where there are too many."""
    challenges = []
    for value in found[1::2] if isinstance(found, list) else []:
        at, _, challenge = value.decode(errors="replace").partition(":")
        if at.isdecimal() and len(at) < 16 and abs(now - int(at)) < _POSED and 0 < len(challenge) <= layout.NAME:
            challenges.append((int(at), challenge))
    return frozenset(challenge for _, challenge in sorted(challenges, reverse=True)[:ANSWERS])


def _plain(name: str) -> str:
    """Return a name as a client's name may be: no blanks, nothing but ASCII."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name) or "cli"
