"""Runs the duel for as many cases as are asked for, on as many processes, and says what was compared.

Stops at the first difference, with the line that runs its world again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
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
    with multiprocessing.Pool(options.jobs) as pool:
        for number, told, more in pool.imap_unordered(_play, worlds, chunksize=1):
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
