"""One prober's share of the targets, followed through comings and goings of its peers.

Pure; asked by `gslb.role.probing` after each renewal. Which targets are whose is `gslb.check.sharing`; here it is decided who takes part, and when to
let go: what a peer takes over is looked at by both for a while, so that a vote stands until the peer has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gslb.check.sharing import copies, mine
from gslb.lease import LASTS, Lease
from gslb.verdict import Target

HANDOVER: Final = LASTS  # seconds; a peer that has just come needs one for the first look at each target, more where there are many


class Share:
    """`copies`: probers of the place that look at one target; None = so many that there are three over all places."""

    def __init__(self, me: str, place: str, copies: int | None) -> None:
        self._me = me
        self._place = place
        self._copies = copies
        self._parties: tuple[frozenset[str], int] = (frozenset(), 0)
        self._mine: set[Target] = set()
        self._leaving: dict[Target, float] = {}  # until when, on the steady clock

    def of(self, targets: Mapping[Target, object], alive: Iterable[Lease], now: float, *, suspect: bool, anew: bool) -> set[Target] | None:
        """Return what to look at now; None where that is what it was. `alive`: the other probers; `suspect`: whether this one is."""
        parties = self._divided_among(alive, suspect=suspect)
        over = [target for target, until in self._leaving.items() if until <= now]
        if parties == self._parties and not anew and not over:
            return None
        if parties != self._parties or anew:
            share = mine(targets, self._me, *parties)
            left = dict.fromkeys(self._mine - share, now + HANDOVER)
            self._leaving = {target: until for target, until in (left | self._leaving).items() if target in targets and target not in share}
            self._parties, self._mine = parties, share
        for target in over:
            self._leaving.pop(target, None)
        return self._mine | self._leaving.keys()

    def _divided_among(self, alive: Iterable[Lease], *, suspect: bool) -> tuple[frozenset[str], int]:
        """Say among whom, and how many of them look at each target.

        Nobody relies on a suspect. But a suspect shares with all, as before: were all of a place suspects, each would have to look at everything.
        """
        others = [lease for lease in alive if suspect or not lease.suspect]
        names = frozenset(lease.prober for lease in others if lease.place == self._place)
        return names, self._copies or copies(len({lease.place for lease in others} | {self._place}))
