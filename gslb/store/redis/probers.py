"""The probers of this process, as they stand in the store: what they say, their leases, and whom they see beside them.

Used by the store. A prober writes one MULTI for a change, and one each second for its lease, which brings back the clock, the run and the leases
of all others: by those it shares targets, and sees whether it alone sees the world down.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from gslb.lease import Lease
from gslb.store.batch import BATCH
from gslb.store.epochs import next_epoch
from gslb.store.identity import Identity
from gslb.store.ledger import Ledger
from gslb.store.redis import layout, snapshot
from gslb.store.redis.challenges import all_of, standing
from gslb.store.redis.connection import Command, Wire
from gslb.store.redis.layout import Layout
from gslb.store.redis.speaker import Speaker
from gslb.store.redis.writer import Writer, sealing, signer_of
from gslb.store.state import Hint, Pulse
from gslb.verdict import Target, Vote

_BURST: Final = 16 * BATCH  # votes at once that are no change but another opinion of everything
_ROUNDS: Final = 3  # of one renewal: to find challenges, to answer them, and once more where the store has become another meanwhile


class Probers:
    """`tell`: whom hints go to of leases that are seen on the way."""

    def __init__(self, keys: Layout, identity: Identity, ledger: Ledger, writer: Writer, tell: Callable[[Hint], None]) -> None:
        self._keys, self._identity, self._ledger, self._writer, self._tell = keys, identity, ledger, writer, tell
        self.alone = True  # nobody follows the store here: leases are learnt from what renewals bring back. Two readers would overtake each other
        self._speakers: dict[str, Speaker] = {}
        self._names: Sequence[str] = ()  # whose leases are asked for

    async def say(self, prober: str, votes: Sequence[Vote], gone: Sequence[Target] = ()) -> None:
        """Say what has changed, or everything where that is surer."""
        speaker = await self._speaker(prober)
        async with speaker.turn:
            speaker.hear(votes, gone)
            if speaker.unsure or len(votes) + len(gone) > _BURST:
                await self._say_all(speaker)
                return
            speaker.unsure = True  # until it is known to have been done
            with sealing():
                commands = speaker.change(votes, gone, time.monotonic())
            hints = sum(command[0] in {"INCR", "XADD"} for command in commands)
            answers = await self._writer.write(commands, hints)
            speaker.unsure = not speaker.confirms(answers, hints)
            if speaker.unsure or speaker.full:
                await self._say_all(speaker)

    async def forget(self, prober: str, targets: Sequence[Target]) -> None:
        """Take back what was said of these targets."""
        speaker = self._speakers.get(prober)
        if speaker and (gone := [target for target in targets if target in speaker.said]):
            await self.say(prober, (), gone)

    async def say_instead(self, prober: str, votes: Sequence[Vote]) -> None:
        """Say this in place of everything before."""
        speaker = await self._speaker(prober)
        async with speaker.turn:
            speaker.hear((), tuple(speaker.said))
            speaker.hear(votes, ())
            await self._say_all(speaker)

    async def renew(self, lease: Lease) -> Pulse:
        """Write a lease that answers every challenge; everything anew first where the store is another one, or has had too many changes."""
        speaker = await self._speaker(lease.prober)
        async with speaker.turn:
            for _ in range(_ROUNDS):
                if speaker.owes_everything(time.monotonic()):
                    await self._say_all(speaker)
                moment, posed, written = await self._renew(speaker, lease)
                lost, speaker.run = speaker.run not in {"", moment.run}, moment.run
                if lost:  # another store, which knows nothing of us
                    speaker.lease, speaker.unsure = None, True
                new, speaker.posed = posed - speaker.posed, posed
                if not lost and not new:
                    break
        return Pulse(moment.time, moment.run, MappingProxyType({**self._ledger.leases, lease.prober: written}))

    async def leave(self, prober: str) -> None:
        """Take a prober's lease and votes away."""
        speaker = await self._speaker(prober)
        async with speaker.turn:
            clock = await self._writer.link.use(lambda wire: wire.ask("TIME"))
            now = int(clock[0]) + int(clock[1]) / 1e6
            commands = speaker.farewell(now)
            await self._writer.write(commands, hints=2)
            self._speakers.pop(prober, None)
            self._learn({prober: commands[0][2]}, now)

    async def look(self, wire: Wire, writes: Sequence[Command] = ()) -> tuple[snapshot.Moment, list[Any], frozenset[str]]:
        """Write, and read the moment, all leases and challenges in the same MULTI; what the writes gave, and the challenges."""
        keys, names = self._keys, self._names
        leases = [snapshot.string(keys.lease(name)) for name in names]
        commands = [*writes, all_of(keys), *snapshot.moment_commands(keys), snapshot.members(keys.probers), *leases]
        answers = await wire.transaction(commands) or []
        given, (posed, *rest) = answers[: len(writes)], answers[len(writes) :]
        moment, found = snapshot.moment(rest), dict(zip(names, rest[snapshot.MOMENT + 1 :], strict=True))
        self._names = snapshot.merged(rest[snapshot.MOMENT], {*self._identity.keyring.names("prober"), *self._ledger.leases})
        await self._forget_names(wire, found)
        if new := [name for name in self._names if name not in found]:
            found |= zip(new, await wire.ask_each([snapshot.string(keys.lease(name)) for name in new]), strict=True)
        if not moment.id:
            moment = await snapshot.named(wire, keys, moment)
        self._learn({name: snapshot.octets(record) for name, record in found.items()}, moment.time)
        return moment, given, standing(posed, moment.time)

    async def _renew(self, speaker: Speaker, lease: Lease) -> tuple[snapshot.Moment, frozenset[str], Lease]:
        """Write a lease, and look around; the moment, the challenges that wait for an answer, and the lease as it was written."""
        with sealing():
            written, commands = speaker.renewal(lease)
        answered = speaker.posed
        moment, answers, posed = await self._writer.link.use(lambda wire: self.look(wire, commands))
        self._writer.check(answers, 2 if commands[-1][0] == "XADD" else 0)
        speaker.lease, speaker.answered = written, answered
        return moment, posed, written

    async def _say_all(self, speaker: Speaker) -> None:
        speaker.unsure = True
        with sealing():
            commands = await speaker.everything(time.monotonic())
        await self._writer.write(commands, hints=2)
        speaker.unsure = False

    async def _speaker(self, prober: str) -> Speaker:
        if prober not in self._speakers:
            signer = signer_of(self._identity, "prober", prober)
            epoch = await asyncio.to_thread(next_epoch, self._identity.state_dir, prober, time.time_ns() // 1_000_000)
            self._speakers.setdefault(prober, Speaker(prober, signer, epoch, self._keys))
        return self._speakers[prober]

    def _learn(self, leases: Mapping[str, bytes], now: float) -> None:
        hint = self._ledger.take_leases(leases, now)[0] if self.alone else None
        if hint is not None:
            self._tell(hint)

    async def _forget_names(self, wire: Wire, leases: Mapping[str, Any]) -> None:
        """Take names away that have had no lease and no votes for a day. Who may not, leaves it to others."""
        if self._speakers and (silent := [name for name, record in leases.items() if record == b"" and name not in self._ledger.leases]):
            lengths = await wire.ask_each([("HLEN", self._keys.votes(name)) for name in silent[: layout.NAMES]])
            if gone := [name for name, length in zip(silent, lengths, strict=False) if length == 0]:
                await wire.ask_each([("SREM", self._keys.probers, *gone)])
