"""Finds the region of a client in a partition, and the scope that goes with it (RFC 7871 section 7.2.1).

Called once per query by `prepared`, and by `client`. A scope is honest when every address inside it gets the same region, and
short when no shorter one would do; both follow from the neighbours of the run that holds the address. Integers only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

from gslb.answer.subnet import V4_END, V6_END, embedded, folded_gap, special_gap
from gslb.plan import Partition

UNKNOWN: Final = 0  # the region that holds the unknown location (`gslb.regions`)
MAX_WALK: Final = 64  # runs smaller than the cap stepped over on each side: past it a scope is longer than need be, and still honest


def of_client(partition: Partition, client: bytes) -> int:
    """Region of an address of 4 or 16 octets, all of its bits known; IPv4 inside IPv6 counts as IPv4."""
    address = int.from_bytes(client)
    if len(client) == 4:
        at = bisect_right(partition.v4_start, address)
        return partition.v4_region[at - 1] if at else UNKNOWN
    inside = embedded(address)
    if inside is not None:
        at = bisect_right(partition.v4_start, inside[0])
        return partition.v4_region[at - 1] if at else UNKNOWN
    at = _run6(partition, address)
    return partition.v6_region[at] if at >= 0 else UNKNOWN


def of_subnet(partition: Partition, bits: int, octets: bytes, client: bytes) -> tuple[int, int]:
    """Region and scope for a client subnet of 32 or 128 bits; the resolver's own address where the subnet says nothing."""
    if not octets:
        return of_client(partition, client), 0  # RFC 7871 section 7.1.2: the client asks not to be located
    address = int.from_bytes(octets) << bits - 8 * len(octets)
    if bits == 32:
        region, scope, known = _of4(partition, address)
    else:
        inside = embedded(address)
        if inside is None:
            region, scope, known = _of6(partition, address)
        else:
            region, scope, known = _of4(partition, inside[0])
            scope += inside[1]
    return (region if known else of_client(partition, client)), scope


def speaks(partition: Partition, bits: int, octets: bytes) -> bool:
    """Whether a client subnet says where the client is; where it does not, the resolver's own address counts."""
    address = int.from_bytes(octets) << bits - 8 * len(octets)
    inside = embedded(address) if bits == 128 else None
    if inside is not None:
        return _of4(partition, inside[0])[2]
    return (_of4(partition, address) if bits == 32 else _of6(partition, address))[2]


def block(address: int, low: int, high: int, bits: int) -> int:
    """Length of the largest aligned block around the address that stays inside [low, high).

    It must leave out low - 1 and high; a block leaves out x when it is longer than what the address shares with x.
    """
    below = (address ^ low - 1).bit_length() if low else bits + 1
    return bits + 1 - min(below, (address ^ high).bit_length())


def _of4(partition: Partition, address: int) -> tuple[int, int, bool]:
    """Region and scope of an IPv4 subnet; False where the address says nothing."""
    step = 1 << 32 - partition.cap4
    masked = address & -step
    starts = partition.v4_start
    at = bisect_right(starts, masked)
    region = partition.v4_region[at - 1] if at else UNKNOWN
    low = starts[at - 1] if at else 0
    high = starts[at] if at < len(starts) else V4_END
    if (low | high) & step - 1 or (at > 1 and low - starts[at - 2] < step):
        low, high = _whole(_Runs4(partition), at - 1, step)
    scope = block(masked, low, high, 32)
    return _judged(address, 32, region, scope) if region == UNKNOWN else (region, scope, True)


def _of6(partition: Partition, address: int) -> tuple[int, int, bool]:
    """Region and scope of an IPv6 subnet outside the blocks that hold IPv4; False where the address says nothing."""
    step = 1 << 128 - partition.cap6
    masked = address & -step
    at = _run6(partition, masked)
    region = partition.v6_region[at] if at >= 0 else UNKNOWN
    low = _start6(partition, at)
    high = _start6(partition, at + 1)
    if (low | high) & step - 1 or (at > 0 and low - _start6(partition, at - 1) < step):
        low, high = _whole(_Runs6(partition), at, step)
    # Addresses that hold IPv4 are looked up elsewhere: a scope must not reach into their blocks, whatever the cap.
    scope = max(block(masked, low, high, 128), block(address, *folded_gap(address), 128))
    return _judged(address, 128, region, scope) if region == UNKNOWN else (region, scope, True)


def _judged(address: int, bits: int, region: int, scope: int) -> tuple[int, int, bool]:
    """Keep apart, where the partition knows nothing, what is answered by subnet and what by the resolver's address.

    The partition is asked first, so that operators can map private networks.
    """
    low, high, special = special_gap(address, bits)
    return region, max(scope, block(address, low, high, bits)), not special


def _run6(partition: Partition, address: int) -> int:
    """Index of the run that holds the address, -1 where there is none."""
    highs = partition.v6_high
    high = address >> 64
    at = bisect_right(highs, high)
    if at and highs[at - 1] == high:  # runs that start in the same upper half are told apart by the lower half
        at = bisect_right(partition.v6_low, address & 0xFFFFFFFFFFFFFFFF, bisect_left(highs, high, 0, at), at)
    return at - 1


def _start6(partition: Partition, at: int) -> int:
    """Where a run starts; the run behind the last one starts at the end of the address space."""
    if at < 0:
        return 0
    return partition.v6_high[at] << 64 | partition.v6_low[at] if at < len(partition.v6_high) else V6_END


class _Runs4:
    """The IPv4 runs, for `_whole`."""

    end = V4_END

    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def start(self, at: int) -> int:
        starts = self._partition.v4_start
        return 0 if at < 0 else starts[at] if at < len(starts) else V4_END

    def find(self, address: int) -> int:
        return bisect_right(self._partition.v4_start, address) - 1

    def region(self, at: int) -> int:
        return self._partition.v4_region[at] if at >= 0 else UNKNOWN


class _Runs6:
    """The IPv6 runs, for `_whole`."""

    end = V6_END

    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def start(self, at: int) -> int:
        return _start6(self._partition, at)

    def find(self, address: int) -> int:
        return _run6(self._partition, address)

    def region(self, at: int) -> int:
        return self._partition.v6_region[at] if at >= 0 else UNKNOWN


def _whole(runs: _Runs4 | _Runs6, at: int, step: int) -> tuple[int, int]:
    """Bounds of the run as masked addresses see it, in whole steps.

    A run between two multiples of `step` is never found by a masked address: what lies on both sides of it is one where the regions are.
    (A run that starts at a multiple is found, so that the caller need look no further than the run below.)
    """
    region = runs.region(at)
    high = low = 0
    run = at
    for _ in range(MAX_WALK):
        high = runs.start(run + 1) + step - 1 & -step
        if high >= runs.end:
            break
        run = runs.find(high)
        if runs.region(run) != region:
            break
    run = at
    for _ in range(MAX_WALK):
        low = runs.start(run) + step - 1 & -step
        if not low:
            break
        run = runs.find(low - step)
        if runs.region(run) != region:
            break
    return low, high
