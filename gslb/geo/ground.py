"""The address space as one or two atlases see it: stretches of addresses whose facts are the same in each of them, and how large they are.

Called by `gslb.explain.population`: what a change of files would move is counted over addresses that neither the old nor the new files tell apart.
IPv4 is counted in addresses, IPv6 in networks of /64: more is no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gslb.answer.subnet import embedded
from gslb.geo.atlas import Atlas
from gslb.geo.runs import Runs, find, overlay, start
from gslb.model import Address, Network

_END: Final = {4: 2**32, 6: 2**64 - 1}  # addresses; networks of /64, less one, so that it fits 64 bits


class Stretch(NamedTuple):
    """Addresses that all atlases hold for equal: an address of them, how many there are, where each atlas puts them (index of a location)."""

    address: Address
    size: int
    locations: tuple[int, ...]


class Ground:
    """One or two atlases, laid over one another."""

    def __init__(self, *atlases: Atlas) -> None:
        """Lay them over one another; the same one twice costs nothing."""
        self._atlases = atlases
        self._families: dict[int, tuple[Runs, list[tuple[int, ...]]]] = {}

    def all(self, version: int) -> list[Stretch]:
        """Return all addresses of a family, one stretch for each combination of facts; its address begins the largest run of them."""
        runs, meant = self._family(version)
        starts = _counted(runs.high, version)
        size = np.diff(starts, append=np.uint64(_END[version]))
        total = np.bincount(runs.value, weights=size.astype(np.float64), minlength=len(meant))
        order = np.argsort(size, kind="stable")
        largest = np.zeros(len(meant), np.intp)
        largest[runs.value[order]] = order  # the last one written is the largest
        return [Stretch(_address(runs, int(largest[n]), version), int(total[n]), meant[n]) for n in np.flatnonzero(total).tolist()]

    def within(self, network: Network) -> Iterator[Stretch]:
        """Yield what is inside a network, one stretch for each combination of facts.

        IPv4 that an IPv6 network holds counts as IPv4, as it does in answers.
        """
        number, length, version = int(network.network_address), network.prefixlen, network.version
        if version == 6 and (inside := embedded(number)) is not None and length >= inside[1]:
            number, length, version = inside[0], length - inside[1], 4
        bits = 32 if version == 4 else 128
        runs, meant = self._family(version)
        first, end = number << 128 - bits, (number + (1 << bits - length)) << 128 - bits
        at, last = find(runs, first), find(runs, end - 1)
        shift = 96 if version == 4 else 64
        here = slice(at, last + 1)
        starts = _counted(runs.high[here], version) - np.uint64(first >> shift)  # before they are rounded: networks of /64 take 64 bits
        starts[0] = 0
        size = np.diff(starts.astype(np.float64), append=float((end >> shift) - (first >> shift)))
        value, where, of = np.unique(runs.value[here], return_index=True, return_inverse=True)
        total = np.bincount(of, weights=size)
        if not total.any():  # all of it is inside one network of /64
            total[:] = 1
        for number, place, amount in zip(value.tolist(), where.tolist(), total.tolist(), strict=True):
            if amount:
                begin = max(first, start(runs, at + place))
                yield Stretch(_typed(begin >> 128 - bits, version), int(amount), meant[number])

    def _family(self, version: int) -> tuple[Runs, list[tuple[int, ...]]]:
        """Return runs whose values are places in the second list: what each atlas says there."""
        found = self._families.get(version)
        if found is None:
            first, *more = self._atlases
            runs = first.runs(version)
            meant: list[tuple[int, ...]] = [(number,) * len(self._atlases) for number in range(len(first.locations))]
            for other in more:
                if other is first:
                    continue
                runs, above = overlay(runs, other.runs(version))
                pairs, value = np.unique(runs.value.astype(np.uint64) << np.uint64(32) | above, return_inverse=True)
                runs, meant = Runs(runs.high, runs.low, value.astype(np.uint32)), [(pair >> 32, pair & 0xFFFFFFFF) for pair in pairs.tolist()]
            found = self._families[version] = runs, meant
        return found


def _counted(high: NDArray[np.uint64], version: int) -> NDArray[np.uint64]:
    """Return starts in addresses, or in networks of /64."""
    return high >> np.uint64(32) if version == 4 else high


def _address(runs: Runs, index: int, version: int) -> Address:
    return _typed(start(runs, index) >> (96 if version == 4 else 0), version)


def _typed(number: int, version: int) -> Address:
    return IPv4Address(number) if version == 4 else IPv6Address(number)
