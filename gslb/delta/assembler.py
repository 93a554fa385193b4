"""The assembler: builds the next snapshot from a delta's slices, whole or not at all.

A plane owns one. It feeds slices between queries and publishes what `feed` returns. The live snapshot is never touched;
a delta that is out of order, incomplete or inconsistent is refused whole with PlanError, and then the plane asks for the
full plan. Does no I/O.
"""

from __future__ import annotations

from gslb.delta.partition_draft import PartitionDraft
from gslb.delta.pool_draft import PoolDraft
from gslb.delta.words import (
    Begin,
    Commit,
    PartitionGone,
    PartitionRuns,
    PartitionStart,
    PoolGone,
    PoolMap,
    PoolRows,
    PoolStart,
    Slice,
    Word,
    ZoneDrop,
    ZoneGlue,
    ZoneGone,
    ZoneNames,
    ZoneStart,
)
from gslb.delta.zone_draft import ZoneDraft
from gslb.errors import PlanError
from gslb.plan import EMPTY, GENERATION_NONE, Snapshot


class Assembler:
    """`live` is the last snapshot committed."""

    def __init__(self, live: Snapshot = EMPTY) -> None:
        """Start from a snapshot that is known to be good."""
        self.live = live
        self._settled = _Draft(live.generation, ZoneDraft.of(live.zones), PoolDraft.of(live.pools), PartitionDraft.of(live.partitions))
        self._draft: _Draft | None = None

    def feed(self, message: Slice) -> Snapshot | None:
        """Take one slice; return the new snapshot at its Commit. PlanError: the delta is refused, the live snapshot stays."""
        try:
            return self._feed(message)
        except PlanError:
            self._draft = None
            raise
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
            self._draft = None
            raise PlanError(f"malformed plan: {type(error).__name__}: {error}") from error

    def _feed(self, message: Slice) -> Snapshot | None:
        number, word = message
        if isinstance(word, Begin):
            self._draft = None
            self._begin(number, word)
            return None
        draft = self._draft
        if draft is None:
            raise PlanError(f"{type(word).__name__} outside a delta")
        if number != draft.due:
            raise PlanError(f"slice {number} came where {draft.due} was due")
        draft.due += 1
        if not isinstance(word, Commit):
            draft.apply(word)
            return None
        if word.generation != draft.generation:
            raise PlanError(f"commit of generation {word.generation} in the delta to {draft.generation}")
        self.live = draft.finish()
        self._settled, self._draft = draft, None
        return self.live

    def _begin(self, number: int, word: Begin) -> None:
        if number != 0:
            raise PlanError(f"Begin came as slice {number}")
        if word.base not in (GENERATION_NONE, self.live.generation):
            raise PlanError(f"delta from generation {word.base}, but {self.live.generation} is live")
        if not GENERATION_NONE < word.generation < 2**64:
            raise PlanError(f"delta to generation {word.generation}")
        if word.base == GENERATION_NONE:
            self._draft = _Draft(word.generation, ZoneDraft(), PoolDraft(), PartitionDraft())
        else:
            self._draft = self._settled.copy(word.generation)


class _Draft:
    """A snapshot being built, table by table."""

    def __init__(self, generation: int, zones: ZoneDraft, pools: PoolDraft, partitions: PartitionDraft) -> None:
        self.generation = generation
        self.due = 1
        self.zones = zones
        self.pools = pools
        self.partitions = partitions

    def copy(self, generation: int) -> _Draft:
        """Start the next draft; tables are copied, what they hold is not."""
        return _Draft(generation, self.zones.copy(), self.pools.copy(), self.partitions.copy())

    def apply(self, word: Word) -> None:
        """Take one word of the delta."""
        match word:
            case ZoneStart():
                self.zones.start(word)
            case ZoneNames():
                self.zones.names(word)
            case ZoneGlue():
                self.zones.glue(word)
            case ZoneDrop():
                self.zones.drop(word)
            case ZoneGone():
                self.zones.gone(word)
            case PoolStart():
                self.pools.start(word)
            case PoolRows():
                self.pools.rows(word)
            case PoolMap():
                self.pools.map(word)
            case PoolGone():
                self.pools.gone(word)
            case PartitionStart():
                self.partitions.start(word)
            case PartitionRuns():
                self.partitions.runs(word)
            case PartitionGone():
                self.partitions.gone(word)
            case _:
                raise PlanError(f"unknown word {type(word).__name__}")

    def finish(self) -> Snapshot:
        """Judge the whole and close it."""
        pools = self.pools.finish()
        partitions = self.partitions.finish()
        self.pools.judge(self.partitions.highest, self.partitions.touched)
        self.zones.judge(pools, all_of_them=self.pools.lost)
        return Snapshot(self.generation, self.zones.finish(), pools, partitions)
