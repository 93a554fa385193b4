"""Runs against a dictionary of every address, in a space small enough to list: 8 bits at the top and 8 at the bottom of 128."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo import runs
from gslb.geo.runs import Runs

# Addresses differ in the first octet, the last, or both, so that both halves of a start matter.
ADDRESSES = [high << 120 | low for high in range(0, 256, 51) for low in range(0, 256, 51)]
pairs = st.dictionaries(st.sampled_from(ADDRESSES[1:]), st.integers(0, 3)).map(lambda found: [(0, 0), *sorted(found.items())])


def listed(of: Runs) -> dict[int, int]:
    """The value of every address, found by walking."""
    starts = [runs.start(of, i) for i in range(len(of.value))]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    return {address: int(of.value[max(i for i, start in enumerate(starts) if start <= address)]) for address in ADDRESSES}


@given(some=pairs)
def test_find_and_start(some: list[tuple[int, int]]) -> None:
    made = runs.from_pairs(some)
    everything = listed(made)
    for address in ADDRESSES:
        index = runs.find(made, address)
        assert made.value[index] == everything[address]
        assert runs.start(made, index) <= address < runs.start(made, index + 1)
    assert runs.start(made, len(some)) == 2**128


@given(some=pairs)
def test_merged_says_the_same_and_neighbours_differ(some: list[tuple[int, int]]) -> None:
    made = runs.from_pairs(some)
    merged = runs.merged(made)
    assert listed(merged) == listed(made)
    assert (merged.value[1:] != merged.value[:-1]).all()


@given(below=pairs, above=pairs)
def test_overlay_knows_both(below: list[tuple[int, int]], above: list[tuple[int, int]]) -> None:
    first, second = runs.from_pairs(below), runs.from_pairs(above)
    cut, beside = runs.overlay(first, second)
    assert listed(cut) == listed(first)
    assert listed(Runs(cut.high, cut.low, beside)) == listed(second)


def test_one_run_over_everything() -> None:
    assert set(listed(runs.constant(3)).values()) == {3}
    assert runs.changes(np.array([5], np.uint16)).tolist() == [0]
