"""The table of partitions while it is being built.

Starts as a copy of the live table, copies again what it changes, and judges words as they come, so that little is left
to do at Commit. Called by the assembler only; raises PlanError (or what Python raises on malformed data) and never touches
what the live snapshot holds.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain
from operator import lt
from typing import Self

from gslb.delta.words import PartitionGone, PartitionRuns, PartitionStart
from gslb.errors import PlanError
from gslb.plan import Partition


class PartitionDraft:
    """Partitions being built. `highest`: the highest region of each; `touched`: those that changed."""

    def __init__(self) -> None:
        """Start from no partition."""
        self.highest: dict[int, int] = {}
        self.touched: set[int] = set()
        self._partitions: dict[int, Partition] = {}

    @classmethod
    def of(cls, partitions: Mapping[int, Partition]) -> Self:
        """Start from a live table."""
        draft = cls()
        draft._partitions.update(partitions)
        draft.highest.update({key: max(chain(p.v4_region, p.v6_region)) for key, p in partitions.items()})
        return draft

    def copy(self) -> PartitionDraft:
        """Start the next draft."""
        draft = PartitionDraft()
        draft.highest.update(self.highest)
        draft._partitions.update(self._partitions)
        return draft

    def start(self, word: PartitionStart) -> None:
        """Open a partition."""
        if not 0 <= word.partition < 2**63:
            raise PlanError(f"a partition with number {word.partition}")
        if not 0 <= word.cap4 <= 32 or not 0 <= word.cap6 <= 128:
            raise PlanError("a cap longer than an address")
        self._touch(word.partition)
        self._partitions[word.partition] = Partition(array("I"), array("H"), array("Q"), array("Q"), array("H"), word.cap4, word.cap6)
        self.highest[word.partition] = 0

    def runs(self, word: PartitionRuns) -> None:
        """Append runs, each beginning above the one before."""
        key = word.partition
        if key not in self.touched:
            raise PlanError("runs of a partition that was not started")
        part = self._partitions[key]
        regions = array("H")
        regions.frombytes(word.regions)
        if word.version == 4:
            _extend(part.v4_start, word.starts, part.v4_region, regions)
        elif word.version == 6:
            _extend_wide(part, word.starts, word.lows, regions)
        else:
            raise PlanError(f"IP version {word.version}")
        self.highest[key] = max(self.highest[key], max(regions, default=0))

    def gone(self, word: PartitionGone) -> None:
        """Remove a partition that must be there."""
        self._touch(word.partition)
        del self._partitions[word.partition], self.highest[word.partition]

    def finish(self) -> dict[int, Partition]:
        """Refuse partitions that do not cover everything; return the table."""
        for key in self.touched & self._partitions.keys():
            p = self._partitions[key]
            if not p.v4_start or p.v4_start[0] or not p.v6_high or p.v6_high[0] or p.v6_low[0]:
                raise PlanError(f"partition {key} does not begin at address 0")
        return self._partitions

    def _touch(self, key: int) -> None:
        if key in self.touched:
            raise PlanError(f"partition {key} stands twice in one delta")
        self.touched.add(key)


def _extend(starts: array[int], more: bytes, regions: array[int], more_regions: array[int]) -> None:
    new = array("I")
    new.frombytes(more)
    joint = starts[-1:] + new
    if len(new) != len(more_regions) or not all(map(lt, joint, joint[1:])):
        raise PlanError("runs that do not ascend")
    starts += new
    regions += more_regions


def _extend_wide(part: Partition, highs: bytes, lows: bytes, regions: array[int]) -> None:
    high, low = array("Q"), array("Q")
    high.frombytes(highs)
    low.frombytes(lows)
    joint = [*zip(part.v6_high[-1:] + high, part.v6_low[-1:] + low, strict=True)]
    if len(high) != len(regions) or not all(map(lt, joint, joint[1:])):
        raise PlanError("runs that do not ascend")
    part.v6_high.extend(high)
    part.v6_low.extend(low)
    part.v6_region.extend(regions)
