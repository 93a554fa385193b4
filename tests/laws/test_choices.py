"""Laws of whole choices: random clients over random policies while members fail at random.

`GSLB_LAWS_CLIENTS=50000` runs them at full size; by default a few thousand clients are asked.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from gslb.answer.client import Asker, Client
from gslb.answer.pick import pick
from gslb.answer.region import of_subnet
from gslb.compiler import Compiler
from gslb.model import Location, Member, Model, Pool
from gslb.policy import expand
from gslb.testing import random_worlds as worlds
from gslb.verdict import State, Target, Verdict

CLIENTS = int(os.environ.get("GSLB_LAWS_CLIENTS", "3000"))
PER_WORLD = 100

SEEDS = range(CLIENTS // PER_WORLD)
NEVER_EMPTY = ("all", "primary", "last_known_good")


def fenced(pool):
    return any(spec.name == "geofence" or spec.options.get("fence") for spec in pool.policy.filters)


def surely_answers(model, name, family):
    """Whether the rules forbid an empty answer: no fence, a rule that fails open, members of that family."""
    pool = model.pools[name]
    if fenced(pool) or pool.joint:
        return False
    if pool.when_all_down.mode == "backup":
        return surely_answers(model, pool.when_all_down.backup, family) and has_family(model, name, family)
    return pool.when_all_down.mode in NEVER_EMPTY and has_family(model, name, family)


def has_family(model, name, family):
    """Whether members have addresses of the family; of pools inside all must answer, for one of them may be what is given."""
    pool = model.pools[name]
    inner = [member.pool for member in pool.members if member.pool]
    if inner:
        return all(surely_answers(model, one, family) for one in inner)
    return any(address.version == family for member in pool.members for address in member.addresses)


def rows(row):
    yield row
    for group in row.groups:
        if group.row:
            yield from rows(group.row)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_random_clients_over_random_policies_with_members_failing():
    seen = Counter()
    for seed in SEEDS:
        world = worlds.World(seed)
        for _ in range(PER_WORLD):
            asked = world.ask()
            known = world.members(asked.pool)
            given = [rdata for group in asked.groups for rdata in group.rdata]
            # A subset of the operator's own addresses, of the family asked for, no group twice.
            assert set(given) <= known.keys()
            assert len(set(given)) == len(given) or any(group.row for group in asked.row.groups)  # a pool can be inside two others
            assert all(len(rdata) == (4 if asked.kind == 1 else 16) for rdata in given)
            assert 10 <= asked.row.ttl <= 60
            # Never empty where the rules forbid it; SERVFAIL never comes with data.
            if surely_answers(world.model, asked.pool, 4 if asked.kind == 1 else 6):
                assert given, (seed, asked)
                seen["surely"] += 1
            assert not (given and asked.row.rcode)
            # What is known to be down is given only by a rule that says so.
            said_up = {o.member for o in world.overrides if o.kind == "up"}
            healthy = all(
                any(spec.name == "healthy" for spec in world.model.pools[name].policy.filters) and not world.model.pools[name].joint
                for name in world.ids
            )
            if healthy and not any(row.reason for row in rows(asked.row)):
                assert all(world.state(rdata) is not State.DOWN or known[rdata].id in said_up for rdata in given), (seed, asked)
                seen["alive"] += 1
            # The scope is honest: whoever else is inside gets the same row.
            compiled = world.plan.pools[world.ids[asked.pool]]
            partition = world.plan.partitions.get(compiled.partition)
            if partition is not None:
                region, scope = of_subnet(partition, 32, asked.client[:3], asked.client)
                low = int.from_bytes(asked.client) >> 32 - scope << 32 - scope if scope else 0
                other = (low + world.chance.randrange(1 << 32 - scope)).to_bytes(4)
                if IPv4Address(other).is_global and IPv4Address(asked.client).is_global and scope <= 24:
                    assert of_subnet(partition, 32, other[:3], other)[0] == region
                    seen["scopes"] += 1
    assert min(seen["surely"], seen["alive"], seen["scopes"]) > CLIENTS / 20, seen


def test_two_interpreters_answer_alike():
    """No order of sets, no hash of strings and no float of this process may decide anything."""
    size = [str(len(SEEDS) // 3), str(PER_WORLD)]
    program = [sys.executable, "-m", "gslb.testing.random_worlds", *size]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    runs = [subprocess.Popen(program, env={**env, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE) for seed in ("1", "4711")]
    digests = {run.communicate()[0] for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


class Sticky:
    """A sticky pool of members with weights, and who of many clients gets which of them."""

    def __init__(self, weights, down=()):
        self.members = tuple(Member(f"m{n}", (IPv4Address(f"192.0.2.{n + 1}"),), None, weight, checks=("web",)) for n, weight in enumerate(weights))
        how = expand("sticky")
        model = Model({}, {"web": worlds.CHECK}, {"web": Pool("web", self.members, how.policy, how.answers, 60, 10)}, {})
        verdicts = {Target("web", "d", f"192.0.2.{n + 1}"): Verdict(State.DOWN if n in down else State.UP, 0.0) for n in range(len(weights))}
        [pool] = Compiler(model, [Location()], worlds.cut).compile(verdicts, 1).pools.values()
        self.row = pool.rows[1][0]

    def choices(self, clients):
        return [pick(self.row, 0, Client.of(Asker(client), None))[0].rdata[0][3] - 1 for client in clients]


@pytest.mark.parametrize("weights", [(1, 1, 1, 1, 1), (5, 3, 1, 1), (1, 2, 3, 4, 5, 6, 7, 8)])
def test_sticky_moves_no_more_than_the_changed_member_s_share(weights):
    chance = random.Random(sum(weights))
    clients = [chance.getrandbits(32).to_bytes(4) for _ in range(CLIENTS)]
    total = len(clients)
    before = Sticky(weights).choices(clients)
    assert before == Sticky(weights).choices(clients)
    margin = 0.01 + 3 * (0.25 / total) ** 0.5  # 1 %, and what chance adds to a sample of this size
    for n, weight in enumerate(weights):
        share = weight / sum(weights)
        assert abs(before.count(n) / total - share) < margin
        moved = [(was, now) for was, now in zip(before, Sticky(weights, down={n}).choices(clients), strict=True) if was != now]
        assert {was for was, _ in moved} == {n}  # nobody moves but those who had it
        assert len(moved) / total <= share + margin
        more = Sticky(tuple(w + (w if m == n else 0) for m, w in enumerate(weights))).choices(clients)
        moved = [(was, now) for was, now in zip(before, more, strict=True) if was != now]
        assert {now for _, now in moved} <= {n}  # a heavier member only takes
        assert len(moved) / total <= 2 * weight / (sum(weights) + weight) - share + margin


def test_neighbours_in_one_network_stick_together():
    sticky = Sticky((3, 2, 1))
    chance = random.Random(1)
    for _ in range(200):
        network = chance.getrandbits(24) << 8
        assert len(set(sticky.choices([(network + host).to_bytes(4) for host in (0, 1, 77, 255)]))) == 1


def test_failure_goes_up_through_three_levels():
    """Leaves inside middles inside a top: as long as one leaf lives, only living leaves are given, whatever is dead and however they weigh."""
    chance = random.Random(3)
    for _ in range(max(20, CLIENTS // 200)):
        pools, leaves = {}, {}
        for a in range(2):
            for b in range(2):
                members = tuple(
                    Member(f"m{a}{b}{c}", (IPv4Address(f"10.{a}.{b}.{c + 1}"),), None, chance.randint(0, 3), checks=("web",)) for c in range(2)
                )
                leaves |= {member.addresses[0].packed: f"leaf{a}{b}" for member in members}
                pools[f"leaf{a}{b}"] = members
            pools[f"mid{a}"] = tuple(Member(f"leaf{a}{b}", (), None, chance.randint(0, 3), pool=f"leaf{a}{b}") for b in range(2))
        pools["top"] = tuple(Member(f"mid{a}", (), None, chance.randint(0, 3), pool=f"mid{a}") for a in range(2))
        made = {}
        for name, members in pools.items():
            how = expand(chance.choice(("failover", "weighted", "round-robin", "all", "sticky")))
            made[name] = Pool(name, members, how.policy, how.answers, 60, 10)
        dead = {rdata for rdata in leaves if chance.random() < 0.6}
        verdicts = {Target("web", "d", str(IPv4Address(rdata))): Verdict(State.DOWN if rdata in dead else State.UP, 0.0) for rdata in leaves}
        compiler = Compiler(Model({}, {"web": worlds.CHECK}, made, {}), [Location()], worlds.cut)
        row = compiler.compile(verdicts, 1).pools[compiler.pool_ids["top"]].rows[1][0]
        for _ in range(20):
            given = {r for g in pick(row, chance.getrandbits(64), Client.of(Asker(chance.randbytes(4)), None)) for r in g.rdata}
            assert given
            assert not given & dead or len(dead) == len(leaves), (made, dead)
        assert (row.reason == "all-down") is (len(dead) == len(leaves))
