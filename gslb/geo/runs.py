"""Runs: the address space cut into stretches of equal value, as three sorted numpy columns.

Used by `mmdb` (one database), `networks` (operator's word) and `atlas` (all of them together). An address is a 128-bit number, left-aligned:
IPv4 stands in the top 32 bits, so that both families take the same path. Nothing here is changed once made.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_HALF = 64
_LOW = (1 << _HALF) - 1


class Runs(NamedTuple):
    """`high`, `low`: the halves of each start, sorted, the first one 0. `value`: what holds from there to the next start."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    value: NDArray[np.uint32]


def constant(value: int) -> Runs:
    """One run over everything."""
    return Runs(np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.array([value], np.uint32))


def from_pairs(pairs: list[tuple[int, int]]) -> Runs:
    """Make runs of (start, value) pairs, sorted, the first start 0."""
    starts = [start for start, _ in pairs]
    return Runs(
        np.array([start >> _HALF for start in starts], np.uint64),
        np.array([start & _LOW for start in starts], np.uint64),
        np.array([value for _, value in pairs], np.uint32),
    )


def merged(runs: Runs) -> Runs:
    """Join neighbours of equal value, so that every run is maximal."""
    keep = changes(runs.value)
    return Runs(runs.high[keep], runs.low[keep], runs.value[keep])


def changes(values: NDArray[np.uint32] | NDArray[np.uint16]) -> NDArray[np.intp]:
    """Return where a value differs from the one before it; the first always does."""
    differs = np.empty(len(values), np.bool_)
    differs[0] = True
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return np.flatnonzero(differs)


def overlay(below: Runs, above: Runs) -> tuple[Runs, NDArray[np.uint32]]:
    """Cut both at all starts of either; return runs with the values of `below`, and beside them the values of `above`."""
    high = np.concatenate((below.high, above.high))
    low = np.concatenate((below.low, above.low))
    order = sorted_order(high, low)
    from_above = order >= len(below.high)
    # Each side's latest run at or before this place: its own index where it starts here, else carried forward.
    index_below = np.maximum.accumulate(np.where(from_above, 0, order))
    index_above = np.maximum.accumulate(np.where(from_above, order - len(below.high), 0))
    high, low = high[order], low[order]
    last = np.empty(len(order), np.bool_)  # of entries with one start only the last knows both sides
    last[-1] = True
    np.logical_or(high[1:] != high[:-1], low[1:] != low[:-1], out=last[:-1])
    return Runs(high[last], low[last], below.value[index_below[last]]), above.value[index_above[last]]


def sorted_order(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the order that sorts by (high, low); stable, and quick on columns made of a few sorted stretches."""
    return np.lexsort((low, high)) if low.any() else np.argsort(high, kind="stable")


def find(runs: Runs, number: int) -> int:
    """Return the index of the run that holds a left-aligned address."""
    high, low = np.uint64(number >> _HALF), np.uint64(number & _LOW)
    first = int(np.searchsorted(runs.high, high, side="left"))
    end = int(np.searchsorted(runs.high, high, side="right"))
    return first + int(np.searchsorted(runs.low[first:end], low, side="right")) - 1


def start(runs: Runs, index: int) -> int:
    """Return the first address of a run; behind the last one, 2**128."""
    return int(runs.high[index]) << _HALF | int(runs.low[index]) if index < len(runs.high) else 1 << (2 * _HALF)
