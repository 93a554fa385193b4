"""Runs the duel for as many cases as are asked for, on as many processes, and says what was compared.

Stops at the first difference, with the line that runs its world again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import count, islice

from gslb.testing.twin.duel import EDITS, PACKETS, Duel

WORLD = PACKETS * (1 + EDITS)


def main() -> int:
    """Run."""
    options = _options()
    worlds = [options.world] if options.world is not None else islice(count(options.seed * 10_000_000), -(-options.cases // WORLD))
    began = last = time.monotonic()
    cases = 0
    kinds: Counter[str] = Counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, told, more in _played(pool, worlds):
            cases += number
            kinds += more
            if told:
                print(told)
                return 1
            if time.monotonic() > last + 10:
                last = time.monotonic()
                print(f"{cases:,} cases equal, {cases / (last - began):,.0f} a second", file=sys.stderr, flush=True)
    print(f"{cases:,} cases equal in {time.monotonic() - began:,.0f} s")
    print("\n".join(f"  {number:>12,} {kind}" for kind, number in kinds.most_common()))
    return 0


def _played(pool: Executor, worlds: Iterable[int]) -> Iterator[tuple[int, str, Counter[str]]]:
    """Play worlds, a few of them ahead; a process that dies is an error here, not a wait without end."""
    left = iter(worlds)
    ahead = deque(pool.submit(_play, world) for world in islice(left, 64))
    while ahead:
        yield ahead.popleft().result()
        ahead.extend(pool.submit(_play, world) for world in islice(left, 1))


def _play(world: int) -> tuple[int, str, Counter[str]]:
    duel = Duel()
    difference = duel.world(world)
    return duel.cases, str(difference or ""), duel.kinds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gslb.testing.twin", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="another seed, other worlds")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--world", type=int, help="this one world only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
