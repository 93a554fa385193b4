"""Partitions: shared where filters are equal, none where the chain does not look at the client."""

from gslb.model import AllDown, FilterSpec, Pool
from gslb.plan import NO_PARTITION

GEO = {"EU": ["fra"], "NA": ["iad", "sjc"], "default": ["iad", "fra"]}


def partition(world, name):
    return world.snapshot.pools[world.compiler.pool_ids[name]].partition


def test_pools_with_equal_filters_share_a_partition_whatever_else_differs(kit):
    four = [kit.member(s) for s in kit.sites]
    world = kit.World(
        kit.pool("a", four, kit.policy("nearest")),
        kit.pool("b", four, kit.written(FilterSpec("nearest"), FilterSpec("limit", {"sites": 1}), pick="rotate")),
        kit.pool("c", four[:2], kit.policy("nearest")),
        kit.pool("d", four, kit.policy("geo", **GEO)),
        kit.pool("e", four[:2], kit.policy("geo", **GEO)),
    )
    a, b, c, d, e = (partition(world, name) for name in "abcde")
    assert c not in (a, d)  # other sites, other distances
    assert d == e  # a map names its sites itself
    assert a == b != NO_PARTITION
    assert world.snapshot.partitions.keys() == {a, b, c, d}


def test_nearest_differing_only_in_how_many_are_kept_cuts_alike(kit):
    four = [kit.member(s) for s in kit.sites]
    world = kit.World(kit.pool("a", four, kit.policy("nearest")), kit.pool("b", four, kit.policy("nearest", answers=2)))
    assert partition(world, "a") == partition(world, "b")


def test_chains_that_do_not_look_at_the_client_have_no_partition(kit):
    four = [kit.member(s) for s in kit.sites]
    world = kit.World(
        kit.pool("a", four, kit.policy("failover")),
        kit.pool("b", four, kit.policy("geo", default=["fra"])),
        kit.pool("c", four[:1], kit.policy("nearest")),
    )
    assert [partition(world, name) for name in "abc"] == [NO_PARTITION] * 3
    assert world.snapshot.partitions == {}
    assert [len(pool.rows[1]) for pool in world.snapshot.pools.values()] == [1, 1, 1]


def test_a_pool_is_divided_for_its_backup_too_and_one_look_up_serves_both(kit):
    four = [kit.member(s) for s in kit.sites]
    world = kit.World(
        kit.pool("web", four[:1], kit.policy("all"), "backup:far"),
        kit.pool("far", four[1:], kit.policy("nearest"), "backup:map"),
        kit.pool("map", four, kit.policy("geo", **GEO), "backup:web"),
    )
    assert partition(world, "web") == partition(world, "far") == partition(world, "map") != NO_PARTITION
    assert len(world.snapshot.partitions) == 1
    world.down(four[0])
    assert [world.sites("web", n) for n in (2, 3, 4)] == [["iad"], ["sjc"], ["sin"]]


def test_numbers_do_not_depend_on_other_pools(kit):
    four = [kit.member(s) for s in kit.sites]
    near, geo = kit.pool("near", four, kit.policy("nearest")), kit.pool("geo", four, kit.policy("geo", **GEO))
    alone, both = kit.World(geo), kit.World(near, geo)
    assert partition(alone, "geo") == partition(both, "geo")
    assert alone.compiler.pool_ids["geo"] == both.compiler.pool_ids["geo"]


def test_a_backup_that_is_not_there_divides_nothing(kit):
    pool = Pool("web", (kit.member("fra"),), kit.policy("all").policy, 0, 60, 10, AllDown("backup", "nowhere"))
    assert partition(kit.World(pool), "web") == NO_PARTITION
