"""Random partitions, and the addresses at which an engine would go wrong in them.

Borders lie where the rules are: at blocks that hold IPv4 addresses, at blocks that say nothing, in runs below the cap (more of them than
are walked), in IPv6 runs that share their upper half.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from random import Random
from typing import Final

from gslb.plan import Partition

END4: Final = 1 << 32
END6: Final = 1 << 128
LOW: Final = (1 << 64) - 1

SPECIAL4: Final = (
    *(0, 1 << 24, 10 << 24, 11 << 24, 0x64400000, 0x64800000, 127 << 24, 128 << 24, 0xA9FE0000, 0xA9FF0000),
    *(0xAC100000, 0xAC200000, 0xC0A80000, 0xC0A90000, 0xF0000000, END4 - 1, 0xC0000200, 0xC6336400),
)
SPECIAL6: Final = (0, 1, 2, 0xFC << 120, 0xFE << 120, 0xFE80 << 112, 0xFEC0 << 112, 0x20010DB8 << 96, END6 - 1)
FOLDED: Final = (
    0xFFFF << 32,
    0x10000 << 32,
    0x0064FF9B << 96,
    (0x0064FF9B << 96) + END4,
    0x20010000 << 96,
    0x20010001 << 96,
    0x2002 << 112,
    0x2003 << 112,
)

_CAPS4: Final = (24, 24, 24, 24, 0, 8, 16, 20, 31, 32)
_CAPS6: Final = (56, 56, 56, 48, 64, 0, 32, 96, 127, 128)
_REGIONS: Final = (1, 2, 2, 3, 3, 5, 9)


def partition(chance: Random, most: int = 12) -> Partition:
    """Cut the address space at random; at most so many regions."""
    regions = min(most, chance.choice(_REGIONS))
    cap4, cap6 = chance.choice(_CAPS4), chance.choice(_CAPS6)
    four = _runs(chance, regions, _borders4(chance), _teeth(chance, 32 - cap4, END4))
    six = _runs(chance, regions, _borders6(chance), _teeth(chance, 128 - cap6, END6))
    return Partition(
        array("I", [start for start, _ in four]),
        array("H", [region for _, region in four]),
        array("Q", [start >> 64 for start, _ in six]),
        array("Q", [start & LOW for start, _ in six]),
        array("H", [region for _, region in six]),
        cap4,
        cap6,
    )


def regions_of(partition: Partition) -> int:
    """Count the regions, the unknown one included."""
    return 1 + max(chain(partition.v4_region, partition.v6_region))


def addresses4(partitions: Iterable[Partition], chance: Random) -> list[int]:
    """Addresses at and beside what matters in these partitions."""
    found = [start + beside for start in SPECIAL4 for beside in (0, -1)]
    for one in partitions:
        for start in chance.sample(one.v4_start, min(60, len(one.v4_start))):
            found += (start, start - 1, start | chance.getrandbits(8), _aligned(chance, start, 32 - one.cap4))
    found += (chance.getrandbits(32) for _ in range(20))
    return [address % END4 for address in found]


def addresses6(partitions: Iterable[Partition], four: list[int], chance: Random) -> list[int]:
    """Addresses of the other family; some hold addresses of the first."""
    found = [start + beside for start in (*SPECIAL6, *FOLDED) for beside in (0, -1)]
    for one in partitions:
        for at in chance.sample(range(len(one.v6_high)), min(60, len(one.v6_high))):
            start = one.v6_high[at] << 64 | one.v6_low[at]
            found += (start, start - 1, start | chance.getrandbits(72), _aligned(chance, start, 128 - one.cap6))
    found += (fold(chance, chance.choice(four)) for _ in range(40))
    found += (0x2000 << 112 | chance.getrandbits(125) for _ in range(20))
    return [address % END6 for address in found]


def fold(chance: Random, four: int) -> int:
    """Put an IPv4 address into an IPv6 one, in one of the ways that are known."""
    match chance.randrange(4):
        case 0:
            return 0xFFFF << 32 | four
        case 1:
            return 0x0064FF9B << 96 | four
        case 2:
            return 0x20010000 << 96 | chance.getrandbits(64) << 32 | four ^ 0xFFFFFFFF
        case _:
            return 0x2002 << 112 | four << 80 | chance.getrandbits(80)


def _aligned(chance: Random, address: int, bits: int) -> int:
    """Round down to where blocks of as many steps begin as are walked over: a scope of one step less would be another there."""
    bits += chance.choice((0, 6, 6, 7))
    return address >> bits << bits


def _runs(chance: Random, regions: int, borders: Iterator[int], teeth: dict[int, int]) -> list[tuple[int, int]]:
    """Give each stretch a region; neighbours of one region are one run."""
    runs: list[tuple[int, int]] = []
    for start in sorted({0, *borders, *teeth}):
        region = min(teeth.get(start, chance.randrange(regions)), regions - 1)
        if not runs or runs[-1][1] != region:
            runs.append((start, region))
    return runs


def _borders4(chance: Random) -> Iterator[int]:
    for _ in range(chance.choice((0, 2, 5, 10, 20))):
        yield from _block(chance, chance.getrandbits(32), 32, chance.choice((4, 8, 12, 16, 20, 22, 23, 24, 25, 28, 30, 32)))
    for start in SPECIAL4:
        if chance.random() < 0.2:
            yield start
    for _ in range(chance.choice((0, 0, 1, 1, 2))):  # a crowd of runs below the cap
        base = chance.choice((chance.getrandbits(32), chance.choice(SPECIAL4))) >> 12 << 12
        step = chance.choice((1, 3, 16, 64, 256, 300, 1 << 12))
        yield from (start for start in range(base, base + step * chance.choice((3, 20, 150)), step) if start < END4)


def _borders6(chance: Random) -> Iterator[int]:
    for _ in range(chance.choice((0, 2, 5, 10, 20))):
        base = chance.choice((0x2000 << 112 | chance.getrandbits(125), chance.getrandbits(128), fold(chance, chance.getrandbits(32))))
        yield from _block(chance, base, 128, chance.choice((3, 12, 16, 20, 28, 32, 40, 48, 52, 56, 60, 64, 65, 80, 96, 100, 120, 128)))
    for start in (*SPECIAL6, *FOLDED):
        if chance.random() < 0.2:
            yield start
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        step = chance.choice((1, 3)) << chance.choice((4, 40, 62, 64, 66, 72, 80))  # in one upper half, or across several
        base = (0x2001 << 112 | chance.getrandbits(112)) >> 84 << 84
        yield from (base + n * step for n in range(chance.choice((3, 20, 150))))


def _teeth(chance: Random, bits: int, end: int) -> dict[int, int]:
    """Put a run between each two of many steps of the cap: masked addresses see none of them, so that one run is walked over all of them."""
    if chance.random() < 0.7 or not 2 <= bits <= 100:
        return {}
    step = 1 << bits
    first = chance.randrange(end - 300 * step) // step * step if end > 300 * step else 0
    teeth: dict[int, int] = {}
    for tooth in range(chance.choice((20, 63, 64, 65, 66, 140))):
        start = first + tooth * step
        if start + step <= end:
            teeth |= {start + 1: 1, start + step - 1: 0}
    return teeth


def _block(chance: Random, address: int, bits: int, length: int) -> Iterator[int]:
    start = address >> bits - length << bits - length
    yield start
    end = start + (1 << bits - length)
    if end < 1 << bits and chance.random() < 0.9:
        yield end
