"""One prober and its standing in the store: it renews its lease, shares targets with its peers, doubts its own eyes, tells a new store everything.

Used by control (the embedded prober) and by the role `gslb probe`. While the store is out of reach it goes on probing what it probed, and offers
its votes until they are taken. It reads no votes of others: what it does follows from leases alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from gslb import log, metrics
from gslb.check.board import Board
from gslb.check.canary import Canary, Server
from gslb.check.clock import JUMP, Clock, StoreClock
from gslb.check.peers import Peers
from gslb.check.prober import Listener, Prober
from gslb.check.references import References
from gslb.check.share import Share
from gslb.check.suspicion import Suspicion, alone
from gslb.config.settings import Probe, Settings
from gslb.errors import StoreError
from gslb.lease import RENEW, Lease
from gslb.model import Check
from gslb.role.tally import Tally
from gslb.store import Pulse, Store
from gslb.verdict import Target, Vote

FIRST: Final = 1.0  # seconds the first checks wait to hear from the store who else probes; a nameserver waits no more than two for them
LATE: Final = 0.99  # share of checks that start no later than the lateness told


class Probing:
    """Probes for one name and place.

    `heard` is told of every observation; by default it counts them for `/metrics`. `changed` is called when votes have changed.
    `remembered`: votes of before a restart.
    """

    prober: Prober

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        remembered: Iterable[Vote] = (),
        heard: Listener | None = None,
        changed: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
        board: Board | None = None,
    ) -> None:
        self._name, self._place = settings.probe_name, settings.probe_place
        self._settings = settings.probe or Probe()
        self._store = store
        self._changed = changed
        self._clock = StoreClock(clock)
        self._began = self._clock.wall()
        self.prober = Prober(
            self._name,
            self._publish,
            forget=self._forget,
            remembered=remembered,
            heard=heard or Tally(self._name).heard,
            clock=self._clock,
            programs=self._settings.exec,
            board=board,
        )
        self._probes: Mapping[Target, Check] = {}
        self._peers = Peers(self._name)
        self._share = Share(self._name, self._place, self._settings.copies)
        self._references = References(self._clock, self._renew_now, programs=self._settings.exec)
        self._canary = Canary(self._settings.canary.names, self._settings.canary.servers, self._clock, self._tell_canary)
        self.lame: dict[str, str] = {}  # nameservers that do not answer the canary names, and why
        self._lonely = Suspicion()
        self._known = asyncio.Event()  # the store has our lease: votes are believed from now on
        self._hurry = asyncio.Event()
        self._started = False
        self._run = ""  # of the store, as last heard
        self._told = ""  # the run to which all votes were told
        self._out_of_reach = False
        self._suspect = ""

    def set_targets(self, probes: Mapping[Target, Check], checks: Mapping[str, Check] | None = None) -> None:
        """Probe these from now on, or this prober's share of them. `checks`: those of the files by name, for the references."""
        self._probes = probes
        self._references.set(self._looks(checks or {}))
        if self._started:
            self._divide(anew=True)

    async def run(self) -> None:
        """Probe, renew, share and doubt until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST):  # wait_for of Python 3.11 may lose a cancellation that comes together with the event
                    await self._known.wait()
            self._started = True
            self._divide(anew=True)
            for work in (self.prober.run, self._references.run, self._canary.run):
                group.create_task(work())

    async def leave(self) -> None:
        """Take lease and votes away, so that others take over at once. After `run` has ended; a store that is out of reach forgets us by itself."""
        try:
            await self._store.leave(self._name)
        except StoreError as error:
            log.warning("the lease is not taken back; it runs out by itself", reason=str(error))

    # ---- votes ----

    async def _publish(self, votes: Sequence[Vote]) -> None:
        """Offer votes, once the lease is there; all of them where the store is another one."""
        self._changed()
        await self._known.wait()
        run = self._run
        if self._told == run:
            await self._store.publish(self._name, votes)
        else:
            await self._store.rewrite(self._name, self.prober.votes)
            self._told = run

    async def _forget(self, targets: Sequence[Target]) -> None:
        self._changed()
        await self._known.wait()
        await self._store.forget(self._name, targets)

    # ---- the lease ----

    async def _renew(self) -> None:
        """Renew every RENEW seconds, at once where there is something to say, until cancelled."""
        due = self._clock.steady()
        while True:
            self._hurry.clear()
            self._doubt()
            await self._renew_once()
            due = max(due + RENEW, self._clock.steady())
            if await self._nap(due):
                due = self._clock.steady()  # what was said out of turn counts

    async def _nap(self, until: float) -> bool:
        """Wait until then; True where there is something to say before."""
        ends = {asyncio.ensure_future(self._clock.sleep_until(until)), hurry := asyncio.ensure_future(self._hurry.wait())}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        return hurry.done() and not hurry.cancelled()

    async def _renew_once(self) -> None:
        lease = Lease(
            self._name,
            self._place,
            self._clock.wall(),
            suspect=self._suspect,
            targets=self.prober.targets,
            down=self.prober.down,
            lateness=round(self.prober.lateness.percentile(LATE), 3),
        )
        metrics.probe_lateness.set(lease.lateness)
        sent = self._clock.steady()
        try:
            pulse = await self._store.renew(lease)
        except StoreError as error:
            if not self._out_of_reach:
                log.warning("the lease cannot be renewed; probing goes on, and nobody hears of it", reason=str(error))
            self._out_of_reach = True
            return
        if self._out_of_reach:
            log.info("the lease is renewed again")
        self._out_of_reach = False
        self._heed(pulse, sent, self._clock.steady())

    def _heed(self, pulse: Pulse, sent: float, got: float) -> None:
        """Take in how the store stands."""
        first = not self._known.is_set()
        jump = self._clock.learn(pulse.time, sent, got)
        if first:
            self._hurry.set()  # the first lease was dated by our own clock
        if abs(jump) >= JUMP and (first or jump < 0):
            # At first only what our own clock dated is moved: what was remembered has the store's time. Later the store's clock was set back: nothing
            # may have begun in the future. Where it was set forward, or this machine slept, everything began when it says.
            self.prober.shift(jump, self._began if first else -math.inf)
        self._peers.hear(pulse.leases, pulse.time, pulse.run, got)
        if pulse.run != self._run:
            self._run = pulse.run
            self.prober.say_again()
        self._known.set()
        if self._started:
            self._divide()

    def _renew_now(self) -> None:
        self._hurry.set()

    # ---- sharing ----

    def _divide(self, *, anew: bool = False) -> None:
        """Probe this prober's share. `anew`: even where peers are the same as before, for targets are not."""
        alive = self._peers.alive.values()
        metrics.probers_peers.set(sum(lease.place == self._place for lease in alive))
        share = self._share.of(self._probes, alive, self._clock.steady(), suspect=bool(self._suspect), anew=anew)
        if share is not None:
            self.prober.set_targets({target: check for target, check in self._probes.items() if target in share})

    # ---- doubt ----

    def _doubt(self) -> None:
        """Find out whether this prober should be believed, and say where that has changed."""
        others = self._peers.alive.values()
        self._lonely.round(alone(self.prober.targets, self.prober.down, others))
        before, self._suspect = self._suspect, self._references.failing or self._lonely.reason
        metrics.prober_suspect.set(bool(self._suspect))
        if self._suspect and not before:
            log.warning("this prober does not trust its own eyes; its votes are not counted", reason=self._suspect)
        elif before and not self._suspect:
            log.info("this prober trusts its own eyes again", was=before)

    def _looks(self, checks: Mapping[str, Check]) -> list[tuple[Check, str]]:
        """Return the references with their checks, and say which check there is none of."""
        wanted = self._settings.references
        for name in wanted.keys() - checks.keys():
            log.warning("probe.references names a check that is not in the zone files; it is left out", check=name)
        return [(checks[name], address) for name, addresses in wanted.items() if name in checks for address in addresses]

    def _tell_canary(self, server: Server, up: bool, reason: str) -> None:  # noqa: FBT001  a truth value
        metrics.canary_up.labels(str(server)).set(up)
        self.lame.pop(str(server), None)
        if not up:
            self.lame[str(server)] = reason
        say = log.info if up else log.warning
        say(f"nameserver {server} {'answers' if up else 'does not answer'} the canary names", reason=reason)
