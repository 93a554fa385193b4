"""Random rows and pools: every pick, rows inside rows, sticky and coupled, doubles, weights of 0, nothing to give, and rows that are missing."""

from __future__ import annotations

from random import Random
from typing import Final

from gslb.plan import MAX_TTL, NO_PARTITION, Group, Pick, Pool, Row, Sticky

A: Final = 1
CNAME: Final = 5
AAAA: Final = 28

DEPTH: Final = 4  # as deep as the assembler lets it be
_SITES: Final = ("", "fra", "iad", "sin", "grü")
_REASONS: Final = ("", "", "", "", "all-down", "backup:web", "fenced", "ünwell")
_TTLS: Final = (30, 60, 60, 5, 0, 1, 3600, MAX_TTL)
_ANSWERS: Final = (1, 1, 1, 2, 3, 8, 0, 10**6)
_WEIGHTS: Final = (1, 1, 2, 5, 0, 0, 100, 1000)


class Stock:
    """The data that rows of one world give: few, so that doubles meet; and its names, for pools of names."""

    def __init__(self, chance: Random, names: list[bytes]) -> None:
        four = [bytes((192, 0, 2, n)) for n in range(12)]
        six = [b"\x20\x01\x0d\xb8" + bytes(11) + bytes((n,)) for n in range(12)]
        self._data = {A: four, AAAA: six, CNAME: names}
        self._chance = chance

    def pool(self, name: str, partition: int, regions: int) -> Pool:
        """Make a pool with a row for each region, of addresses or, now and then, of names."""
        chance = self._chance
        kinds = chance.choice(((A, AAAA), (A, AAAA), (A, AAAA), (A,), (AAAA,), (CNAME,)))
        rows: dict[int, tuple[Row | None, ...]] = {}
        default: dict[int, Row] = {}
        holes = chance.choice((0.0, 0.0, 0.0, 0.3))
        for kind in kinds:
            few = [self.row(kind) for _ in range(chance.choice((1, 2, 4)))]
            more = chance.choice((0, 0, 0, 2))  # for regions that no address has
            listed = [None if chance.random() < holes else chance.choice(few) for _ in range(regions + more)]
            rows[kind] = tuple(listed)
            default[kind] = chance.choice(few)
        couple = self.sticky() if chance.random() < 0.25 else None
        return Pool(name, partition, rows, default, couple)

    def flat(self, name: str) -> Pool:
        """Make a pool that never looks where a client is."""
        return self.pool(name, NO_PARTITION, 1)

    def row(self, kind: int, depth: int = 1) -> Row:
        """Make a row; `depth` of those around it, itself included."""
        chance = self._chance
        pick = chance.choice((Pick.ALL, Pick.FIRST, Pick.ROTATE, Pick.ROTATE, Pick.WEIGHTED, Pick.WEIGHTED, Pick.WEIGHTED, Pick.STICKY))
        size = chance.choice((0, 1, 1, 2, 3, 3, 4, 6, 9)) if chance.random() < 0.96 else 80
        groups = [self._group(kind, depth) for _ in range(size)]
        if pick in (Pick.WEIGHTED, Pick.STICKY) and groups:
            if not sum(group.weight for group in groups):
                groups[0] = groups[0]._replace(weight=chance.choice((1, 3, 2**32 - 1)))
        elif groups and chance.random() < 0.1:
            groups[0] = groups[0]._replace(weight=2**40)  # not drawn from, so not bounded
        return Row(
            pick,
            chance.choice(_ANSWERS),
            chance.choice(_TTLS),
            tuple(groups),
            chance.choice(_REASONS),
            chance.choice((0, 0, 0, 2, 5, 15)),
            self.sticky() if pick is Pick.STICKY else None,
        )

    def sticky(self) -> Sticky:
        """Make what a choice may hang on."""
        chance = self._chance
        bits4, bits6 = chance.choice(((24, 56), (24, 56), (0, 0), (32, 128), (8, 32), (31, 127), (0, 48), (20, 0)))
        return Sticky(chance.getrandbits(64), bits4, bits6, chance.random() < 0.3)

    def _group(self, kind: int, depth: int) -> Group:
        chance = self._chance
        key = chance.choice((0, 7, 2**64 - 1)) if chance.random() < 0.1 else chance.getrandbits(64)
        weight = chance.choice(_WEIGHTS)
        site = chance.choice(_SITES)
        if depth < DEPTH and chance.random() < 0.22 / depth:
            return Group(weight, (), self.row(kind, depth + 1), site, key)
        data = self._data[kind]
        return Group(weight, tuple(chance.choice(data) for _ in range(chance.choice((1, 1, 1, 1, 2, 5, 0)))), None, site, key)
