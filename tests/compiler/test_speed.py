"""The compiler at the size of a large operator: 10,000 names on 200 pools of 8 members, 40 regions and more."""

import random
from ipaddress import ip_address
from time import process_time

import pytest

from gslb.compiler import Compiler
from gslb.compiler.delta import diff, whole
from gslb.delta import Assembler
from gslb.model import Check, Location, Member, Model, NameData, Pool, PoolRef, RRset, Site, Zone
from gslb.names import from_text
from gslb.policy import expand
from gslb.verdict import State, Target, Verdict

APEX = from_text("example.com.")
SOA = RRset(6, 300, (b"\0\0" + bytes(16) + (30).to_bytes(4),))
CHECK = Check("web", "tcp", {}, 5.0, 2.0, 3, 10, 5, "d")

FULL = 10.0  # seconds of CPU; measured 0.25 s on a quiet core: forty times that is a fault
ONE = 0.05  # seconds of CPU for one verdict, the difference for the planes included; measured 2 ms
ALL = 0.6  # the same for verdicts that touch every pool; measured 0.2 s alone on the machine, 0.3 s beside other work


def world():
    chance = random.Random(5)

    def anywhere():
        return (chance.uniform(-50, 65), chance.uniform(-180, 180))

    sites = {f"s{n}": Site(f"s{n}", "", anywhere()) for n in range(8)}
    locations = [Location(), *(Location(coordinates=anywhere()) for _ in range(1_280))]
    nearest = expand("nearest")
    pools = {}
    for p in range(200):
        members = tuple(
            Member(f"s{n}", (ip_address(f"10.{p}.0.{n + 1}"), ip_address(f"2001:db8:{p:x}::{n + 1}")), f"s{n}", chance.randint(1, 9), checks=("web",))
            for n in range(8)
        )
        pools[f"p{p}"] = Pool(f"p{p}", members, nearest.policy, nearest.answers, 60, 10)
    names = {from_text(f"n{n}", APEX): NameData((), PoolRef(f"p{n % 200}")) for n in range(10_000)}
    return Model(sites, {"web": CHECK}, pools, {APEX: Zone(APEX, {APEX: NameData((SOA,)), **names})}), locations


@pytest.mark.slow
def test_ten_thousand_names_on_two_hundred_pools(kit, record_property):
    model, locations = world()
    began = process_time()
    compiler = Compiler(model, locations, kit.cut)
    verdicts = {Target("web", "d", str(a)): Verdict(State.UP, 0.0) for pool in model.pools.values() for m in pool.members for a in m.addresses}
    snapshot = compiler.compile(verdicts, 1)
    full = process_time() - began
    regions = {len(pool.rows[1]) for pool in snapshot.pools.values()}
    assert min(regions) >= 40
    times = []
    for target in random.Random(6).sample(sorted(verdicts), 40):
        verdicts[target] = Verdict(State.DOWN, 1.0)
        began = process_time()
        after = compiler.update(snapshot, [target], verdicts, snapshot.generation + 1)
        slices = list(diff(snapshot, after))
        times.append(process_time() - began)
        assert sum(after.pools[n] is not pool for n, pool in snapshot.pools.items()) == 1
        assembler = Assembler(snapshot)
        for message in slices:
            assembler.feed(message)
        assert assembler.live == after
        assert len(slices) <= 8
        snapshot = after
    one = sorted(times)[len(times) // 2]
    record_property(
        "figures", f"full {full:.2f} s, one verdict {one * 1000:.1f} ms, regions {regions}, whole plan {len(list(whole(snapshot)))} slices"
    )
    assert full < FULL
    assert one < ONE


@pytest.mark.slow
@pytest.mark.parametrize("soon", [None, 10.0])
def test_verdicts_that_touch_all_two_hundred_pools(soon, kit, record_property):
    """A site dies (or begins to): every pool has a member there. The least of three runs counts, since others use the machine."""
    model, locations = world()
    compiler = Compiler(model, locations, kit.cut)
    verdicts = {Target("web", "d", str(a)): Verdict(State.UP, 0.0) for pool in model.pools.values() for m in pool.members for a in m.addresses}
    snapshot = compiler.compile(verdicts, 1)
    targets = [Target("web", "d", str(a)) for pool in model.pools.values() for m in pool.members if m.site == "s3" for a in m.addresses]
    verdicts |= dict.fromkeys(targets, Verdict(State.DOWN, 1.0) if soon is None else Verdict(State.UP, 0.0, seconds_to_change=soon))
    updates, all_of_it = [], []
    for _ in range(3):
        began = process_time()
        after = compiler.update(snapshot, targets, verdicts, 2)
        updates.append(process_time() - began)
        slices = list(diff(snapshot, after))
        all_of_it.append(process_time() - began)
    assert sum(after.pools[n] is not pool for n, pool in snapshot.pools.items()) == 200
    record_property("figures", f"update {min(updates):.3f} s, with the difference {min(all_of_it):.3f} s, {len(slices)} slices")
    assert min(all_of_it) < ALL
