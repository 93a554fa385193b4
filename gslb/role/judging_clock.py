"""The judging clock: how old the leases of probers are for whoever judges. It stands still while the store is out of reach.

Pure; told how the store stands whenever it was in touch, by the store's time and by this machine's. Store clocks that jump, a failover to a machine
with another clock, and a store that was away age nobody: what counts is the time in touch since a lease was seen to be renewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gslb.lease import RENEW, Lease, Leases, Voter, Voters
from gslb.store import memory
from gslb.store.state import Pulse, State

_STEP: Final = 2 * RENEW  # seconds between two contacts that count as having been in touch; of a longer gap only so much does
_REMEMBERED: Final = 86_400.0  # seconds in touch after which a prober of before the start, that nobody has heard of since, is let go


class _Seen(NamedTuple):
    lease: Lease
    renewed: float  # in seconds in touch
    steady: float  # the same by this machine's clock, which never stands still
    remembered: bool = False  # from before the start: not seen in the store yet


class JudgingClock:
    """Of one reader of one store."""

    def __init__(self, remembered: Iterable[tuple[Lease, float]] = (), steady: float = 0.0) -> None:
        """`remembered`: leases of before the start, and how old they were then."""
        self.run = ""
        self._in_touch = 0.0  # seconds
        self._heard: float | None = None
        self._seen = {lease.prober: _Seen(lease, -age, steady - age, remembered=True) for lease, age in remembered}

    @property
    def leases(self) -> Leases:
        """The leases that are judged by, those that are only remembered among them."""
        return {name: one.lease for name, one in self._seen.items()}

    @property
    def remembered(self) -> frozenset[str]:
        """Probers that are known from before the start alone."""
        return frozenset(name for name, one in self._seen.items() if one.remembered)

    def reached(self, pulse: Pulse | State, steady: float) -> bool:
        """Take in how the store stands at this machine's time `steady`; whether it is another store than before."""
        first, other = self._heard is None, bool(self.run) and pulse.run != self.run
        step = 0.0 if self._heard is None or other else min(_STEP, steady - self._heard)
        self._heard, self.run = steady, pulse.run
        self._in_touch += step
        found = {name: self._met(lease, pulse.time, steady, None if first else step) for name, lease in pulse.leases.items()}
        kept = {name: one for name, one in self._seen.items() if one.remembered and name not in found and self._in_touch - one.renewed < _REMEMBERED}
        self._seen = kept | found
        if other:  # all of them have one more lease's time to be heard of there
            self._seen = {name: one._replace(renewed=self._in_touch) if self._fresh(one, 0.0) else one for name, one in self._seen.items()}
        return other

    def voters(self, steady: float) -> Voters | None:
        """How the judge sees each prober now; None: all alike, for nobody has a lease in a store that lives and dies with its probers."""
        if not self._seen and self.run in ("", memory.RUN):
            return None
        since = self._since(steady)
        return {
            name: Voter(one.lease.place, max(0.0, self._in_touch + since - one.renewed), self._fresh(one, since), bool(one.lease.suspect))
            for name, one in self._seen.items()
        }

    def running(self, steady: float) -> Mapping[str, Voter] | None:
        """Tell the same by a clock that never stands still: for those who want to know nothing rather than what was (`when_stale: unknown`)."""
        voters = self.voters(steady)
        if voters is None:
            return None
        ages = {name: max(0.0, steady - one.steady) for name, one in self._seen.items()}
        return {name: voter._replace(age=ages[name], fresh=ages[name] <= self._seen[name].lease.lasts) for name, voter in voters.items()}

    def _met(self, lease: Lease, time: float, steady: float, step: float | None) -> _Seen:
        """See a lease; `step`: seconds in touch since we looked last, None at the first look."""
        known = self._seen.get(lease.prober)
        if known and known.lease.at == lease.at:
            return known._replace(lease=lease, remembered=False)
        if known and known.remembered and lease.at < known.lease.at and self._fresh(known, 0.0):
            return known  # a store that was rolled back is no news
        age = max(0.0, time - lease.at)
        if known and step is not None and not known.remembered:
            age = min(age, step)  # it was renewed since we looked, whatever the clocks say
        return _Seen(lease, self._in_touch - age, steady - age)

    def _since(self, steady: float) -> float:
        """Seconds in touch since the store was heard of last."""
        return 0.0 if self._heard is None else max(0.0, min(_STEP, steady - self._heard))

    def _fresh(self, one: _Seen, since: float) -> bool:
        return self._in_touch + since - one.renewed <= one.lease.lasts
