"""Which other probers live, as one prober sees it from their leases.

Pure; told by each renewal how the store stands. A lease ages only while this prober is in touch with the store: when the store was away everybody's
lease is old, and nobody's targets are to be taken over for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gslb.lease import RENEW, Lease

_STEP: Final = 2 * RENEW  # seconds between renewals that count as having been in touch; of a longer gap only so much does


class _Seen(NamedTuple):
    lease: Lease
    renewed: float  # in seconds in touch
    run: str


class Peers:
    """All probers but `me`."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._in_touch = 0.0  # seconds
        self._heard: float | None = None
        self._seen: dict[str, _Seen] = {}

    def hear(self, leases: Mapping[str, Lease], time: float, run: str, steady: float) -> None:
        """Take in the leases that the store shows at its own `time`; `steady`: this machine's clock."""
        step = 0.0 if self._heard is None else min(_STEP, steady - self._heard)
        self._heard = steady
        self._in_touch += step
        seen = {name: self._met(lease, time, run, step) for name, lease in leases.items() if name != self._me}
        # Whose lease is gone has left; but where the store is another one since, everybody's is, and all come back within seconds.
        wiped = {name: one for name, one in self._seen.items() if name not in seen and one.run != run and self._fresh(one)}
        self._seen = seen | wiped

    @property
    def alive(self) -> dict[str, Lease]:
        """Those whose lease has not run out, suspects among them."""
        return {name: one.lease for name, one in self._seen.items() if self._fresh(one)}

    def _met(self, lease: Lease, time: float, run: str, step: float) -> _Seen:
        known = self._seen.get(lease.prober)
        if known and known.lease.at == lease.at:
            return _Seen(lease, known.renewed, run)
        age = max(0.0, time - lease.at)
        return _Seen(lease, self._in_touch - (min(age, step) if known else age), run)  # one that is known was renewed since we looked

    def _fresh(self, one: _Seen) -> bool:
        return self._in_touch - one.renewed <= one.lease.lasts
