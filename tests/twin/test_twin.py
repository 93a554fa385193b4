"""Both engines say the same, to the octet, whatever the plan, the packet and the client; and take and refuse the same deltas.

`GSLB_TWIN_CASES=5000000 pytest tests/twin -s` runs the long one on all cores; `python -m gslb.testing.twin` as well, with more to choose.
"""

import os
import subprocess
import sys
from random import Random

import pytest

from gslb.compiler.delta import diff
from gslb.errors import PlanError
from gslb.plan import EMPTY
from gslb.testing.engines import PythonPlane, native_missing, native_plane, offer
from gslb.testing.twin import Duel, Packets, World
from gslb.testing.twin.corruption import corrupted

CASES = int(os.environ.get("GSLB_TWIN_CASES", "40000"))
DELTAS = 900

native = pytest.mark.skipif(bool(native_missing()), reason=native_missing())


@native
@pytest.mark.timeout(0)
def test_both_engines_say_the_same():
    if CASES > 100_000:
        command = [
            sys.executable,
            "-m",
            "gslb.testing.twin",
            "--cases",
            str(CASES),
            "--jobs",
            str(os.cpu_count()),
            "--seed",
            os.environ.get("GSLB_TWIN_SEED", "1"),
        ]
        assert subprocess.run(command, check=False).returncode == 0
        return
    duel = Duel()
    world = 0
    while duel.cases < CASES:
        difference = duel.world(world)
        assert difference is None, str(difference)
        world += 1
    assert len(duel.kinds) > 15, duel.kinds


@native
@pytest.mark.timeout(600)
def test_both_refuse_the_same_deltas_and_live_on():
    chance = Random(1)
    seen = {True: 0, False: 0}
    for seed in range(DELTAS // 5):
        world = World(seed)
        first = world.plan()
        world.edit()
        second = world.plan()
        packets = Packets(seed, first)
        for base in (EMPTY, EMPTY, first, first, first):
            messages = list(diff(base, first if base is EMPTY else second))
            wrong = corrupted(chance, messages)
            planes = PythonPlane(), native_plane()
            for plane in planes:
                offer(plane, EMPTY, first)
            refusals = [refusal(plane, wrong) for plane in planes]
            assert bool(refusals[0]) is bool(refusals[1]), (
                seed,
                refusals,
                [pair for pair in zip(messages, wrong, strict=False) if pair[0] != pair[1]],
            )
            seen[bool(refusals[0])] += 1
            for _ in range(8):
                asked = packets.one()
                assert planes[0].answer(*asked) == planes[1].answer(*asked), (seed, asked)
    assert min(seen.values()) > DELTAS // 10, seen


def refusal(plane, messages):
    """What a plane says to a delta that it refuses."""
    for message in messages:
        try:
            plane.feed(message)
        except PlanError as error:
            return str(error)
    return ""
