"""Leases: what says that a prober lives, and how far its votes can be believed.

A prober renews its one lease every second or so; the lease keeps all its votes fresh. Written through the store, read by the judge (as `Voter`),
by the other probers of the place (who share its targets) and by `gslb status`. All times are seconds in the store's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

RENEW: Final = 1.0  # seconds between renewals: half of a takeover's time is waiting for the lease, and 50 probers are 50 writes a second
LASTS: Final = 6.0  # seconds for which a renewal counts: five may be lost on the way before others take the targets over


@dataclass(frozen=True, slots=True)
class Lease:
    """`at`: the store's time of this renewal. `suspect`: why the prober does not trust its own eyes, "" = it does. `targets`: how many it probes,
    `down`: on how many of them it votes DOWN. `lateness`: seconds by which its checks start late (p99). `epoch` and `sequence`: of its latest
    votes, filled in by the store that writes them; a reader that has others has missed something.
    """

    prober: str
    place: str
    at: float
    lasts: float = LASTS
    suspect: str = ""
    targets: int = 0
    down: int = 0
    lateness: float = 0.0
    epoch: int = 0
    sequence: int = 0


class Voter(NamedTuple):
    """A prober as the judge sees it. `age`: seconds since its lease was renewed, in the judging clock (which stands still with the store)."""

    place: str
    age: float = 0.0
    fresh: bool = True
    suspect: bool = False


Leases = Mapping[str, Lease]  # by prober
Voters = Mapping[str, Voter]  # by prober
