"""When a prober should not trust its own eyes: its references fail, or it alone sees the world down.

Pure. What it says goes into the prober's lease: a suspect's votes are not counted, its peers take its targets over, and it goes on looking.

    what is seen                                            the prober is
    ------------------------------------------------------  ----------------------------
    half of the reference targets fail, or more             suspect, at once
    it votes DOWN on more than half of its targets (three   suspect, at once
    or more), and no other prober on half as great a share
    neither, three times in a row                           trusted again

In an outage that all see, one of them sees it first and is alone for a moment. It is a witness to the next one all the same: only whose references
fail is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gslb.lease import Lease

GOOD: Final = 3  # good rounds in a row after which a suspicion is over; fewer, and a way that flaps would be believed every other second
_FEW: Final = 3  # targets; of one or two that are down together nothing follows
_DOWN: Final = 0.5  # share
_ALONE: Final = "alone in seeing"


class Suspicion:
    """`reason`: why there is one, "" = there is none."""

    def __init__(self) -> None:
        self.reason = ""
        self._good = 0

    def round(self, reason: str) -> bool:
        """Take in one more round and what speaks against the prober in it, "" = nothing; True where it is suspect now and was not, or the reverse."""
        before = bool(self.reason)
        self._good = 0 if reason else self._good + 1
        if reason:
            self.reason = reason
        elif self._good >= GOOD:
            self.reason = ""
        return bool(self.reason) != before


def blind(failed: int, of: int) -> str:
    """Say what failing references mean."""
    return f"{failed} of {of} references fail" if of and 2 * failed >= of else ""


def alone(targets: int, down: int, others: Iterable[Lease]) -> str:
    """Say what it means that so many targets are down here, and so many at the other probers."""
    shares = [lease.down / lease.targets for lease in others if lease.targets and (not lease.suspect or lease.suspect.startswith(_ALONE))]
    if targets < _FEW or down <= _DOWN * targets or not shares:
        return ""
    if max(shares) >= down / targets / 2:
        return ""
    return f"{_ALONE} {down} of {targets} targets down"
