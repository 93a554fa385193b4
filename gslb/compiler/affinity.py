"""What of a client's location a sticky pick looks at: its AS number or its country, told apart by regions like what filters look at.

AS numbers go into a thousand buckets: there are some 80,000 of them and at most 65,535 regions, and clients of one bucket need not differ.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from gslb.compiler.numbers import key64
from gslb.model import Location, Stickiness
from gslb.plan import Sticky

BUCKETS: Final = 1024  # one is a thousandth of all AS numbers: shares of members follow their weights as closely as clients of networks allow


@dataclass(frozen=True, slots=True)
class Affinity:
    """Tells clients apart by AS number or country: what divisions ask for, and no filter."""

    asn: bool
    country: bool

    def client_key(self, location: Location) -> Hashable:
        """Return the bucket of the AS number, or the country; "" where it is not known."""
        if self.asn:
            return "" if location.asn is None else str(key64("asn", str(location.asn)) % BUCKETS)
        return location.country or ""


def affinity(how: Stickiness) -> Affinity | None:
    """Return what the pick must know of the location; None = nothing."""
    return Affinity(how.asn, how.country) if how.asn or how.country else None


def sticky(pool: str, how: Stickiness, place: str) -> Sticky:
    """Return what a row sticks to. `place`: the key of the affinity; where it says something, the address is not looked at."""
    if place:
        return Sticky(key64(pool, place), 0, 0, how.qname)
    return Sticky(key64(pool), how.bits4, how.bits6, how.qname)
