"""The compiler as control uses it: updates equal full compiles, touch nothing else, and beyond the budget rows come when wanted."""

from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gslb.compiler
from gslb.compiler import Compiler
from gslb.model import Check, Location, NameData, PoolRef, RRset, Zone
from gslb.names import from_text
from gslb.plan import NO_PARTITION, Dynamic, Partition
from gslb.verdict import State, Target, Verdict

GEO = {"EU": ["fra", "iad"], "NA": ["iad", "sjc"], "AS": ["sin"], "default": ["iad", "fra"]}
DB = Check("db", "tcp", {"port": 5432}, 5.0, 2.0, 3, 10, 5, "d2")
WEB = Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d1")


@pytest.fixture(scope="module")
def several(kit):
    four = [kit.member(s, w) for s, w in zip(kit.sites, (3, 1, 0, 2), strict=True)]
    both = [kit.member(s, checks=("web", "db"), v4=2) for s in kit.sites]
    return [
        kit.pool("near", four, kit.policy("nearest"), "backup:map"),
        kit.pool("map", both, kit.policy("geo", **GEO), "backup:last"),
        kit.pool("fence", four, kit.policy("geo", **GEO, fence=True)),
        kit.pool("last", four[2:], kit.policy("failover"), "primary"),
        kit.pool("shares", both[:2], kit.policy("weighted")),
        kit.pool("free", [kit.member("fra", checks=())], kit.policy("all")),
    ]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_updates_equal_full_compiles_and_what_did_not_change_is_the_same_object(data, kit, several):
    world = kit.World(*several, checks=[WEB, DB])
    targets = sorted(world.verdicts)
    for _ in range(data.draw(st.integers(1, 6))):
        changed = data.draw(st.lists(st.sampled_from(targets), max_size=12, unique=True))
        for target in changed:
            world.verdicts[target] = Verdict(data.draw(st.sampled_from(State)), 1.0)
        before = world.snapshot
        world.snapshot = world.compiler.update(before, changed, world.verdicts, before.generation + 1)
        fresh = Compiler(world.model, kit.locations, kit.cut).compile(world.verdicts, before.generation + 1)
        assert world.snapshot == fresh
        assert world.snapshot.zones is before.zones
        assert world.snapshot.partitions is before.partitions
        for number, pool in world.snapshot.pools.items():
            old = before.pools[number]
            assert (pool is old) == (pool == old)
            for kind, rows in pool.rows.items():
                assert all((new is had) == (new == had) for new, had in zip(rows, old.rows[kind], strict=True))


def test_a_verdict_touches_the_pools_of_its_target_and_those_that_lean_on_them(kit, several, monkeypatch):
    world = kit.World(*several, checks=[WEB, DB])
    compiled = []
    plain = Compiler._pool
    monkeypatch.setattr(Compiler, "_pool", lambda self, recipe, *rest: (compiled.append(recipe.pool.id), plain(self, recipe, *rest))[1])
    database = next(t for t in world.verdicts if t.check == "db" and t.address == "192.0.2.30")
    world.compiler.update(world.snapshot, [database], world.verdicts, 2)
    assert compiled == ["map", "near"]  # near falls back on map
    compiled.clear()
    world.compiler.update(world.snapshot, [Target("web", "d1", "198.51.100.1")], world.verdicts, 3)
    assert compiled == []


def test_equal_rows_are_one_object(kit):
    four = [kit.member(s) for s in kit.sites]
    world = kit.World(kit.pool("a", four, kit.policy("nearest")), kit.pool("b", four, kit.policy("nearest")))
    assert world.row("a", 1) is world.row("a", 5) is world.row("b", 1)
    assert world.row("a", 1) is not world.row("a", 2)


def test_names_point_to_pools_by_number(kit):
    apex = from_text("example.com.")
    soa = RRset(6, 300, (b"\0\0" + bytes(16) + (30).to_bytes(4),))
    zone = Zone(apex, {apex: NameData((soa,), PoolRef("web", ttl=20))})
    model = kit.model(kit.pool("web", [kit.member("fra")], kit.policy("all")))
    compiler = Compiler(type(model)(model.sites, model.checks, model.pools, {apex: zone}), kit.locations, kit.cut)
    first = compiler.compile({}, 1)
    assert first.zones[apex].nodes[apex].dynamic == Dynamic(compiler.pool_ids["web"], (1, 28), 20)
    assert first.pools[compiler.pool_ids["web"]].name == "web"
    again = compiler.compile({}, 2)
    assert (again.generation, again.zones is first.zones, again.partitions is first.partitions) == (2, True, True)


