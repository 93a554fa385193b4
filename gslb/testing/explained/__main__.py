"""Holds as many explanations to both engines' answers as are asked for, on as many processes, and says what was compared.

Stops at the first difference, with the line that shows it again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from gslb.testing.engines import native_missing
from gslb.testing.explained.check import CLIENTS, Check, engines


def main() -> int:
    """Run."""
    options = _options()
    worlds = (
        [options.world] if options.world is not None else range(options.seed * 1_000_000, options.seed * 1_000_000 + -(-options.clients // CLIENTS))
    )
    named = ["python"] if native_missing() else ["python", "native"]
    began = last = time.monotonic()
    cases = 0
    kinds: Counter[str] = Counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, told, more in pool.map(_play, worlds, [named] * len(worlds), chunksize=8):
            cases += number
            kinds += more
            if told:
                print(told)
                return 1
            if time.monotonic() > last + 10:
                last = time.monotonic()
                print(f"{cases:,} clients explained as they are answered", file=sys.stderr, flush=True)
    print(f"{cases:,} clients are answered as explained by {' and '.join(named)}, in {time.monotonic() - began:,.0f} s")
    print("\n".join(f"  {number:>9,} {kind}" for kind, number in kinds.most_common()))
    return 0


def _play(world: int, named: list[str]) -> tuple[int, str, Counter[str]]:
    check = Check(engines(*named))
    difference = check.world(world)
    return check.cases, str(difference or ""), check.kinds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gslb.testing.explained", description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--world", type=int, help="only this one")
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
