"""Who probes what: the probers of one place divide the targets among them, without a word to each other.

Pure. Each of them ranks all by a hash of name and target (rendezvous hashing) and takes those for which it is among the first `copies`. When one
stops, its targets spread over the others, and nothing else moves; when one joins, it takes its share from all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import Final

from gslb.verdict import Target

WANTED: Final = 3  # opinions of every target, over all places: the fewest of which one can be outvoted


def copies(places: int) -> int:
    """Return how many probers of each place look at a target, where there are so many places."""
    return max(1, -(-WANTED // max(1, places)))


def mine(targets: Iterable[Target], me: str, peers: Collection[str], copies: int) -> set[Target]:
    """Return the targets that `me` probes; `peers`: the probers of its place, with or without itself."""
    others = sorted(set(peers) - {me})
    if copies > len(others):
        return set(targets)
    return {target for target in targets if _among_the_first(target, me, others, copies)}


def _among_the_first(target: Target, me: str, others: Iterable[str], copies: int) -> bool:
    own = _rank(me, target)
    for other in others:
        if (_rank(other, target), other) > (own, me):
            copies -= 1
            if copies == 0:
                return False
    return True


def _rank(prober: str, target: Target) -> bytes:
    """Hash both. The check's name and not its digest: an edited check stays with the prober that knows the target's state."""
    return blake2b(f"{prober}\0{target.check}\0{target.address}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