class TestBudget:
    """Forty kinds of clients, of which only the first few are compiled before anybody asks."""

    @pytest.fixture
    def world(self, kit, monkeypatch):
        monkeypatch.setattr(gslb.compiler, "EAGER_ROWS", 0)
        monkeypatch.setattr(gslb.compiler, "EAGER_REGIONS", 3)
        rules = {f"AS{64500 + n}": ["fra", "sin"] if n % 2 else ["iad", f"{'sjc' if n % 3 else 'sin'}", "fra"][: 2 + n % 2] for n in range(4)}
        monkeypatch.setattr(kit, "locations", None)
        locations = [Location(), *(Location(asn=64500 + n) for n in range(4)), Location(asn=1, country="DE"), Location(country="US")]
        rules |= {"DE": ["sin", "iad"], "US": ["sjc"], "default": ["fra"]}
        members = [kit.member(s) for s in kit.sites]
        world = kit.World.__new__(kit.World)
        world.model = kit.model(kit.pool("web", members, kit.policy("geo", **rules)))
        world.compiler = Compiler(world.model, locations, kit.cut)
        world.verdicts = {}
        for one in members:
            world.set(one, State.UP)
        world.snapshot = world.compiler.compile(world.verdicts, 1)
        world.members = members
        return world

    def test_beyond_it_rows_are_not_compiled_and_the_default_has_the_lowest_ttl(self, world):
        [pool] = world.snapshot.pools.values()
        assert [row is None for row in pool.rows[1]] == [False] * 3 + [True] * (len(pool.rows[1]) - 3)
        assert len(pool.rows[1]) > 3
        assert (pool.default[1].ttl, pool.default[1].groups) == (10, pool.rows[1][0].groups)

    def test_a_wanted_row_is_compiled_alone_and_updates_keep_it(self, world):
        [number] = world.snapshot.pools
        last = len(world.snapshot.pools[number].rows[1]) - 1
        row = world.compiler.row(number, last, 1, world.verdicts)
        wanted = [(number, last, 1), (number, last, 1), (number, 99, 1), (7, 0, 1), (number, last, 16)]
        filled = world.compiler.fill(world.snapshot, wanted, world.verdicts, 2)
        assert filled.generation == 2
        assert filled.pools[number].rows[1][last] == row
        assert filled.pools[number].rows[1][3] is None
        assert filled.pools[number].rows[28] is world.snapshot.pools[number].rows[28]
        world.snapshot = filled
        site = row.groups[0].site
        after = world.down(*(m for m in world.members if m.site == site)).pools[number]
        assert after.rows[1][last] == world.compiler.row(number, last, 1, world.verdicts) != row
        assert after.rows[1][3] is None

    def test_what_is_not_in_the_plan_is_a_lookup_error(self, world):
        with pytest.raises(LookupError):
            world.compiler.row(7, 0, 1, world.verdicts)


def test_a_policy_that_nobody_knows_is_refused(kit):
    from gslb.errors import PlanError
    from gslb.model import FilterSpec, Policy, Pool

    with pytest.raises(PlanError, match="nowhere"):
        Compiler(kit.model(Pool("web", (), Policy((FilterSpec("nowhere"),), "all"), 0, 60, 10)), kit.locations, kit.cut)


def test_an_empty_model_and_an_empty_pool_compile(kit):
    empty = Compiler(kit.model(), kit.locations, kit.cut).compile({}, 1)
    assert (empty.zones, empty.pools, empty.partitions) == ({}, {}, {})
    world = kit.World(kit.pool("web", [], kit.policy("nearest")))
    assert world.row().groups == ()
    assert world.snapshot.pools[world.compiler.pool_ids["web"]].partition == NO_PARTITION
    assert isinstance(kit.cut([0]), Partition)
    assert kit.cut([0]).v4_start == array("I", [0])
