"""What of a client's location a sticky pick looks at: its AS number or its country, told apart by regions like what filters look at.

AS numbers go into a thousand buckets: there are some 80,000 of them and at most 65,535 regions, and clients of one bucket need not differ.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from gslb.compiler.numbers import key64
from gslb.model import Location, Site, Stickiness
from gslb.option import Complaint, Option
from gslb.plan import Sticky
from gslb.policy.candidate import Candidate, Outcome

BUCKETS: Final = 1024  # one is a thousandth of all AS numbers: shares of members follow their weights as closely as clients of networks allow


@dataclass(frozen=True, slots=True)
class Affinity:
    """Tells clients apart by AS number or country, and keeps every candidate: a filter to divisions, nothing to a chain."""

    asn: bool
    country: bool

    name: ClassVar = "affinity"
    doc: ClassVar = "Tells clients apart for a sticky pick."
    options: ClassVar[Mapping[str, Option]] = {}

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make it; never called by name."""
        del sites
        return cls(bool(options.get("asn")), bool(options.get("country")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Nothing can be wrong."""
        del options, sites
        return ()

    def client_key(self, location: Location) -> Hashable:
        """Return the bucket of the AS number, or the country; "" where it is not known."""
        if self.asn:
            return "" if location.asn is None else str(key64("asn", str(location.asn)) % BUCKETS)
        return location.country or ""

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Keep them all."""
        del key
        return Outcome(candidates)

    def when_all_down(self) -> None:
        """Left out."""


def affinity(how: Stickiness) -> Affinity | None:
    """Return what the pick must know of the location; None = nothing."""
    return Affinity(how.asn, how.country) if how.asn or how.country else None


def sticky(pool: str, how: Stickiness, place: str) -> Sticky:
    """Return what a row sticks to. `place`: the key of the affinity; where it says something, the address is not looked at."""
    if place:
        return Sticky(key64(pool, place), 0, 0, how.qname)
    return Sticky(key64(pool), how.bits4, how.bits6, how.qname)
