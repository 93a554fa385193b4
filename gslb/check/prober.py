"""Runs checks: each target on a timer of its own, and publishes a vote whenever an opinion changes.

Built by the roles, told by `set_targets` what to probe after every load. A slow target delays nobody: nothing waits for a
round, the number of checks in flight is bounded, and publishing happens beside. It never decides
who is served, and never turns its own trouble into a vote against a target.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from gslb.check.board import Board
from gslb.check.clock import Clock, SystemClock
from gslb.check.gate import Gate
from gslb.check.heartbeat import Heartbeat
from gslb.check.lateness import Lateness
from gslb.check.observation import Check as Checker
from gslb.check.observation import Observation, Result
from gslb.check.once import build, look
from gslb.check.opinion import Opinion
from gslb.errors import StoreError
from gslb.model import Address, Check
from gslb.verdict import State, Target, Vote

Publish = Callable[[Sequence[Vote]], Awaitable[None]]
Forget = Callable[[Sequence[Target]], Awaitable[None]]
Listener = Callable[[Target, Observation, Vote | None], None]

_FIRST_WITHIN: Final = 1.0  # seconds over which first checks are spread: a nameserver waits at most 2 s for them
_STARTS: Final = 500  # first checks per second at most; TLS handshakes take 2 ms of CPU each
_GATHER: Final = 0.01  # seconds from one publication to the next: the first change goes at once, a burst goes in a hundred batches a second
_RETRY: Final = (0.1, 2.0)  # seconds until a refused publication is tried again: first, at most
_LEAST: Final = 0.1  # seconds; a shorter fast interval is warned of (L016), and has no effect
_FAST: Final = (100, 0.1)  # targets at their fast interval at once: so many at least, and this share; when all sites fail at once, haste helps nobody
_FAST_FOR: Final = 60.0  # seconds after a change for which a target is looked at faster: what flaps does so soon
_STALLED: Final = 0.25  # share of a timeout; a check that ran out while the prober stood still for longer is void


@dataclass(slots=True)
class _Probe:
    """One target being probed."""

    check: Check
    opinion: Opinion
    address: Address
    task: asyncio.Task[None] | None = None
    seen: bool = False  # the first observation is in, whatever it was
    fast: bool = False  # it is looked at at its fast interval


class Prober:
    """Probes targets under one name. `first_round` is set once every target of the first `set_targets` has been seen once.

    `publish` may raise StoreError: the votes are kept, superseded by newer ones, and offered again. `remembered` are votes of
    before a restart; they stand until the first results. `heard` is told of every observation (metrics, logs) and must not raise.
    `programs`: whether checks of type exec may run here. `board`: where sites are heard that speak for themselves.
    """

    def __init__(
        self,
        name: str,
        publish: Publish,
        *,
        forget: Forget | None = None,
        remembered: Iterable[Vote] = (),
        heard: Listener | None = None,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        concurrency: int | None = None,
        programs: bool = False,
        board: Board | None = None,
    ) -> None:
        self.name = name
        self.first_round = asyncio.Event()
        self.lateness = Lateness()
        self._publish = publish
        self._forget = forget
        self._heard = heard
        self._clock: Clock = clock or SystemClock()
        self._jitter = jitter
        self._programs = programs
        self._board = board
        self._heartbeat = Heartbeat()
        self._gate = Gate(self._heartbeat, concurrency)
        self._probes: dict[Target, _Probe] = {}
        self._checkers: dict[tuple[str, str], Checker | Observation] = {}  # by id and digest
        self._remembered = {(vote.target.check, vote.target.address): vote for vote in remembered}
        self._unseen: set[Target] = set()
        self._unsent: dict[Target, Vote] = {}
        self._gone: set[Target] = set()
        self._dirty = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._fast = 0  # targets at their fast interval

    @property
    def targets(self) -> int:
        """How many targets are probed."""
        return len(self._probes)

    @property
    def down(self) -> int:
        """On how many of them the vote is DOWN."""
        return sum(probe.opinion.vote is not None and probe.opinion.vote.state is State.DOWN for probe in self._probes.values())

    @property
    def votes(self) -> tuple[Vote, ...]:
        """All present votes; what `gslb.store.last_votes` saves."""
        return tuple(probe.opinion.vote for probe in self._probes.values() if probe.opinion.vote)

    def set_targets(self, targets: Mapping[Target, Check]) -> None:
        """Probe these from now on. Kept ones run on undisturbed; an edited check begins with the state it had before."""
        for target in self._probes.keys() - targets.keys():
            probe = self._probes.pop(target)
            if probe.task:
                probe.task.cancel()
            self._fast -= probe.fast
            if probe.opinion.vote:
                self._remembered[target.check, target.address] = probe.opinion.vote
                self._gone.add(target)
            self._unsent.pop(target, None)
            self._unseen.discard(target)
        new = [target for target in targets if target not in self._probes]
        spread = max(_FIRST_WITHIN, len(new) / _STARTS)
        for target in new:
            self._add(target, targets[target], spread)
        self._gate.expect(sum(1 / check.interval for check in targets.values()))
        self._remembered.clear()  # what nobody inherited now is of no use later
        digests = {(target.check, target.digest) for target in targets}
        self._checkers = {key: checker for key, checker in self._checkers.items() if key in digests}
        self._dirty.set()
        if not self._unseen:
            self.first_round.set()

    def say_again(self) -> None:
        """Publish all votes once more: whoever kept them may have lost them."""
        self._unsent = {vote.target: vote for vote in self.votes}
        self._dirty.set()

    def shift(self, seconds: float, since: float = -math.inf) -> None:
        """Move the times of all opinions formed since then: the clock they are dated by was set."""
        for probe in self._probes.values():
            probe.opinion = probe.opinion.shifted(seconds, since)
        self.say_again()

    async def run(self) -> None:
        """Probe until cancelled."""
        self._heartbeat.start()
        try:
            async with asyncio.TaskGroup() as self._group:
                spread = max(_FIRST_WITHIN, len(self._probes) / _STARTS)
                for target, probe in self._probes.items():
                    probe.task = self._group.create_task(self._watch(target, probe, spread))
                await self._send()
        finally:
            self._group = None
            self._heartbeat.stop()

    def _add(self, target: Target, check: Check, spread: float) -> None:
        inherited = self._remembered.get((target.check, target.address))
        probe = self._probes[target] = _Probe(check, Opinion.new(target, check, self.name, inherited), ip_address(target.address))
        self._gone.discard(target)
        self._unseen.add(target)
        if probe.opinion.vote:
            self._unsent[target] = probe.opinion.vote
        if self._group:
            probe.task = self._group.create_task(self._watch(target, probe, spread))

    async def _watch(self, target: Target, probe: _Probe, spread: float) -> None:
        """Check one target for ever, on a grid of its own: a late check does not move the ones after it."""
        interval = probe.check.interval
        due = self._clock.steady() + self._jitter() * min(interval, spread)
        await self._clock.sleep_until(due)
        await self._check(target, probe, due)
        # First checks come close together; a second gap of 1/4 to 1 interval spreads the grids over the interval.
        due += interval * (0.25 + 0.75 * self._jitter())
        while True:
            behind = self._clock.steady() - due
            if behind > interval:  # the machine slept, or checks take longer than they may: skip, never catch up in a burst
                due += interval * math.floor(behind / interval)
            await self._clock.sleep_until(due)
            await self._check(target, probe, due)
            interval = self._interval(probe)
            due += interval

    def _interval(self, probe: _Probe) -> float:
        """Return the time until the next look: less while the state may change soon or has just done so, as long as few targets are in haste."""
        check = probe.check
        if not _LEAST <= check.fast_interval < check.interval:
            return check.interval
        few, share = _FAST
        room = probe.fast or self._fast < max(few, share * len(self._probes))
        fast = room and probe.opinion.stirred(self._clock.wall(), _FAST_FOR)
        self._fast += fast - probe.fast
        probe.fast = fast
        return check.fast_interval if fast else check.interval

    async def _check(self, target: Target, probe: _Probe, due: float) -> None:
        async with self._gate:
            self.lateness.add(max(0.0, self._clock.steady() - due))
            seen = await self._observe(target, probe)
        before = probe.opinion.vote
        probe.opinion = probe.opinion.after(seen, self._clock.wall())
        if probe.opinion.vote and probe.opinion.vote != before:
            self._unsent[target] = probe.opinion.vote
            self._dirty.set()
        if not probe.seen:
            probe.seen = True
            self._unseen.discard(target)
            if not self._unseen:
                self.first_round.set()
        if self._heard:
            self._heard(target, seen, before)

    async def _observe(self, target: Target, probe: _Probe) -> Observation:
        """Look once; whatever a check type does, an Observation comes back in time."""
        check = probe.check
        checker = self._checker(target.digest, check)
        if isinstance(checker, Observation):
            return checker
        seen = await look(checker, check, probe.address)
        ran_out = seen.result is Result.FAIL and seen.seconds >= check.timeout
        if ran_out and self._heartbeat.stalled(seen.seconds) >= _STALLED * check.timeout:
            return Observation(Result.UNKNOWN, seen.seconds, "own fault: the prober stood still meanwhile")
        return seen

    def _checker(self, digest: str, check: Check) -> Checker | Observation:
        key = check.id, digest
        if key not in self._checkers:
            self._checkers[key] = build(check, programs=self._programs, board=self._board)
        return self._checkers[key]

    async def _send(self) -> None:
        """Publish what changed since the last time, as one batch; a store that refuses is asked again, later and later."""
        pause = _RETRY[0]
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            votes, self._unsent = self._unsent, {}
            gone, self._gone = self._gone, set()
            try:
                if votes:
                    await self._publish(tuple(votes.values()))
                if gone and self._forget:
                    await self._forget(tuple(gone))
                pause = _RETRY[0]
                if votes or gone:
                    await self._clock.sleep_until(self._clock.steady() + _GATHER)
            except StoreError:
                self._unsent = {target: vote for target, vote in votes.items() if target in self._probes} | self._unsent
                self._gone |= gone - self._probes.keys()
                self._dirty.set()
                await asyncio.sleep(pause)
                pause = min(_RETRY[1], 2 * pause)
